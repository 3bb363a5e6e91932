# What a switch to an evaluated configuration writes.
{ lib }:
{
  config,
  # Programs that every service of NixOS finds.
  common,
}:
let
  unitText = import ./unit-text.nix { inherit lib; };
  toToml = import ./toml.nix { inherit lib; };
  inherit (config.systemd) services timers paths;

  named =
    kind: text: units:
    lib.mapAttrs' (name: unit: lib.nameValuePair "${name}.${kind}" (text unit)) units;
  wanted =
    kind: units:
    map (name: "${name}.${kind}") (
      lib.attrNames (lib.filterAttrs (_: unit: unit.wantedBy != [ ]) units)
    );

  nixValue =
    value:
    if builtins.isBool value then
      (if value then "true" else "false")
    else if builtins.isList value then
      lib.concatStringsSep " " (map toString value)
    else
      toString value;
in
{
  # Their texts, by their names.
  units =
    named "service" (unitText.service common) services
    // named "timer" unitText.timer timers
    // named "path" unitText.path paths;

  # Those that begin by themselves.
  enable = wanted "service" services ++ wanted "timer" timers ++ wanted "path" paths;

  tmpfiles = lib.concatMapStrings (rule: "${rule}\n") config.systemd.tmpfiles.rules;

  # The configuration file is the only thing that the module has in /etc.
  etc = lib.mapAttrs (_: file: toToml file.source.unchecked.value) config.environment.etc;

  nixConf = lib.concatStrings (
    lib.mapAttrsToList (name: value: "${name} = ${nixValue value}\n") config.nix.settings
  );
}
