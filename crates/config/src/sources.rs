//! Which source decides a setting.

use crate::environment::Environment;
use crate::fault::Fault;
use crate::key::{Key, NIX_OPTS};
use crate::nix_options::NixOptions;
use crate::origin::{Origin, Setting};
use crate::overrides::Overrides;
use crate::path;
use crate::problem::{Problem, Problems};
use crate::resolve::Inputs;
use crate::section::Section;
use crate::value::Value;

/// What one source says of a setting.
#[derive(Debug)]
pub(crate) enum Given<T> {
    /// Nothing.
    Absent,
    /// Something that is of no use; it has been reported.
    Broken,
    /// A value that passed its check.
    Value(Setting<T>),
}

impl<T> Given<T> {
    fn usable(self) -> Option<Setting<T>> {
        match self {
            Self::Value(setting) => Some(setting),
            Self::Absent | Self::Broken => None,
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// The sources of one table's settings.
pub(crate) struct Sources<'a> {
    overrides: &'a Overrides,
    environment: &'a Environment,
    pub(crate) section: Option<&'a Section<'a>>,
    pub(crate) problems: &'a mut Problems,
}

impl<'a> Sources<'a> {
    /// `section` is the table, if there is one.
    pub(crate) fn new(
        inputs: &Inputs<'a>,
        section: Option<&'a Section<'a>>,
        problems: &'a mut Problems,
    ) -> Self {
        Self {
            overrides: inputs.overrides,
            environment: inputs.environment,
            section,
            problems,
        }
    }

    /// The value of the strongest source that has a good one.
    pub(crate) fn get<T: Value>(&mut self, key: &Key<T>) -> Option<Setting<T>> {
        self.layers(key).into_iter().find_map(Given::usable)
    }

    pub(crate) fn get_or<T: Value>(&mut self, key: &Key<T>, default: T) -> Setting<T> {
        self.get(key).unwrap_or(Setting::default(default))
    }

    /// What the strongest source says that says anything, be it of use or not.
    pub(crate) fn first<T: Value>(&mut self, key: &Key<T>) -> Given<T> {
        let given = self
            .layers(key)
            .into_iter()
            .find(|given| !given.is_absent());
        given.unwrap_or(Given::Absent)
    }

    /// The options of all sources, those of the strongest last.
    pub(crate) fn nix_opts(&mut self) -> Setting<NixOptions> {
        let given: Vec<_> = self
            .layers(&NIX_OPTS)
            .into_iter()
            .rev()
            .filter_map(Given::usable)
            .collect();
        let (mut options, mut origins) = (Vec::new(), Vec::new());
        for setting in given {
            options.extend(setting.value.into_inner());
            origins.push(setting.origin);
        }
        let origin = match origins.len() {
            0 => Origin::Default,
            1 => origins.remove(0),
            _ => Origin::Combined(origins),
        };
        Setting::new(options.into(), origin)
    }

    /// All sources, the strongest first. All are asked, so that every bad value is reported.
    fn layers<T: Value>(&mut self, key: &Key<T>) -> [Given<T>; 3] {
        let file = match self.section {
            Some(section) => section.get(key, self.problems),
            None => Given::Absent,
        };
        [self.command_line(key), self.variable(key), file]
    }

    fn command_line<T: Value>(&mut self, key: &Key<T>) -> Given<T> {
        let Some(value) = (key.option)(self.overrides) else {
            return Given::Absent;
        };
        match (key.check)(&value) {
            Ok(()) => Given::Value(Setting::new(value, Origin::CommandLine)),
            Err(fault) => {
                // Nix's options are on the command line as they are.
                let subject = match key.name == NIX_OPTS.name {
                    true => "command line".to_owned(),
                    false => format!("option --{}", key.name),
                };
                let fault = fault.or_hint(|| key.hint_behind(&format!("--{} ", key.name)));
                self.problems.push(Problem::from_fault(&subject, fault));
                Given::Broken
            }
        }
    }

    fn variable<T: Value>(&mut self, key: &Key<T>) -> Given<T> {
        let direct = match key.variable {
            Some(name) => self.text_of(name, T::from_text, key),
            None => Given::Absent,
        };
        let in_file = match &key.file_variable {
            Some(file) => self.text_of(file.name, |text| path::parse(text).map(file.value), key),
            None => Given::Absent,
        };
        if direct.is_absent() { in_file } else { direct }
    }

    fn text_of<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, Fault>,
        key: &Key<T>,
    ) -> Given<T> {
        let Some(text) = self.environment.get(name) else {
            let hidden = self.environment.not_utf8().any(|hidden| hidden == name);
            return if hidden { Given::Broken } else { Given::Absent };
        };
        match read(text).and_then(|value| (key.check)(&value).map(|()| value)) {
            Ok(value) => Given::Value(Setting::new(value, Origin::Environment(name))),
            Err(fault) => {
                let fault = fault.or_hint(|| key.hint_behind(&format!("{name}=")));
                self.problems
                    .push(Problem::from_fault(&format!("variable {name}"), fault));
                Given::Broken
            }
        }
    }
}
