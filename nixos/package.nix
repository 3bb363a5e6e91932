# The two programs, with their manual pages and completions.
{
  lib,
  stdenv,
  rustPlatform,
  glibc,
  installShellFiles,
  versionCheckHook,
}:
let
  # Cargo wants to see every member of the workspace, but the programs are not made of the tests.
  manifest =
    file:
    lib.elem file.name [
      "Cargo.toml"
      "lib.rs"
      "main.rs"
    ];
in
rustPlatform.buildRustPackage {
  pname = "nix-post-build-push";
  inherit ((lib.importTOML ../Cargo.toml).workspace.package) version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.lock
      ../Cargo.toml
      ../crates
      (lib.fileset.fileFilter manifest ../bench)
      (lib.fileset.fileFilter manifest ../tests)
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];

  # A static program starts in two thirds of the time, and each build waits for the hook.
  buildInputs = lib.optional stdenv.hostPlatform.isGnu glibc.static;
  env.RUSTFLAGS = lib.optionalString stdenv.hostPlatform.isGnu "-C target-feature=+crt-static -C relocation-model=static";

  # The tests of the other crates run programs from /bin, which a sandbox does not have.
  cargoTestFlags = [
    "--package=queue-core"
    "--package=nix-post-build-push-config"
  ];

  # As `make install` does.
  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    for page in nix-post-build-push.1 nix-post-build-push-hook.1 nix-post-build-push.toml.5; do
      $out/bin/nix-post-build-push man "''${page%.*}" >"$page"
      installManPage "$page"
    done
    for shell in bash fish zsh; do
      $out/bin/nix-post-build-push completions $shell >completions.$shell
      installShellCompletion --cmd nix-post-build-push --$shell completions.$shell
    done
  '';

  doInstallCheck = true;
  nativeInstallCheckInputs = [ versionCheckHook ];

  meta = {
    description = "Puts what Nix builds into a queue and copies it to a store, later, as often as it takes";
    longDescription = ''
      A post-build hook that writes down what was built and holds it against the garbage collector,
      and a program that copies the closures to a binary cache or another store. An entry leaves the
      queue only when the destination has it, when it is dropped, or when it is no longer valid.
    '';
    license = lib.licenses.mit;
    mainProgram = "nix-post-build-push";
    platforms = lib.platforms.linux;
  };
}
