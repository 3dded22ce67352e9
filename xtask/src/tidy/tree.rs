//! The files that the rules are about, read once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// Endings of the files that people write here.
const OURS: [&str; 7] = ["rs", "md", "toml", "yml", "yaml", "sh", "bash"];

/// A text larger than this is nobody's handwriting; it is listed but not read. In bytes.
const LARGEST: u64 = 4 << 20;

/// Folders whose names begin with a dot and that belong to the project all the same.
const DOTTED: [&str; 4] = [".cargo", ".ci", ".config", ".github"];

/// Paths relative to the root, with `/` on every system.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    /// Everything that a link may point to, folders too.
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the tree below `root`, without what builds and fuzzers leave there.
    ///
    /// # Errors
    /// [`Failure::Failed`] if a folder or one of our files can't be read, or a file of ours is not UTF-8.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let mut tree = Self::default();
        tree.add_folder(root, "")?;
        Ok(tree)
    }

    /// A tree made of these texts, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(texts: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in texts {
            tree.texts.insert((*path).to_owned(), (*text).to_owned());
            let cuts = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            tree.paths.extend(cuts.map(|at| path[..at].to_owned()));
        }
        tree
    }

    /// Our texts with their paths, in the order of the paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// One of our texts.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether a file or folder is there; the root's own path is empty.
    pub(crate) fn contains(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Failure> {
        let unreadable = |e: std::io::Error| Failure::Failed(format!("{}: {e}", folder.display()));
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                if is_left_by_tools(&entry.path(), &path, &name) {
                    continue;
                }
                self.paths.insert(path.clone());
                self.add_folder(&entry.path(), &path)?;
            } else {
                self.add_file(&entry.path(), path, entry.metadata().map_err(unreadable)?.len())?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, file: &Path, path: String, bytes: u64) -> Result<(), Failure> {
        let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, e)| e);
        let is_ours = ending.is_some_and(|e| OURS.contains(&e)) || path.starts_with(".ci/");
        if is_ours && bytes <= LARGEST {
            let text = fs::read_to_string(file).map_err(|e| Failure::Failed(format!("{path}: {e}")))?;
            self.texts.insert(path.clone(), text);
        }
        self.paths.insert(path);
        Ok(())
    }
}

fn is_left_by_tools(folder: &Path, path: &str, name: &str) -> bool {
    let hidden = name.starts_with('.') && !DOTTED.contains(&name);
    let fuzzing = matches!(path, "fuzz/corpus" | "fuzz/artifacts" | "fuzz/coverage");
    // Cargo marks every folder that it builds into, wherever the user has put it.
    hidden || fuzzing || name == "mutants.out" || folder.join("CACHEDIR.TAG").exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn the_tree_holds_our_files_and_nothing_built() {
        let tree = Tree::read(&workspace::root().unwrap()).unwrap();
        assert!(tree.text("xtask/src/tidy/tree.rs").is_some_and(|t| t.contains("struct Tree")));
        assert!(tree.text("Cargo.lock").is_none());
        assert!(tree.contains("Cargo.lock") && tree.contains("xtask/src") && tree.contains(""));
        assert!(tree.files().all(|(path, _)| !path.starts_with("target/") && !path.starts_with(".git/")));
    }

    #[test]
    fn a_made_tree_has_its_folders() {
        let tree = Tree::of(&[("a/b/c.md", "")]);
        assert!(tree.contains("a") && tree.contains("a/b") && tree.contains("a/b/c.md"));
        assert!(!tree.contains("b"));
    }
}
