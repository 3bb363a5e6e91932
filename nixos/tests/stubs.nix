# As much of NixOS as the module needs: the options that it sets and reads, and the packages. The
# options of units are those that NixOS has; a wrong name is an error, as it is there.
{ lib }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  texts = option (types.listOf types.str) [ ];
  values = option (types.attrsOf types.anything) { };

  unit = {
    description = option types.str "";
    after = texts;
    wants = texts;
    wantedBy = texts;
  };
  units = options: option (types.attrsOf (types.submodule { inherit options; })) { };

  package = name: {
    type = "derivation";
    inherit name;
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
  };

  pkgs = {
    nix = package "nix";
    nix-post-build-push = package "nix-post-build-push";
    openssh = package "openssh";
    formats.toml = _: { generate = name: value: package name // { inherit value; }; };
    runCommand =
      name: environment: command:
      package name // environment // { inherit command; };
    stdenv = {
      buildPlatform.canExecute = platform: platform == "here";
      hostPlatform = "here";
    };
  };
in
{
  inherit package pkgs;

  module = {
    options = {
      assertions = option (types.listOf types.anything) [ ];
      warnings = texts;
      environment.etc = option (types.attrsOf (
        types.submodule { options.source = option types.raw null; }
      )) { };
      environment.systemPackages = option (types.listOf types.package) [ ];
      networking.proxy.envVars = values;
      nix.enable = option types.bool true;
      nix.package = option types.package pkgs.nix;
      nix.settings = values;
      nixpkgs.overlays = option (types.listOf types.raw) [ ];
      programs.ssh.package = option types.package pkgs.openssh;
      systemd.services = units (
        unit
        // {
          environment = values;
          path = option (types.listOf types.package) [ ];
          restartIfChanged = option types.bool true;
          serviceConfig = values;
        }
      );
      systemd.timers = units (unit // { timerConfig = values; });
      systemd.tmpfiles.rules = texts;
    };
  };
}
