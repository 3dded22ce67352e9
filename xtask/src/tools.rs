//! Which optional tools this machine has. Nothing is ever installed from here.

use crate::step::Step;

/// Whether `cargo NAME` exists.
pub(crate) fn has_subcommand(name: &str) -> bool {
    Step::cargo().args([name, "--version"]).succeeds()
}

/// The newest installed toolchain whose name is `channel` or begins with it (`nightly`, `1.88`), as rustup
/// calls it; none without rustup.
pub(crate) fn toolchain(channel: &str) -> Option<String> {
    let listed = Step::program("rustup").args(["toolchain", "list"]).output().ok()?;
    pick_toolchain(&listed, channel)
}

/// What of `kind` (`target` or `component`) rustup has installed, for a toolchain or the one in force.
pub(crate) fn installed(kind: &str, toolchain: Option<&str>) -> Vec<String> {
    let mut step = Step::program("rustup").args([kind, "list", "--installed"]);
    if let Some(toolchain) = toolchain {
        step = step.args(["--toolchain", toolchain]);
    }
    step.output().map(|text| text.lines().map(|l| l.trim().to_owned()).collect()).unwrap_or_default()
}

fn pick_toolchain(listed: &str, channel: &str) -> Option<String> {
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    let fits = |name: &&str| {
        let rest = name.strip_prefix(channel);
        rest.is_some_and(|r| r.is_empty() || r.starts_with(['.', '-']))
    };
    // Names without a date or a patch number are shorter and follow their channel: prefer them.
    names.filter(fits).min_by_key(|name| name.len()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toolchains_are_picked_by_channel() {
        let listed = "stable-x86_64-unknown-linux-gnu (default)\nnightly-2026-01-02-x86_64-unknown-linux-gnu\n\
                      nightly-x86_64-unknown-linux-gnu\n1.88.0-x86_64-unknown-linux-gnu (active)\n1.8.0\n";
        let pick = |channel| pick_toolchain(listed, channel);
        assert_eq!(pick("nightly").as_deref(), Some("nightly-x86_64-unknown-linux-gnu"));
        assert_eq!(pick("1.88").as_deref(), Some("1.88.0-x86_64-unknown-linux-gnu"));
        assert_eq!(pick("1.8").as_deref(), Some("1.8.0"));
        assert_eq!(pick("beta"), None);
        assert_eq!(pick("1.9"), None);
    }
}
