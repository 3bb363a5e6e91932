# The configuration file. What is wrong with it stops the build of the system, not a push in the
# night.
{
  lib,
  pkgs,
  # Each program that will read it.
  packages,
}:
let
  # Secrets are not there when a system is built, perhaps on another machine: hence --declared.
  check = package: ''
    ${lib.getBin package}/bin/nix-post-build-push --config-file "$unchecked" config check --declared
  '';
  # The program of another platform cannot run here.
  canCheck = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;
in
settings:
pkgs.runCommand "nix-post-build-push.toml"
  {
    preferLocalBuild = true;
    unchecked = (pkgs.formats.toml { }).generate "unchecked.toml" settings;
  }
  ''
    ${lib.optionalString canCheck (lib.concatMapStrings check packages)}
    cp "$unchecked" "$out"
  ''
