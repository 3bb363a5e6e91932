//! The workflow of docs/get-started.md for GitHub Actions, where Nix has a daemon: what its steps run.

use machine_tests::{Machine, between, blocks, page};
use serde_json::Value;
use system_tests::expr;

/// The steps of the workflow, as Python reads it.
fn steps(machine: &Machine) -> Vec<Value> {
    let page = page("docs/get-started.md") + "\n## ";
    let [workflow] = blocks(between(&page, "\n## CI\n", "\n## "), "yaml")
        .try_into()
        .expect("one block");
    machine.write("/root/workflow.yml", &workflow);
    let parse =
        "import json, yaml; print(json.dumps(yaml.safe_load(open('/root/workflow.yml'))['jobs']))";
    let jobs: Value = serde_json::from_str(&machine.python(parse)).expect("JSON");
    let steps = jobs["build"]["steps"].as_array().expect("steps");
    steps.clone()
}

#[test]
fn the_steps_of_the_workflow_deliver_what_was_built() {
    let machine = Machine::boot();
    machine.add_sudo();
    machine.add_cargo();
    // As the two checkouts and Nix's installer leave it.
    machine.write("/srv/work/default.nix", &expr::chain(3));
    machine.sh("ln -s /checkout /srv/work/nix-post-build-push
         mkdir -p /nix/var/nix/profiles/default; ln -s /usr/bin /nix/var/nix/profiles/default/bin");
    let mut built = String::new();
    let mut run = 0;
    for step in steps(&machine) {
        let Some(script) = step["run"].as_str() else {
            continue;
        };
        run += 1;
        if script.trim() == "nix-build" {
            // Not as root, whose Nix does not ask the daemon.
            let build = ["nix-build", "--no-out-link", "/srv/work"];
            built = machine.try_as("alice", &build).success().stdout;
            continue;
        }
        let secret = match &step["env"]["CACHE_URL"] {
            Value::Null => "",
            _ => "CACHE_URL=file:///srv/cache",
        };
        machine.sh(&format!(
            "cd /srv/work; export CARGO_TARGET_DIR=/root {secret}\n{script}"
        ));
    }
    assert_eq!(run, 3);
    let closure = machine.closure(&[built.trim_end().into()].into());
    assert_eq!(closure.len(), 3);
    assert_eq!(machine.valid_in("file:///srv/cache", &closure), closure);
}
