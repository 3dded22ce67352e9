//! A small manifest with a bit of everything.

use std::collections::BTreeMap;

use xstore_keys::{IntegrityKey, KeyId, KeyRing, KeyState, Keys};
use xstore_manifest::{
    BackendId, Body, Lane, Name, ObjectId, Origin, Part, Past, Share, ShareKey, SharingId, State, Threshold,
};

/// The bytes of a key: `number`, then one more each.
pub(crate) fn key_bytes(number: u8) -> [u8; 32] {
    std::array::from_fn(|at| number.wrapping_add(u8::try_from(at).unwrap()))
}

/// A ring with one current key.
pub(crate) fn ring(number: u8) -> KeyRing {
    let mut ring = KeyRing::default();
    add(&mut ring, number, KeyState::Current);
    ring
}

/// Adds a key in a state.
pub(crate) fn add(ring: &mut KeyRing, number: u8, state: KeyState) -> KeyId {
    let key = IntegrityKey::from_bytes(&key_bytes(number)).unwrap();
    ring.insert(key, state, "2026-01-01".parse().unwrap()).unwrap()
}

/// 2 of 3 over two parts. The second part misses a share and has a past.
pub(crate) fn body(keys: &Keys) -> Body {
    let shares = |part: u8, missing: Option<u8>| {
        let share = |(index, backend): (u8, &str)| {
            (missing != Some(index)).then(|| share(keys, sharing(part), index, backend))
        };
        (0..).zip(["s3.eu_west-1", "azure-1", "disk"]).map(share).collect()
    };
    Body {
        created: "2026-02-28T23:59:59.999Z".parse().unwrap(),
        ext: BTreeMap::from([
            ("app.note".into(), "tab\t, quote \", backslash \\, \u{1} and \u{1f600}".into()),
            ("empty".into(), String::new()),
        ]),
        generation: 3,
        key: Name::new("doc-001/\u{e9}").unwrap(),
        object: ObjectId::from_bytes(*b"object 0123456\xff\x00"),
        origin: Origin::Put,
        p: 3,
        part: 1000,
        parts: vec![
            Part { bytes: 1002, past: vec![], sharing: sharing(0), shares: shares(0, None), trailer: 512 },
            Part {
                bytes: 10,
                past: vec![past("old-disk", 0), past("azure-1", 1), past("gcs-2", 1)],
                sharing: sharing(1),
                shares: shares(1, Some(1)),
                trailer: 1024,
            },
        ],
        revision: 7,
        segment: 512,
        state: State::Degraded,
        threshold: Threshold { k: 2, n: 3 },
        ttl: Some(86_400),
    }
}

/// The sharing id of a part.
pub(crate) fn sharing(part: u8) -> SharingId {
    let mut bytes = *b"sharing number..";
    bytes[15] = part;
    SharingId::from_bytes(bytes)
}

/// A share with an arbitrary end.
pub(crate) fn share(keys: &Keys, sharing: SharingId, index: u8, backend: &str) -> Share {
    let backend = BackendId::new(backend).unwrap();
    Share {
        hmac: std::array::from_fn(|at| sharing.to_bytes()[at % 16] ^ (index * 3) ^ 0xa5),
        index,
        key: ShareKey::derive("ns-7q", Lane::Manifest, keys, sharing, index, 0, &backend).unwrap(),
        key_id: keys.id(),
        backend,
    }
}

/// An entry of `past`.
pub(crate) fn past(backend: &str, index: u8) -> Past {
    Past { backend: BackendId::new(backend).unwrap(), index }
}
