//! Every single bit.

use crate::sample::{draft, own_ring};
use xstore_manifest::Manifest;
use xstore_share::{HEADER_LEN, ShareFault};
use xstore_vectors::book::{Draft, Drafted};
use xstore_vectors::{Fault, FaultKind, Request, Values, read, read_object};

/// Two segments of payload and the usual scheme.
fn usual() -> Draft {
    draft(2, 3, 3, 16, 20)
}

/// Room behind the digests, and a prime larger than needed.
fn roomy() -> Draft {
    draft(2, 3, 7, 18, 20)
}

/// Two parts, the first of which has neither name nor metadata.
fn in_parts() -> Draft {
    let mut parts = draft(2, 3, 3, 16, 28);
    parts.numbers.part = 20;
    parts
}

/// What is expected of a share in which a bit of the byte at `at` is flipped.
fn expected(drafted: &Drafted, draft: &Draft, part: usize, at: usize) -> ShareFault {
    let d = draft.numbers.digest_room();
    let (s, t) = (draft.numbers.segment as usize, draft.numbers.trailer as usize);
    let padded = usize::try_from(drafted.manifest["parts"][part]["bytes"].as_u64().unwrap()).unwrap();
    match at {
        0..8 => return ShareFault::Magic,
        // The flipped numbers are told apart below, since they carry what was read.
        8..10 => return ShareFault::Format(0),
        10..12 => return ShareFault::Suite(0),
        12 => return ShareFault::HeaderField("k"),
        13 => return ShareFault::HeaderField("p"),
        14 => return ShareFault::HeaderField("index"),
        15 | 24..32 => return ShareFault::HeaderField("reserved"),
        16..20 => return ShareFault::HeaderField("segment"),
        20..24 => return ShareFault::HeaderField("trailer"),
        32..48 => return ShareFault::HeaderField("keyId"),
        48..HEADER_LEN => return ShareFault::HeaderTag,
        _ => {}
    }
    let mut rest = at - HEADER_LEN;
    let fields = (0..padded.div_ceil(s)).map(|m| s.min(padded - m * s) + d).chain([t]);
    for (m, body) in (0..).zip(fields) {
        if rest < body {
            return ShareFault::Segment(m);
        }
        if rest < body + 32 {
            return ShareFault::End;
        }
        rest -= body + 32;
    }
    ShareFault::End
}

fn same(found: ShareFault, expected: ShareFault) -> bool {
    match (found, expected) {
        (ShareFault::Format(found), ShareFault::Format(_)) => found != 1,
        (ShareFault::Suite(found), ShareFault::Suite(_)) => found != 1,
        _ => found == expected,
    }
}

/// Flips every bit of every share of an object and reads it twice: from all shares, where the flipped one must be named
/// and do no harm, and from exactly k.
fn flip_shares(draft: &Draft, at_least: usize) {
    let ring = own_ring();
    let drafted = draft.write().unwrap();
    let manifest = Manifest::from_json(drafted.text.as_bytes(), &ring).unwrap();
    let mut flips = 0;
    for (part, keys) in drafted.keys.iter().enumerate() {
        for (index, key) in keys.iter().enumerate() {
            let mut values: Values = drafted.values.clone();
            // Exactly k: the flipped share and the one after it.
            let mut few = values.clone();
            few.retain(|other, _| {
                other == key || *other == keys[(index + 1) % keys.len()] || !keys.contains(other)
            });
            for at in 0..values[key].len() {
                let expected = expected(&drafted, draft, part, at);
                for bit in 0..8 {
                    flips += 1;
                    for values in [&mut values, &mut few] {
                        values.get_mut(key).unwrap()[at] ^= 1 << bit;
                    }
                    let reading = read_object(&manifest, &values, &ring, &Request::default());
                    assert_eq!(reading.payload(), Ok(&draft.payload[..]), "{part}/{index}, byte {at}");
                    let [Fault { part: in_part, index: of, kind: FaultKind::Refused(fault) }] =
                        reading.faults[..]
                    else {
                        panic!("{part}/{index}, byte {at}: {:?}", reading.faults);
                    };
                    assert_eq!((in_part as usize, usize::from(of)), (part, index));
                    assert!(same(fault, expected), "{part}/{index}, byte {at}: {fault:?}, not {expected:?}");
                    let version = matches!(at, 8..12);
                    assert_eq!(fault.code() == "SHARE_VERSION_MISMATCH", version);

                    let reading = read_object(&manifest, &few, &ring, &Request::default());
                    assert_eq!(reading.code(), "INSUFFICIENT_SHARES", "{part}/{index}, byte {at}");
                    let right = &draft.payload;
                    assert!(right.starts_with(&reading.released) && reading.released.len() < right.len());
                    for values in [&mut values, &mut few] {
                        values.get_mut(key).unwrap()[at] ^= 1 << bit;
                    }
                }
            }
        }
    }
    println!("{flips} bits of shares flipped");
    assert!(flips >= at_least, "{flips}");
}

#[test]
fn of_every_share_of_the_usual_object() {
    flip_shares(&usual(), 15_000);
}

#[test]
fn of_every_share_of_a_roomy_object() {
    flip_shares(&roomy(), 15_000);
}

#[test]
fn of_every_share_of_an_object_in_parts() {
    flip_shares(&in_parts(), 28_000);
}

/// Flips every bit of a manifest: none of them is without meaning.
fn flip_manifest(draft: &Draft, at_least: usize) {
    let ring = own_ring();
    let drafted = draft.write().unwrap();
    let mut text = drafted.text.clone().into_bytes();
    let id = drafted.text.find("\"integrity\":").unwrap();
    let id = id + drafted.text[id..].find("\"keyId\":\"").unwrap() + 9;
    let mut flips = 0;
    for at in 0..text.len() {
        for bit in 0..8 {
            flips += 1;
            text[at] ^= 1 << bit;
            let reading = read(&text, &drafted.values, &ring, &Request::default());
            // A digit of the signing key's id that becomes another digit names a key that isn't there.
            let digit = matches!(text[at], b'0'..=b'9' | b'a'..=b'f');
            let expected =
                if (id..id + 32).contains(&at) && digit { "KEY_UNAVAILABLE" } else { "MANIFEST_INVALID" };
            assert_eq!(reading.code(), expected, "byte {at}, bit {bit}: {:?}", reading.result);
            assert!(reading.released.is_empty() && reading.faults.is_empty());
            text[at] ^= 1 << bit;
        }
    }
    println!("{flips} bits of a manifest flipped");
    assert!(flips >= at_least, "{flips}");
}

#[test]
fn of_a_manifest() {
    flip_manifest(&usual(), 8_000);
}

#[test]
fn of_a_manifest_of_two_parts() {
    flip_manifest(&in_parts(), 12_000);
}
