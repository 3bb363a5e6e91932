# The options of a machine in a test: those that the module needs, and those that the tests set
# beside it, by the names that they have in NixOS. A wrong name is an error.
{ lib, stubs }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  flag = option types.bool false;
  submodules = options: option (types.attrsOf (types.submodule { inherit options; })) { };
in
{ pkgs, ... }@arguments:
let
  inherit (stubs.module arguments) options;
in
{
  options = options // {
    environment = options.environment // {
      etc = submodules {
        source = option types.raw null;
        mode = option types.str "symlink";
      };
    };
    nix = options.nix // {
      sshServe = {
        enable = flag;
        keys = option (types.listOf types.str) [ ];
        protocol = option (types.enum [
          "ssh"
          "ssh-ng"
        ]) "ssh";
        trusted = flag;
        write = flag;
      };
    };
    programs.ssh = options.programs.ssh // {
      extraConfig = option types.lines "";
    };
    users = {
      users = submodules {
        group = option types.str "";
        isNormalUser = flag;
        isSystemUser = flag;
      };
      groups = submodules { };
    };
    virtualisation = {
      useNixStoreImage = flag;
      writableStore = flag;
    };
  };
}
