//! One share at a time: headers and share ends.

use super::case::{keys, usual};
use crate::sample::{draft, key_bytes};
use serde_json::json;
use xstore_keys::{KeyId, KeyState};
use xstore_share::ShareFault;
use xstore_vectors::book::keys::Derived;
use xstore_vectors::book::{Draft, Stage};
use xstore_vectors::hex;
use xstore_vectors::vector::{SharePin, ShareVector, Vector};

/// A vector and what this reader says.
struct Case {
    file: &'static str,
    vector: ShareVector,
    fault: Option<ShareFault>,
}

/// All of them.
pub(crate) fn vectors() -> Vec<(&'static str, Vector)> {
    let cases = [good(), fields(), bytes(), keys_and_pins()].into_iter().flatten();
    let file = |case: Case| {
        assert_eq!(case.vector.open().unwrap().err(), case.fault, "{}", case.file);
        (case.file, Vector::Share(case.vector))
    };
    cases.map(file).collect()
}

/// Share `index` of part 0 of an object, as its manifest pins it.
fn share(draft: &Draft, index: u8) -> ShareVector {
    let drafted = draft.write().unwrap();
    let i = usize::from(index);
    let part = &drafted.manifest["parts"][0];
    let entry = &part["shares"][i];
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    ShareVector {
        title: String::new(),
        comment: String::new(),
        expect: String::new(),
        keys: keys(&[(0, KeyState::Current)]),
        manifest: SharePin {
            k: draft.numbers.k,
            n: draft.numbers.n,
            p: draft.numbers.p,
            segment: draft.numbers.segment,
            trailer: draft.numbers.trailer,
            bytes: part["bytes"].as_u64().unwrap(),
            sharing: text(&part["sharing"]),
            index,
            key_id: text(&entry["keyId"]),
            hmac: text(&entry["hmac"]),
        },
        value: hex(&drafted.values[&drafted.keys[0][i]]),
        intermediates: Some(json!(drafted.notes[0].shares[i])),
    }
}

fn case(
    file: &'static str,
    title: &str,
    comment: &str,
    vector: ShareVector,
    fault: Option<ShareFault>,
) -> Case {
    let vector = ShareVector {
        title: title.to_owned(),
        comment: comment.to_owned(),
        expect: fault.as_ref().map_or("ok", ShareFault::code).to_owned(),
        intermediates: vector.intermediates.filter(|_| fault.is_none()),
        ..vector
    };
    Case { file, vector, fault }
}

fn good() -> Vec<Case> {
    let ok = |file, title, comment, vector| case(file, title, comment, vector, None);
    vec![
        ok("ok-2-of-3", "Share 0 of 2 of 3", "With all of its intermediate values.", share(&usual(), 0)),
        ok("ok-3-of-5", "Share 4 of 3 of 5", "p = 5.", share(&draft(3, 5, 5, 16, 20), 4)),
        ok(
            "ok-2-of-64",
            "Share 63 of 2 of 64",
            "The largest n and p: 66 pieces, d = 66.",
            share(&draft(2, 64, 67, 66, 20), 63),
        ),
        ok(
            "ok-33-of-64",
            "Share 63 of 33 of 64",
            "A large k: bodies are as long as for any other.",
            share(&draft(33, 64, 67, 66, 20), 63),
        ),
        ok("ok-64-of-64", "Share 31 of 64 of 64", "The largest k.", share(&draft(64, 64, 67, 66, 20), 31)),
    ]
}

/// Headers that differ from what the manifest implies, under a right header tag: only comparing them helps.
fn fields() -> Vec<Case> {
    let other = |file, title, comment, change: fn(&mut [u8; 64]), fault| {
        let draft = usual().hook(move |_, stage| {
            if let Stage::Header(_, header) = stage {
                change(header);
            }
        });
        case(file, title, comment, share(&draft, 1), Some(fault))
    };
    let field = |file, title, comment, change, name| {
        other(file, title, comment, change, ShareFault::HeaderField(name))
    };
    vec![
        other(
            "bad-magic",
            "Another magic",
            "The tag of the header is right, here and in what follows.",
            |header| header[7] = b's',
            ShareFault::Magic,
        ),
        other(
            "bad-format",
            "Format 2",
            "Not for this reader to judge.",
            |header| header[8] = 2,
            ShareFault::Format(2),
        ),
        other(
            "bad-format-high",
            "Format 257",
            "Both bytes count.",
            |header| header[9] = 1,
            ShareFault::Format(257),
        ),
        other("bad-suite", "Suite 2", "Another scheme.", |header| header[10] = 2, ShareFault::Suite(2)),
        field(
            "bad-k",
            "Another k",
            "k-1 shares of the one are k of the other.",
            |header| header[12] = 3,
            "k",
        ),
        field("bad-p", "Another p", "It would combine to something else.", |header| header[13] = 5, "p"),
        field(
            "bad-index",
            "Another index",
            "Share 2 in the place of share 1.",
            |header| header[14] = 2,
            "index",
        ),
        field("bad-flags", "A flag", "None is known.", |header| header[15] = 1, "reserved"),
        field(
            "bad-segment",
            "Another S",
            "The length is the same, the cuts are not.",
            |header| header[16] = 18,
            "segment",
        ),
        field(
            "bad-trailer",
            "Another t",
            "The trailer would begin elsewhere.",
            |header| header[21] ^= 2,
            "trailer",
        ),
        field(
            "bad-zero-first",
            "A byte in the room that is zero",
            "Byte 24.",
            |header| header[24] = 1,
            "reserved",
        ),
        field("bad-zero-last", "Another byte there", "Byte 31.", |header| header[31] = 0x80, "reserved"),
        field(
            "bad-key-id",
            "Another key id",
            "It is compared, and never used to choose a key.",
            |header| header[47] ^= 1,
            "keyId",
        ),
        other(
            "bad-sharing",
            "Another sharing id",
            "Masked as it should be.",
            |header| header[48] ^= 1,
            ShareFault::Sharing,
        ),
    ]
}

/// Shares with a byte changed, and shares of other lengths.
fn bytes() -> Vec<Case> {
    let changed = |file, title, comment, change: fn(&mut Vec<u8>), fault| {
        let mut vector = share(&usual(), 1);
        let mut value = xstore_vectors::unhex(&vector.value).unwrap();
        change(&mut value);
        vector.value = hex(&value);
        case(file, title, comment, vector, Some(fault))
    };
    let expected = share(&usual(), 1).value.len() as u64 / 2;
    vec![
        changed(
            "bad-length-less",
            "A byte less",
            "The first one is missing, so nothing stands where it should.",
            |value| {
                value.remove(0);
            },
            ShareFault::Length { expected, actual: expected - 1 },
        ),
        changed(
            "bad-length-more",
            "A byte more",
            "A zero at the end.",
            |value| value.push(0),
            ShareFault::Length { expected, actual: expected + 1 },
        ),
        changed(
            "bad-length-empty",
            "Nothing",
            "An empty value.",
            Vec::clear,
            ShareFault::Length { expected, actual: 0 },
        ),
        changed(
            "bad-mask",
            "A flipped bit in the masked sharing id",
            "It is part of what gives the header tag.",
            |value| value[63] ^= 1,
            ShareFault::HeaderTag,
        ),
        changed(
            "bad-salt",
            "A flipped bit in the salt",
            "Another salt, other keys.",
            |value| value[64] ^= 1,
            ShareFault::HeaderTag,
        ),
        changed(
            "bad-header-tag",
            "A flipped bit in the header tag",
            "The last of it.",
            |value| value[127] ^= 0x80,
            ShareFault::HeaderTag,
        ),
        changed(
            "bad-tag-first",
            "A flipped bit in the first tag",
            "Body and tag are 48 and 32 bytes.",
            |value| value[128 + 48] ^= 1,
            ShareFault::End,
        ),
        changed(
            "bad-tag-trailer",
            "A flipped bit in the trailer's tag",
            "It stands before the share end.",
            |value| {
                let at = value.len() - 33;
                value[at] ^= 1;
            },
            ShareFault::End,
        ),
        changed(
            "bad-end",
            "A flipped bit in the share end",
            "The manifest's is right, but the share's own must be, too.",
            |value| {
                let at = value.len() - 32;
                value[at] ^= 1;
            },
            ShareFault::End,
        ),
    ]
}

fn keys_and_pins() -> Vec<Case> {
    let id = KeyId::from_bytes(Derived::of(&key_bytes(0)).id);
    let with = |states: &[(u8, KeyState)]| ShareVector { keys: keys(states), ..share(&usual(), 1) };
    let mut unpinned = share(&usual(), 1);
    let before = Draft { salts: "before".to_owned(), ..usual() };
    unpinned.manifest.hmac = share(&before, 1).manifest.hmac;
    let mut other_key = share(&Draft { key: key_bytes(1), ..usual() }, 1);
    other_key.keys = keys(&[(0, KeyState::Current), (1, KeyState::Retired)]);
    other_key.manifest.key_id = share(&usual(), 1).manifest.key_id;
    vec![
        case(
            "ok-key-retired",
            "A share of a retired key",
            "Retired keys verify.",
            with(&[(0, KeyState::Retired), (1, KeyState::Current)]),
            None,
        ),
        case(
            "bad-key-revoked",
            "A share of a revoked key",
            "Though it is the one that the manifest names.",
            with(&[(0, KeyState::Revoked), (1, KeyState::Current)]),
            Some(ShareFault::RevokedKey(id)),
        ),
        case(
            "bad-key-unknown",
            "A share of a key that the reader lacks",
            "Not the same as tampering.",
            with(&[(1, KeyState::Current)]),
            Some(ShareFault::UnknownKey(id)),
        ),
        case(
            "bad-key-other",
            "A share of another key than the manifest pins",
            "The reader trusts both.",
            other_key,
            Some(ShareFault::HeaderField("keyId")),
        ),
        case(
            "bad-not-pinned",
            "Another share end in the manifest",
            "All of the share is right; it was replaced since.",
            unpinned,
            Some(ShareFault::NotPinned),
        ),
    ]
}
