//! Small objects and the rings that read them.

use xorida_core::{Scheme, Threshold};
use xstore_keys::{Date, IntegrityKey, KeyRing, KeyState};
use xstore_share::Layout;
use xstore_vectors::book::{Draft, Numbers};
use xstore_vectors::{Reading, Request, Values, read};

/// The bytes of integrity key `number`; key 0 is the one that drafts write with.
pub fn key_bytes(number: u8) -> [u8; 32] {
    std::array::from_fn(|i| u8::try_from(i).unwrap().wrapping_add(number))
}

/// A ring of keys in states.
pub fn ring(keys: &[(u8, KeyState)]) -> KeyRing {
    let mut ring = KeyRing::default();
    for (number, state) in keys {
        let key = IntegrityKey::from_bytes(&key_bytes(*number)).unwrap();
        ring.insert(key, *state, Date::new(2026, 1, 1).unwrap()).unwrap();
    }
    ring
}

/// A ring with key 0.
pub fn own_ring() -> KeyRing {
    ring(&[(0, KeyState::Current)])
}

/// Bytes without a pattern that a segment's length could hide.
pub fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i * 7 + i / 251 * 13 + 1) % 251).unwrap()).collect()
}

/// Numbers with a trailer that just holds a name and metadata of these lengths.
pub fn numbers(k: u8, n: u8, p: u8, segment: u32, content: usize) -> Numbers {
    let mut numbers = Numbers { k, n, p, segment, trailer: 0, part: 4096 };
    let plaintext = (136 + content).next_multiple_of(numbers.pieces());
    numbers.trailer = u32::try_from(plaintext + numbers.digest_room()).unwrap();
    numbers
}

/// An object called `object` of this many payload bytes, in parts of 4,096.
pub fn draft(k: u8, n: u8, p: u8, segment: u32, length: usize) -> Draft {
    Draft::new(numbers(k, n, p, segment, 120), payload(length))
}

/// The layout of these numbers, as the crates take it.
pub fn layout(numbers: &Numbers) -> Layout {
    let scheme = Scheme::with_prime(Threshold::new(numbers.k, numbers.n).unwrap(), numbers.p).unwrap();
    Layout::new(scheme, numbers.segment, numbers.trailer).unwrap()
}

/// Reads with key 0, all of it, whatever the time and the name.
pub fn read_all(manifest: &str, values: &Values) -> Reading {
    read(manifest.as_bytes(), values, &own_ring(), &Request::default())
}
