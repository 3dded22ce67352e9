//! One backend is destroyed and another one lies: the object comes back all the same, and both are named.
//!
//! `cargo run -p xstore --example failover`

use std::error::Error;
use std::path::Path;

use xstore::backend::{BackendId, Key};
use xstore::fs::FsBackend;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore::{Code, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    run(folder.path()).await
}

pub(crate) async fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut ring = KeyRing::default();
    ring.add(IntegrityKey::generate(&mut Entropy::os())?, Date::new(2026, 11, 24)?)?;

    // Any two of four.
    let mut builder = Store::builder().threshold(2, 4).keys(ring);
    for name in ["red", "green", "blue", "grey"] {
        builder = builder.backend(FsBackend::create(BackendId::new(name)?, &folder.join(name))?);
    }
    let store = builder.build()?;
    let manifest = store.put("doc-001", "Twenty-one blue whales").await?;

    println!("red burns down, and somebody changes one bit on green");
    std::fs::remove_dir_all(folder.join("red"))?;
    for share in manifest.body().parts[0].shares.iter().flatten() {
        if share.backend.as_str() == "green" {
            flip(&folder.join("green"), share.key.as_str())?;
        }
    }

    let restored = store.get(&manifest).await?;
    assert_eq!(restored, b"Twenty-one blue whales");
    println!("still there: {}", String::from_utf8_lossy(&restored));

    let report = store.verify(&manifest).await?;
    for share in &report.shares {
        match &share.problem {
            Some(problem) => println!("{problem}"),
            None => println!("share {} is good", share.index),
        }
    }
    let problems: Vec<_> = report.shares.iter().filter_map(|share| share.problem.as_ref()).collect();
    assert_eq!((report.fewest_good(), report.redundancy(), problems.len()), (2, 0, 2));
    assert!(problems.iter().any(|problem| problem.code == Code::ShareIntegrityFailed));

    println!("blue is lost, too, and that is one too many");
    std::fs::remove_dir_all(folder.join("blue"))?;
    match store.get(&manifest).await {
        // Never wrong bytes: an error that names them all.
        Err(error) => {
            assert_eq!(error.code(), Code::InsufficientShares);
            println!("{}", xstore::report(&error));
        }
        Ok(_) => return Err("one share can't give the object back".into()),
    }
    Ok(())
}

fn flip(folder: &Path, key: &str) -> Result<(), Box<dyn Error>> {
    let path = folder.join(Key::new(key)?.as_str());
    let mut share = std::fs::read(&path)?;
    let middle = share.len() / 2;
    share[middle] ^= 1;
    Ok(std::fs::write(&path, share)?)
}
