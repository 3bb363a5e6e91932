# What the tests of the module have in common.
{ lib, pkgs }:
let
  stubs = import ./stubs.nix { inherit lib; };

  evaluateWith =
    pkgs: configuration:
    (lib.evalModules {
      modules = [
        stubs.module
        ../module.nix
        { _module.args = { inherit pkgs; }; }
        configuration
      ];
    }).config;

  configOf = case: case.environment.etc."nix-post-build-push/config.toml".source;
in
{
  inherit
    configOf
    evaluateWith
    lib
    pkgs
    stubs
    ;

  # What NixOS makes of a configuration, and of one that has only our options.
  evaluate = evaluateWith pkgs;
  ours = settings: evaluateWith pkgs { services.nix-post-build-push = settings; };
  # One of whose queues only the first is looked at.
  main = queue: evaluateWith pkgs { services.nix-post-build-push.queues.main = queue; };

  test = expr: expected: { inherit expr expected; };

  settingsOf = case: (configOf case).unchecked.value;
  queueOf = case: name: (configOf case).unchecked.value.queues.${name};
  service = case: name: case.systemd.services."nix-post-build-push-${name}";
  timer = case: name: case.systemd.timers."nix-post-build-push-${name}";
  failing = case: map (one: one.message) (lib.filter (one: !one.assertion) case.assertions);
  picked = names: lib.filterAttrs (name: _: lib.elem name names);
  program = "${pkgs.nix-post-build-push}/bin/nix-post-build-push";

  # Everything that the module may set.
  made = case: {
    inherit (case.environment) etc;
    inherit (case.nix) settings;
    inherit (case.systemd) services timers paths;
    inherit (case.systemd.tmpfiles) rules;
    packages = case.environment.systemPackages;
  };
  nothing = {
    etc = { };
    settings = { };
    services = { };
    timers = { };
    paths = { };
    rules = [ ];
    packages = [ ];
  };
}
