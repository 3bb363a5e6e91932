# The text of a unit, equivalent to what NixOS writes.
{ lib }:
let
  word =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;
  # A list is one line for each of its values.
  line =
    name: value:
    lib.concatMapStrings (one: "${name}=${word one}\n") (
      if builtins.isList value then value else [ value ]
    );
  lines = values: lib.concatStrings (lib.mapAttrsToList line values);
  section = name: text: lib.optionalString (text != "") "[${name}]\n${text}\n";

  # systemd expands specifiers in there.
  environment =
    values:
    lib.concatStrings (
      lib.mapAttrsToList (
        name: value:
        lib.optionalString (value != null) "Environment=${builtins.toJSON "${name}=${value}"}\n"
      ) values
    );
  searchPath =
    packages:
    lib.concatStringsSep ":" (
      map (package: "${package}/bin") packages ++ map (package: "${package}/sbin") packages
    );

  general =
    unit:
    section "Unit" (
      lines (
        {
          Description = unit.description;
          After = unit.after;
          Wants = unit.wants;
          Requires = unit.requires;
        }
        // lib.optionalAttrs (unit.startLimitIntervalSec != null) {
          StartLimitIntervalSec = unit.startLimitIntervalSec;
        }
        // unit.unitConfig
      )
    );
  # NixOS makes the links itself that systemctl makes from this.
  install = unit: section "Install" (line "WantedBy" unit.wantedBy);
in
{
  service =
    # What each service of NixOS finds.
    common: unit:
    general unit
    + section "Service" (
      environment (unit.environment // { PATH = searchPath (unit.path ++ common); })
      + lib.optionalString (!unit.restartIfChanged) "X-RestartIfChanged=false\n"
      + lines unit.serviceConfig
    )
    + install unit;
  timer = unit: general unit + section "Timer" (lines unit.timerConfig) + install unit;
  path = unit: general unit + section "Path" (lines unit.pathConfig) + install unit;
}
