//! A configuration file with what surrounds it, and what comes of it.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "no test uses all of it, and a test may panic"
)]

use camino::Utf8PathBuf;
use nix_post_build_push_config::{
    Config, Environment, Inputs, Need, Overrides, Problem, Resolution, resolve,
};

pub struct Case {
    pub directory: tempfile::TempDir,
    pub overrides: Overrides,
    pub variables: Vec<(&'static str, String)>,
    pub uid: u32,
}

impl Case {
    pub fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = Utf8PathBuf::try_from(directory.path().join("config.toml")).unwrap();
        std::fs::write(&file, text).unwrap();
        let overrides = Overrides {
            config_file: Some(file),
            ..Overrides::default()
        };
        Self {
            directory,
            overrides,
            variables: vec![("HOME", "/home/u".to_owned())],
            uid: 1000,
        }
    }

    pub fn pick(mut self, names: &[&str]) -> Self {
        self.overrides.queues = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub fn resolve(&self, need: Need) -> Resolution {
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let environment = Environment::new(variables);
        resolve(&Inputs {
            overrides: &self.overrides,
            environment: &environment,
            uid: self.uid,
            need,
        })
    }
}

pub fn names(config: &Config) -> Vec<&str> {
    config
        .queues
        .iter()
        .map(|queue| queue.name.as_str())
        .collect()
}

pub fn messages(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect()
}
