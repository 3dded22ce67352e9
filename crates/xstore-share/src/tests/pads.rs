//! The pads against AES-256 in counter mode, block for block.

use crate::layout::Kind;
use crate::pads::Pads;
use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use xstore_keys::{Entropy, IntegrityKey, Keys, MacKey};

fn keys(first: u8) -> Keys {
    Keys::derive(
        &IntegrityKey::from_bytes(&std::array::from_fn(|i| first + u8::try_from(i).unwrap())).unwrap(),
    )
}

fn drawn(pads: &Pads, m: u64, kind: Kind, digest: u8, length: usize) -> Vec<u8> {
    let mut pad = vec![0xee; length];
    pads.fill(m, kind, &[digest; 32], &mut pad).unwrap();
    pad
}

#[test]
fn they_are_a_counter_under_a_key_of_the_segment() {
    let k_obj = [7; 32];
    let pads = Pads::Seeded(MacKey::new(&k_obj));
    for (m, kind) in [(0_u64, Kind::Data), (1 << 40, Kind::LastData), (3, Kind::Trailer)] {
        let mut message = m.to_le_bytes().to_vec();
        message.push(kind as u8);
        message.extend([9; 32]);
        let k_m = MacKey::new(&k_obj).tag(&[&message]).into_bytes();
        let cipher = Aes256::new(&k_m.into());
        for length in [0_usize, 1, 15, 16, 17, 100, 5000] {
            let blocks = (0..length.div_ceil(16) as u128).flat_map(|counter: u128| {
                let mut block = counter.to_be_bytes().into();
                cipher.encrypt_block(&mut block);
                let bytes: [u8; 16] = block.into();
                bytes
            });
            let expected: Vec<u8> = blocks.take(length).collect();
            assert_eq!(drawn(&pads, m, kind, 9, length), expected);
        }
    }
}

/// Number, kind, digest, sharing id, seed and integrity key: change any, and the pad is another one.
#[test]
fn everything_goes_into_them() {
    let pads = Pads::Seeded(MacKey::new(&[7; 32]));
    let base = drawn(&pads, 4, Kind::Data, 9, 64);
    assert_eq!(base, drawn(&pads, 4, Kind::Data, 9, 64));
    for other in [
        drawn(&pads, 5, Kind::Data, 9, 64),
        drawn(&pads, 4, Kind::LastData, 9, 64),
        drawn(&pads, 4, Kind::Data, 8, 64),
        drawn(&Pads::Seeded(MacKey::new(&[8; 32])), 4, Kind::Data, 9, 64),
    ] {
        assert!(base.chunks(16).zip(other.chunks(16)).all(|(a, b)| a != b));
    }
}

/// Two sharings of one key and one operating system never have a pad in common.
#[test]
fn two_seeds_differ() {
    let keys = keys(0);
    let seeded = || Pads::seeded(&[1; 16], &keys, &mut Entropy::os()).unwrap();
    assert_ne!(drawn(&seeded(), 0, Kind::Data, 0, 64), drawn(&seeded(), 0, Kind::Data, 0, 64));
}

#[cfg(xstore_inject)]
#[test]
fn the_seed_is_bound_to_key_and_sharing() {
    let of = |seed: u8, sharing: u8, key: u8| {
        let mut entropy = Entropy::injected(move |out| {
            out.fill(seed);
            Ok(out.len())
        });
        let pads = Pads::seeded(&[sharing; 16], &keys(key), &mut entropy).unwrap();
        drawn(&pads, 0, Kind::Data, 0, 64)
    };
    let base = of(1, 2, 3);
    assert_eq!(base, of(1, 2, 3));
    for other in [of(0, 2, 3), of(1, 0, 3), of(1, 2, 0)] {
        assert_ne!(base, other);
    }
}

#[test]
fn drawn_pads_are_the_sources() {
    let pads = Pads::drawn(Entropy::os());
    assert_ne!(drawn(&pads, 0, Kind::Data, 0, 64), drawn(&pads, 0, Kind::Data, 0, 64));
    assert_eq!(format!("{pads:?}"), "Pads::Drawn");
    assert_eq!(format!("{:?}", Pads::Seeded(MacKey::new(&[7; 32]))), "Pads::Seeded");
}
