//! The suite that every backend passes.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::path::PathBuf;
use std::sync::Arc;
use xstore_backend::{BackendId, StorageBackend};
use xstore_backend_sqlite::SqliteBackend;
use xstore_testkit::{Fixture, backend_conformance};

async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shares.db");
    let away = folder.path().join("away.db");
    let id = || BackendId::new("db").unwrap();
    let backend = SqliteBackend::create(id(), &file).unwrap();
    let rename = |from: PathBuf, to: PathBuf| {
        move || {
            std::fs::rename(&from, &to).unwrap();
            std::future::ready(())
        }
    };
    Fixture::new(Arc::new(backend))
        .with_break_root(rename(file.clone(), away.clone()))
        .with_mend_root(rename(away, file.clone()))
        .with_reopen(move || {
            let backend: Arc<dyn StorageBackend> = Arc::new(SqliteBackend::open(id(), &file).unwrap());
            std::future::ready(backend)
        })
        .refusing_by_length()
        .with_guard(folder)
}

backend_conformance!(on_sqlite, sqlite);
