//! What errors and Debug show, and what they must not.

use std::error::Error as _;

use xstore_keys::{KeyId, KeyRing, RingError};
use xstore_manifest::{Error, Manifest, Problem, Syntax, Timestamp, Unverified};

use crate::sample;

#[test]
fn texts_of_errors() {
    let id = KeyId::from_bytes([0xab; 16]);
    let place = |at: &str, problem| Error::Invalid { at: at.into(), problem };
    for (error, text) in [
        (
            Error::TooLong { length: 70_000, limit: 68_608 },
            "the manifest's text has 70000 bytes and may have 68608 (64 KiB, 1 KiB for each part and share, never over 64 MiB): check that it is a manifest; if it is your own, use larger parts or fewer `ext` entries",
        ),
        (Error::NotUtf8 { offset: 7 }, "the manifest isn't UTF-8 from byte 7 on: use an undamaged copy"),
        (Error::ByteOrderMark, "the manifest begins with a byte order mark: save it as UTF-8 without one"),
        (
            Error::Syntax { kind: Syntax::Trailing, line: 2, column: 5 },
            "the manifest isn't valid JSON: more text after the manifest at line 2, column 5; use an undamaged copy",
        ),
        (
            place("parts[3].shares[1].backendId", Problem::BackendRepeated { other: 0 }),
            "the manifest is invalid at `parts[3].shares[1].backendId`: also holds share 0 of this part; a backend holds one share",
        ),
        (
            place("threshold.n", Problem::OutOfRange { value: 1_000_000_000, min: 2, max: 64 }),
            "the manifest is invalid at `threshold.n`: is 1000000000, but must be 2 to 64",
        ),
        (
            Error::KeyUnavailable { id, source: RingError::UnknownKey { id } },
            "the integrity key abababababababababababababababab that signed the manifest can't be used: add the key to the key ring, or, if it was revoked, get the object written again under a trusted key",
        ),
        (
            Error::NotAuthentic,
            "the manifest isn't authentic: it was changed or damaged after it was signed; don't use it, take an undamaged copy",
        ),
        (
            Error::OtherObject,
            "the manifest belongs to an object with another name: take the manifest of the object that you want",
        ),
        (
            Error::Expired { since: Timestamp::from_millis(1).unwrap() },
            "the object expired at 1970-01-01T00:00:00.001Z: it can't be read any more; check the clock if this is a surprise",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn the_cause_of_an_unavailable_key_is_its_source() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let text = sample::body(keys).sign(keys).unwrap().to_json();
    let error = Manifest::from_json(&text, &KeyRing::default()).unwrap_err();
    let source = error.source().unwrap().downcast_ref::<RingError>();
    assert_eq!(source, Some(&RingError::UnknownKey { id: keys.id() }));
    assert!(!error.to_string().contains(&source.unwrap().to_string()));
}

#[test]
fn input_never_runs_through_an_error() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let good = String::from_utf8(sample::body(keys).sign(keys).unwrap().to_json()).unwrap();
    let nasty = format!("SECRET\\u001b[31m\\n\u{202e}{}", "SECRET".repeat(2000));
    // Each string of the sample in turn becomes a long one with control and direction characters; names of members too.
    let quotes: Vec<_> =
        good.match_indices('"').map(|(at, _)| at).filter(|at| good.as_bytes()[at - 1] != b'\\').collect();
    let mut refused = 0;
    for pair in quotes.chunks_exact(2) {
        let text = format!("{}{nasty}{}", &good[..=pair[0]], &good[pair[1]..]);
        let error = match Unverified::parse(text.as_bytes()) {
            Ok(_) => continue,
            Err(error) => error,
        };
        refused += 1;
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(shown.len() < 300 && shown.chars().all(|c| matches!(c, ' '..='~')), "{shown:?}");
            // The name of an unknown member is shown cut, anything else not at all.
            let may_show = matches!(&error, Error::Invalid { problem: Problem::UnknownMember { .. }, .. });
            assert!(may_show || !shown.contains("SECRET"), "{shown:?}");
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn debug_shows_no_tag() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let manifest = sample::body(keys).sign(keys).unwrap();
    let text = manifest.to_json();
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let unverified = Unverified::parse(&text).unwrap();
    let share = manifest.parts[0].shares[0].as_ref().unwrap();
    let tags = [&value["integrity"]["hmac"], &value["parts"][0]["shares"][0]["hmac"]];
    let debugs = [
        format!("{manifest:?} {manifest:#?}"),
        format!("{unverified:?}"),
        format!("{:?} {:#?}", manifest.body(), manifest.body()),
        format!("{share:?}"),
    ];
    for debug in &debugs {
        for tag in tags {
            assert!(!debug.contains(tag.as_str().unwrap()), "{debug}");
        }
        assert!(!debug.contains(&format!("{:?}", share.hmac)) && !debug.contains("hmac"), "{debug}");
    }
    // Lists may be long, so a manifest shows a summary.
    assert!(
        debugs[0].contains("parts: 2") && debugs[1].starts_with("Unverified { object: ObjectId("),
        "{debugs:?}"
    );
}

#[test]
fn types_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Manifest>();
    crosses::<Unverified>();
    crosses::<Error>();
}
