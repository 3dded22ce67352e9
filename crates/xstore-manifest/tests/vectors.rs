//! The manifest vectors: files that any implementation can read, made here and checked here.
//!
//! With `XSTORE_BLESS=1` the files are written. Without, the committed files must be exactly those, and each must be
//! decided as it says.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "support/canonical.rs"]
mod canonical;
#[path = "support/sample.rs"]
mod sample;

#[path = "vectors/authentic.rs"]
mod authentic;
#[path = "vectors/case.rs"]
mod case;
#[path = "vectors/file.rs"]
mod file;
#[path = "vectors/form.rs"]
mod form;
#[path = "vectors/good.rs"]
mod good;
#[path = "vectors/rules.rs"]
mod rules;
#[path = "vectors/text.rs"]
mod text;
#[path = "vectors/values.rs"]
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use case::Case;
use file::Vector;

fn cases() -> Vec<Case> {
    [good::cases(), text::cases(), form::cases(), values::cases(), rules::cases(), authentic::cases()]
        .concat()
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "vectors", "manifest"].iter().collect()
}

#[test]
fn committed_files_are_these_and_are_decided_as_they_say() {
    let mut expected = BTreeMap::new();
    for case in cases() {
        let clash = expected.insert(format!("{}.json", case.file), Vector::of(&case).to_text());
        assert!(clash.is_none(), "two cases are called {}", case.file);
    }
    if std::env::var_os("XSTORE_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(folder()).unwrap();
        for entry in fs::read_dir(folder()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, text) in &expected {
            fs::write(folder().join(name), text).unwrap();
        }
    }
    let committed: BTreeMap<String, String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(
        names(&committed),
        names(&expected),
        "run the test with XSTORE_BLESS=1 and look at the difference"
    );

    let mut failing = 0;
    for (name, text) in &committed {
        assert_eq!(
            text, &expected[name],
            "{name}: run the test with XSTORE_BLESS=1 and look at the difference"
        );
        let vector = Vector::from_text(text);
        vector.check(name);
        failing += usize::from(vector.expect != "ok");
    }
    assert!(committed.len() >= 45 && failing >= 38, "{failing} of {} fail", committed.len());
}

/// A vector that fails for another reason than its title would prove nothing.
#[test]
fn each_case_fails_for_its_own_reason() {
    for case in cases() {
        assert_eq!(Vector::of(&case).decide().err(), case.error, "{}", case.file);
    }
}

#[test]
fn every_rule_has_a_vector() {
    // The variant's name leads the Debug form.
    let name = |debug: String| debug.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
    let mut covered = BTreeSet::new();
    for error in cases().into_iter().filter_map(|case| case.error) {
        match error {
            xstore_manifest::Error::Invalid { problem, .. } => covered.insert(name(format!("{problem:?}"))),
            other => covered.insert(name(format!("{other:?}"))),
        };
    }
    let rules = [
        "BackendId",
        "BackendRepeated",
        "BackendTwoIndexes",
        "ByteOrderMark",
        "Count",
        "Expired",
        "ExtName",
        "ExtValue",
        "FullPart",
        "Hex",
        "Integer",
        "KeyUnavailable",
        "Length",
        "MissingMember",
        "Name",
        "NotAuthentic",
        "NotMultiple",
        "NotPrime",
        "NotUtf8",
        "NullInCommitted",
        "OtherObject",
        "OutOfRange",
        "PastIsPresent",
        "PastOrder",
        "PastRepeated",
        "PrimeBelowShares",
        "RepeatedMember",
        "RepeatedSharing",
        "ShareCount",
        "ShareIndex",
        "ShareKey",
        "Suite",
        "Syntax",
        "ThresholdAboveShares",
        "Timestamp",
        "TooFewShares",
        "TooLong",
        "Type",
        "UnknownMember",
        "Version",
        "Word",
    ];
    assert_eq!(covered, rules.map(str::to_owned).into());
}
