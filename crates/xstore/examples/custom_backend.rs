//! A backend of one's own: four methods, everything else has a default that is right.
//!
//! `cargo run -p xstore --example custom_backend`

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xstore::Store;
use xstore::backend::{
    BackendId, Bytes, Capability, Error as BackendError, ErrorKind, Key, Operation, Payload, PutOptions,
    Result, StorageBackend, async_trait,
};
use xstore::fs::FsBackend;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing};

/// Sheets in a drawer. A backend in earnest passes the suite of `xstore-testkit`.
#[derive(Debug)]
struct Drawer {
    id: BackendId,
    sheets: Mutex<HashMap<Key, Bytes>>,
}

impl Drawer {
    fn sheets(&self) -> MutexGuard<'_, HashMap<Key, Bytes>> {
        self.sheets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, kind: ErrorKind, operation: Operation, key: &Key) -> BackendError {
        BackendError::new(kind, "").at(&self.id, operation, Some(key))
    }
}

#[async_trait]
impl StorageBackend for Drawer {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        // Not durable: it doesn't count as a place that survives a power loss.
        Capability::MINIMAL.with_create_only(true).with_late_writes(false)
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let mut sheets = self.sheets();
        if options.create_only && sheets.contains_key(key) {
            return Err(self.error(ErrorKind::AlreadyExists, Operation::Put, key));
        }
        sheets.insert(key.clone(), data.to_bytes());
        Ok(())
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        match self.sheets().get(key) {
            None => Err(self.error(ErrorKind::NotFound, Operation::Get, key)),
            Some(sheet) if sheet.len() > max => Err(self.error(ErrorKind::TooLarge, Operation::Get, key)),
            Some(sheet) => Ok(sheet.clone()),
        }
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.sheets().remove(key);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    run(folder.path()).await
}

pub(crate) async fn run(folder: &Path) -> std::result::Result<(), Box<dyn Error>> {
    let mut ring = KeyRing::default();
    ring.add(IntegrityKey::generate(&mut Entropy::os())?, Date::new(2026, 11, 24)?)?;
    let store = Store::builder()
        .backend(FsBackend::create(BackendId::new("red")?, &folder.join("red"))?)
        .backend(FsBackend::create(BackendId::new("green")?, &folder.join("green"))?)
        .backend(Drawer { id: BackendId::new("drawer")?, sheets: Mutex::default() })
        .threshold(2, 3)
        .keys(ring)
        .build()?;
    let manifest = store.put("doc-001", "Twenty-one blue whales").await?;
    std::fs::remove_dir_all(folder.join("red"))?;
    assert_eq!(store.get(&manifest).await?, b"Twenty-one blue whales");
    println!("green and the drawer give it back");
    Ok(())
}
