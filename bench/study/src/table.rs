//! Tables in markdown.

use std::time::Duration;

use crate::cases::Case;
use crate::measure::Sample;
use crate::payload::Payload;
use crate::policy::Policy;

/// Prints what a case took: medians, and their ratio to the first policy's.
#[expect(clippy::print_stdout, reason = "this is what the program is for")]
pub(crate) fn print(case: &Case, payload: &Payload, samples: &[Vec<Sample>]) {
    let bytes = payload.size() as f64 / 1e6;
    println!(
        "\n### {}\n\n{} ({} paths, {bytes:.1} MB), {} runs each\n",
        case.name(),
        payload.name,
        payload.paths.len(),
        samples[0].len()
    );
    println!(
        "| how | wall | ratio | fastest–slowest | CPU | ratio |\n| --- | --: | --: | --: | --: | --: |"
    );
    let [wall, cpu] = [|sample: &Sample| sample.wall, |sample: &Sample| sample.cpu];
    for (policy, own) in case.policies.iter().zip(samples) {
        let (own_wall, own_cpu) = (median(own, wall), median(own, cpu));
        let least = own.iter().map(wall).min().unwrap_or_default().as_secs_f64();
        let most = own.iter().map(wall).max().unwrap_or_default().as_secs_f64();
        println!(
            "| {} | {:.2} s | {:.2} | {least:.2}–{most:.2} s | {:.2} s | {:.2} |",
            policy.name,
            own_wall,
            own_wall / median(&samples[0], wall),
            own_cpu,
            own_cpu / median(&samples[0], cpu),
        );
    }
}

/// Tells of a run while others are still to come, on standard error.
#[expect(clippy::print_stderr, reason = "this is what the program is for")]
pub(crate) fn note(case: &Case, policy: &Policy, sample: Sample) {
    let Sample { wall, cpu } = sample;
    eprintln!(
        "{}: {}: {wall:.2?}, CPU {cpu:.2?}",
        case.name(),
        policy.name
    );
}

/// In seconds.
fn median(samples: &[Sample], of: fn(&Sample) -> Duration) -> f64 {
    let mut times: Vec<Duration> = samples.iter().map(of).collect();
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
