//! Configurations, opened over real adapters.

#![cfg(all(feature = "fs", feature = "sqlite"))]
#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "suite/absent.rs"]
mod absent;
#[path = "suite/create.rs"]
mod create;
#[path = "suite/mistakes.rs"]
mod mistakes;
#[path = "suite/roundtrip.rs"]
mod roundtrip;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xstore::config::Config;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing, file};

/// A folder with a key file, for a configuration and its backends.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ring = KeyRing::default();
        let key = IntegrityKey::generate(&mut Entropy::os()).unwrap();
        ring.add(key, Date::new(2026, 11, 24).unwrap()).unwrap();
        file::create(&folder.path().join("xstore.key"), &ring).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes the file with these tables, and loads it.
    #[track_caller]
    fn config(&self, tables: &str) -> Config {
        let path = self.write(tables);
        Config::load(&path).unwrap()
    }

    /// The tables begin in line 4.
    fn write(&self, tables: &str) -> PathBuf {
        let path = self.path("xstore.toml");
        std::fs::write(&path, format!("version = 1\nthreshold = \"2-of-3\"\n\n{tables}")).unwrap();
        path
    }
}

/// A backend's table, in five lines.
fn backend(id: &str, url: &str, more: &str) -> String {
    format!("[[backend]]\nid = \"{id}\"\nurl = \"{url}\"\n{more}\n\n")
}

/// How many values there are below a folder.
fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| if entry.file_type().unwrap().is_dir() { files_below(&entry.path()) } else { 1 })
        .sum()
}
