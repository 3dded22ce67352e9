//! What secret types must not be able to do, and must not show.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use xstore_keys::hkdf::{Prk, extract};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing, Keys, MacKey, MacStream, Tag};
use zeroize::ZeroizeOnDrop;

/// Asks the compiler which traits `T` has: an inherent constant, where its bound holds, hides the one of the
/// trait [`Absent`].
struct Ask<T>(PhantomData<T>);

trait Absent {
    const CLONE: bool = false;
    const COPY: bool = false;
    const DEFAULT: bool = false;
    const DISPLAY: bool = false;
    const EQUAL: bool = false;
    const WIPED: bool = false;
}

impl<T> Absent for Ask<T> {}

impl<T: Clone> Ask<T> {
    const CLONE: bool = true;
}

impl<T: Copy> Ask<T> {
    const COPY: bool = true;
}

impl<T: Default> Ask<T> {
    const DEFAULT: bool = true;
}

impl<T: Display> Ask<T> {
    const DISPLAY: bool = true;
}

impl<T: PartialEq> Ask<T> {
    const EQUAL: bool = true;
}

impl<T: ZeroizeOnDrop> Ask<T> {
    const WIPED: bool = true;
}

#[test]
fn the_question_is_answered_both_ways() {
    const {
        assert!(Ask::<String>::CLONE && Ask::<u8>::COPY && Ask::<u8>::DEFAULT && Ask::<u8>::DISPLAY);
        assert!(Ask::<u8>::EQUAL && Ask::<zeroize::Zeroizing<u8>>::WIPED);
        assert!(!Ask::<String>::COPY && !Ask::<Entropy>::CLONE && !Ask::<&u8>::DEFAULT);
        assert!(!Ask::<()>::DISPLAY && !Ask::<fn() -> Entropy>::DEFAULT && !Ask::<u8>::WIPED);
    }
}

#[test]
fn secrets_are_not_copied_compared_or_printed() {
    const {
        assert!(!Ask::<Entropy>::CLONE && !Ask::<Entropy>::DEFAULT);
        assert!(!Ask::<IntegrityKey>::CLONE && !Ask::<IntegrityKey>::EQUAL && !Ask::<IntegrityKey>::DISPLAY);
        assert!(!Ask::<IntegrityKey>::DEFAULT);
        assert!(!Ask::<Keys>::CLONE && !Ask::<Keys>::EQUAL && !Ask::<Keys>::DISPLAY);
        assert!(!Ask::<KeyRing>::CLONE && !Ask::<KeyRing>::EQUAL && !Ask::<KeyRing>::DISPLAY);
        assert!(!Ask::<Prk>::CLONE && !Ask::<Prk>::EQUAL && !Ask::<Prk>::DISPLAY);
        assert!(!Ask::<MacKey>::COPY && !Ask::<MacKey>::EQUAL && !Ask::<MacKey>::DISPLAY);
        assert!(!Ask::<MacStream>::CLONE && !Ask::<MacStream>::EQUAL && !Ask::<MacStream>::DISPLAY);
        assert!(!Ask::<Tag>::EQUAL && !Ask::<Tag>::DISPLAY);
    }
}

#[test]
fn secrets_are_wiped() {
    const {
        assert!(Ask::<IntegrityKey>::WIPED && Ask::<Keys>::WIPED);
        assert!(Ask::<MacKey>::WIPED && Ask::<MacStream>::WIPED && Ask::<Prk>::WIPED);
        // They are wiped because their hash states are, which hangs on a feature of that crate.
        assert!(Ask::<sha2::Sha256>::WIPED);
    }
}

#[test]
fn keys_can_be_used_from_several_threads() {
    fn shareable<T: Send + Sync>() {}
    shareable::<KeyRing>();
    shareable::<MacKey>();
    shareable::<Prk>();
    fn sendable<T: Send>() {}
    sendable::<Entropy>();
}

fn shown(value: &impl Debug) -> [String; 2] {
    [format!("{value:?}"), format!("{value:#?}")]
}

/// The whole output is fixed, so it can hold nothing of a key.
#[test]
fn debug_shows_no_byte_of_a_secret() {
    let bytes = std::array::from_fn(|at| 0xa0 + u8::try_from(at).unwrap());
    let key = IntegrityKey::from_bytes(&bytes).unwrap();
    let keys = Keys::derive(&key);
    let id = keys.id();
    assert_eq!(shown(&key), ["IntegrityKey(..)"; 2]);
    assert_eq!(shown(keys.manifest()), ["MacKey(..)"; 2]);
    assert_eq!(shown(&keys.manifest().begin()), ["MacStream(..)"; 2]);
    assert_eq!(shown(&keys.manifest().tag(&[b"message"])), ["Tag(..)"; 2]);
    assert_eq!(shown(&extract(b"salt", &bytes)), ["Prk(..)"; 2]);
    let [line, pretty] = shown(&keys);
    assert_eq!(line, format!("Keys {{ id: KeyId({id}), .. }}"));
    assert_eq!(pretty, format!("Keys {{\n    id: KeyId({id}),\n    ..\n}}"));

    let mut ring = KeyRing::default();
    ring.add(key, Date::new(2026, 3, 1).unwrap()).unwrap();
    let expected = format!("KeyRing [KeyEntry {{ id: KeyId({id}), state: Current, changed: 2026-03-01 }}]");
    assert_eq!(format!("{ring:?}"), expected);
}
