# A machine whose queue goes to the machine `cache` over ssh.
{ pkgs, ... }:
let
  inherit (import (pkgs.path + "/nixos/tests/ssh-keys.nix") pkgs) snakeOilPrivateKey;
in
{
  imports = [ ./builder.nix ];

  # Only root can read it.
  environment.etc."ssh/push-key" = {
    source = snakeOilPrivateKey;
    mode = "0400";
  };
  # The host key of the other machine is made when that boots.
  programs.ssh.extraConfig = ''
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
  '';

  services.nix-post-build-push.queues.main = {
    destination = "ssh-ng://nix-ssh@cache";
    sshKeyFile = "/etc/ssh/push-key";
    checkSigs = false;
    interval = "10s";
    retryDelay = "1s";
    retryMaxDelay = "5s";
  };
}
