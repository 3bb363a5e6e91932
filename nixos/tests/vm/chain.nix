# A store path that refers to another one. It is made of nothing but a shell.
{ name }:
let
  build =
    name: text:
    derivation {
      inherit name text;
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [
        "-c"
        "echo $text > $out"
      ];
    };
in
build name (build "${name}-input" "made for a test")
