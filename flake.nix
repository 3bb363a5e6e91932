{
  description = "Copies everything that Nix builds to a binary cache or another store";

  # No lock file comes with this: whoever uses it says which nixpkgs, with `follows`.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { nixpkgs, ... }:
    let
      entry = import ./default.nix;
      forEachSystem =
        outputs:
        nixpkgs.lib.genAttrs [
          "aarch64-linux"
          "x86_64-linux"
        ] (system: outputs nixpkgs.legacyPackages.${system});
    in
    {
      # Neither depends on packages.
      inherit (entry { pkgs = { }; }) nixosModules overlays;

      packages = forEachSystem (pkgs: rec {
        inherit (entry { inherit pkgs; }) nix-post-build-push;
        default = nix-post-build-push;
      });

      checks = forEachSystem (pkgs: (entry { inherit pkgs; }).checks);

      devShells = forEachSystem (pkgs: {
        default = import ./shell.nix { inherit pkgs; };
      });

      formatter = forEachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
