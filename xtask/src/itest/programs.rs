//! Programs of the workspace, built as `cargo xtask test` builds, and where they lie.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;
use crate::step::Step;
use crate::test;
use crate::workspace::{Metadata, Target};

/// Tests that need servers are called so.
pub(crate) const TESTS: &str = "emulator";

/// One program that cargo built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    /// The package that it belongs to.
    pub(crate) package: String,
    /// Its name: of the tests, or the program's own.
    pub(crate) name: String,
    /// Where the package lies.
    folder: PathBuf,
    executable: PathBuf,
}

impl Program {
    /// Runs it as cargo would. What it mounts goes with it, however it ends, where the system lets it have mounts of
    /// its own.
    pub(crate) fn step(&self) -> Step {
        let alone = || Step::program("unshare").arg("--mount");
        let step = match alone().arg("true").succeeds() {
            true => alone().arg(&self.executable),
            false => Step::program(&self.executable.to_string_lossy()),
        };
        step.folder(&self.folder)
    }
}

/// Builds the tests that need servers, of these packages or of all, and the programs of these packages.
///
/// All of them means the whole workspace to cargo: with other packages chosen, or programs without tests, dependencies
/// could have other features, and everything would be compiled a second time.
///
/// # Errors
/// [`Failure::Failed`] if the build fails or cargo answers something unexpected.
pub(crate) fn build(metadata: &Metadata, packages: &[&str]) -> Result<Vec<Program>, Failure> {
    let mut step = Step::cargo().args(["test", "--no-run", "--test", TESTS]);
    if packages.is_empty() {
        step = step.arg("--workspace");
    }
    for package in packages {
        step = step.args(["-p", package]);
    }
    let step = step.args(["--message-format", "json-render-diagnostics"]);
    let answer = test::with_inject(step, &metadata.target_directory).answer()?;
    answer.lines().filter_map(|line| read(line).transpose()).collect()
}

fn read(line: &str) -> Result<Option<Program>, Failure> {
    let message: Message = serde_json::from_str(line)
        .map_err(|e| Failure::Failed(format!("cargo's messages can't be understood: {e}")))?;
    let (Some(executable), Some(manifest), Some(target)) =
        (message.executable, message.manifest_path, message.target)
    else {
        return Ok(None);
    };
    let folder = manifest.parent().unwrap_or(Path::new("")).to_owned();
    let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Program { package, name: target.name, folder, executable }))
}

/// What cargo says while it builds, as far as it is used here.
#[derive(Debug, Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_from_what_cargo_says() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/a-b/Cargo.toml",
            "target":{"name":"emulator","kind":["test"],"src_path":"/w"},"executable":"/t/emulator-1"}"#;
        let program = read(line).unwrap().unwrap();
        assert_eq!(
            (program.package.as_str(), program.executable.as_path()),
            ("a-b", Path::new("/t/emulator-1"))
        );
        assert_eq!(program.name, TESTS);
        assert_eq!(program.folder, Path::new("/w/crates/a-b"));
        assert_eq!(read(r#"{"reason":"build-finished","success":true}"#), Ok(None));
        assert!(read("warning: x").is_err());
    }
}
