# What `nix flake check` builds: the package, the tests in virtual machines, the page of options,
# the formatting.
{
  module,
  package,
  pkgs,
}:
let
  inherit (pkgs) lib;

  inVirtualMachines =
    test:
    pkgs.testers.runNixOSTest {
      imports = [ test ];
      defaults.imports = [ module ];
    };

  formatted = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../crates
      ../default.nix
      ../flake.nix
      ../nixos
      ../shell.nix
      ../tests
    ];
  };
in
lib.mapAttrs' (name: test: lib.nameValuePair "vm-${name}" (inVirtualMachines test)) (
  import ./tests/vm
)
// {
  inherit package;

  options-page =
    pkgs.runCommand "options-page"
      {
        generated = pkgs.writeText "MODULE.md" (import ./options-md.nix { inherit lib; }).text;
        kept = ../MODULE.md;
      }
      ''
        diff -u "$kept" "$generated"
        touch "$out"
      '';

  formatting =
    pkgs.runCommand "formatting"
      {
        nativeBuildInputs = [
          pkgs.cargo
          pkgs.nixfmt
          pkgs.rustfmt
        ];
      }
      ''
        cd ${formatted}
        find . -name '*.nix' -exec nixfmt --check {} +
        cargo fmt --all --check
        touch "$out"
      '';
}
