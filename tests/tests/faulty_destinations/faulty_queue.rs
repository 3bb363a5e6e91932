//! A queue whose destination has a fault, and one beside it whose destination has none.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use system_tests::{Nix, Output, Product, Run, expr, figure, hashes, wait_until};

/// The queue `faulty` of a product that has a queue `sound` as well.
pub(super) struct FaultyQueue {
    name: &'static str,
    pub(super) product: Product,
    paths: BTreeSet<Utf8PathBuf>,
}

/// What one push saw of it.
pub(super) struct Seen<'q> {
    queue: &'q FaultyQueue,
    output: Output,
    /// How long the whole push took.
    noticed: Duration,
    /// When the other queue was empty.
    other_done: Duration,
}

impl FaultyQueue {
    /// Two paths are queued; `more` are further settings of the queue.
    pub(super) fn new(name: &'static str, nix: Nix, destination: &str, more: &str) -> FaultyQueue {
        FaultyQueue::holding(&expr::independent(2), name, nix, destination, more)
    }

    /// What `expression` builds is queued.
    pub(super) fn holding(
        expression: &str,
        name: &'static str,
        nix: Nix,
        destination: &str,
        more: &str,
    ) -> FaultyQueue {
        let product = Product::install(nix, "");
        let queue = FaultyQueue {
            name,
            product,
            paths: BTreeSet::new(),
        };
        queue.lead_to(destination, more);
        let paths = queue.product.nix().build(expression).into_iter().collect();
        let queue = FaultyQueue { paths, ..queue };
        assert_eq!(queue.queued(), queue.paths);
        queue
    }

    /// Configures the queue for this destination.
    pub(super) fn lead_to(&self, destination: &str, more: &str) {
        self.product.write_config(&format!(
            r#"
[queues.faulty]
destination = "{destination}"
queue-dir = "@T@/faulty"
retry-delay = "1h"
{more}
[queues.sound]
destination = "file://@T@/cache?compression=none"
queue-dir = "@T@/queue"
"#
        ));
    }

    fn queued(&self) -> BTreeSet<Utf8PathBuf> {
        self.product.queued_in("faulty")
    }

    /// Pushes both queues.
    #[track_caller]
    pub(super) fn push(&self) -> Seen<'_> {
        self.push_while(|| {})
    }

    /// Pushes both queues; `meanwhile` is done when the sound one is empty.
    #[track_caller]
    pub(super) fn push_while(&self, meanwhile: impl FnOnce()) -> Seen<'_> {
        let start = Instant::now();
        let push = self.product.command().arg("push").start();
        wait_until("the other queue to be empty", || {
            self.product.queued().is_empty()
        });
        let other_done = start.elapsed();
        meanwhile();
        let output = push.wait();
        let noticed = start.elapsed();
        assert_eq!(self.product.nix().cached("cache"), hashes(&self.paths));
        self.nobody_is_left();
        Seen {
            queue: self,
            output,
            noticed,
            other_done,
        }
    }

    /// Neither the push nor a Nix that it started. What serves as a destination may be there still.
    #[track_caller]
    fn nobody_is_left(&self) {
        let is_ours = |line: &String| {
            line.contains("nix-post-build-push ") || line.contains("--log-format internal-json")
        };
        wait_until("the end of all processes of the push", || {
            !self.product.nix().processes().iter().any(is_ours)
        });
    }

    /// Once the fault is mended, a `retry` and a push bring everything to the destination.
    #[track_caller]
    pub(super) fn arrives_once_mended(&self) {
        let retry = ["retry", "--queue", "faulty", "--all"];
        self.product.run(&retry).success();
        self.product.run(&["push"]).success().without_complaint();
        assert_eq!(self.queued(), BTreeSet::new());
    }

    /// They do once the queue leads elsewhere.
    #[track_caller]
    pub(super) fn arrives_elsewhere(&self) {
        self.lead_to("file://@T@/elsewhere?compression=none", "");
        self.arrives_once_mended();
        let arrived = self.product.nix().cached("elsewhere");
        assert_eq!(arrived, hashes(&self.paths));
    }
}

impl Seen<'_> {
    /// The whole destination is to blame: nothing is lost, no entry has failed, and it is asked
    /// again after a while.
    #[track_caller]
    pub(super) fn blames_the_destination(self) -> Self {
        let seen = self.exits(69).keeps_everything();
        let status = seen.status();
        let failure = &status["destination_failure"];
        assert_eq!(failure["attempts"], 1, "{status:#}");
        assert_eq!(status["failures"], serde_json::json!([]), "{status:#}");
        seen.output
            .clone()
            .stderr_has("faulty: ")
            .stderr_has("hint: all is kept; it is asked again after ");
        seen
    }

    /// Both entries were tried alone before the destination was blamed, and wait as well.
    #[track_caller]
    pub(super) fn blames_the_destination_after_two_entries(self) -> Self {
        let seen = self.exits(69).keeps_everything();
        let status = seen.status();
        assert_eq!(status["destination_failure"]["attempts"], 1, "{status:#}");
        let failures = status["failures"].as_array().expect("a list");
        assert_eq!(failures.len(), 2, "{status:#}");
        for failure in failures {
            assert_eq!(failure["attempts"], 1, "{status:#}");
        }
        seen
    }

    #[track_caller]
    pub(super) fn complains(self) -> Self {
        let code = self.output.clone().fails().code;
        self.exits(code)
    }

    #[track_caller]
    pub(super) fn lacks(self, text: &str) -> Self {
        let output = self.output.stderr_lacks(text);
        Seen { output, ..self }
    }

    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        let output = self.output.exits(code);
        self.queue.print(&output, self.noticed, self.other_done);
        Seen { output, ..self }
    }

    /// Queued and held as before.
    #[track_caller]
    pub(super) fn keeps_everything(self) -> Self {
        assert_eq!(self.queue.queued(), self.queue.paths, "{}", self.output);
        let rooted = self.queue.product.rooted_in("faulty");
        assert_eq!(rooted, self.queue.paths, "{}", self.output);
        self
    }

    /// What the user reads.
    #[track_caller]
    pub(super) fn says(self, texts: &[&str]) -> Self {
        let output = texts
            .iter()
            .fold(self.output, |output, text| output.stderr_has(text));
        Seen { output, ..self }
    }

    /// It took at least this long, and the other queue did not wait for it.
    #[track_caller]
    pub(super) fn takes(self, at_least: Duration) -> Self {
        assert!(self.noticed >= at_least, "{:?}", self.noticed);
        assert!(self.other_done < at_least, "{:?}", self.other_done);
        self
    }

    fn status(&self) -> serde_json::Value {
        let arguments = ["status", "--queue", "faulty", "--json"];
        self.queue.product.json_of_one(&arguments)
    }
}

impl FaultyQueue {
    fn print(&self, output: &Output, noticed: Duration, other_done: Duration) {
        let lines = output.stderr.lines().map(str::trim);
        let is_told = |line: &&str| line.starts_with("caused by: ") || line.starts_with("hint: ");
        let told: Vec<_> = lines.filter(is_told).collect();
        let what = format!("fault, {}, Nix {}", self.name, self.product.nix().version());
        let value = format!(
            "noticed after {:.1} s, other queue done after {:.1} s, exit code {}: {}",
            noticed.as_secs_f64(),
            other_done.as_secs_f64(),
            output.code,
            told.join(" / ")
        );
        figure(what, value);
    }
}
