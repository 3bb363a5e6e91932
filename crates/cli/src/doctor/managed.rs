//! Who writes the files below `/etc` that decide how this machine builds and pushes.

use std::fs::canonicalize;
use std::path::Path;

/// What NixOS leaves on each machine that is one (nixpkgs, `system/activation/activation-script.nix`).
const MARK: &str = "/etc/NIXOS";

/// Who does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Managed {
    /// NixOS: they are declared, and a switch writes them.
    NixOs,
    /// Somebody with an editor.
    ByHand,
}

impl Managed {
    /// Looks at who does.
    pub(super) fn look(nix_conf: &Path, store_dir: &Path) -> Self {
        Self::judge(Path::new(MARK), nix_conf, store_dir)
    }

    /// Either sign is enough: where `nix.conf` is a file in the store nobody can edit it, and a NixOS
    /// need not manage Nix (`nix.enable`).
    fn judge(mark: &Path, nix_conf: &Path, store_dir: &Path) -> Self {
        match mark.exists() || leads_into(nix_conf, store_dir) {
            true => Self::NixOs,
            false => Self::ByHand,
        }
    }
}

/// Over several links, as on NixOS (`/etc/static`); the store may be behind one itself.
fn leads_into(link: &Path, directory: &Path) -> bool {
    match (canonicalize(link), canonicalize(directory)) {
        (Ok(end), Ok(directory)) => end.starts_with(directory),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_nixos_is_told_by_its_mark_or_by_a_nix_conf_in_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("disk")).unwrap();
        symlink("disk", at("store")).unwrap();
        fs::write(at("disk/of-the-store"), "").unwrap();
        fs::write(at("edited"), "").unwrap();
        symlink("store/of-the-store", at("static")).unwrap();
        for (name, end) in [
            ("linked", "static"),
            ("moved", "edited"),
            ("dangling", "no"),
        ] {
            symlink(end, at(name)).unwrap();
        }
        let judge = |mark, conf| Managed::judge(&at(mark), &at(conf), &at("store"));
        assert_eq!(judge("no-mark", "linked"), Managed::NixOs);
        assert_eq!(judge("edited", "edited"), Managed::NixOs);
        assert_eq!(judge("edited", "no-file"), Managed::NixOs);
        for by_hand in ["edited", "moved", "dangling", "no-file"] {
            assert_eq!(judge("no-mark", by_hand), Managed::ByHand, "{by_hand}");
        }
    }
}
