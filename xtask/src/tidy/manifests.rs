//! Manifests: where versions stand, why each dependency is there, and whether it still is needed.
//!
//! Read as lines, since comments are the point and a TOML parser drops them. A dependency is one entry that
//! begins in the first column, which is how cargo's own tools write it.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::workspace::Package;

/// One `name = ...` of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry<'a> {
    table: &'a str,
    name: &'a str,
    /// What follows the name, `.workspace = true` included, without the comment.
    value: &'a str,
    comment: Option<&'a str>,
    /// The line of the comment above the unbroken block that it belongs to.
    heading: Option<usize>,
    line: usize,
}

impl Entry<'_> {
    fn has_reason(&self) -> bool {
        self.comment.is_some_and(|c| !c.trim().is_empty())
    }
}

/// Every dependency in the root's table says why it is there. The comment above a block speaks for a block
/// without any others; where one entry has a reason of its own, the heading is just a title.
pub(crate) fn reasons(root_manifest: &str) -> Vec<Finding> {
    let entries = root_entries(root_manifest);
    let titles: BTreeSet<usize> =
        entries.iter().filter(|e| e.has_reason()).filter_map(|e| e.heading).collect();
    let speaks = |heading: Option<usize>| heading.is_some_and(|h| !titles.contains(&h));
    let unexplained = entries.iter().filter(|e| !e.has_reason() && !speaks(e.heading));
    let found = unexplained.map(|e| {
        let message = format!("`{}` needs a comment that says why it is a dependency", e.name);
        Finding::new("reasons", "Cargo.toml", message).at(e.line)
    });
    found.collect()
}

/// Every dependency in the root's table is used by a crate.
pub(crate) fn unused(root_manifest: &str, members: &[&Package]) -> Vec<Finding> {
    let used: BTreeSet<&str> = members.iter().flat_map(|m| &m.dependencies).map(|d| d.key()).collect();
    let entries = root_entries(root_manifest).into_iter().filter(|e| !used.contains(e.name));
    let found = entries.map(|e| {
        let message = format!("no crate uses `{}`: remove it", e.name);
        Finding::new("unused", "Cargo.toml", message).at(e.line)
    });
    found.collect()
}

/// A crate's manifest takes versions and lints from the root.
pub(crate) fn inherits(path: &str, manifest: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let versioned = entries(manifest).into_iter().filter(|e| {
        let is_table_of_one = e.table.contains("dependencies.");
        !is_table_of_one && is_dependency_table(e.table) && !takes_version_from_root(e.value)
    });
    findings.extend(versioned.map(|e| {
        let message = format!("`{}` must say `workspace = true`: versions stand in the root alone", e.name);
        Finding::new("versions", path, message).at(e.line)
    }));
    let tables_of_one = manifest
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with('[') && line.contains("dependencies."));
    findings.extend(tables_of_one.map(|(at, line)| {
        let message = format!("write `{}` as one line of its table", line.trim());
        Finding::new("versions", path, message).at(at + 1)
    }));
    let lints = entries(manifest).into_iter().any(|e| e.table == "lints" && is_true(e.name, e.value));
    if !lints {
        findings.push(Finding::new("lints", path, "needs `[lints]` with `workspace = true`"));
    }
    findings
}

fn is_true(name: &str, value: &str) -> bool {
    name == "workspace" && value.trim_start_matches('=').trim() == "true"
}

fn takes_version_from_root(value: &str) -> bool {
    let compact: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    let inline =
        compact.strip_prefix("={").is_some_and(|v| v.split([',', '}']).any(|f| f == "workspace=true"));
    compact == ".workspace=true" || inline
}

fn is_dependency_table(table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap_or_default();
    matches!(last, "dependencies" | "dev-dependencies" | "build-dependencies")
}

fn root_entries(manifest: &str) -> Vec<Entry<'_>> {
    entries(manifest).into_iter().filter(|e| e.table == "workspace.dependencies").collect()
}

fn entries(manifest: &str) -> Vec<Entry<'_>> {
    let (mut table, mut heading) = ("", None);
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        let (code, comment) = split_comment(line);
        if code.trim().is_empty() {
            // A comment opens a block, a blank line ends it.
            heading = comment.filter(|c| !c.trim().is_empty()).map(|_| at + 1);
        } else if let Some(rest) = code.trim_end().strip_prefix('[') {
            table = rest.trim_end_matches(']').trim_matches('[').trim();
            heading = None;
        } else if let Some((name, value)) = name_and_value(code) {
            found.push(Entry { table, name, value, comment, heading, line: at + 1 });
        }
    }
    found
}

/// Splits at the first `#` outside quotes.
fn split_comment(line: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return (&line[..at], Some(&line[at + 1..])),
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    (line, None)
}

fn name_and_value(code: &str) -> Option<(&str, &str)> {
    let end = code.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?;
    let (name, value) = code.split_at(end);
    let value = value.trim();
    (!name.is_empty() && (value.starts_with('=') || value.starts_with('.'))).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    const ROOT: &str = "[workspace]\nresolver = \"3\"\n\n[workspace.dependencies]\n# --- ours ---\na = { path = \"a\" }\nz = \"1\"\n\n\
                        # --- others ---\nb = \"1\"  # because\n\nc = \"1\"\nd = { version = \"1\", features = [\"#x\"] }\ne = \"1\" #\n\n\
                        [workspace.lints]\nf = \"deny\"\n";

    fn rules(findings: &[Finding]) -> Vec<(&str, Option<usize>)> {
        findings.iter().map(|f| (f.rule, f.line)).collect()
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        assert_eq!(
            rules(&reasons(ROOT)),
            [("reasons", Some(12)), ("reasons", Some(13)), ("reasons", Some(14))]
        );
        let titled = "[workspace.dependencies]\n# group\na = \"1\" # because\nb = \"1\"\n";
        assert_eq!(rules(&reasons(titled)), [("reasons", Some(4))]);
    }

    #[test]
    fn a_dependency_that_nobody_uses_is_found() {
        let dependency = |name: &str, rename: Option<&str>| Dependency {
            name: name.into(),
            rename: rename.map(str::to_owned),
            kind: None,
        };
        let dependencies = vec![
            dependency("a", None),
            dependency("b", None),
            dependency("long-c", Some("c")),
            dependency("d", None),
            dependency("z", None),
        ];
        let package = Package { dependencies, ..Package::default() };
        assert_eq!(rules(&unused(ROOT, &[&package])), [("unused", Some(14))]);
        assert_eq!(unused(ROOT, &[]).len(), 6);
    }

    #[test]
    fn versions_outside_the_root_are_found() {
        let bad = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\nb = { workspace = true, features = [\"x\"] }\n\
                   c = \"1\"\nd = { path = \"../d\" }\n[target.'cfg(unix)'.dev-dependencies]\ne = \"1\"\n[dependencies.f]\nversion = \"1\"\n";
        let found = inherits("crates/x/Cargo.toml", bad);
        assert_eq!(
            rules(&found),
            [("versions", Some(6)), ("versions", Some(7)), ("versions", Some(9)), ("versions", Some(10))]
        );
    }

    #[test]
    fn a_crate_without_the_lints_of_the_workspace_is_found() {
        for bad in [
            "[dependencies]\n",
            "[lints]\nworkspace = false\n",
            "[package]\nworkspace = true\n",
            "# [lints]\n# workspace = true\n",
        ] {
            assert_eq!(rules(&inherits("x", bad)), [("lints", None)], "{bad}");
        }
        assert_eq!(inherits("x", "[lints]\nworkspace = true\n"), []);
    }
}
