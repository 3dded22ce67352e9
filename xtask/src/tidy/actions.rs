//! Workflows: whose code runs in them.

use crate::tidy::Finding;

/// An action is named by the hash of a commit, with its version behind it: a tag can be moved to other code.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    if !path.starts_with(".github/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let step = line.trim_start().trim_start_matches("- ");
        let Some(action) = step.strip_prefix("uses:") else { continue };
        let (action, comment) = action.split_once('#').unwrap_or((action, ""));
        let action = action.trim();
        // An action of this repository comes with the commit itself.
        if action.starts_with("./") {
            continue;
        }
        let hash = action.split_once('@').map(|(_, hash)| hash).unwrap_or_default();
        let is_pinned = hash.len() == 40 && hash.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let is_named =
            comment.trim().strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
        if !is_pinned || !is_named {
            let message = format!("`{action}` must be `owner/name@<40 hex digits> # vN.N.N`");
            findings.push(Finding::new("actions", path, message).at(at + 1));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    fn refused(line: &str) -> bool {
        !check(".github/workflows/x.yml", line).is_empty()
    }

    #[test]
    fn only_pinned_actions_pass() {
        assert!(!refused(&format!("      - uses: a/b@{HASH} # v1.2.3")));
        assert!(!refused(&format!("        uses: a/b/c@{HASH} # v7")));
        assert!(!refused("      - uses: ./.github/actions/x"));
        assert!(refused("      - uses: a/b@v4"));
        assert!(refused(&format!("      - uses: a/b@{HASH}")));
        assert!(refused(&format!("      - uses: a/b@{} # v1", &HASH[1..])));
        assert!(refused(&format!("      - uses: a/b@{} # v1", HASH.to_uppercase())));
        assert!(refused(&format!("      - uses: a/b@{HASH} # main")));
        assert!(refused("      - uses: a/b # v1"));
    }

    #[test]
    fn other_files_are_none_of_its_business() {
        assert_eq!(check("fixtures/compose.yml", "- uses: a/b@v4"), []);
    }
}
