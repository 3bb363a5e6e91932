# What a switch to a NixOS configuration would write, for a machine that is no NixOS and has no
# nixpkgs:
#
#   nix-instantiate --eval --strict --json nixos/tests/render.nix \
#     --arg configuration ./configuration.nix --argstr package /nix/store/…-nix-post-build-push
#
# gives
#
#   files      the text of each file, by its absolute path: the configuration file, units below
#              /etc/systemd/system, rules for systemd-tmpfiles
#   enable     the units for `systemctl enable --now`, after `systemctl daemon-reload` and
#              `systemd-tmpfiles --create /etc/tmpfiles.d/nix-post-build-push.conf`
#   nixConf    lines for /etc/nix/nix.conf
#   warnings   what the switch would warn of
#
# A configuration whose assertions fail is an error, with their messages.
{
  # A module of NixOS, as a path or a value. It may use the options that ./stubs.nix declares.
  configuration,
  # Where bin/nix-post-build-push and bin/nix-post-build-push-hook are.
  package,
  # Where the bin directories of other programs are.
  nixPackage ? "/usr",
  sshPackage ? "/usr",
  coreutils ? "/usr",
  systemd ? "/usr",
  lib ? import ./lib,
}:
let
  stubs = import ./stubs.nix { inherit lib; };
  pkgs =
    stubs.pkgs
    // builtins.mapAttrs stubs.installed {
      inherit coreutils systemd;
      nix = nixPackage;
      nix-post-build-push = package;
      openssh = sshPackage;
    }
    // {
      # Of what is built, only a link to a program is used, and the program does as well.
      runCommand =
        name: environment: command:
        let
          built = stubs.pkgs.runCommand name environment command;
        in
        built // lib.optionalAttrs (environment ? program) { outPath = environment.program; };
    };

  inherit
    (lib.evalModules {
      modules = [
        stubs.module
        ../module.nix
        { _module.args = { inherit pkgs; }; }
        configuration
      ];
    })
    config
    ;

  failed = map (one: one.message) (lib.filter (one: !one.assertion) config.assertions);
  checked =
    value:
    if failed == [ ] then value else throw "Failed assertions:\n${lib.concatStringsSep "\n" failed}";

  switched = import ./switch.nix { inherit lib; } {
    inherit config;
    common = [
      pkgs.coreutils
      pkgs.systemd
    ];
  };
  below = directory: lib.mapAttrs' (name: lib.nameValuePair "${directory}/${name}");
in
checked {
  files =
    below "/etc/systemd/system" switched.units
    // below "/etc" switched.etc
    // lib.optionalAttrs (switched.tmpfiles != "") {
      "/etc/tmpfiles.d/nix-post-build-push.conf" = switched.tmpfiles;
    };

  inherit (switched) enable nixConf;
  inherit (config) warnings;
}
