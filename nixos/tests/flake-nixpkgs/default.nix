# As much of nixpkgs as the flake and its checks use. Nothing can be built with it; a package that
# it does not name is an error.
{ lib }:
let
  stubs = import ../stubs.nix { inherit lib; };
  inherit (stubs) package;

  present = path: if builtins.pathExists path then path else throw "${toString path} does not exist";

  # Source trees would have to be copied to a store. Here they only have to be there.
  fileset = {
    unions = map present;
    fileFilter = _: present;
    toSource =
      { root, fileset }:
      builtins.deepSeq fileset (package "source" // { inherit fileset root; });
  };

  # What a test file may say about a test.
  testOptions.options = {
    name = lib.mkOption { type = lib.types.str; };
    nodes = lib.mkOption { type = lib.types.attrsOf lib.types.raw; };
    defaults = lib.mkOption { type = lib.types.raw; };
    testScript = lib.mkOption { type = lib.types.str; };
  };

  runNixOSTest =
    module:
    let
      test =
        (lib.evalModules {
          modules = [
            testOptions
            module
          ];
        }).config;
      machine =
        node:
        (lib.evalModules {
          modules = [
            (import ./options.nix { inherit lib stubs; })
            { _module.args = { inherit pkgs; }; }
            test.defaults
            node
          ];
        }).config;
    in
    package test.name
    // {
      inherit (test) testScript;
      nodes = lib.mapAttrs (_: machine) test.nodes;
    };

  tools = lib.genAttrs [
    "cargo"
    "clippy"
    "debootstrap"
    "installShellFiles"
    "nixfmt"
    "nixfmt-tree"
    "python3"
    "rust-analyzer"
    "rustc"
    "rustfmt"
    "shellcheck"
    "util-linux"
    "versionCheckHook"
  ] package;

  pkgs =
    removeAttrs stubs.pkgs [ "nix-post-build-push" ]
    // tools
    // {
      lib = lib // {
        inherit fileset;
        licenses.mit = "mit";
        platforms.linux = [ ];
      };
      path = ./.;
      glibc = package "glibc" // {
        static = package "glibc-static";
      };
      callPackage =
        file: overrides:
        let
          function = import file;
        in
        function (builtins.intersectAttrs (builtins.functionArgs function) pkgs // overrides);
      mkShell = arguments: package "shell" // arguments;
      rustPlatform = {
        buildRustPackage = arguments: package arguments.pname // arguments;
        rustLibSrc = package "rust-lib-src";
      };
      testers = { inherit runNixOSTest; };
      writeText = name: text: package name // { inherit text; };
    };
in
{
  inherit (pkgs) lib;
  legacyPackages = {
    aarch64-linux = pkgs;
    x86_64-linux = pkgs;
  };
}
