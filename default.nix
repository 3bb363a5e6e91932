# For use without flakes: `nix-build`, or in a NixOS configuration
#   imports = [ (import ./nix-post-build-push { }).nixosModules.default ];
{
  pkgs ? import <nixpkgs> { },
}:
let
  package = pkgs.callPackage ./nixos/package.nix { };
  module = ./nixos/module.nix;
  overlay = final: _: { nix-post-build-push = final.callPackage ./nixos/package.nix { }; };
in
{
  nix-post-build-push = package;

  nixosModules = {
    default = module;
    nix-post-build-push = module;
  };

  overlays = {
    default = overlay;
    nix-post-build-push = overlay;
  };

  # nix-build -A checks
  checks = import ./nixos/checks.nix { inherit module package pkgs; };
}
