# The two programs, with the manual and the completions.
{
  lib,
  stdenv,
  rustPlatform,
  installShellFiles,
}:
rustPlatform.buildRustPackage {
  pname = "nix-post-build-push";
  inherit ((lib.importTOML ../Cargo.toml).workspace.package) version;

  # `tests` is a member of the workspace, so cargo wants to see it.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.lock
      ../Cargo.toml
      ../crates
      ../tests
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];

  # `make test` runs the tests, on several versions of Nix.
  doCheck = false;

  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    $out/bin/nix-post-build-push man >nix-post-build-push.1
    installManPage nix-post-build-push.1
    for shell in bash fish zsh; do
      $out/bin/nix-post-build-push completions $shell >completions.$shell
      installShellCompletion --cmd nix-post-build-push --$shell completions.$shell
    done
  '';

  meta = {
    description = "Puts what Nix builds into a queue and copies it to a store, later, as often as it takes";
    license = lib.licenses.mit;
    mainProgram = "nix-post-build-push";
    platforms = lib.platforms.linux;
  };
}
