# The configuration file with some queues. What is wrong with it stops the build of the system,
# not a push in the night.
{
  lib,
  pkgs,
  cfg,
}:
let
  toml = pkgs.formats.toml { };

  settings = queue: {
    inherit (queue) destination;
    queue-dir = toString queue.queueDir;
    closure-type = queue.closureType;
    check-sigs = queue.checkSigs;
    substitute-on-destination = queue.substituteOnDestination;
    nix-opts = queue.nixOpts;
  };

  # Secrets are not there when a system is built, perhaps on another machine: hence --declared.
  check = ''
    ${lib.getBin cfg.package}/bin/nix-post-build-push --config-file "$unchecked" config check --declared
  '';
  # The program of another platform cannot run here.
  canCheck = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;
in
name: queues:
pkgs.runCommand "nix-post-build-push-${name}.toml"
  {
    preferLocalBuild = true;
    unchecked = toml.generate "unchecked.toml" {
      hook.on-error = cfg.hook.onError;
      queues = lib.mapAttrs (_: settings) queues;
    };
  }
  ''
    ${lib.optionalString canCheck check}
    cp "$unchecked" "$out"
  ''
