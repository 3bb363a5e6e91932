//! The program `nix-post-build-push`; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    nix_post_build_push::main()
}
