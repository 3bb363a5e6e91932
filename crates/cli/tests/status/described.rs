//! What is printed is what the schema describes; a validator that is not ours looks at it in
//! `tests/machine/tests/metrics.rs`.

use serde_json::Value;

use super::common::World;
use super::states::{STATES, world_of};

fn schema() -> Value {
    let text = World::new().run(&["status", "--json-schema"]).ok();
    serde_json::from_str(&text).unwrap()
}

/// As JSON Schema has it, as far as ours uses it; and nothing that is printed is not described.
fn check(value: &Value, schema: &Value, place: &str) {
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let fits = |word: &Value| match word.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{place}: {other}"),
    };
    assert!(
        types.iter().any(fits),
        "{place}: {value} is none of {types:?}"
    );
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{place}: {value}");
    }
    if let (Some(time), "date-time") = (value.as_str(), schema["format"].as_str().unwrap_or("")) {
        assert!(humantime::parse_rfc3339(time).is_ok(), "{place}: {time}");
    }
    for element in value.as_array().into_iter().flatten() {
        check(element, &schema["items"], place);
    }
    let Some(fields) = value.as_object() else {
        return;
    };
    let properties = schema["properties"].as_object().unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(
            fields.contains_key(required.as_str().unwrap()),
            "{place}: {required}"
        );
    }
    for (one, others) in schema["dependentRequired"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let is_there = |name: &Value| fields.contains_key(name.as_str().unwrap());
        let others = others.as_array().unwrap();
        if fields.contains_key(one) {
            assert!(others.iter().all(is_there), "{place}: {one}");
        }
    }
    for (name, field) in fields {
        let place = format!("{place}.{name}");
        let property = properties.get(name);
        check(
            field,
            property.unwrap_or_else(|| panic!("{place} is not described")),
            &place,
        );
    }
}

#[test]
fn whatever_state_a_queue_is_in_its_json_is_what_the_schema_describes() {
    let schema = schema();
    for state in STATES {
        let ran = world_of(&[state.name]).run(&["status", "--json"]);
        let json = serde_json::from_str(&ran.stdout).unwrap();
        check(&json, &schema, state.name);
    }
}

#[test]
fn the_schema_names_its_dialect_and_looks_at_no_queue() {
    let schema = schema();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let world = world_of(&["unreadable"]);
    world.run(&["status", "--json-schema"]).ok();
    assert_eq!(world.run(&["status", "--json-schema", "--json"]).code, 2);
}
