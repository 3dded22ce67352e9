//! What a store on the bench consists of, whatever its backends are.

use std::path::Path;

use tokio::runtime::{Builder, Runtime};
use xstore_backend_fs::FsBackend;
use xstore_backend_sqlite::SqliteBackend;
use xstore_core::backend::BackendId;
use xstore_core::backend::memory::MemoryBackend;
use xstore_core::keys::{Date, IntegrityKey, KeyRing};
use xstore_core::{Member, Store};

use crate::bytes::noise;
use crate::failure::Failure;

/// A runtime as the command has one: a thread for every core, and as many more as block.
///
/// # Errors
/// [`Failure::System`] where the system gives no threads.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(Failure::system("start a runtime"))
}

/// Over n backends in memory. They say that they are durable, so that the store does all that it does for durable
/// ones.
///
/// # Errors
/// Those of the store where it refuses these numbers.
pub(super) fn in_memory(k: u8, n: u8) -> Result<Store, Failure> {
    store(k, n, |id| {
        Ok(MemoryBackend::new(id).with_capability(MemoryBackend::CAPABILITY.with_durable(true)).into())
    })
}

/// Over n folders below `place`.
///
/// # Errors
/// Those of the backend and of the store.
pub(super) fn in_folders(k: u8, n: u8, place: &Path) -> Result<Store, Failure> {
    store(k, n, |id| {
        let folder = place.join(id.as_str());
        Ok(FsBackend::create(id, &folder)?.into())
    })
}

/// Over n database files in `place`.
///
/// # Errors
/// Those of the backend and of the store.
pub(super) fn in_databases(k: u8, n: u8, place: &Path) -> Result<Store, Failure> {
    store(k, n, |id| {
        let file = place.join(format!("{id}.db"));
        Ok(SqliteBackend::create(id, file)?.into())
    })
}

fn store(k: u8, n: u8, backend: impl Fn(BackendId) -> Result<Member, Failure>) -> Result<Store, Failure> {
    let mut ring = KeyRing::default();
    let key: [u8; 32] = core::array::from_fn(|at| noise(32, 7)[at]);
    ring.add(IntegrityKey::from_bytes(&key)?, Date::new(2026, 1, 1)?)?;
    let mut builder = Store::builder().threshold(k, n).keys(ring);
    for number in 0..n {
        builder = builder.backend(backend(BackendId::new(&format!("b{number}"))?)?);
    }
    Ok(builder.build()?)
}
