# A machine that takes store paths over ssh.
{ lib, pkgs, ... }:
let
  inherit (import (pkgs.path + "/nixos/tests/ssh-keys.nix") pkgs) snakeOilPublicKey;
in
{
  nix = {
    sshServe = {
      enable = true;
      keys = [ snakeOilPublicKey ];
      protocol = "ssh-ng";
      # What comes is not signed.
      trusted = true;
      write = true;
    };
    settings.substituters = lib.mkForce [ ];
  };
}
