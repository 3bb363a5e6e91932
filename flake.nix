{
  description = "Copies everything that Nix builds to a binary cache or another store";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { nixpkgs, ... }:
    let
      inherit (nixpkgs) lib;
      entry = import ./default.nix;
      forEachSystem =
        outputs:
        lib.genAttrs [
          "aarch64-linux"
          "x86_64-linux"
        ] (system: outputs nixpkgs.legacyPackages.${system});
    in
    {
      inherit (entry { }) nixosModules overlays;

      packages = forEachSystem (pkgs: rec {
        inherit (entry { inherit pkgs; }) nix-post-build-push;
        default = nix-post-build-push;
      });

      devShells = forEachSystem (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.cargo
            pkgs.clippy
            pkgs.rust-analyzer
            pkgs.rustc
            pkgs.rustfmt
            pkgs.shellcheck
          ];
        };
      });

      formatter = forEachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
