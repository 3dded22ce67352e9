//! Changed manifests are never accepted.

use proptest::prelude::*;
use xstore_manifest::{Manifest, Unverified};

use crate::sample;

#[test]
fn every_single_bit_flip_is_refused() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let manifest = sample::body(keys).sign(keys).unwrap();
    let text = manifest.to_json();
    assert_eq!(Manifest::from_json(&text, &ring).unwrap(), manifest);

    let (mut invalid, mut unavailable) = (0, 0);
    let mut changed = text.clone();
    for byte in 0..text.len() {
        for bit in 0..8 {
            changed[byte] ^= 1 << bit;
            match Manifest::from_json(&changed, &ring) {
                Ok(_) => panic!("bit {bit} of byte {byte} makes no difference"),
                Err(error) => match error.code() {
                    "MANIFEST_INVALID" => invalid += 1,
                    "KEY_UNAVAILABLE" => unavailable += 1,
                    code => panic!("bit {bit} of byte {byte} gives {code}"),
                },
            }
            changed[byte] ^= 1 << bit;
        }
    }
    assert_eq!(changed, text);
    assert_eq!(invalid + unavailable, 8 * text.len());
    // The key id has 32 digits; of the 8 flips of each, those that give another lower-case digit name another key.
    let id = keys.id().to_string();
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let other_ids: usize = id.bytes().map(|byte| (0..8).filter(|bit| digit(byte ^ (1 << bit))).count()).sum();
    assert_eq!(unavailable, other_ids);
}

proptest! {
    #[test]
    fn damaged_texts_are_refused_without_a_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let ring = sample::ring(1);
        let keys = ring.current().unwrap();
        let manifest = sample::body(keys).sign(keys).unwrap();
        let mut text = manifest.to_json();
        for (at, byte, kind) in edits {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match kind {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                2 => drop(text.remove(at)),
                _ => text.truncate(at),
            }
        }
        // An edit may undo another one, or add white space: then the content must be the same.
        if let Ok(read) = Manifest::from_json(&text, &ring) {
            prop_assert_eq!(read, manifest);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(Unverified::parse(&text).unwrap_err().code(), "MANIFEST_INVALID");
    }

    #[test]
    fn arbitrary_json_is_refused_without_a_panic(text in "[\\[\\]{}\",:0-9a-z.eE+ \\\\-]{0,200}") {
        prop_assert_eq!(Unverified::parse(text.as_bytes()).unwrap_err().code(), "MANIFEST_INVALID");
    }
}
