//! Keys, names and time.

use xstore_keys::{KeyRing, KeyState, RingError};
use xstore_manifest::{Error, Manifest, Timestamp, Unverified};

use crate::sample;

fn signed(number: u8) -> Manifest {
    let ring = sample::ring(number);
    let keys = ring.current().unwrap();
    sample::body(keys).sign(keys).unwrap()
}

#[test]
fn current_and_retired_keys_verify() {
    let text = signed(1).to_json();
    let mut ring = KeyRing::default();
    let id = sample::add(&mut ring, 1, KeyState::Retired);
    sample::add(&mut ring, 2, KeyState::Current);
    assert_eq!(Manifest::from_json(&text, &ring).unwrap().key_id(), id);
}

#[test]
fn unknown_and_revoked_keys_are_unavailable() {
    let manifest = signed(1);
    let (text, id) = (manifest.to_json(), manifest.key_id());
    let unknown = Error::KeyUnavailable { id, source: RingError::UnknownKey { id } };
    assert_eq!(Manifest::from_json(&text, &KeyRing::default()), Err(unknown.clone()));
    assert_eq!(Manifest::from_json(&text, &sample::ring(2)), Err(unknown));

    let mut ring = sample::ring(1);
    ring.revoke(&id, "2026-03-01".parse().unwrap()).unwrap();
    let revoked = Error::KeyUnavailable { id, source: RingError::RevokedKey { id } };
    assert_eq!(Manifest::from_json(&text, &ring), Err(revoked.clone()));
    assert_eq!(revoked.code(), "KEY_UNAVAILABLE");
    // Without keys it can still be shown.
    assert_eq!(Unverified::parse(&text).unwrap().key_id(), id);
}

#[test]
fn the_key_that_is_named_is_the_key_that_verifies() {
    // Signed with key 1, naming key 2, which the reader trusts as well.
    let mut ring = sample::ring(1);
    let one = ring.current().unwrap().id();
    let two = sample::add(&mut ring, 2, KeyState::Retired);
    let text = String::from_utf8(signed(1).to_json()).unwrap();
    let named =
        text.replace(&format!("\"keyId\":\"{one}\"}},\"key\""), &format!("\"keyId\":\"{two}\"}},\"key\""));
    assert_ne!(named, text);
    assert_eq!(Manifest::from_json(named.as_bytes(), &ring), Err(Error::NotAuthentic));
}

#[test]
fn the_name_is_compared_as_it_is() {
    let manifest = signed(1);
    assert_eq!(manifest.require_name("doc-001/\u{e9}"), Ok(()));
    // The same letter in two characters is another name.
    for other in ["", "doc-001", "doc-001/e\u{301}", "Doc-001/\u{e9}", "doc-001/\u{e9} "] {
        assert_eq!(manifest.require_name(other), Err(Error::OtherObject), "{other:?}");
    }
    assert_eq!(Error::OtherObject.code(), "MANIFEST_INVALID");
}

const LAST: i64 = 253_402_300_799_999;

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn expiry(created: i64, ttl: Option<u64>, now: i64) -> Result<(), Error> {
    let ring = sample::ring(1);
    let mut body = sample::body(ring.current().unwrap());
    (body.created, body.ttl) = (time(created), ttl);
    body.sign(ring.current().unwrap()).unwrap().check_expiry(time(now))
}

#[test]
fn expiry_begins_with_its_first_moment() {
    let since = |millis| Err(Error::Expired { since: time(millis) });
    assert_eq!(expiry(5_000, Some(60), 64_999), Ok(()));
    assert_eq!(expiry(5_000, Some(60), 65_000), since(65_000));
    assert_eq!(expiry(5_000, Some(60), 65_001), since(65_000));
    assert_eq!(expiry(5_001, Some(60), 65_000), Ok(()));
    // A clock that is behind the writer's.
    assert_eq!(expiry(5_000, Some(60), 0), Ok(()));
    assert_eq!(expiry(5_000, Some(0), 4_999), Ok(()));
    assert_eq!(expiry(5_000, Some(0), 5_000), since(5_000));
    assert_eq!(expiry(0, None, LAST), Ok(()));
    assert_eq!(Error::Expired { since: time(0) }.code(), "MANIFEST_EXPIRED");
}

#[test]
fn a_time_to_live_beyond_all_times_never_ends() {
    assert_eq!(expiry(LAST, Some(0), LAST), Err(Error::Expired { since: time(LAST) }));
    assert_eq!(expiry(LAST, Some(1), LAST), Ok(()));
    assert_eq!(expiry(999, Some(253_402_300_799), LAST), Err(Error::Expired { since: time(LAST) }));
    assert_eq!(expiry(1_000, Some(253_402_300_799), LAST), Ok(()));
    assert_eq!(expiry(0, Some((1 << 53) - 1), LAST), Ok(()));
    assert_eq!(expiry(LAST, Some((1 << 53) - 1), LAST), Ok(()));
}
