//! The two rules of the design. One: nothing outside the split is a function of the plaintext but its padded length.
//! Two: what k-1 backends and the manifest hold confirms nobody's guess of the plaintext.

use crate::sample::{draft, key_bytes, layout};
use xstore_share::Layout;
use xstore_vectors::book::crypto::hmac;
use xstore_vectors::book::keys::{Derived, OfShare};
use xstore_vectors::book::{Drafted, Stage, end_of_message};
use xstore_vectors::unhex;

#[cfg(xstore_inject)]
mod injected {
    use super::*;
    use crate::sample::{own_ring, payload};
    use serde_json::Value;
    use xstore_vectors::book::Draft;
    use xstore_vectors::{Spec, Written, scripted, write};

    fn written(draft: &Draft, payload: &[u8], spec: impl FnOnce(&mut Spec)) -> Written {
        let ring = own_ring();
        let mut it = Spec::new(layout(&draft.numbers), draft.numbers.part);
        spec(&mut it);
        write(&it, payload, &[ring.current().unwrap()], &mut scripted(draft.randomness())).unwrap()
    }

    fn in_parts() -> Draft {
        let mut draft = draft(2, 3, 3, 16, 100);
        draft.numbers.part = 60;
        draft
    }

    /// A manifest without what is computed over shares and over itself.
    fn bare(written: &Written) -> Value {
        fn strip(value: &mut Value) {
            match value {
                Value::Object(members) => {
                    members.remove("hmac");
                    members.values_mut().for_each(strip);
                }
                Value::Array(entries) => entries.iter_mut().for_each(strip),
                _ => {}
            }
        }
        let mut value = serde_json::from_slice(&written.manifest.to_json()).unwrap();
        strip(&mut value);
        value
    }

    #[test]
    fn rule_1_nothing_outside_the_split_depends_on_the_payload() {
        let draft = in_parts();
        let a = written(&draft, &payload(100), |_| {});
        for other in [vec![0; 100], vec![0xff; 100], payload(200)[100..].to_vec()] {
            let b = written(&draft, &other, |_| {});
            assert_eq!(bare(&a), bare(&b));
            for ((key_a, a), (key_b, b)) in a.values.iter().zip(&b.values) {
                assert_eq!((key_a, a.len()), (key_b, b.len()));
                assert!(a[..128] == b[..128]);
                // What follows the header is bodies and tags without a gap; with one pad for both it would be alike.
                assert!(a[128..144] != b[128..144]);
            }
        }
    }

    #[test]
    fn rule_1_nor_on_name_and_metadata_of_one_class() {
        let mut draft = in_parts();
        draft.numbers.trailer = draft.numbers.trailer_for(6, 102);
        let plain = written(&draft, &payload(100), |_| {});
        let user = written(&draft, &payload(100), |spec| {
            spec.user = [("a".to_owned(), "b".to_owned())].into();
        });
        let named = written(&draft, &payload(100), |spec| spec.name = "objects".to_owned());
        for other in [&user, &named] {
            for ((key_a, a), (key_b, b)) in plain.values.iter().zip(&other.values) {
                assert_eq!((key_a, a.len()), (key_b, b.len()));
                assert!(a[..128] == b[..128]);
            }
        }
        assert_eq!(bare(&plain), bare(&user));
    }

    /// Everything is equal but the salt of one share, which its backend alone holds: its share end, its header tag and
    /// all of its tags are others. Had they been computable without the salt, they would be equal.
    #[test]
    fn rule_2_every_tag_of_a_share_hangs_on_its_salt() {
        let draft = draft(2, 3, 3, 16, 40);
        let ring = own_ring();
        let spec = Spec::new(layout(&draft.numbers), draft.numbers.part);
        let with = |randomness| {
            write(&spec, &payload(40), &[ring.current().unwrap()], &mut scripted(randomness)).unwrap()
        };
        let a = with(draft.randomness());
        for index in 0..3 {
            let mut randomness = draft.randomness();
            // Sharing id, seed, then the salts.
            randomness[16 + 32 + 32 * index + 31] ^= 1;
            let b = with(randomness);
            for other in 0..3 {
                let (of_a, of_b) = (&a.values[a.key(0, other)], &b.values[b.key(0, other)]);
                let hmac = |written: &Written| written.manifest.parts[0].shares[other].as_ref().unwrap().hmac;
                if other != index {
                    assert!(of_a == of_b && hmac(&a) == hmac(&b));
                    continue;
                }
                assert_ne!(hmac(&a), hmac(&b));
                assert!(of_a[..48] == of_b[..48]);
                assert!(of_a[48..64] != of_b[48..64] && of_a[96..128] != of_b[96..128]);
                for m in 0..2 {
                    let at = 128 + m * 80;
                    assert!(of_a[at..at + 48] == of_b[at..at + 48], "the bodies don't hang on it");
                    assert!(of_a[at + 48..at + 80] != of_b[at + 48..at + 80]);
                }
            }
        }
    }
}

#[test]
fn rule_1_the_length_of_a_name_stays_within_its_class() {
    for (k, n, p) in [(2, 3, 3), (3, 5, 5), (2, 60, 67)] {
        let numbers = crate::sample::numbers(k, n, p, u32::from(p) - 1, 0);
        let scheme = layout(&numbers).scheme();
        let t = |name, metadata| Layout::default_trailer(scheme, name, metadata);
        for content in 1..=1024_usize {
            // 136 bytes are the trailer's own.
            let class = (content + 136).div_ceil(512);
            assert_eq!(t(content, 0), t(512 * class - 136, 0));
            assert_eq!(t(content, 0), t(0, content));
            assert_eq!(t(content, 0), numbers.trailer_for(content, 0), "the page's own rule");
            Layout::new(scheme, u32::from(p) - 1, t(content, 0)).unwrap();
        }
        assert!(t(512 - 136, 0) < t(512 - 136 + 1, 0));
    }
}

/// k-1 shares, the manifest, the integrity key and a right guess of the plaintext. With them the bodies of every
/// other share can be computed, and here they are. Then whatever the attacker could take for the missing share's salt
/// is tried, with all that the format computes, and nothing that comes out stands anywhere in what the attacker has.
#[test]
fn rule_2_a_right_guess_is_not_confirmed() {
    let real = draft(2, 3, 3, 16, 40).write().unwrap();
    let mine = real.values[&real.keys[0][0]].clone();
    let guessed = bodies_from_guess(&real, &mine);
    let target = &real.values[&real.keys[0][1]];
    let mut at = 128;
    for body in &guessed {
        assert!(target[at..at + body.len()] == body[..], "the guess gives the other share's bodies");
        at += body.len() + 32;
    }
    assert_eq!(at, target.len() - 32);

    let keys = Derived::of(&key_bytes(0));
    let sharing = unhex(&real.notes[0].sharing).unwrap();
    let of_mine = |range: std::ops::Range<usize>| mine[range].try_into().unwrap();
    let mut salts: Vec<[u8; 32]> = vec![[0; 32], of_mine(64..96), of_mine(96..128), keys.share, keys.payload];
    salts.push([&sharing[..], &sharing].concat().try_into().unwrap());
    let candidates: Vec<[u8; 32]> =
        salts.iter().flat_map(|salt| tags_of(&keys, salt, &sharing, &target[..48], &guessed)).collect();
    assert!(candidates.iter().all(|tag| !knows(&real.text, &mine, tag)));

    // The search does find what is there: with the salt, which the attacker doesn't have, it's the share end.
    let salt: [u8; 32] = target[64..96].try_into().unwrap();
    let right = tags_of(&keys, &salt, &sharing, &target[..48], &guessed);
    assert!(right.iter().any(|tag| knows(&real.text, &mine, tag)));
}

/// Whether a value stands in the manifest or in the attacker's share.
fn knows(manifest: &str, share: &[u8], tag: &[u8; 32]) -> bool {
    manifest.contains(&xstore_vectors::hex(tag)) || share.windows(32).any(|window| window == tag)
}

/// Share 1's bodies from the plaintext and share 0: the pads follow from what share 0 holds.
fn bodies_from_guess(real: &Drafted, mine: &[u8]) -> Vec<Vec<u8>> {
    // The attacker writes an object of the same plaintext under other pads, and corrects them until share 0 is his.
    let secrets: Vec<Vec<u8>> =
        real.notes[0].segments.iter().map(|segment| unhex(&segment.secret).unwrap()).collect();
    let mut at = 128;
    let mut pads = Vec::new();
    for secret in &secrets {
        let (body, block) = (&mine[at..at + secret.len()], secret.len() / 2);
        at += secret.len() + 32;
        // w(0,j) = s_j XOR r_j, s_0 being zero.
        let mut pad = body.to_vec();
        for (pad, secret) in pad[block..].iter_mut().zip(&secret[..block]) {
            *pad ^= secret;
        }
        pads.push(pad);
    }
    let copy = draft(2, 3, 3, 16, 40).hook(move |_, stage| {
        if let Stage::Pad(m, pad) = stage {
            pad.copy_from_slice(&pads[usize::try_from(m).unwrap()]);
        }
    });
    let copy = copy.write().unwrap();
    let share = &copy.values[&copy.keys[0][1]];
    let mut at = 128;
    let lengths = secrets.iter().map(Vec::len);
    lengths
        .map(|length| {
            let body = share[at..at + length].to_vec();
            at += length + 32;
            body
        })
        .collect()
}

/// Everything that the format computes for share 1 of these bodies under a salt.
fn tags_of(
    keys: &Derived,
    salt: &[u8; 32],
    sharing: &[u8],
    header: &[u8],
    bodies: &[Vec<u8>],
) -> Vec<[u8; 32]> {
    let own = OfShare::of(&keys.share, salt);
    let mut bound = [0; 64];
    bound[..48].copy_from_slice(header);
    for (out, (id, mask)) in bound[48..].iter_mut().zip(sharing.iter().zip(own.mask)) {
        *out = id ^ mask;
    }
    let (k_i, header_tag) = own.bind(&bound);
    let mut all = vec![header_tag];
    for key in [&k_i, &keys.share, &keys.payload, &keys.manifest, &keys.name] {
        let mut tags = Vec::new();
        for (m, body) in (0..).zip(bodies) {
            let kind = match bodies.len() as u64 - m {
                1 => 2,
                2 => 1,
                _ => 0,
            };
            tags.push(hmac(key, &[body, &end_of_message(m, body.len(), kind)]));
        }
        let end = hmac(key, &[tags.as_flattened(), &end_of_message(bodies.len() as u64, 0, 3)]);
        all.extend(tags);
        all.push(end);
    }
    all
}
