//! What the tests share.

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use xstore_backend::{BackendId, Bytes, Error, Key, Prefix, PutOptions, StorageBackend};
use xstore_backend_sqlite::SqliteBackend;

pub(crate) fn id() -> BackendId {
    BackendId::new("db").unwrap()
}

pub(crate) fn key(text: impl AsRef<str>) -> Key {
    Key::new(text.as_ref()).unwrap()
}

/// A folder and the path of a database in it that isn't there yet.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    (folder, file)
}

pub(crate) fn open(file: &Path) -> SqliteBackend {
    SqliteBackend::open(id(), file).unwrap()
}

pub(crate) fn create(file: &Path) -> SqliteBackend {
    SqliteBackend::create(id(), file).unwrap()
}

/// Bytes that look random and are the same for the same seed.
pub(crate) fn value(seed: u64, len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes.into()
}

pub(crate) async fn put(backend: &SqliteBackend, name: &str, value: Bytes) -> Result<(), Error> {
    backend.put(&key(name), value.into(), &PutOptions::replace()).await
}

pub(crate) async fn get(backend: &SqliteBackend, name: &str) -> Result<Bytes, Error> {
    backend.get(&key(name), usize::MAX).await
}

/// All keys below the prefix.
pub(crate) async fn names(backend: &SqliteBackend, prefix: &str) -> Result<Vec<String>, Error> {
    let prefix = Prefix::new(prefix).unwrap();
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = backend.list(&prefix, cursor.as_ref()).await?;
        names.extend(page.entries.iter().map(|entry| entry.key.as_str().to_owned()));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(names),
        }
    }
}

/// Says why a test doesn't run; fails where everything is required and could be had.
pub(crate) fn skip(reason: &str, could_be_had: bool) {
    let required = std::env::var_os("XSTORE_REQUIRE").is_some_and(|value| !value.is_empty() && value != "0");
    assert!(!(required && could_be_had), "skipped, but XSTORE_REQUIRE is set: {reason}");
    println!("skipped: {reason}");
}
