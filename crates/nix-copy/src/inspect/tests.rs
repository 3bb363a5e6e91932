use super::*;
use crate::fake;

const PATH: &str = "/s/00000000000000000000000000000001-x";

#[test]
fn settings_are_told_in_the_words_of_every_version() {
    let found = settings(
        r#"{"a":{"value":"t"},"b":{"value":["x","y"]},"c":{"value":"x y"},"d":{"value":true},"e":{"value":7},"f":{}}"#,
    )
    .unwrap();
    assert_eq!(
        (found.text("a"), found.text("f"), found.text("g")),
        ("t", "", "")
    );
    assert_eq!(
        (found.list("b"), found.list("c")),
        (vec!["x", "y"], vec!["x", "y"])
    );
    assert_eq!(
        (found.switch("d"), found.number("e")),
        (Some(true), Some(7))
    );
    assert_eq!((found.switch("g"), found.list("g").len()), (None, 0));
    assert!(settings("[]").is_none() && settings("warning").is_none());
}

#[test]
fn a_link_is_read_with_and_without_quotes() {
    let text = "/q/a -> /s/x\n\"/q/b\" -> \"/s/y\"\n{censored} -> /s/z\nnonsense\n";
    assert_eq!(root_links(text), ["/q/a", "/q/b", "{censored}"]);
}

#[test]
fn signatures_are_read_from_lists_and_from_objects() {
    let store = StoreDir::new("/s").unwrap();
    let entry = r#"{"signatures":["k-1:abc","nonsense"],"ca":null}"#;
    let of_list = entry.replacen('{', &format!(r#"{{"path":"{PATH}","#), 1);
    for text in [format!("[{of_list}]"), format!(r#"{{"{PATH}":{entry}}}"#)] {
        let found = signatures(&text, &store).unwrap();
        assert_eq!(found[0].keys, ["k-1"], "{text}");
        assert!(!found[0].is_content_addressed);
    }
    let text = format!(r#"{{"{PATH}":{{"ca":"fixed:r:sha256:x"}}}}"#);
    let found = signatures(&text, &store).unwrap();
    assert!(found[0].keys.is_empty() && found[0].is_content_addressed);
    assert_eq!(signatures("{\"x\":{}}", &store), None);
}

#[test]
fn trust_is_a_number_a_word_or_not_told() {
    for (text, told) in [
        (r#"{"trusted":1}"#, Some(true)),
        (r#"{"trusted":0}"#, Some(false)),
        (r#"{"trusted":false}"#, Some(false)),
        (r#"{"trusted":null}"#, None),
        (r#"{"url":"daemon"}"#, None),
        ("nonsense", None),
    ] {
        assert_eq!(trust(text), told, "{text}");
    }
}

#[test]
fn a_question_about_settings_comes_with_none_of_ours() {
    let dir = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(dir.path()).unwrap();
    let script = r#"case "$*" in *post-build-hook*) v=ours ;; *) v=theirs ;; esac
echo "{\"post-build-hook\":{\"value\":\"$v\"}}""#;
    let inspector = NixInspector::new(fake::nix(dir, &[("nix", script)]));
    assert_eq!(
        inspector.settings().unwrap().text("post-build-hook"),
        "theirs"
    );
}
