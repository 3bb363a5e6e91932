//! Nix expressions of derivations that need nothing but `/bin/sh` and a few of its machine's tools.
//!
//! A builder script sees its output path in `$out`, and finds the programs of the machine by their
//! full path only.

/// The function `drv name script` that the other expressions are made of, as a `let` binding.
const DRV: &str = r#"drvWith = attrs: name: script: derivation ({
  inherit name;
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" script ];
} // attrs);
drv = drvWith { };"#;

/// An expression in which `drv name script` and `drvWith attributes name script` make derivations.
///
/// ```text
/// expr::with_drv(r#"drv "greeting" "echo hello > $out""#)
/// ```
pub fn with_drv(body: &str) -> String {
    format!("let {DRV} in {body}")
}

/// One derivation: a file `name` that holds `content`.
pub fn file(name: &str, content: &str) -> String {
    with_drv(&format!(r#"drv "{name}" "echo {content} > $out""#))
}

/// A list of `n` derivations that know nothing of each other, `path-1` to `path-n`.
pub fn independent(n: usize) -> String {
    with_drv(&format!(
        r#"builtins.genList (i: let k = toString (i + 1); in drv "path-${{k}}" "echo ${{k}} > $out") {n}"#
    ))
}

/// The last of `n` derivations, `link-1` to `link-n`, each of which refers to the one before.
pub fn chain(n: usize) -> String {
    with_drv(&format!(
        r#"builtins.foldl'
  (before: k: drv "link-${{toString k}}" "echo ${{toString k}} ${{before}} > $out")
  "none" (builtins.genList (i: i + 1) {n})"#
    ))
}

/// The derivation `top`, which refers to `left` and `right`, which both refer to `base`.
pub fn diamond() -> String {
    with_drv(
        r#"let
  base = drv "base" "echo base > $out";
  side = name: drv name "echo ${name} ${base} > $out";
in drv "top" "echo ${side "left"} ${side "right"} > $out""#,
    )
}

/// The three outputs of one derivation: `out` refers to `dev`, and nothing to `doc`.
pub fn multiple_outputs() -> String {
    with_drv(
        r#"(drvWith { outputs = [ "out" "dev" "doc" ]; } "many"
  "echo dev > $dev; echo doc > $doc; echo out $dev > $out").all"#,
    )
}

/// A list of `n` floating content-addressed derivations, `ca-1` to `ca-n`, each of which refers to
/// the one before. For [`Nix::with_ca_derivations`](crate::Nix::with_ca_derivations).
pub fn content_addressed(n: usize) -> String {
    with_drv(&format!(
        r#"let
  ca = drvWith {{ __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; }};
  go = k: before: if k > {n} then [ ] else
    let this = ca "ca-${{toString k}}" "echo ${{toString k}} ${{before}} > $out";
    in [ this ] ++ go (k + 1) this;
in go 1 "none""#
    ))
}

/// A derivation whose builder fails.
pub fn failing() -> String {
    with_drv(r#"drv "failing" "echo this one fails >&2; exit 1""#)
}

/// A derivation of `bytes` bytes that do not compress.
pub fn large(name: &str, bytes: u64) -> String {
    with_drv(&format!(
        r#"drv "{name}" "/usr/bin/head -c {bytes} /dev/urandom > $out""#
    ))
}
