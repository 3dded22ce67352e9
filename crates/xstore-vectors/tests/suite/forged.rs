//! Shares made by somebody who has the bytes of an old integrity key.

use crate::sample::{assert_faults, assert_insufficient, draft, key_bytes, only, payload, ring};
use std::sync::Arc;
use xorida_core::ShareIndex;
use xstore_keys::{KeyRing, KeyState, RingError};
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, ExpectedPart, ExpectedShare, Identity, Plans, SegmentRun,
    ShareFault, ShareVerifier,
};
use xstore_vectors::book::keys::Derived;
use xstore_vectors::book::{Draft, Drafted, Stage};
use xstore_vectors::{ReadError, Reading, Request, Values, read, unhex};

const LENGTH: usize = 40;

/// Key 0 leaked and was retired; key 1 is current.
fn rotated() -> KeyRing {
    ring(&[(0, KeyState::Retired), (1, KeyState::Current)])
}

/// The same after key 0 was revoked.
fn revoked() -> KeyRing {
    ring(&[(0, KeyState::Revoked), (1, KeyState::Current)])
}

fn read_with(ring: &KeyRing, manifest: &str, values: &Values) -> Reading {
    read(manifest.as_bytes(), values, ring, &Request::default())
}

fn by_key(number: u8) -> Draft {
    Draft { key: key_bytes(number), ..draft(2, 3, 3, 16, LENGTH) }
}

/// The object with share 0 replaced.
fn with_share_0(real: &Drafted, forged: &Drafted) -> Values {
    let mut values = real.values.clone();
    values.insert(real.keys[0][0].clone(), forged.values[&forged.keys[0][0]].clone());
    values
}

#[test]
fn a_retired_key_makes_no_share_where_another_is_pinned() {
    let real = by_key(1).write().unwrap();
    let forged = by_key(0).write().unwrap();
    let values = with_share_0(&real, &forged);
    let reading = read_with(&rotated(), &real.text, &values);
    assert_faults(&reading, 0, &[(0, ShareFault::HeaderField("keyId"))]);
    assert_eq!(reading.payload(), Ok(&payload(LENGTH)[..]));

    // It may write the id of the pinned key into the header; it doesn't have that key.
    let pinned = Derived::of(&key_bytes(1)).id;
    let forged = by_key(0)
        .hook(move |_, stage| {
            if let Stage::Header(_, header) = stage {
                header[32..48].copy_from_slice(&pinned);
            }
        })
        .write()
        .unwrap();
    let reading = read_with(&rotated(), &real.text, &with_share_0(&real, &forged));
    assert_faults(&reading, 0, &[(0, ShareFault::HeaderTag)]);
    assert_eq!(reading.payload(), Ok(&payload(LENGTH)[..]));
}

/// The worst case but one: the leaked key is the one that the manifest pins, and the attacker knows the plaintext and
/// his own share 0. He makes a share 0 that gives *his* bytes when it is combined with the authentic share 1, digests,
/// trailer and payload tag included. Only the share end in the manifest is beyond him.
#[test]
fn a_leaked_key_that_is_pinned_makes_no_share_either() {
    let real = by_key(0).write().unwrap();
    let forged = consistent_forgery(&real);
    let values = with_share_0(&real, &forged);
    for indexes in [&[0, 1][..], &[0, 1, 2]] {
        let values = only(&real, &values, indexes);
        let reading = read_with(&rotated(), &real.text, &values);
        assert_faults(&reading, 0, &[(0, ShareFault::NotPinned)]);
        if indexes.len() == 3 {
            assert_eq!(reading.payload(), Ok(&payload(LENGTH)[..]));
        } else {
            assert_insufficient(&reading, &payload(LENGTH));
        }
    }

    // The forgery is as good as claimed: under a manifest that pins it, it does give the attacker's bytes.
    let mut mixed = values;
    mixed.insert(forged.keys[0][0].clone(), forged.values[&forged.keys[0][0]].clone());
    let pinned = forged.text;
    let reading = read_with(&rotated(), &pinned, &only(&real, &mixed, &[0, 1]));
    assert_eq!(reading.payload(), Ok(&evil()[..]));
}

fn evil() -> Vec<u8> {
    payload(LENGTH).iter().map(|byte| byte ^ 0x55).collect()
}

/// An object with other bytes whose share 1 is that of `real`, bit for bit.
pub(crate) fn consistent_forgery(real: &Drafted) -> Drafted {
    let secrets: Vec<Vec<u8>> =
        real.notes[0].segments.iter().map(|segment| unhex(&segment.secret).unwrap()).collect();
    let pads: Vec<Vec<u8>> =
        real.notes[0].segments.iter().map(|segment| unhex(&segment.pad).unwrap()).collect();
    let new_secrets: Vec<Vec<u8>> = {
        let plain = Draft { payload: evil(), ..by_key(0) }.write().unwrap();
        plain.notes[0].segments.iter().map(|segment| unhex(&segment.secret).unwrap()).collect()
    };
    let share_1 = real.values[&real.keys[0][1]].clone();
    let forged = Draft { payload: evil(), ..by_key(0) }
        .hook(move |_, stage| {
            if let Stage::Pad(m, pad) = stage {
                // w(1,0) = s_2 XOR r_0 and w(1,1) = s_0 XOR r_1 = r_1: what changes in s_2 must change in r_0.
                let m = usize::try_from(m).unwrap();
                let block = pad.len() / 2;
                pad.copy_from_slice(&pads[m]);
                for at in 0..block {
                    pad[at] ^= secrets[m][block + at] ^ new_secrets[m][block + at];
                }
            }
        })
        .write()
        .unwrap();
    assert!(forged.values[&forged.keys[0][1]] == share_1);
    assert!(forged.values[&forged.keys[0][0]] != real.values[&real.keys[0][0]]);
    forged
}

#[test]
fn a_revoked_key_verifies_nothing() {
    // Even the share that the manifest names, bit for bit: whoever has the key could have made it.
    let mixed = Draft { share_keys: [(0, key_bytes(0))].into(), ..by_key(1) }.write().unwrap();
    let id = id(0);
    let reading = read_with(&rotated(), &mixed.text, &mixed.values);
    assert_eq!((reading.payload(), &reading.faults[..]), (Ok(&payload(LENGTH)[..]), &[][..]));

    let reading = read_with(&revoked(), &mixed.text, &mixed.values);
    assert_faults(&reading, 0, &[(0, ShareFault::RevokedKey(id))]);
    assert_eq!(reading.faults[0].kind.code(), "KEY_UNAVAILABLE");
    assert_eq!(reading.payload(), Ok(&payload(LENGTH)[..]));

    let unknown = ring(&[(1, KeyState::Current)]);
    let reading = read_with(&unknown, &mixed.text, &mixed.values);
    assert_faults(&reading, 0, &[(0, ShareFault::UnknownKey(id))]);
    assert_eq!(reading.payload(), Ok(&payload(LENGTH)[..]));
}

#[test]
fn too_few_trusted_keys_are_not_too_few_shares() {
    let share_keys = [(0, key_bytes(0)), (2, key_bytes(0))].into();
    let mixed = Draft { share_keys, ..by_key(1) }.write().unwrap();
    let reading = read_with(&revoked(), &mixed.text, &mixed.values);
    assert_eq!(reading.result, Err(ReadError::KeyUnavailable { part: 0 }));
    assert_eq!((reading.code(), reading.released.len()), ("KEY_UNAVAILABLE", 0));
}

#[test]
fn a_manifest_of_a_revoked_key_is_refused() {
    let real = by_key(0).write().unwrap();
    let reading = read_with(&revoked(), &real.text, &real.values);
    let source = RingError::RevokedKey { id: id(0) };
    assert_eq!(
        reading.result,
        Err(ReadError::Manifest(xstore_manifest::Error::KeyUnavailable { id: id(0), source }))
    );
}

/// Shares and manifest were made anew under key 1, but the payload tag is that of key 0 still.
#[test]
fn the_payload_keys_state_counts_as_well() {
    let id_0 = Derived::of(&key_bytes(0)).id;
    let retagged = by_key(1)
        .hook(move |_, stage| {
            if let Stage::Fields(fields) = stage {
                fields.payload_key = id_0;
            }
        })
        .write()
        .unwrap();
    for (ring, error) in [
        (revoked(), DecodeError::RevokedKey(id(0))),
        (ring(&[(1, KeyState::Current)]), DecodeError::UnknownKey(id(0))),
    ] {
        let reading = read_with(&ring, &retagged.text, &retagged.values);
        assert_eq!(reading.result, Err(ReadError::Part { part: 0, source: error }));
        assert_eq!((reading.code(), reading.released.len()), ("KEY_UNAVAILABLE", 0));
    }
}

fn id(number: u8) -> xstore_keys::KeyId {
    xstore_keys::KeyId::from_bytes(Derived::of(&key_bytes(number)).id)
}

/// A backend that shows the tags that the manifest pins when it is asked for them, and later serves segments that the
/// holder of a leaked key made under the same share key, tags and all.
#[test]
fn a_backend_cannot_change_its_mind_after_its_tags_were_admitted() {
    let real = by_key(0).write().unwrap();
    let forged = consistent_forgery(&real);
    let share = |drafted: &Drafted, index: usize| drafted.values[&drafted.keys[0][index]].clone();
    let (authentic, other, turned) = (share(&real, 0), share(&real, 1), share(&forged, 0));
    assert!(authentic[..128] == turned[..128], "one header, so one key");

    let layout = crate::sample::layout(&by_key(0).numbers);
    let shape = layout.part(layout.padded(LENGTH as u64)).unwrap();
    let sharing = by_key(0).sharing(0);
    let place = |m| {
        let place = shape.place(m).unwrap();
        let start = usize::try_from(place.offset).unwrap();
        start..start + place.stored()
    };
    let admitted = |bytes: &[u8], index: u8| {
        let index = ShareIndex::new(index, layout.scheme()).unwrap();
        let end = *bytes.last_chunk().unwrap();
        let expected = ExpectedShare { index, key_id: id(0), hmac: end };
        let header = bytes.first_chunk().unwrap();
        let length = bytes.len() as u64;
        let mut verifier =
            ShareVerifier::open(shape, &sharing, &expected, &rotated(), length, header).unwrap();
        let tags = (0..=shape.data_segments()).map(|m| *bytes[place(m)].last_chunk().unwrap());
        verifier.admit(tags.collect(), &end).unwrap();
        verifier
    };
    let begin = |runs: &[SegmentRun<'_>]| {
        let draft = by_key(0);
        let identity = Identity {
            object: draft.object,
            generation: 1,
            part: 0,
            last: true,
            created: draft.created,
            name: "object",
        };
        let plans = Arc::new(Plans::new(layout.scheme()));
        let part = ExpectedPart { shape, sharing };
        Decoder::begin(part, &identity, &rotated(), plans, runs, &mut DecodeScratch::new())
    };
    let [first, second] = [admitted(&authentic, 0), admitted(&other, 1)];
    let trailer = shape.data_segments();
    let run = |share, bytes| SegmentRun { share, bytes };
    let right = run(&second, &other[place(trailer)]);
    assert!(begin(&[run(&first, &authentic[place(trailer)]), right]).result.is_ok());
    let outcome = begin(&[run(&first, &turned[place(trailer)]), right]);
    assert_eq!(outcome.faults[0].fault, ShareFault::Segment(trailer));
    let error = DecodeError::TooFewShares { segment: trailer, verified: 1, needed: 2 };
    assert_eq!(outcome.result.map(|_| ()), Err(error));

    // Without admission it passes: header, key and tag are right.
    let index = ShareIndex::new(0, layout.scheme()).unwrap();
    let expected = ExpectedShare { index, key_id: id(0), hmac: [0; 32] };
    let (length, header) = (turned.len() as u64, turned.first_chunk().unwrap());
    let unpinned = ShareVerifier::open(shape, &sharing, &expected, &rotated(), length, header).unwrap();
    assert!(begin(&[run(&unpinned, &turned[place(trailer)]), right]).result.is_ok());
}
