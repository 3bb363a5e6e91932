//! The JSON schema of `status --json`, from which its part of CLI.md is made as well.

use serde_json::Value;

/// Draft 2020-12, as it is printed.
pub(crate) const SCHEMA: &str = include_str!("schema.json");

/// The fields of a queue: name, type, meaning. None if the schema is not what it should be.
#[must_use]
pub(crate) fn fields() -> Vec<[String; 3]> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let queue = &schema["items"];
    let (always, seen) = (&queue["required"], &queue["dependentRequired"]["queue_dir"]);
    let names = [always, seen].map(|names| names.as_array().into_iter().flatten());
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|name| {
            let field = &queue["properties"][name];
            let meaning = field["description"].as_str().unwrap_or_default();
            [name.to_owned(), types(field), meaning.to_owned()]
        })
        .collect()
}

/// `time or null`
fn types(field: &Value) -> String {
    let one = [field["type"].clone()];
    let types = field["type"].as_array().map_or(&one[..], Vec::as_slice);
    let words = types
        .iter()
        .filter_map(Value::as_str)
        .map(|word| match word {
            "string" if field["format"] == "date-time" => "time",
            "integer" => "number",
            other => other,
        });
    words.collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_of_every_object_is_described_and_required() {
        fn check(value: &Value, place: &str) {
            if let Some(properties) = value["properties"].as_object() {
                let dependent = value["dependentRequired"].as_object();
                let dependent = dependent.into_iter().flat_map(|others| others.values());
                let required: Vec<_> = std::iter::once(&value["required"])
                    .chain(dependent)
                    .flat_map(|names| names.as_array().unwrap())
                    .collect();
                assert_eq!(properties.len(), required.len(), "{place}");
                for (name, property) in properties {
                    let place = format!("{place}.{name}");
                    assert!(required.contains(&&Value::from(name.as_str())), "{place}");
                    assert!(
                        !property["description"].as_str().unwrap().is_empty(),
                        "{place}"
                    );
                    assert!(!types(property).is_empty(), "{place}");
                    check(property, &place);
                    check(&property["items"], &place);
                }
            }
        }
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        check(&schema["items"], "queue");
        assert!(fields().len() > 20);
    }
}
