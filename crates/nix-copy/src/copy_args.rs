//! The arguments of `nix copy`.

use crate::ClosureType;
use crate::UploadOptions;
use crate::memory::Memory;

/// Which objects a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objects {
    /// Store paths that are no derivations.
    Outputs,
    /// Derivations as such. Before 2.15 a plain `X.drv` stands for its
    /// outputs, which Nix builds where they are missing; `--derivation` means
    /// the `.drv` on every version, and cannot be mixed with outputs.
    Derivations,
}

/// The stores of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// From the store that Nix works on to this one.
    To(String),
    /// From this one to the store that Nix works on, which is the destination
    /// then: so its URI need not stand here.
    From(String),
}

/// `nix copy --to DESTINATION … PATH…`, or `nix copy --from SOURCE … PATH…`.
///
/// Never with `keep-going`, whether `nix.conf` or a user's option asks for it:
/// 2.26.3 and 2.34.8 exit 0 then though paths failed, and entries would leave
/// the queue that were not copied. Of options that say the same the last wins.
///
/// What the client remembers of the destination from before is not trusted, see
/// [`Memory`], and no option of a user changes that either.
pub(crate) fn copy(
    options: &UploadOptions,
    route: &Route,
    memory: &Memory,
    objects: Objects,
    paths: &[String],
) -> Vec<String> {
    let (direction, store) = match route {
        Route::To(store) => ("--to", store),
        Route::From(store) => ("--from", store),
    };
    let mut arguments = vec!["copy".to_owned()];
    arguments.extend([direction, store].map(str::to_owned));
    let mut flag = |wanted: bool, name: &str| {
        if wanted {
            arguments.push(name.to_owned());
        }
    };
    flag(!options.check_sigs, "--no-check-sigs");
    flag(
        options.substitute_on_destination,
        "--substitute-on-destination",
    );
    flag(options.closure_type == ClosureType::Bare, "--no-recursive");
    flag(objects == Objects::Derivations, "--derivation");
    arguments.extend(options.nix_opts.iter().cloned());
    let mut set = |name: &str, value: &str| {
        arguments.extend(["--option", name, value].map(str::to_owned));
    };
    set("keep-going", "false");
    if memory.is_forbidden() {
        set("narinfo-cache-positive-ttl", "0");
    }
    arguments.extend(paths.iter().cloned());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Destination;

    fn line(change: impl FnOnce(&mut UploadOptions), objects: Objects) -> String {
        let mut options = UploadOptions::new(Destination::new("file:///c"));
        change(&mut options);
        let route = Route::To("file:///c".into());
        let paths = ["/s/a".to_owned(), "/s/b".to_owned()];
        let all = copy(&options, &route, &Memory::OfTheProcess, objects, &paths);
        let start = "copy --to file:///c ";
        all.join(" ").strip_prefix(start).unwrap().to_owned()
    }

    const END: &str = "--option keep-going false /s/a /s/b";

    #[test]
    fn paths_come_last() {
        assert_eq!(line(|_| {}, Objects::Outputs), END);
    }

    #[test]
    fn nobody_can_have_failures_passed_over() {
        for wish in ["--keep-going", "--option keep-going true"] {
            let words = wish.split(' ').map(str::to_owned).collect();
            let all = line(|options| options.nix_opts = words, Objects::Outputs);
            assert_eq!(all, format!("{wish} {END}"));
        }
    }

    #[test]
    fn nobody_can_have_a_memory_believed_that_is_forbidden() {
        let mut options = UploadOptions::new(Destination::new("http://h"));
        let trust = ["--option", "narinfo-cache-positive-ttl", "3600"];
        options.nix_opts = trust.map(str::to_owned).into();
        let route = Route::To("http://h".into());
        let all = copy(&options, &route, &Memory::Forbidden, Objects::Outputs, &[]);
        let end = "3600 --option keep-going false --option narinfo-cache-positive-ttl 0";
        assert!(all.join(" ").ends_with(end), "{all:?}");
    }

    #[test]
    fn derivations_are_named_as_such() {
        let all = line(|_| {}, Objects::Derivations);
        assert_eq!(all, format!("--derivation {END}"));
    }

    #[test]
    fn every_option_has_its_flag() {
        let all = |options: &mut UploadOptions| {
            options.check_sigs = false;
            options.substitute_on_destination = true;
            options.closure_type = ClosureType::Bare;
            options.nix_opts = vec!["--option".into(), "cores".into(), "1".into()];
        };
        assert_eq!(
            line(all, Objects::Outputs),
            format!(
                "--no-check-sigs --substitute-on-destination --no-recursive --option cores 1 {END}"
            )
        );
    }
}
