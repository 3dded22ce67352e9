//! Objects that must be read.

use super::case::{Case, usual};
use crate::sample::{draft, key_bytes, numbers, payload};
use serde_json::{Value, json};
use xstore_keys::KeyState;
use xstore_share::ShareFault;
use xstore_vectors::book::{Draft, Stage};

pub(crate) fn cases() -> Vec<Case> {
    [schemes(), lengths(), contents(), stored()].into_iter().flatten().collect()
}

fn schemes() -> Vec<Case> {
    let case = |file, title, comment, draft| Case::ok(file, title, comment, draft).encoded();
    vec![
        case("ok-2-of-3", "2 of 3", "The usual scheme: p = 3, two segments.", usual()),
        case("ok-2-of-2", "2 of 2", "n = 2 has p = 3 too: every share is needed.", draft(2, 2, 3, 16, 20)),
        case("ok-3-of-3", "3 of 3", "The first k with more than one r.", draft(3, 3, 3, 16, 20)),
        case("ok-3-of-5", "3 of 5", "p = 5.", draft(3, 5, 5, 16, 20)),
        case("ok-4-of-6", "4 of 6", "p = 7: the digest of 32 bytes has room for 36.", draft(4, 6, 7, 18, 20)),
        case(
            "ok-2-of-3-room",
            "2 of 3 with p = 7",
            "A prime larger than needed, to add shares later.",
            draft(2, 3, 7, 18, 20),
        ),
        case(
            "ok-2-of-12",
            "2 of 12",
            "p = 13; a segment of the least length, p-1.",
            draft(2, 12, 13, 12, 20),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let case = |file, title, comment, draft| Case::ok(file, title, comment, draft).encoded();
    let parts = |length| {
        let mut parts = draft(2, 3, 3, 16, length);
        parts.numbers.part = 20;
        parts
    };
    vec![
        case(
            "ok-empty",
            "No payload",
            "One segment of padding only: p-1 bytes of value p-1.",
            draft(2, 3, 5, 16, 0),
        ),
        case("ok-one-byte", "One byte", "p-2 bytes of padding.", draft(2, 3, 5, 16, 1)),
        case("ok-length-3", "p-2 bytes", "One byte of padding.", draft(2, 3, 5, 16, 3)),
        case(
            "ok-length-4",
            "p-1 bytes",
            "A multiple of p-1 gets p-1 bytes of padding.",
            draft(2, 3, 5, 16, 4),
        ),
        case("ok-length-5", "p bytes", "p-2 bytes of padding again.", draft(2, 3, 5, 16, 5)),
        case("ok-segment-less", "S-1 bytes", "The padding fills the segment.", draft(2, 3, 5, 16, 15)),
        case("ok-segment", "S bytes", "A second segment holds padding only.", draft(2, 3, 5, 16, 16)),
        case(
            "ok-segment-more",
            "S+1 bytes",
            "The second segment is as short as can be.",
            draft(2, 3, 5, 16, 17),
        ),
        case("ok-segments", "2S bytes", "Two full segments and one of padding only.", draft(2, 3, 5, 16, 32)),
        case(
            "ok-parts",
            "Three parts",
            "Two full ones and one of five bytes; name and metadata are in the last.",
            parts(45),
        ),
        case("ok-parts-full", "Two full parts", "The last part is as long as the others.", parts(40)),
        case(
            "ok-parts-byte",
            "A part of one byte",
            "The least that a last part holds, if it isn't the only one.",
            parts(21),
        ),
        case(
            "ok-fill",
            "A size class",
            "Seven zero bytes between payload and padding.",
            Draft { fill: 7, ..usual() },
        ),
        case(
            "ok-fill-segments",
            "A size class over several segments",
            "The payload ends in the first segment, 60 zero bytes follow.",
            Draft { fill: 60, ..draft(2, 3, 3, 16, 5) },
        ),
        case(
            "ok-fill-only",
            "A size class without payload",
            "An empty object of 20 bytes of fill.",
            Draft { fill: 20, ..draft(2, 3, 3, 16, 0) },
        ),
        case(
            "ok-fill-part",
            "A size class in the last part",
            "Other parts are full.",
            Draft { fill: 15, ..parts(25) },
        ),
    ]
}

fn contents() -> Vec<Case> {
    let mut user = Draft::new(numbers(2, 3, 3, 16, 240), payload(20));
    user.user = [
        ("app.content-type".to_owned(), "text/plain".to_owned()),
        ("app.note_1".to_owned(), "tab\t, quote \", backslash \\, \u{1f}, \u{e9} and \u{1f600}".to_owned()),
        ("empty".to_owned(), String::new()),
    ]
    .into();
    let mut long = draft(2, 3, 3, 16, 20);
    long.name = "\u{fc}".repeat(200);
    long.numbers.trailer = long.numbers.trailer_for(400, 102);
    let mut class = usual();
    class.numbers.trailer = class.numbers.trailer_for(6, 102);
    let later = Draft { generation: 9_007_199_254_740_991, created: 253_402_300_799_999, ..usual() };
    vec![
        Case::ok(
            "ok-user-metadata",
            "The application's own metadata",
            "Escapes are those of the canonical form.",
            user,
        )
        .encoded(),
        Case::ok(
            "ok-name-long",
            "A name of 400 bytes",
            "The trailer's plaintext is 1,024 bytes, the second class.",
            long,
        )
        .encoded(),
        Case::ok(
            "ok-trailer-class",
            "A trailer of the first class",
            "As a writer should choose it: 512 bytes and d.",
            class,
        )
        .encoded(),
        Case::ok(
            "ok-largest-numbers",
            "The last generation and the last moment",
            "2^53-1, and the end of the year 9999.",
            later,
        )
        .encoded(),
        Case::ok(
            "ok-ttl",
            "A time to live that isn't over",
            "A millisecond before the end.",
            Draft { ttl: Some(60), ..usual() },
        )
        .now("2026-01-01T00:01:00.122Z")
        .name("object")
        .encoded(),
        Case::ok(
            "ok-other-pads",
            "Pads of zeros",
            "No secret at all, but no reader depends on where pads come from.",
            usual().hook(|_, stage| {
                if let Stage::Pad(_, pad) = stage {
                    pad.fill(0);
                }
            }),
        ),
    ]
}

/// Manifests of objects that weren't stored in one go, and backends that aren't what they should be.
fn stored() -> Vec<Case> {
    let manifest = |change: fn(&mut Value)| {
        usual().hook(move |_, stage| {
            if let Stage::Manifest(manifest) = stage {
                change(manifest);
            }
        })
    };
    let expanded = |draft: Draft| Draft { written_n: Some(3), ..draft };
    vec![
        Case::ok(
            "ok-degraded",
            "A share that was never stored",
            "Its entry is null, and the state is degraded.",
            manifest(|manifest| {
                manifest["parts"][0]["shares"][0] = Value::Null;
                manifest["state"] = json!("degraded");
            }),
        ),
        Case::ok("ok-lost", "A share that is gone", "k others do.", usual()).lost(&[1]),
        Case::ok("ok-damaged", "A share with a changed body", "Its tag says so; the others do.", usual())
            .change(0, 0, |share| share[130] ^= 4)
            .fault(0, 0, ShareFault::Segment(0)),
        Case::ok(
            "ok-damaged-everywhere",
            "Every share has a bad segment of its own",
            "A share that fails in one segment goes on serving the others.",
            draft(2, 3, 3, 16, 40),
        )
        .change(0, 0, |share| share[128] ^= 1)
        .change(0, 1, |share| share[128 + 80] ^= 1)
        .change(0, 2, |share| share[128 + 160] ^= 1)
        .fault(0, 0, ShareFault::Segment(0))
        .fault(0, 1, ShareFault::Segment(1))
        .fault(0, 2, ShareFault::Segment(2)),
        Case::ok(
            "ok-repaired",
            "A share made again under a newer key",
            "Share 1 has a new salt, key and tags, and its old bodies; two key ids in one part. The payload tag stays that of the older key.",
            Draft {
                share_keys: [(1, key_bytes(1))].into(),
                signing_key: Some(key_bytes(1)),
                ..manifest(|manifest| {
                    let part = &mut manifest["parts"][0];
                    part["past"] = json!([{"backendId": "backend-1", "index": 1}]);
                    part["shares"][1]["backendId"] = json!("backend-3");
                    manifest["revision"] = json!(2);
                })
            },
        )
        .keys(&[(0, KeyState::Retired), (1, KeyState::Current)])
        .lost(&[0])
        ,
        Case::ok(
            "ok-expanded",
            "A share added later",
            "n is 4 in the manifest and 3 in the trailer; read from the new share and one more.",
            expanded(draft(2, 4, 5, 16, 20)),
        )
        .lost(&[0, 2])
        ,
        Case::ok(
            "ok-tagged-again",
            "All shares tagged again under a newer key",
            "Only the payload tag is the older key's, which is retired and so still verifies.",
            Draft {
                share_keys: (0..3).map(|index| (index, key_bytes(1))).collect(),
                signing_key: Some(key_bytes(1)),
                ..usual()
            },
        )
        .keys(&[(0, KeyState::Retired), (1, KeyState::Current)]),
        Case::ok(
            "ok-one-liar",
            "A share that lies under right tags",
            "Somebody with the key made share 0. Other shares give the right digest.",
            draft(2, 4, 5, 16, 20).hook(|_, stage| {
                if let Stage::Body(0, _, body) = stage {
                    body[1] ^= 0x80;
                }
            }),
        ),
        Case::ok(
            "ok-two-liars",
            "Two of four shares lie",
            "Up to n-k: one pair of the six is honest.",
            draft(2, 4, 5, 16, 20).hook(|_, stage| {
                if let Stage::Body(index @ (1 | 2), _, body) = stage {
                    body[0] ^= index;
                }
            }),
        ),
    ]
}
