//! Jobs that compile: formatting, lints, documentation, features, the oldest Rust.

use std::fs;
use std::path::Path;

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;
use crate::workspace::Package;
use crate::{itest, test, tools};

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
/// unnoticed until somebody uses the crate alone. Then once more with injected randomness compiled in, where there is
/// any. All crates are linted even if one fails.
pub(crate) fn clippy(context: &Context) -> Result<(), Failure> {
    let target = &context.metadata.target_directory;
    let mut result = Ok(());
    for member in context.metadata.members() {
        let step = || {
            let step = Step::cargo().args(["clippy", "-p", &member.name, "--no-deps", "--all-targets"]);
            // Tests that need a server are none of "all": the target is switched off for `cargo test`.
            let servers: &[&str] =
                if member.has_test(itest::TESTS) { &["--test", itest::TESTS] } else { &[] };
            step.args(servers).args(["--", "-D", "warnings"])
        };
        result = result.and(step().run());
        if mentions(member.folder(), test::INJECT) {
            result = result.and(test::with_inject(step(), target).run());
        }
    }
    result
}

/// Whether any Rust file below `folder` holds the word. A folder that can't be read counts as one that does.
fn mentions(folder: &Path, word: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return true };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return mentions(&path, word);
        }
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        is_rust && fs::read_to_string(&path).is_ok_and(|text| text.contains(word))
    })
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

/// The crates that others build from source, on the Rust that the workspace promises to build with. A crate that asks
/// for a newer one itself, as the vendors' clients make the adapters do, is left out, and the others are built without
/// it: with their default features.
pub(crate) fn msrv(context: &Context) -> Result<(), Failure> {
    let manifest = fs::read_to_string(context.root.join("Cargo.toml"))
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
    let newer = newer(&context.metadata.members(), version);
    println!("msrv: not on {version}: {}", newer.join(", "));
    let excluded = newer.iter().flat_map(|name| ["--exclude", name]);
    Step::cargo_of(&toolchain)
        .args(["check", "--workspace", "--locked"])
        .args(excluded)
        .env("CARGO_TARGET_DIR", target)
        .run()
}

/// The packages that want a newer Rust than this one.
fn newer<'a>(members: &[&'a Package], version: &str) -> Vec<&'a str> {
    let numbers =
        |text: &str| text.split('.').map(|word| word.parse().unwrap_or(u32::MAX)).collect::<Vec<_>>();
    let ours = numbers(version);
    let wants_newer =
        |member: &&&Package| member.rust_version.as_deref().is_some_and(|wanted| numbers(wanted) > ours);
    members.iter().filter(wants_newer).map(|member| member.name.as_str()).collect()
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

    #[test]
    fn crates_with_a_newer_rust_are_left_out() {
        let package = |name: &str, version: Option<&str>| Package {
            name: name.into(),
            rust_version: version.map(str::to_owned),
            ..Package::default()
        };
        let all = [
            package("same", Some("1.88")),
            package("patch", Some("1.88.1")),
            package("newer", Some("1.94.1")),
            package("older", Some("1.9")),
            package("any", None),
        ];
        assert_eq!(newer(&all.iter().collect::<Vec<_>>(), "1.88"), ["patch", "newer"]);
    }

    #[test]
    fn words_are_found_in_rust_files_only() {
        let root = crate::workspace::root().unwrap();
        assert!(mentions(&root.join("crates/xstore-core"), test::INJECT));
        assert!(!mentions(&root.join("crates/xorida-core/src"), test::INJECT));
        assert!(mentions(&root.join("no/such/folder"), test::INJECT));
    }
}
