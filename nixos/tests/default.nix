# What the module makes of configurations. nixos/check runs it.
#
#   failures   the tests that fail, with what was expected: none if all is well
#   errors     evaluations that have to fail, and what has to be in their messages
#   written    what a switch to each case writes, as a tree of files
#   refused    configuration files that the program has to refuse, and what it has to say
#   timeSpans  those that systemd has to understand, and those that it must not
{
  lib ? import ./lib,
  # Where bin/nix-post-build-push is, for what is written.
  package ? null,
}:
let
  stubs = import ./stubs.nix { inherit lib; };
  switch = import ./switch.nix { inherit lib; };

  groupsWith =
    pkgs:
    let
      harness = import ./harness.nix { inherit lib pkgs; };
    in
    map (file: import file harness) [
      ./module/refused.nix
      ./module/warned-of.nix
      ./module/config-file.nix
      ./module/credentials.nix
      ./module/tmpfiles.nix
      ./module/hook.nix
      ./module/page.nix
      ./module/push-on-enqueue.nix
      ./module/quick-start.nix
      ./module/rights.nix
      ./module/time-spans.nix
      ./module/units.nix
      ./lib-tests/documentation.nix
      ./lib-tests/modules.nix
      ./lib-tests/types.nix
      ./lib-tests/values.nix
    ];
  all = kind: lib.foldl' (found: group: found // group.${kind} or { }) { };

  groups = groupsWith stubs.pkgs;

  # The same with programs that are there.
  installed = groupsWith (
    stubs.pkgs
    // builtins.mapAttrs stubs.installed {
      another = package;
      coreutils = "/usr";
      nix = "/usr";
      nix-post-build-push = package;
      openssh = "/usr";
      systemd = "/usr";
    }
  );

  write =
    config:
    let
      switched = switch {
        inherit config;
        common = [ ];
      };
    in
    {
      inherit (switched) tmpfiles units;
      config = switched.etc."nix-post-build-push/config.toml";
    };
in
{
  failures = lib.runTests (all "tests" groups);
  count = lib.length (lib.attrNames (all "tests" groups));

  errors = all "errors" groups;
  messages = lib.mapAttrs (_: error: error.message) (all "errors" groups);

  written = lib.mapAttrs (
    name: case:
    write case
    // {
      made = lib.mapAttrs (_: lib.concatMapStrings (line: "${line}\n")) (
        {
          queues = [ ];
          destinations = [ ];
        }
        // (all "made" groups).${name} or { }
      );
    }
  ) (all "cases" installed);

  timeSpans = lib.mapAttrs (_: lib.concatMapStrings (line: "${line}\n")) (all "timeSpans" groups);

  refused = lib.mapAttrs (
    _:
    { case, message }:
    {
      inherit message;
      inherit (write case) config;
    }
  ) (all "refused" installed);
}
