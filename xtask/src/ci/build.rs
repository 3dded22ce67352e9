//! Jobs that compile: formatting, lints, documentation, features, the oldest Rust.

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;
use crate::{test, tools};

/// Formatting of the workspace and of the fuzz crate, which is none of its members.
pub(crate) fn fmt(context: &Context) -> Result<(), Failure> {
    Step::cargo().args(["fmt", "--all", "--", "--check"]).run()?;
    let fuzz = context.root.join("fuzz/Cargo.toml");
    if fuzz.is_file() {
        let step = Step::cargo().args(["fmt", "--manifest-path"]).arg(fuzz);
        step.args(["--", "--check"]).run()?;
    }
    Ok(())
}

/// Clippy for one crate at a time: together they would lend each other features, and a missing one would go
/// unnoticed until somebody uses the crate alone. Then once more with injected randomness compiled in. All
/// crates are linted even if one fails.
pub(crate) fn clippy(context: &Context) -> Result<(), Failure> {
    let target = &context.metadata.target_directory;
    let mut result = Ok(());
    for member in context.metadata.members() {
        let step = || {
            let step = Step::cargo().args(["clippy", "-p", &member.name, "--no-deps", "--all-targets"]);
            step.args(["--", "-D", "warnings"])
        };
        result = result.and(step().run());
        result = result.and(test::with_inject(step(), target).run());
    }
    result
}

/// Documentation of our crates, every link in it checked.
pub(crate) fn docs(_: &Context) -> Result<(), Failure> {
    let step = Step::cargo().args(["doc", "--workspace", "--no-deps"]);
    step.flags("RUSTDOCFLAGS", &["-D", "warnings"]).run()
}

/// No features, each feature alone, all features, for each crate that has any.
pub(crate) fn features(context: &Context) -> Result<(), Failure> {
    for member in context.metadata.members() {
        let check = || Step::cargo().args(["check", "-p", &member.name, "--all-targets"]);
        check().arg("--no-default-features").run()?;
        for feature in member.features.keys().filter(|name| *name != "default") {
            check().args(["--no-default-features", "--features", feature]).run()?;
        }
        if !member.features.is_empty() {
            check().arg("--all-features").run()?;
        }
    }
    Ok(())
}

/// The crates that others build from source, on the Rust that they promise to build with.
pub(crate) fn msrv(context: &Context) -> Result<(), Failure> {
    let manifest = std::fs::read_to_string(context.root.join("Cargo.toml"))
        .map_err(|e| Failure::Failed(format!("Cargo.toml: {e}")))?;
    let version =
        rust_version(&manifest).ok_or_else(|| Failure::Failed("Cargo.toml names no rust-version".into()))?;
    let Some(toolchain) = tools::toolchain(version) else {
        let how =
            format!("msrv: no toolchain {version} (`rustup toolchain install {version} --profile minimal`)");
        return Err(Failure::Missing(how));
    };
    // A folder of its own: one compiler must not throw away what the other has built.
    let target = context.metadata.target_directory.join("msrv");
    Step::cargo_of(&toolchain)
        .args(["check", "--workspace", "--locked"])
        .env("CARGO_TARGET_DIR", target)
        .run()
}

/// The value of `rust-version` in the root manifest.
fn rust_version(manifest: &str) -> Option<&str> {
    let lines = manifest.lines().filter_map(|line| line.split_once('='));
    let value = lines.into_iter().find(|(key, _)| key.trim() == "rust-version")?.1;
    let version = value.split('#').next().unwrap_or_default().trim().trim_matches('"');
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_rust_is_read_from_the_manifest() {
        assert_eq!(
            rust_version("[workspace.package]\nedition = \"2024\"\nrust-version = \"1.88\" # why\n"),
            Some("1.88")
        );
        assert_eq!(rust_version("edition = \"2024\"\n"), None);
        assert_eq!(rust_version("rust-version = \"\"\n"), None);
    }
}
