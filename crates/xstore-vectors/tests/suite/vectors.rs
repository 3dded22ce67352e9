//! The vectors of shares and objects: files that any implementation can read, made here and checked here.
//!
//! With `XSTORE_BLESS=1` the files are written. Without, the committed files must be exactly those, and each must be
//! decided as it says.

#[path = "vectors/case.rs"]
mod case;
#[path = "vectors/good.rs"]
mod good;
#[path = "vectors/pads.rs"]
mod pads;
#[path = "vectors/payloads.rs"]
mod payloads;
#[path = "vectors/ranges.rs"]
mod ranges;
#[path = "vectors/shares.rs"]
mod shares;
#[path = "vectors/single.rs"]
mod single;
#[path = "vectors/trailers.rs"]
mod trailers;
#[path = "vectors/trust.rs"]
mod trust;
#[path = "vectors/unverified.rs"]
mod unverified;

use case::Case;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use xstore_vectors::vector::Vector;

/// Cases that are objects.
fn objects() -> Vec<Case> {
    [good::cases(), shares::cases(), trailers::cases(), payloads::cases(), trust::cases(), ranges::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// All files by folder and name.
fn files() -> BTreeMap<String, Vector> {
    let named = |folder: &'static str| move |(file, vector)| (format!("{folder}/{file}.json"), vector);
    let objects = objects().into_iter().map(|case| (case.file, case.vector())).map(named("object"));
    let unverified = unverified::vectors().into_iter().map(named("object"));
    let single = single::vectors().into_iter().map(named("share"));
    let pads = pads::vectors().into_iter().map(named("share"));
    let mut files = BTreeMap::new();
    for (file, vector) in objects.chain(unverified).chain(single).chain(pads) {
        assert!(files.insert(file.clone(), vector).is_none(), "two vectors are called {file}");
    }
    files
}

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "vectors", name].iter().collect()
}

/// The committed files.
fn committed() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for name in ["object", "share"] {
        for entry in fs::read_dir(folder(name)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            files.insert(format!("{name}/{file}"), fs::read_to_string(&path).unwrap());
        }
    }
    files
}

#[test]
fn the_committed_files_are_these_and_are_decided_as_they_say() {
    let made: BTreeMap<String, String> =
        files().into_iter().map(|(file, vector)| (file, vector.to_text().unwrap())).collect();
    if std::env::var_os("XSTORE_BLESS").is_some_and(|value| value == "1") {
        for name in ["object", "share"] {
            if folder(name).exists() {
                fs::remove_dir_all(folder(name)).unwrap();
            }
            fs::create_dir_all(folder(name)).unwrap();
        }
        for (file, text) in &made {
            fs::write(folder(file), text).unwrap();
        }
    }
    let committed = committed();
    let advice = "run the test with XSTORE_BLESS=1 and look at the difference";
    assert!(committed.keys().eq(made.keys()), "{advice}");
    let mut failing = 0;
    for (file, text) in &committed {
        assert!(text == &made[file], "{file}: {advice}");
        let vector = Vector::from_text(text).unwrap();
        if let Err(difference) = vector.check() {
            panic!("{file}: {difference}");
        }
        let (_, name) = file.split_once('/').unwrap();
        let good = vector.expect() == "ok";
        let says = ["ok-", "pads-", "unverified-ok-"].iter().any(|prefix| name.starts_with(prefix));
        let says_bad = ["bad-", "unverified-bad-"].iter().any(|prefix| name.starts_with(prefix));
        assert!(says == good && says_bad != good, "{file} is named for another end");
        failing += usize::from(!good);
    }
    println!("{failing} of {} vectors must fail", committed.len());
    assert!(failing * 2 > committed.len(), "{failing} of {} fail", committed.len());
}

/// A vector that fails for another reason than its title would prove nothing.
#[test]
fn each_case_ends_for_its_own_reason() {
    for case in objects() {
        let reading = case.read();
        assert_eq!(reading.result.as_ref().err(), case.error.as_ref(), "{}", case.file);
        assert_eq!(reading.faults, case.faults, "{}", case.file);
    }
}

/// Every code that reading can end with, and every code of a share, has a vector.
#[test]
fn every_code_has_a_vector() {
    let files = files();
    let ends: Vec<&str> = files.values().map(Vector::expect).collect();
    let faults = |code: &str| {
        files.values().any(|vector| match vector {
            Vector::Object(vector) => vector.faults.iter().any(|fault| fault.code == code),
            Vector::Share(vector) => vector.expect == code,
            _ => false,
        })
    };
    for code in [
        "ok",
        "INSUFFICIENT_SHARES",
        "KEY_UNAVAILABLE",
        "MANIFEST_EXPIRED",
        "MANIFEST_INVALID",
        "PADDING_INVALID",
        "PAYLOAD_HMAC_FAILED",
        "RECONSTRUCTION_FAILED",
        "SHARE_INTEGRITY_FAILED",
        "SHARE_VERSION_MISMATCH",
    ] {
        assert!(ends.contains(&code), "{code}");
    }
    for code in ["KEY_UNAVAILABLE", "SHARE_INTEGRITY_FAILED", "SHARE_NOT_FOUND", "SHARE_VERSION_MISMATCH"] {
        assert!(faults(code), "{code}");
    }
}

/// What the encoder writes with the randomness of a vector is the vector.
#[cfg(xstore_inject)]
#[test]
fn the_encoder_writes_the_good_ones() {
    let compared = objects().iter().filter(|case| case.encode()).count();
    assert!(compared >= 20, "{compared}");
}
