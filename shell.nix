# To build and to lint. The whole-system tests make container roots of Debian, for which they need
# root and an archive: NPBP_DEBIAN_SITE=… make test
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
