//! What a doctor found.

use serde_json::Value;

use crate::output::Output;

/// The output of `doctor --json`.
#[derive(Debug)]
pub struct DoctorReport {
    rows: Vec<Value>,
    output: Output,
    always: &'static [&'static str],
}

impl DoctorReport {
    /// Reads it. `always` are the ids that are found where these tests run, whatever is well.
    ///
    /// # Panics
    ///
    /// If it is not understood, or the exit code does not fit it.
    #[track_caller]
    pub fn of(output: Output, always: &'static [&'static str]) -> DoctorReport {
        let rows = output.json().as_array().expect("a list").clone();
        let faults = rows.iter().any(|row| row["verdict"] == "fault");
        assert_eq!(output.code, i32::from(faults), "{output}");
        DoctorReport {
            rows,
            output,
            always,
        }
    }

    /// The names of all that is not well.
    pub fn ids(&self) -> Vec<&str> {
        let ids = self.rows.iter().filter_map(|row| row["id"].as_str());
        ids.collect()
    }

    /// What it says of this. A fault comes with what mends it.
    #[track_caller]
    pub fn finds(&self, id: &str) -> &Value {
        let found = self.rows.iter().find(|row| row["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id} in {:?}\n{}", self.ids(), self.output));
        if found["verdict"] == "fault" {
            assert!(found["fix"].is_string(), "nothing mends {found:#}");
        }
        found
    }

    /// The same, once, and nothing else is wrong.
    #[track_caller]
    pub fn finds_only(&self, id: &str) -> &Value {
        let mut expected = [&[id], self.always].concat();
        let mut found = self.ids();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{}", self.output);
        self.finds(id)
    }

    /// It finds no fault, whatever it could not see.
    #[track_caller]
    pub fn has_no_fault(&self) {
        assert_eq!(self.output.code, 0, "{}", self.output);
    }

    /// All is well.
    #[track_caller]
    pub fn is_well(&self) {
        assert_eq!(self.ids(), self.always, "{}", self.output);
    }

    /// Its output has this text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.output.stdout.contains(text), "{text}\n{}", self.output);
        self
    }

    /// Its output does not have this text.
    #[track_caller]
    pub fn lacks(&self, text: &str) {
        let has = self.output.stdout.contains(text);
        assert!(!has, "{text}\n{}", self.output);
    }
}
