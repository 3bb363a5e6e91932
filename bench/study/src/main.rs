//! Measures when several copies at once, or settings of Nix, are faster than one `nix copy`.
//!
//! usage: copy-study [CASE...], where a case is a part of a case's name.

mod cases;
mod destination;
mod measure;
mod payload;
mod policy;
mod proxy;
mod table;

use std::collections::BTreeMap;

use system_tests::Nix;

use crate::cases::{Case, What};
use crate::destination::Destinations;
use crate::payload::{Builder, Payload};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |case: &Case| {
        wanted.is_empty()
            || wanted
                .iter()
                .any(|part| case.name().contains(part.as_str()))
    };
    let cases: Vec<Case> = cases::all().into_iter().filter(is_wanted).collect();
    let policies = std::env::var("COPY_STUDY_POLICIES").unwrap_or_default();
    let nix = Nix::new();
    let destinations = Destinations::start(&nix);
    let builder = Builder::new(&nix);
    let mut payloads: BTreeMap<What, Payload> = BTreeMap::new();
    let mut number = 0;
    let times = std::env::var("COPY_STUDY_TIMES")
        .ok()
        .and_then(|times| times.parse().ok());
    for mut case in cases {
        let first = case.policies.remove(0);
        case.policies
            .retain(|policy| policy.name.contains(&policies));
        case.policies.insert(0, first);
        let payload = payloads
            .entry(case.what)
            .or_insert_with(|| case.what.build(&builder));
        let mut samples = vec![Vec::new(); case.policies.len()];
        for turn in 0..times.unwrap_or(case.times) {
            // Each policy comes after another one each time.
            for i in 0..case.policies.len() {
                let i = (i + turn) % case.policies.len();
                number += 1;
                let to = destinations.fresh(&nix, case.kind, case.is_far, number);
                let sample = measure::copy(&nix, &to, payload, &case.policies[i]);
                table::note(&case, &case.policies[i], sample);
                samples[i].push(sample);
            }
        }
        table::print(&case, payload, &samples);
    }
}
