//! A secret in the configuration appears in nothing that can be shown.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use camino::Utf8PathBuf;
use nix_post_build_push_config::{
    ConfigError, Destination, Environment, Inputs, Need, NixOptions, Overrides, StoreUri,
    redact_uris, resolve,
};
use proptest::prelude::*;

const SECRET: &str = "hunter2";

/// URIs with a secret, some of them as people write them by mistake.
const URIS: &[&str] = &[
    "https://hunter2@cache.example.org",
    "https://me:hunter2@cache.example.org/path?priority=10",
    "ssh-ng://me:hunter2@host",
    "https://me:a/hunter2@host",
    "https://me:a@hunter2@host",
    "https://me:hunter2?x@host",
    "https://me:hunter2#x@host",
    "https://host?token=hunter2",
    "https://host?compression=zstd&hunter2",
    "https://host?hunter2@x=1",
    "s3://bucket?secret%2dkey=hunter2&region=eu",
    "s3://bucket?endpoint=https://me:hunter2@host",
    "s3://bucket?endpoint=https%3A%2F%2Fme:hunter2%40host",
    "ssh://host?remote-store=https://host?token=hunter2",
    "ssh://host?remote-store=https%3a//host%3ftoken%3Dhunter2",
    "https://host/path#hunter2",
    "https://host?region=eu#hunter2",
    "me:hunter2@host",
    "file:///path?password=hunter2",
];

#[test]
fn no_form_of_a_secret_is_shown() {
    for uri in URIS {
        let uri = StoreUri::new(*uri);
        let destination = Destination::Uri(uri.clone());
        let shown = format!("{uri} {uri:?} {destination} {destination:?}");
        assert!(!shown.contains(SECRET), "{shown}");
        let said = format!("error: cannot open '{}' with hunter2!", uri.as_str());
        assert!(!uri.redact(&said).contains(SECRET), "{}", uri.redact(&said));
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    for uri in [
        "daemon",
        "auto",
        "/srv/store@home",
        "./store?x@y".split('?').next().unwrap(),
        "file:///srv/cache@home?compression=xz&secret-key=/etc/key",
        "ssh-ng://host:22?ssh-key=/root/.ssh/id&remote-program=nix-daemon&max-connections=2",
        "https://[::1]:8080/x?want-mass-query=true",
        "local?root=/mnt",
        "ssh://root@host",
        "ssh-ng://nix-ssh@host?remote-store=/srv/store",
        "s3://bucket?region=eu-west-1&profile=p&endpoint=minio.example.org:9000",
    ] {
        assert_eq!(StoreUri::new(uri).to_string(), uri);
        assert_eq!(
            StoreUri::new(uri).redact("copying to /root"),
            "copying to /root"
        );
    }
    assert_eq!(
        StoreUri::new("https://a:b@host").redact("ab a:b@host b"),
        "ab ***@host b"
    );
    assert_eq!(
        StoreUri::new("https://a:p%40ss@host").redact("p@ss p%40ss"),
        "*** ***"
    );
}

#[test]
fn in_any_text_no_form_of_a_secret_is_shown_but_what_stands_behind_a_hash() {
    let is_known = |uri: &&&str| uri.contains("://") && !uri.ends_with("#hunter2");
    for uri in URIS.iter().filter(is_known) {
        let collapsed = uri.replacen("://", ":/", 1);
        let stretched = uri.replacen("://", ":///", 1);
        // Which schemes are known with one slash is not every word.
        let forms = [
            Some(*uri),
            (!uri.starts_with("file")).then_some(&*collapsed),
            (!uri.starts_with("file")).then_some(&*stretched),
        ];
        for form in forms.into_iter().flatten() {
            for text in [
                form.to_owned(),
                format!("`/x/{form}`, and so on"),
                format!("--a={form}"),
            ] {
                let shown = redact_uris(&text);
                assert!(!shown.contains(SECRET), "{text}: {shown}");
                assert_eq!(redact_uris(&shown), shown);
            }
        }
    }
    let told = "`https://***@h`, s3://***@b/***: \"https://h/x?a=***\"";
    let text = "`https://a:b@h`, s3://c@b/***: \"https://h/x?a=b\"";
    assert_eq!(redact_uris(text), told);
}

#[test]
fn in_any_text_what_is_no_secret_stays() {
    for text in [
        "/nix/store/0000-foo@1.2.service and foo@1.service: not valid",
        "https://cache.example.org/log/0000-foo@1.2.drv: HTTP error 404",
        "https://[::1]:8080/log/0000-foo@1.2.drv",
        "file:///srv/a:b@c and file:/srv/a@b",
        "ssh-ng://nix-ssh@host:22 did not answer",
        "/srv/queue:/x@y, a:/b@c",
        "is it https://h? or `s3://b?region=eu&endpoint=minio.example.org:9000`",
        "config.toml:3:10: unknown key; see https://example.org/x.",
        "a: b@c",
    ] {
        assert_eq!(redact_uris(text), text);
    }
}

/// Everything that shows a configuration made from this text and these variables.
fn everything(text: &str, variables: &[(&str, &str)], overrides: Overrides) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(directory.path().join("x.toml")).unwrap();
    std::fs::write(&file, text).unwrap();
    let overrides = Overrides {
        config_file: Some(file),
        ..overrides
    };
    let environment = Environment::new(
        variables
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    let inputs = Inputs {
        overrides: &overrides,
        environment: &environment,
        uid: 0,
        need: Need::Everything,
    };
    let resolution = resolve(&inputs);
    let problems = ConfigError {
        problems: resolution.problems.clone(),
    };
    format!(
        "{inputs:?} {resolution:?} {problems} {:?}",
        resolution.config.rows()
    )
}

#[test]
fn neither_rows_nor_problems_tell_a_secret_wherever_it_was_put() {
    let places = [
        "[queues.a]\ndestination = \"URI\"",
        "[queues.a]\ndestination = \"URI URI\"",
        "[queues.a]\ndestination = \"URI",
        "[queues.a]\ndestination = URI",
        "[queues.a]\ndestination \"URI\"",
        "[queues.a]\ndestination = [\"URI\"]",
        "[queues.a]\ndestination = { file = \"URI\" }",
        "[queues.a]\ndestinaton = \"URI\"",
        "[queues.a]\nqueue-dir = \"URI\"",
        "[queues.a]\nclosure-type = \"URI\"",
        "[queues.a]\ntimeout = \"URI\"",
        "[queues.a]\ncheck-sigs = \"URI\"",
        "[queues.a]\nnix-opts = [\"--substituters\", \"URI x\", \"--access-tokens\", \"g=hunter2\"]",
        "[queues.a]\nnix-opts = [\"--option\", \"impure-env\", \"A=hunter2 B=hunter2\"]",
        "[queues.a]\nnix-opts = [\"--impure-env=A=hunter2\", \"--extra-impure-env\", \"B=hunter2\"]",
        "hook = \"URI\"",
    ];
    for uri in URIS.iter().filter(|uri| uri.contains("://")) {
        for place in places {
            let shown = everything(&place.replace("URI", uri), &[], Overrides::default());
            assert!(!shown.contains(SECRET), "{place} {uri}: {shown}");
        }
        for name in [
            "DESTINATION",
            "QUEUE_DIR",
            "TIMEOUT",
            "CHECK_SIGS",
            "BATCH_SIZE",
            "JOBS",
            "NIX_OPTS",
            "DESTINATON",
        ] {
            let name = format!("NIX_POST_BUILD_PUSH_{name}");
            let shown = everything("", &[(&name, uri)], Overrides::default());
            assert!(!shown.contains(SECRET), "{name} {uri}: {shown}");
        }
        let overrides = Overrides {
            destination: Some(Destination::Uri((*uri).into())),
            nix_opts: NixOptions::from_iter(["--option", "extra-access-tokens", "hunter2"]),
            ..Overrides::default()
        };
        let shown = everything("", &[], overrides);
        assert!(!shown.contains(SECRET), "{uri}: {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_password_never_shows_whatever_surrounds_it(
        scheme in "(https|ssh|ssh-ng|s3|x)://",
        before in "[a-z0-9:/@%]{0,8}",
        after in "[a-z0-9:/@%]{0,8}",
        host in "[a-z.]{1,8}(:[0-9]{1,4})?(/[a-z]{0,4})?",
        query in "(\\?(region|token|x)=[a-z@?%&=]{0,8})?",
    ) {
        // The account of ssh alone is none.
        let is_name = [&before, &after].iter().all(|text| text.chars().all(char::is_alphanumeric));
        prop_assume!(!(scheme.starts_with("ssh") && is_name));
        let uri = StoreUri::new(format!("{scheme}{before}SECRET{after}@{host}{query}"));
        prop_assert!(!uri.to_string().contains("SECRET"), "{}", uri);
        let text = uri.redact(uri.as_str());
        prop_assert!(!text.contains("SECRET"), "{}", text);
    }

    #[test]
    fn any_text_can_be_shown_and_redacted(uri in "\\PC{0,40}", text in "\\PC{0,40}") {
        let uri = StoreUri::new(uri);
        let _ = (uri.to_string(), uri.redact(&text), uri.check());
    }
}
