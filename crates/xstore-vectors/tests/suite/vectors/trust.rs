//! Keys, manifests, names, time.

use super::case::{Case, too_few, usual};
use crate::sample::{key_bytes, payload};
use serde_json::json;
use xstore_keys::{KeyId, KeyState, RingError};
use xstore_manifest::Error;
use xstore_share::{DecodeError, ShareFault};
use xstore_vectors::ReadError;
use xstore_vectors::book::keys::Derived;
use xstore_vectors::book::{Draft, Stage};

const ROTATED: [(u8, KeyState); 2] = [(0, KeyState::Retired), (1, KeyState::Current)];
const REVOKED: [(u8, KeyState); 2] = [(0, KeyState::Revoked), (1, KeyState::Current)];

pub(crate) fn cases() -> Vec<Case> {
    [forged(), unavailable(), manifests()].into_iter().flatten().collect()
}

fn id(number: u8) -> KeyId {
    KeyId::from_bytes(Derived::of(&key_bytes(number)).id)
}

/// Written with key 1.
fn newer() -> Draft {
    Draft { key: key_bytes(1), ..usual() }
}

/// Shares and manifest under key 1, the payload tag under key 0.
fn tagged_again() -> Draft {
    Draft {
        share_keys: (0..3).map(|index| (index, key_bytes(1))).collect(),
        signing_key: Some(key_bytes(1)),
        ..usual()
    }
}

fn forged() -> Vec<Case> {
    let of = |draft: Draft| {
        let drafted = draft.write().unwrap();
        drafted.values[&drafted.keys[0][0]].clone()
    };
    let pinned = Derived::of(&key_bytes(1)).id;
    let claims = usual().hook(move |_, stage| {
        if let Stage::Header(_, header) = stage {
            header[32..48].copy_from_slice(&pinned);
        }
    });
    // Share 1 stays as it was, share 0 is what gives other bytes with it.
    let secrets = |draft: &Draft| {
        let notes = draft.write().unwrap().notes;
        let segments = notes[0].segments.iter();
        segments
            .map(|segment| [&segment.secret, &segment.pad].map(|text| xstore_vectors::unhex(text).unwrap()))
            .collect::<Vec<_>>()
    };
    let evil = || Draft { payload: payload(40)[20..].to_vec(), ..usual() };
    let (real, other) = (secrets(&usual()), secrets(&evil()));
    let consistent = evil().hook(move |_, stage| {
        if let Stage::Pad(m, pad) = stage {
            let m = usize::try_from(m).unwrap();
            let [secret, real_pad] = &real[m];
            let block = pad.len() / 2;
            pad.copy_from_slice(real_pad);
            for at in 0..block {
                pad[at] ^= secret[block + at] ^ other[m][0][block + at];
            }
        }
    });
    let case = |file, title, comment, draft, value, fault| {
        Case::bad(file, title, comment, draft, too_few(2, 1, 2))
            .keys(&ROTATED)
            .serve(0, 0, value)
            .lost(&[2])
            .fault(0, 0, fault)
    };
    vec![
        case(
            "bad-forged-retired",
            "A share made with a retired key",
            "The manifest pins the newer one; the reader knows both.",
            newer(),
            of(usual()),
            ShareFault::HeaderField("keyId"),
        ),
        case(
            "bad-forged-key-id",
            "The same with the newer key's id in its header",
            "The tag of the header is the older key's.",
            newer(),
            of(claims),
            ShareFault::HeaderTag,
        ),
        case(
            "bad-forged-pinned",
            "A share made with the leaked key that is pinned",
            "It gives other bytes together with the authentic share 1, digests, trailer and payload tag included. Only the share end in the manifest is against it.",
            usual(),
            of(consistent),
            ShareFault::NotPinned,
        ),
    ]
}

fn unavailable() -> Vec<Case> {
    let mixed = |indexes: &[u8]| Draft {
        share_keys: indexes.iter().map(|index| (*index, key_bytes(0))).collect(),
        ..newer()
    };
    let none = |index| (index, ShareFault::RevokedKey(id(0)));
    let faults = |case: Case, faults: &[(u8, ShareFault)]| {
        faults.iter().fold(case, |case, (index, fault)| case.fault(0, *index, *fault))
    };
    let payload_key = |file, title, comment, keys: &[(u8, KeyState)], error| {
        Case::refused(file, title, comment, tagged_again(), error).keys(keys)
    };
    vec![
        faults(
            Case::ok(
                "ok-key-revoked-of-one",
                "One share under a revoked key",
                "Nothing that it signed is trusted, though this share is what the manifest names.",
                mixed(&[0]),
            )
            .keys(&REVOKED),
            &[none(0)],
        ),
        faults(
            Case::bad(
                "bad-key-revoked",
                "Two of three shares under a revoked key",
                "Fewer than k shares have keys that verify.",
                mixed(&[0, 2]),
                ReadError::KeyUnavailable { part: 0 },
            )
            .keys(&REVOKED),
            &[none(0), none(2)],
        ),
        faults(
            Case::bad(
                "bad-key-unknown",
                "Two of three shares under a key that the reader lacks",
                "Not the same as tampering.",
                mixed(&[1, 2]),
                ReadError::KeyUnavailable { part: 0 },
            )
            .keys(&[(1, KeyState::Current)]),
            &[(1, ShareFault::UnknownKey(id(0))), (2, ShareFault::UnknownKey(id(0)))],
        ),
        payload_key(
            "bad-payload-key-revoked",
            "A payload tag under a revoked key",
            "Tagging shares again isn't enough after a compromise: objects are written again first.",
            &REVOKED,
            DecodeError::RevokedKey(id(0)),
        ),
        payload_key(
            "bad-payload-key-unknown",
            "A payload tag under a key that the reader lacks",
            "Shares and manifest verify.",
            &[(1, KeyState::Current)],
            DecodeError::UnknownKey(id(0)),
        ),
    ]
}

fn manifests() -> Vec<Case> {
    let tampered = |file, title, comment, change: fn(&mut serde_json::Value)| {
        // Changed after signing: signed, changed, and the tag put back.
        Case::bad(file, title, comment, usual(), ReadError::Manifest(Error::NotAuthentic)).edit(change)
    };
    let source = RingError::UnknownKey { id: id(0) };
    vec![
        Case::bad(
            "bad-name",
            "The manifest of another object",
            "Authentic, and not what the reader asked for.",
            usual(),
            ReadError::Manifest(Error::OtherObject),
        )
        .name("objects"),
        Case::bad(
            "bad-expired",
            "A time to live that is over",
            "Exactly at its end. No share is looked at.",
            Draft { ttl: Some(60), ..usual() },
            ReadError::Manifest(Error::Expired { since: "2026-01-01T00:01:00.123Z".parse().unwrap() }),
        )
        .now("2026-01-01T00:01:00.123Z"),
        tampered(
            "bad-manifest-hmac",
            "A manifest that names another share end",
            "Its own tag covers that.",
            |manifest| {
                manifest["parts"][0]["shares"][0]["hmac"] = json!("00".repeat(32));
            },
        ),
        Case::bad(
            "bad-manifest-key",
            "A manifest of an unknown key",
            "The reader has another one.",
            usual(),
            ReadError::Manifest(Error::KeyUnavailable { id: id(0), source }),
        )
        .keys(&[(1, KeyState::Current)]),
    ]
}
