# What `make test` and `make lint` need. The whole-system tests make Debian roots, so they need root.
{
  pkgs ? import <nixpkgs> { },
}:
pkgs.mkShell {
  packages = [
    pkgs.cargo
    pkgs.clippy
    pkgs.debootstrap
    pkgs.nixfmt
    pkgs.python3
    pkgs.rust-analyzer
    pkgs.rustc
    pkgs.rustfmt
    pkgs.shellcheck
    pkgs.util-linux
  ];
  RUST_SRC_PATH = pkgs.rustPlatform.rustLibSrc;
}
