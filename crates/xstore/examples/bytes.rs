//! The smallest store: three folders, any two of which give an object back.
//!
//! `cargo run -p xstore --example bytes`

use std::error::Error;
use std::path::Path;

use xstore::backend::BackendId;
use xstore::fs::FsBackend;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore::{Deleted, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    run(folder.path()).await
}

pub(crate) async fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    // A program keeps its key in a file: xstore::keys::file has `create` and `load`.
    let mut ring = KeyRing::default();
    ring.add(IntegrityKey::generate(&mut Entropy::os())?, Date::new(2026, 11, 24)?)?;

    let mut builder = Store::builder().threshold(2, 3).keys(ring);
    for name in ["red", "green", "blue"] {
        builder = builder.backend(FsBackend::create(BackendId::new(name)?, &folder.join(name))?);
    }
    let store = builder.build()?;

    let manifest = store.put("doc-001", "Twenty-one blue whales").await?;

    // The manifest is all that leads to the object, so it is kept: as JSON, which is signed but not secret.
    let json = manifest.to_json();
    println!("the manifest has {} bytes", json.len());

    let manifest = store.manifest(&json)?;
    let restored = store.get(&manifest).await?;
    assert_eq!(restored, b"Twenty-one blue whales");
    println!("all of it: {}", String::from_utf8_lossy(&restored));

    let range = store.get_range(&manifest, 11..15).await?;
    assert_eq!(range, b"blue");
    println!("bytes 11 to 14: {}", String::from_utf8_lossy(&range));

    match store.delete(&manifest).await? {
        Deleted::All => println!("deleted everywhere"),
        deleted => println!("unreadable, and left behind: {:?}", deleted.remaining()),
    }
    assert!(store.get(&manifest).await.is_err());
    Ok(())
}
