//! What only Unix has: links and pipes in the way, processes that are killed, full and read-only file systems.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod child;
mod crash;
mod failures;
mod links;
mod race;
mod roots;

use std::path::Path;

use xstore_backend::{BackendId, Bytes, Cursor, Error, ErrorKind, Key, Prefix, PutOptions, StorageBackend};
use xstore_backend_fs::FsBackend;

/// Creating.
const NEW: PutOptions = PutOptions::create_only();
/// Replacing.
const ANY: PutOptions = PutOptions::replace();

fn open(root: &Path) -> FsBackend {
    FsBackend::open(BackendId::new("disk").unwrap(), root).unwrap()
}

fn key(text: impl AsRef<str>) -> Key {
    Key::new(text.as_ref()).unwrap()
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// All keys.
async fn names(backend: &FsBackend) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), None::<Cursor>);
    loop {
        let page = backend.list(&Prefix::all(), cursor.as_ref()).await.unwrap();
        names.extend(page.entries.into_iter().map(|entry| entry.key.to_string()));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return names,
        }
    }
}

/// All files below a folder whose names begin with a dot.
fn hidden(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(hidden(&entry.path()));
        } else if entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    found
}

/// A value that belongs to these numbers and no others.
fn value(seed: u64, len: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}
