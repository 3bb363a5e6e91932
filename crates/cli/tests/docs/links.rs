//! Links within the checkout.

use camino::Utf8Path;

use super::pages::root;

/// Where all links of a page lead, but for those to elsewhere.
pub fn of(text: &str) -> Vec<String> {
    let prose = without_blocks(text);
    let ends = prose.split("](").skip(1);
    let links = ends.filter_map(|rest| rest.split_once(')').map(|(link, _)| link.to_owned()));
    links.filter(|link| !link.contains("://")).collect()
}

fn without_blocks(text: &str) -> String {
    let parts = text.split("```").enumerate();
    parts
        .filter(|(number, _)| number % 2 == 0)
        .map(|(_, part)| part)
        .collect()
}

/// What is wrong with a link of this page.
pub fn wrong(page: &str, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let beside = Utf8Path::new(page).parent().unwrap_or(Utf8Path::new(""));
    let file = match file {
        "" => root().join(page),
        file => root().join(beside).join(file),
    };
    if !file.exists() {
        return Some(format!("{file} is not there"));
    }
    if anchor.is_empty() {
        return None;
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let found = headings(&text).any(|heading| anchor_of(heading) == anchor);
    (!found).then(|| format!("{file} has no heading for `#{anchor}`"))
}

/// The anchors of the sections of a page.
pub fn sections(text: &str) -> Vec<String> {
    let prose = without_blocks(text);
    let titles = prose.lines().filter_map(|line| line.strip_prefix("## "));
    titles.map(anchor_of).collect()
}

fn headings(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim())
}

/// As the forges make them: small letters, digits, `_`, `-` and blanks stay, these as `-`.
fn anchor_of(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}
