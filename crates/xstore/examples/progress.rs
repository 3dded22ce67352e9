//! What happens while an object is stored, event by event.
//!
//! `cargo run -p xstore --example progress`

use std::error::Error;
use std::path::Path;

use xstore::backend::BackendId;
use xstore::event::Status;
use xstore::fs::FsBackend;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore::{Progress, Settings, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    run(folder.path()).await
}

pub(crate) async fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut ring = KeyRing::default();
    ring.add(IntegrityKey::generate(&mut Entropy::os())?, Date::new(2026, 11, 24)?)?;

    let mut settings = Settings::default();
    settings.part = 1 << 20;
    let mut builder = Store::builder().threshold(2, 3).keys(ring).settings(settings);
    for name in ["red", "green", "blue"] {
        builder = builder.backend(FsBackend::create(BackendId::new(name)?, &folder.join(name))?);
    }
    let store = builder.build()?;

    // A channel for whoever draws. The put never waits for it: a listener that is slow misses events, is told how
    // many, and still gets the last one.
    let (progress, mut events) = Progress::channel();
    let drawing = tokio::spawn(async move {
        let mut complete = 0;
        while let Some(event) = events.next().await {
            println!("{event}");
            if event.is_of_operation() && event.terminal {
                return (complete, event.status);
            }
            complete += usize::from(!event.is_of_operation() && event.status == Status::Complete);
        }
        unreachable!("the last event says that it is the last")
    });
    let manifest = store.put("film", vec![7; 3 << 20]).progress(progress).await?;
    let (complete, status) = drawing.await?;
    println!("{complete} shares were stored: {status}");
    assert_eq!((complete, status), (3 * manifest.body().parts.len(), Status::Complete));

    // A callback is shorter. It runs on a thread of its own, and may see its last event after the result is there.
    let restored = store.get(&manifest).on_progress(|event| eprintln!("{event}")).await?;
    assert_eq!(restored.len(), 3 << 20);
    Ok(())
}
