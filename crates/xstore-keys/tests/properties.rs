//! The compositions of this crate against those of others, and what must hold for all inputs.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use xstore_keys::hkdf::extract;
use xstore_keys::{Date, IntegrityKey, KeyId, MacKey, Tag, hmac_each, sha256_each};

/// Messages of uneven lengths and numbers of parts, empty ones included.
fn messages() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    vec(vec(vec(any::<u8>(), 0..150), 0..5), 0..20)
}

fn borrow(messages: &[Vec<Vec<u8>>]) -> Vec<Vec<&[u8]>> {
    messages.iter().map(|parts| parts.iter().map(Vec::as_slice).collect()).collect()
}

fn reference_tag(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

proptest! {
    #[test]
    fn sha256_of_each(messages in messages()) {
        let parts = borrow(&messages);
        let parts: Vec<&[&[u8]]> = parts.iter().map(Vec::as_slice).collect();
        let mut digests = vec![[0; 32]; messages.len()];
        sha256_each(&parts, &mut digests);
        for (message, digest) in messages.iter().zip(&digests) {
            let expected: [u8; 32] = Sha256::digest(message.concat()).into();
            prop_assert_eq!(*digest, expected);
        }
    }

    #[test]
    fn hmac_of_each(messages in messages(), keys in vec(vec(any::<u8>(), 0..200), 20)) {
        let parts = borrow(&messages);
        let mac_keys: Vec<MacKey> = keys.iter().map(|key| MacKey::new(key)).collect();
        let jobs: Vec<(&MacKey, &[&[u8]])> =
            mac_keys.iter().zip(&parts).map(|(key, parts)| (key, parts.as_slice())).collect();
        let mut tags = vec![Tag::default(); jobs.len()];
        hmac_each(&jobs, &mut tags);
        for ((message, key), tag) in messages.iter().zip(&keys).zip(&tags) {
            prop_assert_eq!(tag.into_bytes(), reference_tag(key, &message.concat()));
        }
    }

    #[test]
    fn one_tag_and_a_stream_agree_with_the_peer(
        key in vec(any::<u8>(), 0..200),
        parts in vec(vec(any::<u8>(), 0..150), 0..5),
    ) {
        let expected = reference_tag(&key, &parts.concat());
        let key = MacKey::new(&key);
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(key.tag(&slices).into_bytes(), expected);
        let mut stream = key.begin();
        for part in slices {
            stream.update(part);
        }
        prop_assert_eq!(stream.finish().into_bytes(), expected);
    }

    #[test]
    fn hkdf_agrees_with_the_peer(
        salt in vec(any::<u8>(), 0..100),
        ikm in vec(any::<u8>(), 0..100),
        info in vec(vec(any::<u8>(), 0..50), 0..4),
        length in 0..600_usize,
    ) {
        let slices: Vec<&[u8]> = info.iter().map(Vec::as_slice).collect();
        let mut okm = vec![0; length];
        extract(&salt, &ikm).expand(&slices, &mut okm);
        let mut expected = vec![0; length];
        Hkdf::<Sha256>::new(Some(&salt), &ikm).expand(&info.concat(), &mut expected).expect("short enough");
        prop_assert_eq!(okm, expected);
    }

    #[test]
    fn a_tag_matches_itself_only(bytes in any::<[u8; 32]>(), at in 0..32_usize, flip in 1..=255_u8) {
        let tag = MacKey::new(&bytes).tag(&[]);
        let mut other = tag.into_bytes();
        prop_assert!(tag.matches(&other));
        prop_assert!(bool::from(tag.ct_eq(&tag)));
        other[at] ^= flip;
        prop_assert!(!tag.matches(&other));
        prop_assert!(!bool::from(tag.ct_eq(&MacKey::new(&other).tag(&[]))));
    }

    #[test]
    fn a_key_survives_its_text(bytes in any::<[u8; 32]>()) {
        let key = IntegrityKey::from_bytes(&bytes).expect("random");
        let read = IntegrityKey::from_text(&key.to_text()).expect("its own text");
        prop_assert!(bool::from(read.ct_eq(&key)));
    }

    #[test]
    fn two_keys_are_equal_where_their_bytes_are(bytes in any::<[u8; 32]>(), at in 0..32_usize, flip in 1..=255_u8) {
        let mut changed = bytes;
        changed[at] ^= flip;
        let (a, b) = (IntegrityKey::from_bytes(&bytes).expect("random"), IntegrityKey::from_bytes(&changed).expect("random"));
        prop_assert!(!bool::from(a.ct_eq(&b)));
        prop_assert!(bool::from(a.ct_eq(&IntegrityKey::from_bytes(&bytes).expect("random"))));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,90}", hex in "[0-9a-fA-F ]{28,36}") {
        // Random text is never a key; whatever is accepted elsewhere must be written back as it was read.
        prop_assert!(IntegrityKey::from_text(&text).is_err());
        if let Ok(id) = hex.parse::<KeyId>() {
            prop_assert_eq!(id.to_string(), hex);
        }
        if let Ok(date) = text.parse::<Date>() {
            prop_assert_eq!(date.to_string(), text);
        }
    }

    #[test]
    fn a_key_id_survives_its_text(bytes in any::<[u8; 16]>()) {
        let id = KeyId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(id.as_bytes(), &bytes);
    }

    #[test]
    fn a_date_survives_its_text(year in 0..=9999_i16, month in 1..=12_i8, day in 1..=28_i8) {
        let date = Date::new(year, month, day).expect("every month has 28 days");
        prop_assert_eq!(date.to_string().parse(), Ok(date));
    }
}

/// Every length around the block boundaries of SHA-256, where padding needs one block more or less.
#[test]
fn lengths_around_block_boundaries() {
    let data: Vec<u8> = (0..=255).collect();
    for length in 0..=data.len() {
        let parts: [&[u8]; 1] = [&data[..length]];
        let mut digest = [[0; 32]];
        sha256_each(&[&parts], &mut digest);
        let expected: [u8; 32] = Sha256::digest(&data[..length]).into();
        assert_eq!(digest[0], expected, "{length} bytes");
        let tag = MacKey::new(&data[..length]).tag(&parts);
        assert_eq!(tag.into_bytes(), reference_tag(&data[..length], &data[..length]), "{length} bytes");
    }
}

#[test]
#[should_panic(expected = "one digest per message")]
fn sha256_each_wants_as_many_digests() {
    sha256_each(&[&[b"message"]], &mut []);
}

#[test]
#[should_panic(expected = "one tag per job")]
fn hmac_each_wants_as_many_tags() {
    hmac_each(&[], &mut [Tag::default()]);
}

#[test]
fn expand_gives_its_maximum_and_no_more() {
    let prk = extract(b"salt", b"ikm");
    let mut okm = vec![0; 255 * 32];
    prk.expand(&[], &mut okm);
    assert_ne!(okm[254 * 32..], [0; 32], "the last block is filled");
    okm.push(0);
    assert!(std::panic::catch_unwind(move || prk.expand(&[], &mut okm)).is_err());
}
