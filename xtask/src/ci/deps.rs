//! Jobs about what we depend on.

use std::fs;
use std::path::PathBuf;

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;
use crate::tools;

/// The lock file fits the manifests, and the tree keeps to `deny.toml`. Advisories need the network and come
/// at any time, so they are the weekly run's business and stop nobody's change.
pub(crate) fn deny(context: &Context) -> Result<(), Failure> {
    let manifest = context.root.join("Cargo.toml");
    let step = Step::cargo().args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]);
    step.arg(manifest).output()?;
    cargo_deny(&["bans", "licenses", "sources"])
}

/// No dependency has a known flaw or was taken back by its authors.
pub(crate) fn advisories(_: &Context) -> Result<(), Failure> {
    cargo_deny(&["advisories"])
}

fn cargo_deny(checks: &[&str]) -> Result<(), Failure> {
    if !tools::has_subcommand("deny") {
        let how = "no cargo-deny (`cargo install --locked cargo-deny`)";
        return Err(Failure::Missing(how.into()));
    }
    Step::cargo().args(["deny", "--all-features", "check"]).args(checks).run()
}

/// Builds with the lowest version of each direct dependency: a manifest must not ask for less than the code
/// uses. Only nightly can choose such versions; the lock file is put back whatever happens.
pub(crate) fn minimal(context: &Context) -> Result<(), Failure> {
    let Some(nightly) = tools::toolchain("nightly") else {
        let how = "minimal: no nightly toolchain (`rustup toolchain install nightly`)";
        return Err(Failure::Missing(how.into()));
    };
    let _restored = Kept::new(context.root.join("Cargo.lock"))?;
    Step::cargo_of(&nightly).args(["update", "-Z", "direct-minimal-versions"]).run()?;
    let step = Step::cargo().args(["check", "--workspace", "--all-targets", "--locked"]);
    step.apart(&context.metadata.target_directory, "minimal").run()
}

/// A file that gets its content back when this is dropped.
struct Kept {
    path: PathBuf,
    content: Vec<u8>,
}

impl Kept {
    fn new(path: PathBuf) -> Result<Self, Failure> {
        let content = fs::read(&path).map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))?;
        Ok(Self { path, content })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Err(e) = fs::write(&self.path, &self.content) {
            eprintln!("{} could not be put back: {e}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_gets_its_content_back() {
        let path = std::env::temp_dir().join(format!("xtask-kept-{}", std::process::id()));
        fs::write(&path, "before").unwrap();
        let kept = Kept::new(path.clone()).unwrap();
        fs::write(&path, "changed").unwrap();
        drop(kept);
        let after = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(after, "before");
        assert!(Kept::new(path).is_err());
    }
}
