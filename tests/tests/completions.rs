//! The completions, as they are installed, in real shells on a real terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Installed, Nix, Product, Run, Shell, expr};

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// Two queues, of which one is disabled.
const CONFIG: &str = r#"
[queues.main]
destination = "file://@T@/cache"
queue-dir = "@T@/queue"
check-contents = "entries"

[queues.office]
enable = false
destination = "https://me:planted-secret-in-uri@cache.example.org"
queue-dir = "@T@/office"
"#;

struct Stage {
    product: Product,
    installed: Installed,
    /// Parked: it is damaged.
    damaged: Utf8PathBuf,
    /// Ready, with all that Nix allows in a name.
    odd: Utf8PathBuf,
}

impl Stage {
    fn set() -> Self {
        let nix = Nix::new();
        let installed = Installed::below(nix.dir().join("image"));
        let product = Product::install(nix, CONFIG);
        let damaged = product.nix().build_one(&expr::file("hello-2.12", "hello"));
        fs::set_permissions(&damaged, fs::Permissions::from_mode(0o644)).expect("chmod");
        fs::write(&damaged, "damaged").expect("write");
        product.run(&["push"]).exits(75);
        let odd = product
            .nix()
            .build_one(&expr::with_drv(r#"drv "odd+-._?=1" "echo odd > $out""#));
        assert_eq!(product.queued(), [damaged.clone(), odd.clone()].into());
        Self {
            product,
            installed,
            damaged,
            odd,
        }
    }

    fn shell(&self, name: &str) -> Shell {
        let file = self.product.config_file();
        let variables = [("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str())];
        Shell::start(name, self.product.nix(), &self.installed, &variables)
    }
}

fn base_name(path: &Utf8Path) -> &str {
    path.file_name().expect("a name")
}

#[test]
fn commands_options_and_values_are_completed() {
    let stage = Stage::set();
    for name in SHELLS {
        let shell = stage.shell(name);
        for (typed, expected) in [
            ("nix-post-build-push enq", "nix-post-build-push enqueue"),
            ("nix-post-build-push show-", "nix-post-build-push show-"),
            (
                "nix-post-build-push config ch",
                "nix-post-build-push config check",
            ),
            (
                "nix-post-build-push list --js",
                "nix-post-build-push list --json",
            ),
            (
                "nix-post-build-push push --refresh --unt",
                "nix-post-build-push push --refresh --until-empty",
            ),
            (
                "nix-post-build-push --closure-type so",
                "nix-post-build-push --closure-type source",
            ),
            (
                "nix-post-build-push --closure-type=so",
                "nix-post-build-push --closure-type=source",
            ),
            (
                "nix-post-build-push help con",
                "nix-post-build-push help config",
            ),
            (
                "nix-post-build-push man nix-post-build-push.",
                "nix-post-build-push man nix-post-build-push.toml",
            ),
        ] {
            shell.completes(typed, expected);
        }
        shell.offers("nix-post-build-push ", &["drop", "status", "completions"]);
        let screen = shell.offers("nix-post-build-push p", &["push"]);
        assert!(!screen.contains("perform-upload"), "{screen}");
    }
}

#[test]
fn queues_are_completed_from_the_configuration_that_the_line_names() {
    let stage = Stage::set();
    let dir = stage.product.nix().dir();
    let other = dir.join("other config.toml");
    let text = "[queues.elsewhere]\nqueue-dir = \"/nowhere\"\n";
    fs::write(&other, text).unwrap();
    for name in SHELLS {
        let shell = stage.shell(name);
        let screen = shell.offers("nix-post-build-push list --queue ", &["main", "office"]);
        assert!(!screen.contains("planted"), "{screen}");
        for (typed, behind) in [
            ("nix-post-build-push list --queue m".to_owned(), "ain"),
            ("nix-post-build-push list --queue=o".to_owned(), "ffice"),
            // One that is given already is not offered again.
            (
                "nix-post-build-push list --queue main --queue ".to_owned(),
                "office",
            ),
            (
                format!("nix-post-build-push --config-file '{other}' list --queue "),
                "elsewhere",
            ),
        ] {
            shell.completes(&typed, &format!("{typed}{behind}"));
        }
    }
}

#[test]
fn entries_are_completed_by_path_by_base_name_and_by_name() {
    let stage = Stage::set();
    let odd = base_name(&stage.odd);
    for name in SHELLS {
        let shell = stage.shell(name);
        let full = &stage.odd;
        let begun = &stage.odd.as_str()[..stage.odd.as_str().len() - odd.len() + 8];
        let drop = "nix-post-build-push drop";
        shell.completes(&format!("{drop} {}", &odd[..8]), &format!("{drop} {}", odd));
        shell.completes(&format!("{drop} {begun}"), &format!("{drop} {full}"));
        shell.completes(&format!("{drop} odd"), &format!("{drop} {}", odd));
        // Quotes that are open stay, and no other ones are put in.
        shell.completes(
            &format!("{drop} '{}", &odd[..8]),
            &format!("{drop} '{odd}'"),
        );
        let damaged = base_name(&stage.damaged);
        shell.offers(
            &format!("{drop} --queue main "),
            &[odd, damaged].map(|word| &word[..32]),
        );
        // What is given already is not offered again.
        let given = format!("{drop} {damaged} ");
        shell.completes(&given, &format!("{given}{}", odd));
        shell.offers_nothing(&format!("{drop} --queue office "));
        shell.offers_nothing(&format!("{drop} --all "));
    }
}

#[test]
fn what_is_typed_stays_while_several_entries_that_do_not_begin_with_it_are_listed() {
    let stage = Stage::set();
    // The words that are offered begin with the hash, and two of these hashes begin with the same letter.
    let all = r#"builtins.genList (i: drv "one-${toString i}" "echo ${toString i} > $out") 33"#;
    let built = stage.product.nix().build(&expr::with_drv(all));
    let names: Vec<_> = built.iter().map(|path| base_name(path)).collect();
    let letter = |name: &str| name.chars().next();
    let alike = names.iter().find_map(|name| {
        let mut others = names.iter().filter(|other| *other != name);
        let other = others.find(|other| letter(other) == letter(name))?;
        Some([*name, *other])
    });
    let alike = alike.expect("two of 33, as there are 32 letters");
    let queued: Vec<_> = names.iter().filter(|name| !alike.contains(name)).collect();
    let drop: Vec<_> = ["drop"]
        .into_iter()
        .chain(queued.into_iter().copied())
        .collect();
    stage.product.run(&drop).success();
    let typed = "nix-post-build-push drop one";
    let inserted = alike.map(|name| format!("nix-post-build-push drop {name}"));
    for name in SHELLS {
        let shell = stage.shell(name);
        shell.keeps_and_offers(typed, &alike.map(|word| &word[..32]));
        // bash lists them once more.
        if name != "bash" {
            shell.tab_inserts_one_of(&inserted);
        }
    }
}

#[test]
fn retry_offers_only_what_waits_or_is_parked() {
    let stage = Stage::set();
    for name in SHELLS {
        let shell = stage.shell(name);
        let typed = "nix-post-build-push retry ";
        shell.completes(typed, &format!("{typed}{}", base_name(&stage.damaged)));
    }
}

#[test]
fn what_is_completed_is_taken_by_the_program() {
    let stage = Stage::set();
    let odd = base_name(&stage.odd);
    for name in SHELLS {
        let shell = stage.shell(name);
        let begun = format!("nix-post-build-push drop {}", &odd[..8]);
        let line = format!("nix-post-build-push drop {}", odd);
        shell.runs_completed(&begun, &line, stage.odd.as_str());
        assert_eq!(
            stage.product.queued(),
            [stage.damaged.clone()].into(),
            "{name}"
        );
        stage
            .product
            .run(&["enqueue", stage.odd.as_str()])
            .success();
    }
}

#[test]
fn files_are_completed_as_the_shell_does() {
    let stage = Stage::set();
    let dir = stage.product.nix().dir();
    fs::create_dir(dir.join("some where")).unwrap();
    fs::write(dir.join("some where/result"), "").unwrap();
    fs::write(dir.join("some-file"), "").unwrap();
    for name in SHELLS {
        let shell = stage.shell(name);
        for (typed, expected) in [
            ("enqueue ./some-", "enqueue ./some-file"),
            ("--config-file=./some-", "--config-file=./some-file"),
            ("push -- ./some\\ where/re", "push -- ./some\\ where/result"),
            ("--queue-dir ./some", "--queue-dir ./some\\ where/"),
        ] {
            let line = |words: &str| format!("nix-post-build-push {words}");
            shell.completes(&line(typed), &line(expected));
        }
    }
}

#[test]
fn files_are_listed_in_their_order() {
    let stage = Stage::set();
    let files = ["f3", "f1", "f7", "f5", "f2", "f8", "f6", "f4"];
    for file in files {
        fs::write(stage.product.nix().dir().join(file), "").unwrap();
    }
    // fish lists in columns.
    for name in ["bash", "zsh"] {
        let shell = stage.shell(name);
        for typed in ["closure ./f", "enqueue f"] {
            let screen = shell.offers(&format!("nix-post-build-push {typed}"), &files);
            let mut listed: Vec<_> = screen.split_whitespace().collect();
            listed.retain(|word| files.contains(word));
            assert!(
                listed.len() == files.len() && listed.is_sorted(),
                "{name}: {screen}"
            );
        }
    }
}

#[test]
fn closure_offers_what_is_queued_and_files() {
    let stage = Stage::set();
    fs::write(stage.product.nix().dir().join("some-file"), "").unwrap();
    let closure = "nix-post-build-push closure ";
    let begun = &stage.odd.as_str()[..stage.odd.as_str().len() - 4];
    for name in SHELLS {
        let shell = stage.shell(name);
        shell.offers(closure, &[&base_name(&stage.odd)[..32], "some-file"]);
        shell.completes(
            &format!("{closure}{begun}"),
            &format!("{closure}{}", stage.odd),
        );
    }
}

/// How many system calls the program makes.
fn system_calls(product: &Product, arguments: &[&str]) -> usize {
    let trace = product.nix().dir().join("trace");
    let mut strace = product.nix().command("strace");
    let file = product.config_file();
    strace.env("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    strace.args([
        "-f",
        "-qq",
        "-o",
        trace.as_str(),
        Product::program().as_str(),
    ]);
    strace.args(arguments).run().success();
    fs::read_to_string(&trace)
        .expect("the trace")
        .lines()
        .count()
}

#[test]
fn a_tab_asks_the_system_no_more_of_each_entry_than_list_does() {
    let stage = Stage::set();
    let product = &stage.product;
    let tab = ["__complete", "zsh", "nix-post-build-push", "drop", ""];
    let count = || [&["list"][..], &tab].map(|line| system_calls(product, line));
    let [list, tab] = count();
    product.nix().build(&expr::independent(40));
    let [list_of_more, tab_of_more] = count();
    assert!(list_of_more >= list + 40, "{list} {list_of_more}");
    // Its answer is longer.
    let at_most = tab + (list_of_more - list) + 10;
    assert!(tab_of_more <= at_most, "{tab_of_more} {at_most}");
}

#[test]
fn a_broken_configuration_is_no_matter_of_the_prompt() {
    let stage = Stage::set();
    stage.product.write_config("[queues.main\n");
    for name in SHELLS {
        let shell = stage.shell(name);
        shell.offers_nothing("nix-post-build-push drop ");
        shell.offers_nothing("nix-post-build-push list --queue o");
        shell.completes("nix-post-build-push enq", "nix-post-build-push enqueue");
    }
}
