//! `cargo xtask tidy`: the house rules that no other tool checks.
//!
//! Each rule is a function over text or over metadata, in a file of its subject, with a test that shows it
//! fail. This file reads the tree and hands every file to the rules that concern it.

mod actions;
mod code;
mod crates;
mod edges;
mod links;
mod manifests;
mod size;
mod tree;

use std::path::Path;

use crate::failure::Failure;
use crate::tidy::tree::Tree;
use crate::workspace;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Which rule.
    pub(crate) rule: &'static str,
    /// The file, relative to the root of the workspace.
    pub(crate) path: String,
    /// The line, counted from 1, where there is one.
    pub(crate) line: Option<usize>,
    /// What is wrong and what to do.
    pub(crate) message: String,
    /// A warning is printed and fails nothing.
    pub(crate) warning: bool,
}

impl Finding {
    /// A finding that fails the run, about a whole file.
    pub(crate) fn new(rule: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line: None, message: message.into(), warning: false }
    }

    /// The same at a line, counted from 1.
    pub(crate) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The same as a warning.
    pub(crate) fn into_warning(mut self) -> Self {
        self.warning = true;
        self
    }

    fn text(&self) -> String {
        let kind = if self.warning { "warning" } else { "error" };
        let line = self.line.map(|l| format!(":{l}")).unwrap_or_default();
        format!("{kind}[{}]: {}{line}: {}", self.rule, self.path, self.message)
    }
}

/// Checks the whole tree.
///
/// # Errors
/// [`Failure::Failed`] if a rule is broken, or the tree can't be read.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let tree = Tree::read(root)?;
    let metadata = workspace::metadata(root)?;
    let mut findings = Vec::new();

    findings.extend(edges::layers(&metadata));
    findings.extend(edges::leaves(&metadata));
    for member in metadata.members() {
        findings.extend(crates::check(member, &tree));
    }
    let root_manifest = tree.text("Cargo.toml").unwrap_or_default();
    findings.extend(manifests::reasons(root_manifest));
    findings.extend(manifests::unused(root_manifest, &metadata.members()));
    for (path, text) in tree.files() {
        findings.extend(size::check(path, text));
        match path.rsplit('.').next() {
            Some("rs") => findings.extend(code::check(path, text)),
            Some("md") => findings.extend(links::check(path, text, &tree)),
            Some("yml" | "yaml") => findings.extend(actions::check(path, text)),
            _ => {}
        }
    }

    findings.sort_by(|a, b| (a.warning, &a.path, a.line).cmp(&(b.warning, &b.path, b.line)));
    for finding in &findings {
        eprintln!("{}", finding.text());
    }
    let errors = findings.iter().filter(|f| !f.warning).count();
    let warnings = findings.len() - errors;
    println!("tidy: {} files, {errors} errors, {warnings} warnings", tree.files().count());
    match errors {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 error".into())),
        n => Err(Failure::Failed(format!("{n} errors"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_read_like_a_compilers() {
        let finding = Finding::new("size", "a/b.rs", "too long").at(7);
        assert_eq!(finding.text(), "error[size]: a/b.rs:7: too long");
        assert_eq!(
            Finding::new("size", "a/b.rs", "too long").into_warning().text(),
            "warning[size]: a/b.rs: too long"
        );
    }
}
