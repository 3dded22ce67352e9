//! Shares made again and shares added.

use crate::sample::{layout, numbers, payload, ring};
use xstore_keys::{Entropy, KeyRing, KeyState};
use xstore_share::{EncodeError, HEADER_LEN, ShareFault};
use xstore_vectors::mend::{expand, repair, without};
use xstore_vectors::{Fault, FaultKind, Reading, Request, Spec, Values, WriteError, Written, read, write};

const LENGTH: usize = 150;

/// Two parts, S = 32, with room for `p` shares.
fn written(k: u8, n: u8, p: u8) -> Written {
    let mut numbers = numbers(k, n, p, 8 * (u32::from(p) - 1), 120);
    numbers.part = 100;
    let ring = keys();
    let spec = Spec::new(layout(&numbers), numbers.part);
    write(&spec, &payload(LENGTH), &[ring.verifying(&ids()[0]).unwrap()], &mut Entropy::os()).unwrap()
}

/// Key 0 is retired, key 1 current.
fn keys() -> KeyRing {
    ring(&[(0, KeyState::Retired), (1, KeyState::Current)])
}

fn ids() -> [xstore_keys::KeyId; 2] {
    [0, 1].map(|number| ring(&[(number, KeyState::Current)]).current().unwrap().id())
}

fn get(written: &Written, values: &Values) -> Reading {
    read(&written.manifest.to_json(), values, &keys(), &Request::default())
}

/// Only these indexes.
fn keep(written: &Written, indexes: &[u8]) -> Values {
    let lost = (0..written.manifest.threshold.n).filter(|index| !indexes.contains(index));
    lost.fold(written.clone(), |kept, index| Written {
        values: without(&kept, index),
        manifest: kept.manifest,
    })
    .values
}

/// The bodies of a share's segments, without tags.
fn bodies(written: &Written, part: usize, index: usize) -> Vec<Vec<u8>> {
    let shape = {
        let body = written.manifest.body();
        let scheme = xorida_core::Scheme::with_prime(
            xorida_core::Threshold::new(body.threshold.k, body.threshold.n).unwrap(),
            body.p,
        );
        let layout = xstore_share::Layout::new(scheme.unwrap(), body.segment, body.parts[part].trailer);
        layout.unwrap().part(body.parts[part].bytes).unwrap()
    };
    let bytes = &written.values[written.key(part, index)];
    let places = (0..=shape.data_segments()).map(|m| shape.place(m).unwrap());
    places
        .map(|place| {
            let start = usize::try_from(place.offset).unwrap();
            bytes[start..start + place.body].to_vec()
        })
        .collect()
}

#[test]
fn a_repaired_share_has_its_old_bodies_and_all_else_new() {
    let ring = keys();
    let current = ring.current().unwrap();
    for (k, n, p) in [(2, 3, 3), (3, 5, 5), (2, 4, 7)] {
        let before = written(k, n, p);
        for index in 0..n {
            let lost = Written { values: without(&before, index), manifest: before.manifest.clone() };
            let after = repair(&lost, index, &ring, current, &mut Entropy::os()).unwrap();
            let i = usize::from(index);
            for part in 0..2 {
                assert!(bodies(&before, part, i) == bodies(&after, part, i), "{k} of {n}, share {i}");
                let (old, new) = (&before.values[before.key(part, i)], &after.values[after.key(part, i)]);
                assert_eq!(old.len(), new.len());
                assert!(old[32..48] != new[32..48], "the key is another one");
                assert!(
                    old[48..64] != new[48..64] && old[64..96] != new[64..96] && old[96..128] != new[96..128]
                );
                assert!(old[old.len() - 32..] != new[new.len() - 32..]);
                let entry = after.manifest.parts[part].shares[i].as_ref().unwrap();
                assert_eq!(entry.key_id, ids()[1]);
                assert_eq!(after.manifest.parts[part].past[0].index, index);
                for other in (0..usize::from(n)).filter(|other| *other != i) {
                    assert!(before.values[before.key(part, other)] == after.values[after.key(part, other)]);
                }
            }
            // The new share with any k-1 others.
            let mut kept: Vec<u8> = (0..n).filter(|other| *other != index).take(usize::from(k) - 1).collect();
            kept.push(index);
            assert_eq!(get(&after, &keep(&after, &kept)).payload(), Ok(&payload(LENGTH)[..]));
        }
    }
}

/// The same share repaired twice: equal bodies under other tags. One who knows a body learns nothing from the other.
#[test]
fn two_repairs_have_no_tag_in_common() {
    let ring = keys();
    let before = written(2, 3, 3);
    let again = || repair(&before, 1, &ring, ring.current().unwrap(), &mut Entropy::os()).unwrap();
    let (a, b) = (again(), again());
    assert!(bodies(&a, 0, 1) == bodies(&b, 0, 1));
    let hmac = |written: &Written| written.manifest.parts[0].shares[1].as_ref().unwrap().hmac;
    assert_ne!(hmac(&a), hmac(&b));
    let (a, b) = (&a.values[a.key(0, 1)], &b.values[b.key(0, 1)]);
    let stored = 16 + 32 + 32;
    for tag in
        [96..128, HEADER_LEN + 48..HEADER_LEN + stored, a.len() - 64..a.len() - 32, a.len() - 32..a.len()]
    {
        assert!(a[tag.clone()] != b[tag]);
    }
}

#[test]
fn a_share_more_leaves_the_others_as_they_are() {
    let ring = keys();
    let current = ring.current().unwrap();
    let before = written(3, 4, 7);
    let mut after = before.clone();
    for n in 5..=7 {
        after = expand(&after, &ring, current, &mut Entropy::os()).unwrap();
        assert_eq!(after.manifest.threshold.n, n);
        let new = n - 1;
        for others in [[0, 1], [1, 3], [2, 3]] {
            let kept = keep(&after, &[others[0], others[1], new]);
            let reading = get(&after, &kept);
            assert_eq!(reading.payload(), Ok(&payload(LENGTH)[..]));
        }
    }
    assert!(before.values.iter().all(|(key, value)| after.values[key] == *value));
    // Added shares alone do, too.
    assert_eq!(get(&after, &keep(&after, &[4, 5, 6])).payload(), Ok(&payload(LENGTH)[..]));
    // p = 7 has room for seven.
    let full = expand(&after, &ring, current, &mut Entropy::os());
    assert!(matches!(full, Err(WriteError::Manifest(_))), "{full:?}");
}

#[test]
fn what_is_damaged_is_no_source() {
    let ring = keys();
    let current = ring.current().unwrap();
    let mut before = written(2, 4, 5);
    // Share 0 has a wrong tag, so share 3 takes its place.
    let key = before.key(0, 0).to_owned();
    let tag = HEADER_LEN + 32 + 32;
    before.values.get_mut(&key).unwrap()[tag] ^= 1;
    let after = repair(&before, 1, &ring, current, &mut Entropy::os()).unwrap();
    assert_eq!(get(&after, &keep(&after, &[1, 2])).payload(), Ok(&payload(LENGTH)[..]));
    assert_eq!(
        get(&after, &after.values).faults,
        [Fault { part: 0, index: 0, kind: FaultKind::Refused(ShareFault::End) }]
    );
    // No other is left.
    let lost = keep(&before, &[0, 3]);
    let lost = Written { values: lost, manifest: before.manifest.clone() };
    let error = repair(&lost, 1, &ring, current, &mut Entropy::os()).unwrap_err();
    assert!(matches!(error, WriteError::Encode(EncodeError::Sources(_))), "{error:?}");
}
