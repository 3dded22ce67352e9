//! A file goes into a store and comes out again, part by part, so that memory stays small whatever its size.
//!
//! `cargo run -p xstore --example streams`

use std::error::Error;
use std::path::Path;

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use xstore::backend::BackendId;
use xstore::fs::FsBackend;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore::{Settings, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    run(folder.path()).await
}

pub(crate) async fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut ring = KeyRing::default();
    ring.add(IntegrityKey::generate(&mut Entropy::os())?, Date::new(2026, 11, 24)?)?;

    // Memory is a few parts times the number of shares.
    let mut settings = Settings::default();
    settings.part = 1 << 20;
    let mut builder = Store::builder().threshold(2, 3).keys(ring).settings(settings);
    for name in ["red", "green", "blue"] {
        builder = builder.backend(FsBackend::create(BackendId::new(name)?, &folder.join(name))?);
    }
    let store = builder.build()?;

    let (original, copy) = (folder.join("original"), folder.join("copy"));
    let mut file = File::create(&original).await?;
    for block in 0..80_u8 {
        file.write_all(&[block; 64 << 10]).await?;
    }
    file.flush().await?;

    // Any reader will do: a socket, a decompressor, a pipe.
    let manifest = store.put_reader("film", File::open(&original).await?).await?;
    println!("stored in {} parts", manifest.body().parts.len());

    // Each part is verified before it is written. Where an error comes in the middle, what was written is right, but
    // it isn't all: write to a temporary file, and rename it at the end.
    let mut file = File::create(&copy).await?;
    let length = store.get_to_writer(&manifest, &mut file).await?;
    file.sync_all().await?;

    assert_eq!(length, 5 << 20);
    assert_eq!(tokio::fs::read(&original).await?, tokio::fs::read(&copy).await?);
    println!("{length} bytes came back the same");
    Ok(())
}
