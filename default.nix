# For use without flakes: `nix-build`, or in a NixOS configuration
#   imports = [ (import ./nix-post-build-push { }).nixosModules.default ];
{
  pkgs ? import <nixpkgs> { },
}:
let
  module = ./nixos/module.nix;
  overlay = final: _: { nix-post-build-push = final.callPackage ./nixos/package.nix { }; };
in
{
  nix-post-build-push = pkgs.callPackage ./nixos/package.nix { };

  nixosModules = {
    default = module;
    nix-post-build-push = module;
  };

  overlays = {
    default = overlay;
    nix-post-build-push = overlay;
  };
}
