# As much of NixOS as the module needs: the options that it sets and reads, and the packages. The
# options of units are those that NixOS has; a wrong name is an error, as it is there.
{ lib }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  texts = option (types.listOf types.str) [ ];
  values = option (types.attrsOf types.anything) { };

  # Lists of a directive are added up; a value that is no list counts as one in a list.
  directive = types.anything // {
    merge =
      loc: definitions:
      if lib.any (one: builtins.isList one.value) definitions then
        lib.concatMap (one: lib.toList one.value) definitions
      else
        types.anything.merge loc definitions;
  };
  section = option (types.attrsOf directive) { };

  unit = {
    description = option types.str "";
    after = texts;
    wants = texts;
    requires = texts;
    wantedBy = texts;
    startLimitIntervalSec = option (types.nullOr types.int) null;
    unitConfig = section;
  };
  units = options: option (types.attrsOf (types.submodule { inherit options; })) { };

  # Something that is no derivation, but would be taken for one.
  installed = name: directory: {
    type = "derivation";
    inherit name;
    outPath = directory;
  };
  package = name: installed name "/nix/store/00000000000000000000000000000000-${name}";

  # In the words of nixpkgs' manual: any nesting of these.
  tomlType =
    types.oneOf [
      types.bool
      types.int
      types.float
      types.str
      types.path
      (types.attrsOf tomlType)
      (types.listOf tomlType)
    ]
    // {
      description = "TOML value";
    };

  pkgs = {
    another = package "another";
    coreutils = package "coreutils";
    nix = package "nix";
    nix-post-build-push = package "nix-post-build-push";
    openssh = package "openssh";
    systemd = package "systemd";
    formats.toml = _: {
      type = tomlType;
      generate = name: value: package name // { inherit value; };
    };
    runCommand =
      name: environment: command:
      package name // environment // { inherit command; };
    stdenv = {
      buildPlatform.canExecute = platform: platform.config == "here";
      hostPlatform = {
        config = "here";
        isGnu = true;
      };
    };
  };

  module =
    { pkgs, ... }:
    {
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
        systemd.package = option types.package pkgs.systemd;
        systemd.services = units (
          unit
          // {
            environment = values;
            path = option (types.listOf types.package) [ ];
            restartIfChanged = option types.bool true;
            serviceConfig = section;
          }
        );
        systemd.timers = units (unit // { timerConfig = section; });
        systemd.paths = units (unit // { pathConfig = section; });
        systemd.tmpfiles.rules = texts;
        users.groups = values;
        users.users = values;
      };
    };
in
{
  inherit
    installed
    module
    package
    pkgs
    ;
}
