# A module that is imported twice.
{ lib, ... }:
{
  options.x = lib.mkOption { type = lib.types.listOf lib.types.str; };
  config.x = [ "once" ];
}
