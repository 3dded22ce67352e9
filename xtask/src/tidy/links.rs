//! Links in Markdown files: what they point to exists.

use crate::tidy::Finding;
use crate::tidy::tree::Tree;

/// Judges the relative links of one Markdown file, and the headings that links within our files name.
pub(crate) fn check(path: &str, text: &str, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, link) in links(text) {
        if is_elsewhere(link) || is_for_rustdoc(path, link) {
            continue;
        }
        let (file, heading) =
            link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
        let target = if file.is_empty() { Some(path.to_owned()) } else { resolve(path, file) };
        let Some(target) = target.filter(|t| tree.contains(t)) else {
            let message = format!("`{link}` points to nothing in this repository");
            findings.push(Finding::new("links", path, message).at(line));
            continue;
        };
        let headings = tree.text(&target).filter(|_| target.ends_with(".md")).map(anchors);
        if let (Some(heading), Some(headings)) = (heading, headings)
            && !headings.iter().any(|h| h == heading)
        {
            let message = format!("`{target}` has no heading `#{heading}`");
            findings.push(Finding::new("links", path, message).at(line));
        }
    }
    findings
}

/// Whether the link leaves the repository.
fn is_elsewhere(link: &str) -> bool {
    let scheme = link.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '+'))
        && !link.contains("::")
}

/// A crate's README is its crate doc, where links may name items; rustdoc checks those.
fn is_for_rustdoc(path: &str, link: &str) -> bool {
    let is_crate_doc = path.ends_with("/README.md");
    let is_item = link.chars().all(|c| c.is_alphanumeric() || "_:@!()".contains(c));
    is_crate_doc && is_item
}

/// The path that `link` means in the file `from`; nothing if it leaves the root.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    let link = link.replace("%20", " ");
    let link = match link.strip_prefix('/') {
        Some(from_root) => {
            parts.clear();
            from_root
        }
        None => &link,
    };
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Targets of inline links and of reference definitions with their lines, outside code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        let code = code_spans(content);
        let is_prose = |at: usize| !code.iter().any(|span| span.contains(&at));
        for (at, _) in content.match_indices("](").filter(|(at, _)| is_prose(*at)) {
            found.extend(destination(&content[at + 2..]).map(|link| (line, link)));
        }
        if let Some((_, target)) = content.trim_start().strip_prefix('[').and_then(|c| c.split_once("]: ")) {
            found.extend(target.split_whitespace().next().map(|link| (line, link)));
        }
    }
    found
}

/// The link up to its closing bracket, without a title; brackets within it are paired.
fn destination(rest: &str) -> Option<&str> {
    if let Some(pointed) = rest.strip_prefix('<') {
        return pointed.split_once('>').map(|(link, _)| link);
    }
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' | ' ' => return Some(&rest[..at]),
            _ => {}
        }
    }
    None
}

/// Numbered lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((at + 1, line)),
            _ => {}
        }
        None
    })
}

/// Where a line has code between backticks. A run of backticks is closed by a run of the same length.
fn code_spans(line: &str) -> Vec<std::ops::Range<usize>> {
    let (mut spans, mut at) = (Vec::new(), 0);
    while let Some(start) = line[at..].find('`').map(|n| at + n) {
        let ticks = line[start..].chars().take_while(|c| *c == '`').count();
        let inside = start + ticks;
        let Some(length) = closing_run(&line[inside..], ticks) else {
            at = inside;
            continue;
        };
        at = inside + length + ticks;
        spans.push(start..at);
    }
    spans
}

fn closing_run(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|n| at + n) {
        let run = text[start..].chars().take_while(|c| *c == '`').count();
        if run == ticks {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// The names that headings get on the usual forges: lower case, spaces to dashes, most punctuation dropped;
/// a repeated one gets a number.
fn anchors(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if !(1..=6).contains(&level) || !title.starts_with(' ') {
            continue;
        }
        let lower = title.trim().to_lowercase();
        let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
        let slug: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let same = found.iter().filter(|f| is_numbered(f, &slug)).count();
        found.push(if same == 0 { slug } else { format!("{slug}-{same}") });
    }
    found
}

fn is_numbered(found: &str, slug: &str) -> bool {
    let number = found.strip_prefix(slug).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    number.is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("README.md", "# Top\n"),
            ("docs/format.md", "# The bytes\n## 1 Terms & more\n## Same\n## Same\n"),
            ("crates/a/README.md", "# a"),
            (path, text),
        ]);
        check(path, text, &tree).iter().map(|f| format!("{}", f.line.unwrap_or(0))).collect()
    }

    #[test]
    fn links_to_nothing_are_found() {
        let text = "[a](docs/format.md) [b](docs/form.md)\n[c](../up.md)\n![d](pic.png \"title\")\n[e]: nowhere.md\n";
        assert_eq!(broken("top.md", text), ["1", "2", "3", "4"]);
        assert_eq!(
            broken("docs/x.md", "[a](format.md) [b](docs/format.md)\n[c](../README.md)\n[d](/README.md)"),
            ["1"]
        );
    }

    #[test]
    fn headings_are_checked_too() {
        let good = "[a](docs/format.md#1-terms--more) [b](docs/format.md#same-1) [c](#here)\n# Here\n";
        assert_eq!(broken("x.md", good), [] as [&str; 0]);
        assert_eq!(
            broken("x.md", "[a](docs/format.md#2-terms)\n[b](#there)\n[c](docs/format.md#same-2)"),
            ["1", "2", "3"]
        );
    }

    #[test]
    fn what_is_no_relative_link_is_left_alone() {
        let text = "[a](https://example.org/x) [b](mailto:a@b.c) `[c](none.md)` ``[d](`none.md)``\n```text\n[e](none.md)\n```\n~~~\n[f](none.md)\n~~~\n";
        assert_eq!(broken("x.md", text), [] as [&str; 0]);
        assert_eq!(broken("x.md", "```\n```\n[a](none.md)"), ["3"]);
        assert_eq!(broken("x.md", "`open [a](none.md)"), ["1"]);
    }

    #[test]
    fn items_are_rustdocs_business_in_crate_docs_only() {
        let text = "[`A`](crate::A) [b](Threshold) [c](split())\n";
        assert_eq!(broken("crates/a/README.md", text), [] as [&str; 0]);
        assert_eq!(broken("docs/x.md", "[b](Threshold)"), ["1"]);
        assert_eq!(broken("crates/a/README.md", "[c](src/none.rs)"), ["1"]);
    }

    #[test]
    fn brackets_and_folders_are_understood() {
        assert_eq!(broken("x.md", "[a](<docs>) [b](docs/) [c](./crates/a) [d](docs/f(1).md)"), ["1"]);
    }
}
