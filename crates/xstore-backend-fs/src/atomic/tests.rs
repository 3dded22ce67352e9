#![cfg(unix)]

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xstore_backend::{Bytes, Error, ErrorKind, Key, Payload, Prefix, Result};

use super::{How, Ways};
use crate::list::{Limits, Lists};
use crate::root::Root;
use crate::steps::{Log, Plan, Step, run};
use crate::values;

mod failing;
mod killed;
mod order;
mod racing;
mod sweeping;

/// A root for one test.
struct Scratch {
    folder: TempDir,
    root: Root,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        Self { folder, root }
    }

    /// As another process would see it, with nothing remembered.
    fn reopened(&mut self) {
        self.root = Root::open(self.folder.path()).unwrap();
    }

    fn put(&self, value: &[u8], how: How) -> Result<()> {
        values::put(&self.root, &key(), &payload(value), how)
    }

    /// The value; None if there is none.
    fn value(&self) -> Option<Bytes> {
        match values::get(&self.root, &key(), 1 << 20) {
            Ok(value) => Some(value),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    fn list(&self) -> Vec<Key> {
        let page = Lists::new(Limits::USUAL).page(&self.root, &Prefix::all(), None).unwrap();
        assert_eq!(page.next, None);
        page.entries.into_iter().map(|entry| entry.key).collect()
    }

    /// All that is there but folders and the value.
    fn leftovers(&self) -> Vec<PathBuf> {
        let mut files = files(self.folder.path());
        files.retain(|path| *path != self.folder.path().join("ns/m/value"));
        files
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

fn key() -> Key {
    Key::new("ns/m/value").unwrap()
}

/// In pieces, one of them empty.
fn payload(value: &[u8]) -> Payload {
    let (a, b) = value.split_at(value.len() / 3);
    Payload::from_chunks([a, b"", b].map(Bytes::copy_from_slice).to_vec())
}

fn how(create_only: bool, ways: Ways) -> How {
    How { create_only, sync: true, sync_folder: true, ways }
}

/// Each way, by allowing only what it needs.
const EACH_WAY: [(&str, Ways); 4] = [
    ("unnamed", Ways::ALL),
    ("rename", Ways { unnamed: false, ..Ways::ALL }),
    ("link", Ways { unnamed: false, exclusive_rename: false, hard_link: true }),
    ("lock", Ways { unnamed: false, exclusive_rename: false, hard_link: false }),
];

const OLD: &[u8] = b"the old value";
const NEW: &[u8] = b"a new value, which is longer";

fn kind(result: Result<()>) -> Option<ErrorKind> {
    result.err().as_ref().map(Error::kind)
}
