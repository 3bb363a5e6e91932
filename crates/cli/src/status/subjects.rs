//! What the configuration says of the queues: which can be looked at, and what keeps each from being
//! pushed. Pure.

use camino::Utf8PathBuf;
use nix_post_build_push_config::{Problem, QueueSettings, Resolution, Setting};

use super::health::{Kind, Reason};

/// An enabled queue.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    /// `None`: they are not certain, so nothing of it can be looked at.
    pub(crate) settings: Option<&'a QueueSettings>,
    /// Where its metrics go.
    pub(crate) metrics_file: Option<&'a Setting<Utf8PathBuf>>,
    /// Why no push of it can begin.
    pub(crate) faults: Vec<Reason>,
}

/// Each queue by its name. `sees` is the configuration of whoever enqueues, which is enough to look at
/// a queue; `pushes` that of whoever pushes.
pub(crate) fn subjects<'a>(sees: &Resolution, pushes: &'a Resolution) -> Vec<Subject<'a>> {
    let known = pushes.config.enabled().map(|settings| Subject {
        name: &settings.name,
        settings: (!sees
            .problems
            .iter()
            .any(|problem| is_of(problem, &settings.name)))
        .then_some(settings),
        metrics_file: settings.metrics_file.as_ref(),
        faults: faults(pushes, &settings.name),
    });
    let lost = pushes.lost.iter().map(|lost| Subject {
        name: &lost.name,
        settings: None,
        metrics_file: lost.metrics_file.as_ref(),
        faults: faults(pushes, &lost.name),
    });
    let mut subjects: Vec<_> = known.chain(lost).collect();
    subjects.sort_by_key(|subject| subject.name);
    subjects
}

/// Whether something is wrong for which no queue can be blamed: the command line, or a variable.
pub(crate) fn is_nobodys(problem: &Problem) -> bool {
    problem.queues.is_empty() && problem.location.is_none()
}

fn is_of(problem: &Problem, queue: &str) -> bool {
    problem.queues.is_empty() || problem.queues.iter().any(|name| name == queue)
}

const CHECK_HINT: &str = "`nix-post-build-push config check` tells when it is mended";

fn faults(resolution: &Resolution, queue: &str) -> Vec<Reason> {
    let problems = resolution.problems.iter();
    problems
        .filter(|problem| is_of(problem, queue))
        .map(|problem| {
            let hint = problem.hint.clone();
            Reason::new(
                Kind::Misconfigured,
                format!("no push can begin: {problem}"),
                hint.unwrap_or_else(|| CHECK_HINT.to_owned()),
            )
        })
        .collect()
}
