//! Builders, and the cache that they share.

use std::collections::BTreeSet;
use std::thread;

use camino::Utf8PathBuf;
use machine_tests::{Machine, Network, Request, address, blocks};
use system_tests::expr;

/// Where the builders' queues are.
pub(crate) const QUEUE: &str = "/var/lib/nix-post-build-push/cache";
/// What pushes them.
pub(crate) const PUSH: &str = "nix-post-build-push-cache.service";
/// The page that says how to set all of this up.
pub(crate) const PAGE: &str = include_str!("../../../../docs/many-machines.md");
/// The page that says how it was tried.
pub(crate) const RELIABILITY: &str = include_str!("../../../../RELIABILITY.md");

/// The cache's number in the network.
const CACHE: u8 = 1;
/// Where keys are.
const KEYS: &str = "/etc/nixos/keys";

/// Builders and the cache that they share, in a network of their own.
pub(crate) struct Site {
    pub(crate) network: Network,
    pub(crate) cache: Machine,
    pub(crate) builders: Vec<Machine>,
}

/// The number of a builder in the network: of the first, 11.
pub(crate) fn number(builder: usize) -> u8 {
    u8::try_from(builder + 11).expect("few builders")
}

/// The one block of a language in the page.
#[track_caller]
fn block(language: &str) -> String {
    let [block] = blocks(PAGE, language).try_into().expect("one block");
    block
}

impl Site {
    /// A cache that has nothing, and builders with the configuration of the page, and perhaps
    /// something of a test's own besides.
    #[track_caller]
    pub(crate) fn with_builders(count: usize, besides: &str) -> Site {
        let network = Network::start(&[(CACHE, "cache.example.org")]);
        let cache = Machine::boot();
        network.connect(&cache, CACHE);
        cache.serve_cache();
        let mut site = Site {
            network,
            cache,
            builders: Vec::new(),
        };
        site.add_builders(count);
        for builder in &site.builders {
            configure(builder, besides);
        }
        site
    }

    /// One builder more, for whom the others need not be changed.
    #[track_caller]
    pub(crate) fn add_configured_builder(&mut self) {
        self.add_builders(1);
        configure(self.builders.last().expect("the new one"), "");
    }

    /// Boots and connects them, each with a key of its own, and with the public keys of those that
    /// are there by then.
    #[track_caller]
    fn add_builders(&mut self, count: usize) {
        for _ in 0..count {
            let builder = Machine::boot();
            self.network.connect(&builder, number(self.builders.len()));
            self.builders.push(builder);
            let name = format!("builder-{}", self.builders.len());
            let last = self.builders.last().expect("the new one");
            last.add_sudo();
            let make_keys = block("sh").replace("builder-1", &name);
            last.sh(&format!("mkdir -p {KEYS}; cd {KEYS}\n{make_keys}"));
        }
        for (index, owner) in self.builders.iter().enumerate() {
            let file = format!("{KEYS}/builder-{}.pub", index + 1);
            let key = owner.sh(&format!("cat {file}")).stdout;
            for builder in &self.builders {
                builder.write(&file, &key);
            }
        }
    }

    /// All builders build at the same time, what `expression` says of each. Returns the closures of
    /// what they built.
    #[track_caller]
    pub(crate) fn build(
        &self,
        expression: impl Fn(usize) -> String + Sync,
    ) -> Vec<BTreeSet<Utf8PathBuf>> {
        let build = |index: usize| {
            let builder = &self.builders[index];
            builder.closure(&builder.build(&expression(index)))
        };
        thread::scope(|scope| {
            let builds: Vec<_> = (0..self.builders.len())
                .map(|index| scope.spawn(move || build(index)))
                .collect();
            let closures = builds
                .into_iter()
                .map(|build| build.join().expect("a build"));
            closures.collect()
        })
    }

    /// What one builder asked the cache, in the requests from the one with index `since` on.
    pub(crate) fn asked_by(&self, builder: usize, since: usize) -> Vec<Request> {
        let mut requests = self.cache.requests().split_off(since);
        requests.retain(|request| request.from == address(number(builder)));
        requests
    }
}

#[track_caller]
fn configure(builder: &Machine, besides: &str) {
    let module = format!(
        "{{ lib, ... }}: {{ imports = [ ({}) {{ {besides} }} ]; }}",
        block("nix")
    );
    assert_eq!(builder.configure(&module).warnings, [""; 0]);
}

/// From now on nothing is pushed but by hand.
#[track_caller]
pub(crate) fn stop_pushing(builder: &Machine) {
    builder.sh("systemctl stop nix-post-build-push-cache.timer nix-post-build-push-cache.path");
    builder.wait_for_rest();
}

/// What all builders build in a round, `shared` paths, each of which refers to the one before; and
/// what one of them builds on top of these, `own` paths. No two have the same content, nor the same NAR.
pub(crate) fn layers(round: usize, builder: usize, shared: usize, own: usize) -> String {
    expr::with_drv(&format!(
        r#"let
  round = toString {round};
  library = n: if n == 0 then "none" else
    drv "library-${{round}}-${{toString n}}" "echo ${{round}} ${{toString n}} ${{library (n - 1)}} > $out";
  tool = n:
    drv "tool-${{round}}-{builder}-${{toString n}}" "echo {builder} ${{toString n}} ${{library {shared}}} > $out";
in builtins.genList (n: tool (n + 1)) {own}"#
    ))
}
