# What the flake gives, with the stand-in for nixpkgs. nixos/tests/flake-check runs it.
#
#   failures   the tests that fail, with what was expected: none if all is well
#   scripts    of each test in a virtual machine the script and the names of its machines
{
  lib ? import ./lib,
}:
let
  flake = import ../../flake.nix;
  nixpkgs = import ./flake-nixpkgs { inherit lib; };
  outputs = flake.outputs {
    inherit nixpkgs;
    self = throw "the flake must not depend on where it comes from";
  };
  pkgs = nixpkgs.legacyPackages.x86_64-linux;
  plain = import ../../default.nix { inherit pkgs; };

  package = outputs.packages.x86_64-linux.default;
  checks = outputs.checks.x86_64-linux;
  tests = lib.filterAttrs (name: _: lib.hasPrefix "vm-" name) checks;
  test = expr: expected: { inherit expr expected; };

  machines = lib.mapAttrs (_: one: one.nodes) tests;
  eachMachine = function: lib.mapAttrs (_: lib.mapAttrs (_: function)) machines;
  inherit (machines.vm-multi-user.machine.environment) etc;
  pushes = machine: builtins.attrNames machine.systemd.timers;

  names = [
    "default"
    "nix-post-build-push"
  ];
  systems = [
    "aarch64-linux"
    "x86_64-linux"
  ];
in
{
  failures = lib.runTests {
    test_nixpkgs_is_the_only_input = test (builtins.attrNames flake.inputs) [ "nixpkgs" ];

    test_every_output_has_its_names = test (lib.mapAttrs (_: builtins.attrNames) outputs) {
      checks = systems;
      devShells = systems;
      formatter = systems;
      nixosModules = names;
      overlays = names;
      packages = systems;
    };

    test_the_default_package_is_the_package = test (lib.mapAttrs (_: one: one.name) (
      builtins.intersectAttrs {
        default = null;
        nix-post-build-push = null;
      } outputs.packages.aarch64-linux
    )) (lib.genAttrs names (_: "nix-post-build-push"));

    test_the_package_has_the_version_of_the_workspace = test package.version (lib.importTOML ../../Cargo.toml)
    .workspace.package.version;

    # Evaluates all of it; the stand-in complains of files that are not there.
    test_the_package_is_built_from_files_that_exist = test (builtins.deepSeq (removeAttrs package [
      "src"
    ]) package.src.root) ../..;

    test_the_overlay_makes_the_package =
      test (outputs.overlays.default pkgs { }).nix-post-build-push.name
        "nix-post-build-push";

    test_the_module_is_a_file_so_that_importing_it_twice_does_no_harm = test outputs.nixosModules.default ../module.nix;

    test_without_flakes_there_is_the_same =
      test
        [
          plain.nix-post-build-push.name
          plain.nixosModules
          (builtins.attrNames plain.overlays)
          (builtins.attrNames plain.checks)
        ]
        [
          package.name
          outputs.nixosModules
          names
          (builtins.attrNames checks)
        ];

    test_the_checks_are_these = test (builtins.attrNames checks) [
      "formatting"
      "options-page"
      "package"
      "vm-garbage-collector"
      "vm-multi-user"
      "vm-outage"
      "vm-ssh"
      "vm-without-nix"
    ];

    # nixos/check compares it with what is kept.
    test_the_page_of_options_can_be_made = test (lib.hasInfix "`queues`" checks.options-page.generated.text) true;

    test_every_package_of_the_shell_is_there =
      test (map (one: one.type) outputs.devShells.x86_64-linux.default.packages)
        (map (_: "derivation") outputs.devShells.x86_64-linux.default.packages);

    test_the_files_that_are_to_be_formatted_exist = test (lib.hasInfix "nixfmt --check" checks.formatting.command) true;

    # Every option of a machine is evaluated for this, so every value that is set has its type.
    test_no_machine_of_a_test_fails_an_assertion = test (eachMachine (
      machine:
      builtins.deepSeq machine (
        map (one: one.message) (lib.filter (one: !one.assertion) machine.assertions)
      )
    )) (eachMachine (_: [ ]));

    test_what_the_machines_build_refers_to_another_path = test (lib.hasInfix "-greeting-input" (
      toString (import etc."chain.nix".source { name = "greeting"; }).text
    )) true;

    test_the_machines_push_what_their_tests_say = test (eachMachine pushes) {
      vm-garbage-collector.machine = [ "nix-post-build-push-main" ];
      vm-multi-user.machine = [ "nix-post-build-push-main" ];
      vm-outage.machine = [ "nix-post-build-push-main" ];
      vm-outage.cache = [ ];
      vm-ssh.machine = [ "nix-post-build-push-main" ];
      vm-ssh.cache = [ ];
      vm-without-nix.machine = [ ];
    };
  };

  scripts = lib.mapAttrs (_: one: {
    inherit (one) testScript;
    machines = builtins.attrNames one.nodes;
  }) tests;
}
