//! How long a file may get, and how it may be called.

use crate::tidy::Finding;

/// From here on a file should be split. In lines.
const WARN: usize = 500;

/// A file longer than this fails. In lines.
const LIMIT: usize = 800;

/// Judges one file of ours by its path and its length.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > LIMIT {
        let message = format!("{lines} lines, the limit is {LIMIT}: split it by subject");
        findings.push(Finding::new("size", path, message));
    } else if lines > WARN {
        let message = format!("{lines} lines, more than {WARN}: does it hold two subjects?");
        findings.push(Finding::new("size", path, message).into_warning());
    }
    if path == "mod.rs" || path.ends_with("/mod.rs") {
        findings.push(Finding::new("mod-rs", path, "a module is `name.rs` beside its folder `name/`"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_warned_about_and_then_refused() {
        assert_eq!(check("a.rs", &"x\n".repeat(WARN)), []);
        let warned = check("a.rs", &"x\n".repeat(WARN + 1));
        assert!(warned.len() == 1 && warned[0].warning);
        assert!(check("a.rs", &"x\n".repeat(LIMIT))[0].warning);
        let refused = check("a.rs", &"x\n".repeat(LIMIT + 1));
        assert!(refused.len() == 1 && !refused[0].warning);
    }

    #[test]
    fn mod_rs_is_refused() {
        assert_eq!(check("crates/a/src/b/mod.rs", "")[0].rule, "mod-rs");
        assert_eq!(check("crates/a/src/b_mod.rs", ""), []);
    }
}
