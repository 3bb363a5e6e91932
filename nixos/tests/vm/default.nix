# Tests in virtual machines, with the test framework of nixpkgs:
#
#   nix build .#checks.x86_64-linux.vm-multi-user        or
#   nix-build -A checks.vm-multi-user
#
# Where there is no nixpkgs, nixos/tests/flake-check evaluates them and checks their scripts. That is
# less than to run them.
{
  garbage-collector = ./garbage-collector.nix;
  multi-user = ./multi-user.nix;
  outage = ./outage.nix;
  ssh = ./ssh.nix;
  without-nix = ./without-nix.nix;
}
