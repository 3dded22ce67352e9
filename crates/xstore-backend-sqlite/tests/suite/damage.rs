//! Files that something has changed.
//!
//! SQLite has no checksums: a flipped byte of a value comes back flipped, and one of a key makes it another key. The
//! store above verifies every share. So these tests ask for no more than bytes or an error, and never for a wrong
//! length, a panic or a hang.

use crate::support::{create, folder, get, id, key, names, put, value};
use std::fs;
use std::path::Path;
use xstore_backend::{Error, ErrorKind, StorageBackend};
use xstore_backend_sqlite::SqliteBackend;

const LENGTHS: [usize; 7] = [0, 1, 900, 5000, 131_072, 200_000, 400_000];

fn name(at: usize) -> String {
    format!("some/values/{at}")
}

/// A database with a few values, as bytes.
async fn database() -> Vec<u8> {
    let (_folder, file) = folder();
    let backend = create(&file);
    for (at, len) in LENGTHS.into_iter().enumerate() {
        put(&backend, &name(at), value(at as u64, len)).await.unwrap();
    }
    put(&backend, "unused", value(9, 50_000)).await.unwrap();
    backend.delete(&key("unused")).await.unwrap();
    drop(backend);
    fs::read(&file).unwrap()
}

fn is_plausible(error: &Error) -> bool {
    let kinds = [ErrorKind::Unavailable, ErrorKind::NotFound, ErrorKind::TooLarge, ErrorKind::Other];
    kinds.contains(&error.kind())
}

/// Does everything that there is to do; returns how many values came as they were, how many changed, and how many
/// not at all.
async fn try_all(file: &Path) -> [usize; 3] {
    let backend = match SqliteBackend::open(id(), file) {
        Ok(backend) => backend,
        Err(error) => {
            let refused = [ErrorKind::Unavailable, ErrorKind::Unsupported].contains(&error.kind());
            assert!(refused && !error.is_retryable(), "{error:?}");
            return [0, 0, LENGTHS.len()];
        }
    };
    let mut count = [0; 3];
    for (at, len) in LENGTHS.into_iter().enumerate() {
        match get(&backend, &name(at)).await {
            Ok(bytes) if bytes == value(at as u64, len) => count[0] += 1,
            Ok(_) => count[1] += 1,
            Err(error) => {
                assert!(is_plausible(&error), "{error:?}");
                count[2] += 1;
            }
        }
        for result in [
            backend.get_range(&key(name(at)), 100..150_000).await.map(|part| assert!(part.len() <= 149_900)),
            backend.stat(&key(name(at))).await.map(|_| ()),
        ] {
            assert!(result.as_ref().map_or_else(is_plausible, |()| true), "{result:?}");
        }
    }
    for result in [
        names(&backend, "").await.map(|_| ()),
        backend.space().await.map(|_| ()),
        put(&backend, "new", value(1, 150_000)).await,
        put(&backend, &name(6), value(1, 150_000)).await,
        backend.delete(&key(name(5))).await,
    ] {
        assert!(result.as_ref().map_or_else(is_plausible, |()| true), "{result:?}");
    }
    count
}

#[tokio::test]
async fn a_file_with_foreign_bytes_in_it_gives_bytes_or_errors() {
    let good = database().await;
    let mut random = fastrand::Rng::with_seed(8);
    let mut sum = [0; 3];
    for at in 0..120 {
        let mut bad = good.clone();
        // The places where much stands first: headers, the beginnings of pages, then anywhere.
        let place = match at {
            0..30 => at * 4,
            30..70 => (at - 29) * 8192 + random.usize(0..16),
            _ => random.usize(0..bad.len()),
        };
        let end = bad.len().min(place + random.usize(1..60));
        if place < end {
            random.fill(&mut bad[place..end]);
        }
        let (_folder, file) = folder();
        fs::write(&file, &bad).unwrap();
        let count = try_all(&file).await;
        for (sum, count) in sum.iter_mut().zip(count) {
            *sum += count;
        }
    }
    println!("{} values as they were, {} changed, {} refused", sum[0], sum[1], sum[2]);
    assert!(sum.iter().all(|sum| *sum > 5), "the places are well chosen");
}

#[tokio::test]
async fn a_file_that_is_cut_short_gives_nothing_wrong() {
    let good = database().await;
    let pages = good.len() / 8192;
    let lengths = (0..pages).step_by(7).map(|page| page * 8192);
    let lengths: Vec<_> = lengths.chain([1, 50, 100, 512, 8191, good.len() - 1, good.len() - 4096]).collect();
    let mut refused = 0;
    for length in lengths {
        let (_folder, file) = folder();
        fs::write(&file, &good[..length]).unwrap();
        let count = try_all(&file).await;
        assert_eq!(count[1], 0, "cut to {length} bytes");
        refused += usize::from(count[0] < 7);
    }
    assert!(refused > 10);
}

#[tokio::test]
async fn a_file_that_is_cut_short_while_it_is_open_gives_nothing_wrong() {
    let (_folder, file) = folder();
    fs::write(&file, database().await).unwrap();
    let backend = SqliteBackend::open(id(), &file).unwrap();
    // By another process: this one would lose its locks.
    let cut = std::process::Command::new("truncate").arg("--size=16384").arg(&file).status();
    if !cut.is_ok_and(|status| status.success()) {
        return crate::support::skip("there is no command to cut a file", false);
    }
    let mut refused = 0;
    for (at, len) in LENGTHS.into_iter().enumerate() {
        match get(&backend, &name(at)).await {
            Ok(bytes) => assert!(bytes == value(at as u64, len)),
            Err(error) => {
                assert!(is_plausible(&error) && error.kind() != ErrorKind::NotFound, "{error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}
