//! Small objects and the rings that read them.

use xorida_core::{Scheme, Threshold};
use xstore_keys::{Date, IntegrityKey, KeyRing, KeyState};
use xstore_share::{Layout, ShareFault};
use xstore_vectors::book::{Draft, Drafted, Numbers};
use xstore_vectors::{Fault, FaultKind, Reading, Request, Values, read};

/// The bytes of integrity key `number`; key 0 is the one that drafts write with.
pub(crate) fn key_bytes(number: u8) -> [u8; 32] {
    std::array::from_fn(|i| u8::try_from(i).unwrap().wrapping_add(number))
}

/// A ring of keys in states.
pub(crate) fn ring(keys: &[(u8, KeyState)]) -> KeyRing {
    let mut ring = KeyRing::default();
    for (number, state) in keys {
        let key = IntegrityKey::from_bytes(&key_bytes(*number)).unwrap();
        ring.insert(key, *state, Date::new(2026, 1, 1).unwrap()).unwrap();
    }
    ring
}

/// A ring with key 0.
pub(crate) fn own_ring() -> KeyRing {
    ring(&[(0, KeyState::Current)])
}

/// Bytes without a pattern that a segment's length could hide.
pub(crate) fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i * 7 + i / 251 * 13 + 1) % 251).unwrap()).collect()
}

/// Numbers with a trailer that just holds a name and metadata of these lengths.
pub(crate) fn numbers(k: u8, n: u8, p: u8, segment: u32, content: usize) -> Numbers {
    let mut numbers = Numbers { k, n, p, segment, trailer: 0, part: 4096 };
    let plaintext = (136 + content).next_multiple_of(numbers.pieces());
    numbers.trailer = u32::try_from(plaintext + numbers.digest_room()).unwrap();
    numbers
}

/// An object called `object` of this many payload bytes, in parts of 4,096.
pub(crate) fn draft(k: u8, n: u8, p: u8, segment: u32, length: usize) -> Draft {
    Draft::new(numbers(k, n, p, segment, 120), payload(length))
}

/// The layout of these numbers, as the crates take it.
pub(crate) fn layout(numbers: &Numbers) -> Layout {
    let scheme = Scheme::with_prime(Threshold::new(numbers.k, numbers.n).unwrap(), numbers.p).unwrap();
    Layout::new(scheme, numbers.segment, numbers.trailer).unwrap()
}

/// Reads with key 0, all of it, whatever the time and the name.
pub(crate) fn read_all(manifest: &str, values: &Values) -> Reading {
    read(manifest.as_bytes(), values, &own_ring(), &Request::default())
}

/// Asserts that exactly these shares are refused, for these reasons, in a part.
#[track_caller]
pub(crate) fn assert_faults(reading: &Reading, part: u32, expected: &[(u8, ShareFault)]) {
    let expected: Vec<Fault> = expected
        .iter()
        .map(|(index, fault)| Fault { part, index: *index, kind: FaultKind::Refused(*fault) })
        .collect();
    let mut found = reading.faults.clone();
    found.retain(|fault| fault.kind != FaultKind::Missing);
    assert_eq!(found, expected);
}

/// Asserts that fewer than k shares are left, and that nothing wrong was handed on before that was known.
#[track_caller]
pub(crate) fn assert_insufficient(reading: &Reading, right: &[u8]) {
    assert_eq!(reading.code(), "INSUFFICIENT_SHARES", "{:?}", reading.result);
    assert!(right.starts_with(&reading.released) && reading.released.len() < right.len().max(1));
}

/// Only the values of these shares of part 0, and all values of other parts.
pub(crate) fn only(drafted: &Drafted, values: &Values, indexes: &[usize]) -> Values {
    let mut values = values.clone();
    for (index, key) in drafted.keys[0].iter().enumerate() {
        if !indexes.contains(&index) {
            values.remove(key);
        }
    }
    values
}
