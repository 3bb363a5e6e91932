//! The report for people.

use crate::lines::{Line, Style};
use crate::output::Output;

use super::finding::{Check, Finding, Verdict};

/// Prints all findings, those of a group and a queue together, and what they come to.
pub(super) fn print(findings: &[Finding], out: &mut Output) {
    let mut heading = None;
    for finding in findings {
        let own = title(finding);
        if heading.as_ref() != Some(&own) {
            if heading.is_some() {
                out.line("");
            }
            out.styled(&Line::default().and(Style::Bold, &own));
            heading = Some(own);
        }
        print_one(finding, out);
    }
    out.line("");
    out.line(summary(findings));
}

fn title(finding: &Finding) -> String {
    let group = finding.check.group();
    match &finding.queue {
        Some(queue) if group == "queue" => format!("queue {queue}"),
        Some(queue) => format!("{group} of {queue}"),
        None => group.to_owned(),
    }
}

fn print_one(finding: &Finding, out: &mut Output) {
    let (verdict, check) = (finding.verdict().word(), finding.check.name());
    let widest = Check::ALL.iter().map(|check| check.name().len()).max();
    let width = widest.unwrap_or_default();
    let hang = width + 13;
    let headline = Line::hanging(hang)
        .and(Style::Plain, "  ")
        .and(style(finding.verdict()), format!("{verdict:<7}"))
        .and(Style::Plain, format!("  {check:<width$}  {}", finding.text));
    out.styled(&headline);
    let below = || Line::hanging(hang).and(Style::Plain, " ".repeat(hang));
    for cause in finding.causes.iter().flat_map(|cause| cause.lines()) {
        out.styled(&below().and(Style::Faint, cause));
    }
    // Not broken: it may be a command to be copied.
    for line in finding.fix.iter().flat_map(|fix| fix.lines()) {
        out.line(format_args!("{}mend: {line}", " ".repeat(hang)));
    }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Ok => Style::Good,
        Verdict::Unknown => Style::Faint,
        Verdict::Warning => Style::Warning,
        Verdict::Fault => Style::Bad,
    }
}

/// `1 fault, 2 warnings, 3 things not known`
fn summary(findings: &[Finding]) -> String {
    let count = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict() == verdict)
            .count()
    };
    let some = |number, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        some(count(Verdict::Fault), "fault", "faults").or_else(|| Some("no fault".to_owned())),
        some(count(Verdict::Warning), "warning", "warnings"),
        some(
            count(Verdict::Unknown),
            "thing not known",
            "things not known",
        ),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::*;

    #[test]
    fn the_last_line_sums_up() {
        let ok = Finding::ok(Check::Nix, "2.34.8");
        let of = |kind| Finding::of(kind, "x");
        assert_eq!(summary(std::slice::from_ref(&ok)), "no fault");
        let all = [
            ok,
            of(Kind::NoSystemd),
            of(Kind::Unsigned),
            of(Kind::SpaceMuch),
            of(Kind::HookNotSet),
        ];
        assert_eq!(summary(&all), "1 fault, 2 warnings, 1 thing not known");
    }
}
