//! Where the workspace is and what `cargo metadata` says about it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

use crate::failure::Failure;
use crate::step::Step;

/// The folder that holds the root `Cargo.toml`.
///
/// # Errors
/// [`Failure::Failed`] if neither the folder of this package nor the current one lies in a workspace.
pub(crate) fn root() -> Result<PathBuf, Failure> {
    // `cargo run` and `cargo test` set the variable; a program started by hand looks from where it stands.
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => env::current_dir().map_err(|e| Failure::Failed(format!("current folder: {e}")))?,
    };
    let is_root = |folder: &&Path| {
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        text.lines().any(|line| line.trim() == "[workspace]") && folder.join("xtask").is_dir()
    };
    let found = start.ancestors().find(is_root).map(Path::to_owned);
    found.ok_or_else(|| Failure::Failed(format!("no workspace at or above {}", start.display())))
}

/// Reads the metadata of the workspace at `root`, dependencies resolved.
///
/// # Errors
/// [`Failure::Failed`] if cargo fails, or answers something unexpected.
pub(crate) fn metadata(root: &Path) -> Result<Metadata, Failure> {
    let step = Step::cargo()
        .args(["metadata", "--format-version", "1", "--all-features", "--manifest-path"])
        .arg(root.join("Cargo.toml"));
    serde_json::from_str(&step.output()?).map_err(|e| Failure::Failed(format!("`{}`: {e}", step.shown())))
}

/// What `cargo metadata` answers, as far as it is used here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    /// Every package of the graph, ours and others'.
    pub(crate) packages: Vec<Package>,
    /// Ids of our own packages.
    pub(crate) workspace_members: Vec<String>,
    /// The resolved graph.
    pub(crate) resolve: Resolve,
    /// Where cargo builds.
    pub(crate) target_directory: PathBuf,
}

impl Metadata {
    /// Our own packages, by name.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut members: Vec<&Package> =
            self.packages.iter().filter(|p| self.workspace_members.contains(&p.id)).collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }

    /// Whether this is one of ours that holds nothing but programs.
    pub(crate) fn is_without_library(&self, name: &str) -> bool {
        let is_lib =
            |target: &Target| target.kind.iter().any(|kind| kind.ends_with("lib") || kind == "proc-macro");
        self.members().iter().any(|m| m.name == name && !m.targets.iter().any(is_lib))
    }
}

/// One package.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Cargo's id of it.
    pub(crate) id: String,
    /// Its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What its manifest asks for, of every kind and for every platform.
    pub(crate) dependencies: Vec<Dependency>,
    /// Libraries, programs, tests.
    pub(crate) targets: Vec<Target>,
    /// Its features and what they switch on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The oldest Rust that it promises to build with.
    #[serde(default)]
    pub(crate) rust_version: Option<String>,
}

impl Package {
    /// Whether it has tests of this name.
    pub(crate) fn has_test(&self, name: &str) -> bool {
        self.targets.iter().any(|target| target.name == name && target.kind.iter().any(|kind| kind == "test"))
    }

    /// The package's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }
}

/// One dependency as a manifest asks for it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Dependency {
    /// The package's own name.
    pub(crate) name: String,
    /// Its name in the manifest, where that differs.
    pub(crate) rename: Option<String>,
    /// None for an ordinary one, or `dev`, or `build`.
    pub(crate) kind: Option<String>,
}

impl Dependency {
    /// The name to the left of the equals sign.
    pub(crate) fn key(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.name)
    }

    /// Whether only tests, examples and benches see it.
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// One target of a package.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Target {
    /// Its name.
    #[serde(default)]
    pub(crate) name: String,
    /// `lib`, `bin`, `test`, ...
    pub(crate) kind: Vec<String>,
    /// The file that its crate begins with.
    pub(crate) src_path: PathBuf,
}

/// The graph of packages.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Resolve {
    /// One node a package.
    pub(crate) nodes: Vec<Node>,
}

/// A package and what it depends on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Node {
    /// The package's id.
    pub(crate) id: String,
    /// Its resolved dependencies.
    pub(crate) deps: Vec<Edge>,
}

/// One edge of the graph.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Edge {
    /// Id of the package at its end.
    pub(crate) pkg: String,
    /// In which roles it is depended on.
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

impl Edge {
    /// Whether the edge exists outside tests.
    pub(crate) fn is_shipped(&self) -> bool {
        self.dep_kinds.iter().any(|k| k.kind.as_deref() != Some("dev"))
    }
}

/// One role of an edge.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct EdgeKind {
    /// None for an ordinary dependency, or `dev`, or `build`.
    pub(crate) kind: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found_and_read() {
        let root = root().unwrap();
        assert!(root.join("xtask/Cargo.toml").is_file());
        let metadata = metadata(&root).unwrap();
        let names: Vec<&str> = metadata.members().iter().map(|m| m.name.as_str()).collect();
        assert!(names.is_sorted() && names.contains(&"xtask") && names.contains(&"xorida-core"));
        assert!(metadata.is_without_library("xtask"));
        assert!(!metadata.is_without_library("xorida-core"));
        assert!(!metadata.is_without_library("serde"));
    }
}
