//! The suite that every backend passes.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::path::Path;
use std::sync::Arc;

use xstore_backend::{BackendId, StorageBackend};
use xstore_backend_fs::FsBackend;
use xstore_testkit::{Fixture, backend_conformance};

fn open(root: &Path) -> FsBackend {
    FsBackend::open(BackendId::new("disk").unwrap(), root).unwrap()
}

/// A folder for one case; taking it away is what unmounting a disk does: an empty folder stands in its place.
fn fixture(open: fn(&Path) -> FsBackend) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let aside = folder.path().join("aside");
    std::fs::create_dir(&root).unwrap();
    let backend = Arc::new(open(&root));
    let (opened, broken, mended) = (root.clone(), (root.clone(), aside.clone()), (root, aside));
    Fixture::new(backend)
        .refusing_by_length()
        .with_reopen(move || {
            let root = opened.clone();
            async move { Arc::new(open(&root)) as Arc<dyn StorageBackend> }
        })
        .with_break_root(move || {
            let (root, aside) = broken.clone();
            async move {
                std::fs::rename(&root, aside).unwrap();
                std::fs::create_dir(root).unwrap();
            }
        })
        .with_mend_root(move || {
            let (root, aside) = mended.clone();
            async move {
                // Fails if anything was made in it.
                std::fs::remove_dir(&root).unwrap();
                std::fs::rename(aside, root).unwrap();
            }
        })
        .with_guard(folder)
}

backend_conformance!(durable, || async { fixture(open) });
backend_conformance!(volatile, || async { fixture(|root| open(root).with_durable(false)) });
