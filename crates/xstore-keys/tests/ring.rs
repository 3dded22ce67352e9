//! States of keys and the errors that keep them apart; key ids and dates as text.

use xstore_keys::{
    Date, DateError, IntegrityKey, KeyError, KeyId, KeyIdError, KeyRing, KeyState, Keys, RingError,
};

fn key(number: u16) -> IntegrityKey {
    let mut bytes = [0x5a; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    IntegrityKey::from_bytes(&bytes).expect("not all bytes are equal")
}

fn id(number: u16) -> KeyId {
    Keys::derive(&key(number)).id()
}

fn day(day: i8) -> Date {
    Date::new(2026, 1, day).expect("a day of January")
}

fn states(ring: &KeyRing) -> Vec<(KeyId, KeyState, Date)> {
    ring.entries().map(|entry| (entry.id, entry.state, entry.changed)).collect()
}

#[test]
fn an_empty_ring_has_nothing() {
    let mut ring = KeyRing::default();
    assert!(ring.is_empty());
    assert_eq!(ring.current().err(), Some(RingError::NoCurrentKey));
    assert_eq!(ring.verifying(&id(1)).err(), Some(RingError::UnknownKey { id: id(1) }));
    assert_eq!(ring.retire(&id(1), day(1)), Err(RingError::UnknownKey { id: id(1) }));
    assert_eq!(ring.revoke(&id(1), day(1)), Err(RingError::UnknownKey { id: id(1) }));
}

#[test]
fn adding_rotates() {
    let mut ring = KeyRing::default();
    assert_eq!(ring.add(key(1), day(1)), Ok(id(1)));
    assert_eq!(ring.add(key(2), day(2)), Ok(id(2)));
    assert_eq!(ring.add(key(3), day(3)), Ok(id(3)));
    assert_eq!(ring.current().unwrap().id(), id(3));
    for number in 1..=3 {
        assert_eq!(ring.verifying(&id(number)).unwrap().id(), id(number));
    }
    // A retired key keeps the day on which it was retired.
    let expected = [
        (id(1), KeyState::Retired, day(2)),
        (id(2), KeyState::Retired, day(3)),
        (id(3), KeyState::Current, day(3)),
    ];
    assert_eq!(states(&ring), expected);
    assert_eq!(ring.len(), 3);
}

#[test]
fn a_revoked_key_verifies_nothing_for_good() {
    let mut ring = KeyRing::default();
    ring.add(key(1), day(1)).unwrap();
    ring.revoke(&id(1), day(2)).unwrap();
    let revoked = RingError::RevokedKey { id: id(1) };
    assert_eq!(ring.verifying(&id(1)).err(), Some(revoked));
    assert_eq!(ring.current().err(), Some(RingError::NoCurrentKey));
    assert_eq!(ring.retire(&id(1), day(3)), Err(revoked));
    assert_eq!(ring.add(key(1), day(3)), Err(RingError::DuplicateKey { id: id(1) }));
    // Revoking again doesn't make it look as if it had been trusted until today.
    assert_eq!(ring.revoke(&id(1), day(4)), Ok(()));
    assert_eq!(states(&ring), [(id(1), KeyState::Revoked, day(2))]);
}

#[test]
fn retiring_leaves_no_current_key_and_is_done_once() {
    let mut ring = KeyRing::default();
    ring.add(key(1), day(1)).unwrap();
    ring.retire(&id(1), day(2)).unwrap();
    ring.retire(&id(1), day(3)).unwrap();
    assert_eq!(ring.current().err(), Some(RingError::NoCurrentKey));
    assert!(ring.verifying(&id(1)).is_ok());
    assert_eq!(states(&ring), [(id(1), KeyState::Retired, day(2))]);
}

#[test]
fn refused_operations_change_nothing() {
    let mut ring = KeyRing::default();
    ring.insert(key(1), KeyState::Retired, day(1)).unwrap();
    ring.insert(key(2), KeyState::Current, day(2)).unwrap();
    let before = states(&ring);
    let duplicate = RingError::DuplicateKey { id: id(1) };
    assert_eq!(ring.add(key(1), day(9)), Err(duplicate));
    assert_eq!(ring.insert(key(1), KeyState::Revoked, day(9)), Err(duplicate));
    let second = RingError::SecondCurrent { current: id(2) };
    assert_eq!(ring.insert(key(3), KeyState::Current, day(9)), Err(second));
    assert_eq!(states(&ring), before);
}

#[test]
fn a_full_ring_stays_as_it_is() {
    let mut ring = KeyRing::default();
    for number in 0..u16::try_from(KeyRing::MAX_KEYS).unwrap() {
        ring.add(key(number), day(1)).unwrap();
    }
    let before = states(&ring);
    let full = RingError::Full { limit: KeyRing::MAX_KEYS };
    assert_eq!(ring.add(key(60_000), day(2)), Err(full));
    assert_eq!(ring.insert(key(60_000), KeyState::Retired, day(2)), Err(full));
    assert_eq!(states(&ring), before);
}

#[test]
fn a_missing_key_does_not_read_like_tampering() {
    let unknown = RingError::UnknownKey { id: id(1) }.to_string();
    assert_eq!(
        unknown,
        format!(
            "key {} is not in the key ring, so the data can't be verified; that is no sign of damage or \
             tampering: load the key file that was in use when the data was written",
            id(1)
        )
    );
    let revoked = RingError::RevokedKey { id: id(1) }.to_string();
    assert_eq!(
        revoked,
        format!(
            "key {} is revoked, so nothing that it signed is trusted; that is no sign of damage or tampering: \
             only unverified recovery reads what no other key signs",
            id(1)
        )
    );
}

#[test]
fn bytes_that_are_all_equal_are_no_key() {
    for byte in 0..=255 {
        assert_eq!(IntegrityKey::from_bytes(&[byte; 32]).err(), Some(KeyError::NotRandom));
        for at in 0..32 {
            let mut bytes = [byte; 32];
            bytes[at] ^= 1;
            assert!(IntegrityKey::from_bytes(&bytes).is_ok(), "only byte {at} differs");
        }
    }
}

#[test]
fn key_ids_are_read_strictly() {
    let text = "00ff10a5c3000102030405060708090a";
    let id: KeyId = text.parse().unwrap();
    assert_eq!(id.as_bytes()[..5], [0x00, 0xff, 0x10, 0xa5, 0xc3]);
    assert_eq!(id.to_string(), text);
    assert_eq!(format!("{id:?}"), format!("KeyId({text})"));
    assert_eq!(format!("{id:>34}"), format!("  {text}"));
    let parse = |text: &str| text.parse::<KeyId>().err();
    assert_eq!(parse(""), Some(KeyIdError::Length { found: 0 }));
    assert_eq!(parse(&text[1..]), Some(KeyIdError::Length { found: 31 }));
    assert_eq!(parse(&format!("{text}0")), Some(KeyIdError::Length { found: 33 }));
    assert_eq!(parse(&text.to_uppercase()), Some(KeyIdError::Digit { offset: 2 }));
    assert_eq!(parse("00ff10a5c3000102030405060708090g"), Some(KeyIdError::Digit { offset: 31 }));
    assert_eq!(parse("00ff10a5c30001020304050607080 0a"), Some(KeyIdError::Digit { offset: 29 }));
}

#[test]
fn dates_are_read_strictly() {
    for (text, year, month, day) in [
        ("2026-01-31", 2026, 1, 31),
        ("2024-02-29", 2024, 2, 29),
        ("0000-01-01", 0, 1, 1),
        ("9999-12-31", 9999, 12, 31),
    ] {
        assert_eq!(text.parse(), Date::new(year, month, day));
        assert_eq!(Date::new(year, month, day).unwrap().to_string(), text);
    }
    for text in [
        "",
        "2026-1-31",
        "2026-01-1",
        "2026-01-32",
        "2026-02-29",
        "2026-00-10",
        "2026-13-10",
        "2026-01-00",
        "26-01-31",
        "2026/01/31",
        "20260131",
        "2026-01-31 ",
        " 2026-01-31",
        "2026-01-31Z",
        "+026-01-31",
        "-026-01-31",
        "2026-01-+1",
        "2026-01-\u{0663}",
        "2026-W05-6",
    ] {
        assert_eq!(text.parse::<Date>(), Err(DateError), "{text:?}");
    }
    assert_eq!(Date::new(-1, 1, 1), Err(DateError));
    assert_eq!(Date::new(10_000, 1, 1), Err(DateError));
    assert!(day(1) < day(2));
}
