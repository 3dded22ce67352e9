//! The suite that every backend passes.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::{BackendId, StorageBackend};
use xstore_backend_redb::RedbBackend;
use xstore_testkit::{Fixture, backend_conformance};

async fn redb() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (file, away) = (folder.path().join("shares.redb"), folder.path().join("away"));
    let id = BackendId::new("redb").unwrap();
    let backend = Arc::new(RedbBackend::open(id.clone(), file.clone(), true).await.unwrap());
    let first = Arc::downgrade(&backend);
    let rename = |from: PathBuf, to: PathBuf| {
        move || {
            std::fs::rename(&from, &to).unwrap();
            std::future::ready(())
        }
    };
    Fixture::new(backend)
        .with_break_root(rename(file.clone(), away.clone()))
        .with_mend_root(rename(away, file.clone()))
        // redb opens a file once: while it is open, another handle is a clone.
        .with_reopen(move || {
            let (id, first, file) = (id.clone(), first.clone(), file.clone());
            async move {
                match first.upgrade() {
                    Some(first) => Arc::new((*first).clone()) as Arc<dyn StorageBackend>,
                    None => Arc::new(open(id, file).await),
                }
            }
        })
        .refusing_by_length()
        .with_guard(folder)
}

/// A transaction of a future that was dropped may still hold the file for a moment.
async fn open(id: BackendId, file: PathBuf) -> RedbBackend {
    loop {
        match RedbBackend::open(id.clone(), file.clone(), false).await {
            Err(error) if error.is_retryable() => tokio::time::sleep(Duration::from_millis(5)).await,
            opened => return opened.unwrap(),
        }
    }
}

backend_conformance!(on_redb, redb);
