//! `config check` and `config show`

use nix_post_build_push_config::{Config, Destination, Need, QueueSettings, Row};

use super::queues;
use crate::cli::ConfigCommand;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::SettingJson;
use crate::message::Message;
use crate::session::{Session, warn, warn_of_exposure};

pub(super) fn run(command: &ConfigCommand, session: &mut Session) -> Result<Exit, CommandError> {
    match command {
        ConfigCommand::Check { declared } => check(*declared, session),
        ConfigCommand::Show { json } => show(json.json, session),
    }
}

fn check(declared: bool, session: &mut Session) -> Result<Exit, CommandError> {
    let need = if declared {
        Need::Declared
    } else {
        Need::Everything
    };
    let resolution = session.resolve(need);
    warn(&resolution.warnings);
    // With `--declared` a file that is named may be another machine's.
    let is_read = |queue: &&QueueSettings| {
        let destination = queue.destination.as_ref().map(|setting| &setting.value);
        !declared || matches!(destination, Some(Destination::Uri(_)))
    };
    warn_of_exposure(resolution.config.enabled().filter(is_read));
    let (config, _) = resolution.strict()?;
    if !declared && !are_usable(&config, session)? {
        return Ok(Exit::Config);
    }
    let checked = config
        .file
        .map_or("options and variables".to_owned(), |file| {
            file.into_string()
        });
    session.out.line(format_args!("{checked}: ok"));
    Ok(Exit::Done)
}

/// Whether the directories of the queues can be used, as far as they are there. Reports those that
/// cannot.
fn are_usable(config: &Config, session: &Session) -> Result<bool, CommandError> {
    let store = session.store(config)?;
    let opened = |settings: &QueueSettings| queues::open(&store, settings).map(|_| Exit::Done);
    Ok(queues::each(config, Exit::Done, opened) == Exit::Done)
}

/// Shows what could be resolved even if something is wrong: that is when one looks.
fn show(json: bool, session: &mut Session) -> Result<Exit, CommandError> {
    let resolution = session.resolve(Need::Enqueue);
    warn(&resolution.warnings);
    let rows = resolution.config.rows();
    if json {
        let rows: Vec<_> = rows.into_iter().map(SettingJson::from).collect();
        session.out.json(&rows);
    } else {
        print(&rows, session);
    }
    resolution
        .problems
        .iter()
        .map(Message::from)
        .for_each(|message| message.error());
    Ok(if resolution.problems.is_empty() {
        Exit::Done
    } else {
        Exit::Config
    })
}

impl From<Row> for SettingJson {
    fn from(row: Row) -> Self {
        let Row {
            section,
            key,
            value,
            origin,
        } = row;
        Self {
            section,
            key,
            value,
            origin: origin.to_string(),
        }
    }
}

fn print(rows: &[Row], session: &mut Session) {
    let setting = |row: &Row| format!("{}.{} = {}", row.section, row.key, row.value);
    let width = rows
        .iter()
        .map(|row| setting(row).chars().count())
        .filter(|n| *n <= 72)
        .max();
    let width = width.unwrap_or_default();
    for row in rows {
        session
            .out
            .line(format_args!("{:<width$}  # {}", setting(row), row.origin));
    }
}
