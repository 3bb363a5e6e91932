# nixpkgs has a pair of keys for its tests at this path.
pkgs: {
  snakeOilPrivateKey = pkgs.writeText "private-key" "";
  snakeOilPublicKey = "ssh-ed25519 AAAA";
}
