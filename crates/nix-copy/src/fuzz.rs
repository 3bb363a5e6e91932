//! Any input for every parser of this crate.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ::fuzz::{bytes_like, fuzz, text_like};
use proptest::prelude::*;
use queue_core::StoreDir;

use crate::classify::classify;
use crate::internal_json::{Line, parse};
use crate::log::Log;
use crate::{credibility, inspect, path_info, queries, sizes, store_verify};

const LINES: &[&str] = &[
    r#"@nix {"action":"msg","column":null,"level":0,"msg":"\u001b[31;1merror:\u001b[0m no","raw_msg":"no"}"#,
    r#"@nix {"action":"start","fields":["x",1],"id":7,"level":3,"parent":0,"text":"copying path","type":100}"#,
    r#"@nix {"action":"result","fields":[1,2,0,0],"id":7,"type":105}"#,
    r#"@nix {"action":"stop","id":7}"#,
    "ssh: connect to host h port 22: Connection refused",
];

const SAMPLES: &[&[u8]] = &[
    include_bytes!("../tests/samples/2.8.0/http-put403.txt"),
    include_bytes!("../tests/samples/2.26.3/reference-missing.txt"),
    include_bytes!("../tests/samples/2.34.8/unreadable-source.txt"),
];

#[test]
fn any_line_of_internal_json() {
    fuzz("line of internal-json", text_like(LINES), |line| {
        let texts = match parse(&line) {
            Line::Message { text, .. } | Line::Start { text, .. } | Line::Other(text) => text,
            Line::Stop { .. } | Line::Result { .. } | Line::Corrupted { .. } => String::new(),
        };
        let harmful = |c: char| c.is_control() && c != '\n';
        prop_assert!(!texts.contains(harmful), "{texts:?}");
        Ok(())
    });
}

#[test]
fn any_message_of_nix() {
    let store = StoreDir::new("/nix/store").unwrap();
    let input = (bytes_like(SAMPLES), any::<i32>(), 1..100usize);
    fuzz("message of nix", input, |(bytes, status, size)| {
        let mut log = Log::default();
        for chunk in bytes.chunks(size) {
            log.feed(chunk, &mut |_| {});
        }
        log.finish();
        let judged = classify("nix", &log, ExitStatus::from_raw(status), &store);
        prop_assert!(!judged.message.is_empty());
        prop_assert!(
            !judged.message.contains(char::is_control),
            "{}",
            judged.message
        );
        prop_assert!(judged.message.len() < 10_000);
        Ok(())
    });
}

#[test]
fn any_answer_of_path_info() {
    let samples = [
        include_str!("../tests/samples/2.8.0/path-info.json"),
        include_str!("../tests/samples/2.26.3/path-info.json"),
        include_str!("../tests/samples/2.34.8/path-info.json"),
    ];
    let store = StoreDir::new("/nix/store").unwrap();
    fuzz("answer of path-info", text_like(&samples), |text| {
        for (path, _) in path_info::parse(&text, &store).into_iter().flatten() {
            prop_assert!(!path.base_name().contains(['/', '\n']));
        }
        Ok(())
    });
}

#[test]
fn any_sizes_of_a_closure() {
    let samples = [
        include_str!("../tests/samples/2.8.0/closure.json"),
        include_str!("../tests/samples/2.26.3/closure.json"),
        include_str!("../tests/samples/2.34.8/closure.json"),
    ];
    let store = StoreDir::new("/nix/store").unwrap();
    fuzz("sizes of a closure", text_like(&samples), |text| {
        for object in sizes::parse(&text, &store).into_iter().flatten() {
            prop_assert!(!object.path.base_name().contains(['/', '\n']));
        }
        Ok(())
    });
}

#[test]
fn any_answer_of_store_verify() {
    let samples: [&[u8]; 3] = [
        include_bytes!("../tests/samples/2.8.0/verify-several.txt"),
        include_bytes!("../tests/samples/2.26.3/verify-modified.txt"),
        include_bytes!("../tests/samples/2.34.8/verify-unreadable.txt"),
    ];
    let store = StoreDir::new("/nix/store").unwrap();
    let input = (bytes_like(&samples), 0..256i32);
    fuzz("answer of store verify", input, |(bytes, code)| {
        let mut log = Log::default();
        log.feed(&bytes, &mut |_| {});
        log.finish();
        let verdict = store_verify::verdict(ExitStatus::from_raw(code << 8), &log, &store);
        // Only what is told to be fine, by word and by exit code, counts as such.
        let is_fine = verdict.is_some_and(|v| v.modified.is_empty() && v.unclear.is_none());
        prop_assert!(!is_fine || code == 0, "{code}");
        Ok(())
    });
}

#[test]
fn any_version_of_nix() {
    let versions = text_like(&[
        "nix (Nix) 2.8.0\n",
        "nix (Nix) 2.35pre20261101_abcdef0\n",
        "nix (Determinate Nix 3.8.5) 2.30.2\n",
        "nix (Lix, like Nix) 2.93.0\n",
    ]);
    fuzz("version of nix", versions, |version| {
        // What does not call itself Nix, or has no number at its end, is not believed.
        let number = version.split_whitespace().last().unwrap_or_default();
        let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.');
        let plausible = version.starts_with("nix (") && is_number;
        prop_assert!(plausible || !credibility::notices_an_end(&version));
        Ok(())
    });
}

#[test]
fn any_settings_of_nix() {
    let samples = [
        r#"{"store":{"value":"auto","defaultValue":"auto"},"access-tokens":{"value":{"a":"b"}}}"#,
        r#"{"store":{"value":""},"cores":{"value":0}}"#,
    ];
    fuzz("settings of nix", text_like(&samples), |text| {
        if let Some(store) = queries::store_setting(&text) {
            prop_assert!(!store.is_empty());
        }
        Ok(())
    });
}

#[test]
fn any_lines_of_store_paths() {
    let sample = "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a\n\
                  /nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-b.drv\n";
    let store = StoreDir::new("/nix/store").unwrap();
    fuzz("lines of store paths", text_like(&[sample]), |text| {
        if let Ok(paths) = queries::path_lines(&text, &store) {
            let lines: Vec<_> = paths.iter().map(|path| store.join(path)).collect();
            prop_assert!(text.lines().eq(lines.iter().map(|line| line.as_str())));
        }
        Ok(())
    });
}

#[test]
fn any_lines_of_derivers() {
    let sample = "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-b.drv\nunknown-deriver\n";
    let store = StoreDir::new("/nix/store").unwrap();
    fuzz("lines of derivers", text_like(&[sample]), |text| {
        if let Ok(derivers) = queries::deriver_lines(&text, 2, &store) {
            prop_assert_eq!(derivers.len(), 2);
            let unknown = text.lines().filter(|line| *line == "unknown-deriver");
            let none = derivers.iter().filter(|deriver| deriver.is_none());
            prop_assert_eq!(unknown.count(), none.count());
        }
        Ok(())
    });
}

#[test]
fn any_roots_of_nix() {
    let sample = "/q/a -> /nix/store/x\n\"/q/b\" -> \"/nix/store/y\"\n";
    fuzz("roots of nix", text_like(&[sample]), |text| {
        let links = inspect::root_links(&text);
        prop_assert!(links.len() <= text.lines().count());
        Ok(())
    });
}

#[test]
fn any_signatures() {
    let samples = [
        r#"[{"path":"/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a","signatures":["k:s"]}]"#,
        r#"{"/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a":{"ca":null,"signatures":[]}}"#,
    ];
    let store = StoreDir::new("/nix/store").unwrap();
    fuzz("signatures of nix", text_like(&samples), |text| {
        let signed = inspect::signatures(&text, &store).unwrap_or_default();
        prop_assert!(
            signed
                .iter()
                .flat_map(|one| &one.keys)
                .all(|key| !key.contains(':'))
        );
        Ok(())
    });
}

#[test]
fn any_word_about_trust() {
    let samples = [r#"{"trusted":1,"url":"daemon"}"#, r#"{"trusted":null}"#];
    fuzz("trust of a store", text_like(&samples), |text| {
        prop_assert!(inspect::trust(&text).is_none() || text.contains("trusted"));
        Ok(())
    });
}

#[test]
fn any_list_of_settings() {
    let samples = [r#"{"trusted-users":{"value":["a"]},"keep-outputs":{"value":false}}"#];
    fuzz("list of settings", text_like(&samples), |text| {
        if let Some(settings) = inspect::settings(&text) {
            let words = settings.list("trusted-users");
            prop_assert!(words.len() <= text.len());
        }
        Ok(())
    });
}
