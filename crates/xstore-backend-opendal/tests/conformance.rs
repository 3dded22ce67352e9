//! The suite that every backend passes, over services that need no server.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::sync::Arc;

use xstore_backend::{BackendId, StorageBackend};
use xstore_backend_opendal::{Config, OpendalBackend, Service};
use xstore_testkit::{Fixture, Hook, backend_conformance};

async fn open(config: Config) -> OpendalBackend {
    OpendalBackend::open(BackendId::new("there").unwrap(), config).await.unwrap()
}

async fn memory() -> Fixture {
    let backend = open(Config::new(Service::Memory)).await;
    Fixture::new(Arc::new(backend.clone()))
        .refusing_by_length()
        .with_reopen(move || {
            let again = Arc::new(backend.clone());
            async move { again as Arc<dyn StorageBackend> }
        })
        .without(Hook::BreakRoot, "memory has no place that could be missing")
        .without(Hook::MendRoot, "memory has no place that could be missing")
}

backend_conformance!(over_memory, memory);

/// A folder for one case; taking it away is renaming it.
#[cfg(all(feature = "fs", unix))]
async fn folder() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (root, aside) = (folder.path().join("root"), folder.path().join("aside"));
    std::fs::create_dir(&root).unwrap();
    let config = Config::new(Service::Fs).with_option("root", root.to_str().unwrap());
    let backend = Arc::new(open(config.clone()).await);
    let (broken, mended) = ((root.clone(), aside.clone()), (root, aside));
    Fixture::new(backend)
        .refusing_by_length()
        .with_reopen(move || {
            let config = config.clone();
            async move { Arc::new(open(config).await) as Arc<dyn StorageBackend> }
        })
        .with_break_root(move || {
            let (root, aside) = broken.clone();
            async move { std::fs::rename(root, aside).unwrap() }
        })
        .with_mend_root(move || {
            let (root, aside) = mended.clone();
            async move {
                // Somebody made it anew, otherwise.
                assert!(!root.exists());
                std::fs::rename(aside, root).unwrap();
            }
        })
        .with_guard(folder)
}

#[cfg(all(feature = "fs", unix))]
backend_conformance!(over_a_folder, folder);
