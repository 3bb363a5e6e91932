# A machine on which an ordinary user builds.
{ lib, ... }:
{
  users.users.alice.isNormalUser = true;
  environment.etc."chain.nix".source = ./chain.nix;

  nix.settings = {
    # The sandbox of a build wants store paths of the host that are not in the machine's database.
    sandbox = false;
    # The network of a test ends at its machines.
    substituters = lib.mkForce [ ];
  };
}
