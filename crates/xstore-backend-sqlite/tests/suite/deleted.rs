//! What stays of what was deleted.

use crate::support::{folder, id, key, put};
use std::fs;
use xstore_backend::StorageBackend;
use xstore_backend_sqlite::{Config, SqliteBackend};

const MARK: &[u8] = b"a share that should be gone, 64 bytes of it, again and again ...";

/// How often the mark is in the file after values with it were deleted and replaced, and the database was closed.
async fn marks_left(secure_delete: bool) -> usize {
    let (_folder, file) = folder();
    let config = Config::new(&file).with_secure_delete(secure_delete);
    let backend = SqliteBackend::create_with(id(), config).unwrap();
    for (name, len) in [("small", 1), ("middle", 100), ("large", 6000)] {
        put(&backend, name, MARK.repeat(len).into()).await.unwrap();
    }
    put(&backend, "replaced", MARK.repeat(5000).into()).await.unwrap();
    put(&backend, "replaced", b"short"[..].into()).await.unwrap();
    put(&backend, "stays", b"other"[..].into()).await.unwrap();
    for name in ["small", "middle", "large"] {
        backend.delete(&key(name)).await.unwrap();
    }
    drop(backend);
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.len() > 11_000 * MARK.len(), "the room is kept for other values");
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "the log is gone");
    bytes.windows(32).filter(|window| *window == &MARK[..32]).count()
}

#[tokio::test]
async fn deleted_and_replaced_bytes_are_overwritten() {
    assert_eq!(marks_left(true).await, 0);
}

#[tokio::test]
async fn without_that_setting_they_stay() {
    assert!(marks_left(false).await > 1000);
}
