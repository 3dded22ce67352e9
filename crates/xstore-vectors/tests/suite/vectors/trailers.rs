//! Trailers that are authentic and wrong: a faulty writer, or somebody who holds the key.

use super::case::{Case, usual};
use crate::sample::{draft, numbers, payload};
use xstore_share::DecodeError;
use xstore_vectors::ReadError;
use xstore_vectors::book::trailer::Fields;
use xstore_vectors::book::{Draft, Stage};

pub(crate) fn cases() -> Vec<Case> {
    [fields(), texts(), metadata(), identity()].into_iter().flatten().collect()
}

/// The draft with a change of the fields of part `part`.
fn with(draft: Draft, part: u32, change: impl Fn(&mut Fields) + 'static) -> Draft {
    draft.hook(move |number, stage| {
        if let Stage::Fields(fields) = stage
            && number == part
        {
            change(fields);
        }
    })
}

fn malformed(
    file: &'static str,
    title: &'static str,
    comment: &'static str,
    what: &'static str,
    change: impl Fn(&mut Fields) + 'static,
) -> Case {
    Case::refused(file, title, comment, with(usual(), 0, change), DecodeError::Trailer(what))
}

fn in_parts() -> Draft {
    let mut parts = draft(2, 3, 3, 16, 25);
    parts.numbers.part = 20;
    parts
}

fn fields() -> Vec<Case> {
    vec![
        malformed(
            "bad-trailer-magic",
            "A trailer that doesn't begin like one",
            "Tags and digest are right.",
            "magic",
            |fields| fields.magic[7] = b'R',
        ),
        malformed(
            "bad-trailer-sharing",
            "A trailer that names another sharing",
            "Its digest is made with the manifest's sharing id.",
            "sharing id",
            |fields| fields.sharing[0] ^= 1,
        ),
        malformed(
            "bad-trailer-flags",
            "An unknown flag",
            "Bits 1 to 7 are zero.",
            "reserved bytes",
            |fields| fields.flags |= 2,
        ),
        malformed("bad-trailer-zero", "Byte 55 isn't zero", "It is reserved.", "reserved bytes", |fields| {
            fields.zero = 1;
        }),
        malformed("bad-trailer-n-small", "n below k", "2 of 1 never was.", "n", |fields| fields.n = 1),
        malformed(
            "bad-trailer-n-large",
            "n above the manifest's",
            "n grows, and never shrinks.",
            "n",
            |fields| fields.n = 4,
        ),
        malformed(
            "bad-trailer-length",
            "As many payload bytes as padded ones",
            "There is at least one byte of padding.",
            "payload length",
            |fields| fields.length = 22,
        ),
        malformed(
            "bad-trailer-length-huge",
            "2^64-1 payload bytes",
            "An addition would overflow.",
            "payload length",
            |fields| fields.length = u64::MAX,
        ),
        malformed(
            "bad-trailer-name-length",
            "A name longer than the trailer",
            "Its end would be behind the last byte.",
            "lengths",
            |fields| fields.name_length = Some(1000),
        ),
        malformed(
            "bad-trailer-name-limit",
            "A name of 2^32-1 bytes",
            "Over the limit of 1,024.",
            "lengths",
            |fields| fields.name_length = Some(u32::MAX),
        ),
        malformed(
            "bad-trailer-metadata-length",
            "Metadata longer than the trailer",
            "65,536 bytes are allowed, but not there.",
            "lengths",
            |fields| fields.metadata_length = Some(65_536),
        ),
        Case::refused(
            "bad-trailer-fill",
            "A byte behind the payload tag",
            "The rest of the trailer is zeros.",
            usual().hook(|_, stage| {
                if let Stage::Trailer(plaintext) = stage {
                    *plaintext.last_mut().unwrap() = 1;
                }
            }),
            DecodeError::Trailer("fill"),
        ),
    ]
}

fn texts() -> Vec<Case> {
    let early = |file, title, comment, change: fn(&mut Fields)| {
        let error = DecodeError::Trailer("name or metadata before the last part");
        Case::refused(file, title, comment, with(in_parts(), 0, change), error)
    };
    vec![
        early(
            "bad-trailer-name-early",
            "A name in the first of two parts",
            "It stands in the last part only.",
            |fields| fields.name = b"object".to_vec(),
        ),
        early(
            "bad-trailer-metadata-early",
            "Metadata in the first of two parts",
            "It stands in the last part only.",
            |fields| fields.metadata = b"{}".to_vec(),
        ),
        malformed(
            "bad-trailer-name-empty",
            "No name in the last part",
            "It has 1 to 1,024 bytes.",
            "name",
            |fields| fields.name.clear(),
        ),
        malformed(
            "bad-trailer-name-control",
            "A name with a line feed",
            "Names show up in terminals and logs.",
            "name",
            |fields| fields.name[3] = b'\n',
        ),
        malformed(
            "bad-trailer-name-c1",
            "A name with U+0085",
            "General category Cc, too.",
            "name",
            |fields| fields.name = "obj\u{85}".into(),
        ),
        malformed(
            "bad-trailer-name-utf8",
            "A name that isn't UTF-8",
            "A lone continuation byte.",
            "name",
            |fields| fields.name[3] = 0x80,
        ),
    ]
}

fn metadata() -> Vec<Case> {
    let wrong = |file, title, comment, from: &'static str, to: &'static str| {
        let mut wide = Draft::new(numbers(2, 3, 3, 16, 240), payload(20));
        wide.user = [("a".to_owned(), "b".to_owned()), ("c".to_owned(), String::new())].into();
        let draft = with(wide, 0, move |fields| {
            let text = String::from_utf8(fields.metadata.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            fields.metadata = text.replacen(from, to, 1).into_bytes();
        });
        Case::refused(file, title, comment, draft, DecodeError::Trailer("metadata"))
    };
    vec![
        wrong(
            "bad-metadata-member",
            "Metadata with an unknown member",
            "There are four.",
            "\"user\"",
            "\"usual\":{},\"user\"",
        ),
        wrong("bad-metadata-missing", "Metadata without a member", "`parts` is missing.", "\"parts\":1,", ""),
        wrong(
            "bad-metadata-repeated",
            "Metadata with a member twice",
            "With the same value.",
            "\"parts\":1,",
            "\"parts\":1,\"parts\":1,",
        ),
        wrong(
            "bad-metadata-order",
            "Metadata with its members in another order",
            "`parts` before `length`.",
            "{\"length\":20,",
            "{\"parts\":1,\"length\":20,",
        ),
        wrong(
            "bad-metadata-space",
            "Metadata with a space",
            "The canonical form has none.",
            "\"length\":20",
            "\"length\": 20",
        ),
        wrong(
            "bad-metadata-escape",
            "Metadata with a needless escape",
            "\\u0062 is b.",
            "\"b\"",
            "\"\\u0062\"",
        ),
        wrong(
            "bad-metadata-number",
            "Metadata with a number in another form",
            "20 isn't 2e1.",
            "\"length\":20",
            "\"length\":2e1",
        ),
        malformed(
            "bad-metadata-tag",
            "Metadata with upper-case hex",
            "The same bytes, in the form that isn't written.",
            "metadata",
            |fields| {
                let (start, end) = (fields.metadata.len() - 76, fields.metadata.len() - 12);
                fields.metadata[start..end].make_ascii_uppercase();
            },
        ),
        wrong(
            "bad-metadata-user-empty",
            "An empty `user`",
            "It may be absent, not empty.",
            "{\"a\":\"b\",\"c\":\"\"}",
            "{}",
        ),
        wrong(
            "bad-metadata-user-name",
            "A name of `user` in upper case",
            "a-z 0-9 . _ - only.",
            "\"a\":",
            "\"A\":",
        ),
        wrong(
            "bad-metadata-user-twice",
            "A name of `user` twice",
            "The second would hide the first.",
            "\"a\":\"b\"",
            "\"a\":\"b\",\"a\":\"b\"",
        ),
        wrong(
            "bad-metadata-user-value",
            "A number in `user`",
            "Values are strings.",
            "\"a\":\"b\"",
            "\"a\":1",
        ),
        wrong(
            "bad-metadata-null",
            "A null for `user`",
            "Absent is absent.",
            "{\"a\":\"b\",\"c\":\"\"}",
            "null",
        ),
    ]
}

fn identity() -> Vec<Case> {
    let other = |file, title, comment, what, change: fn(&mut Fields)| {
        Case::refused(file, title, comment, with(usual(), 0, change), DecodeError::Identity(what))
    };
    vec![
        other(
            "bad-identity-object",
            "A trailer of another object",
            "The manifest names another object id.",
            "object",
            |fields| fields.object[0] ^= 1,
        ),
        other(
            "bad-identity-generation",
            "A trailer of another generation",
            "The manifest stands for a newer one.",
            "generation",
            |fields| fields.generation = 0,
        ),
        other(
            "bad-identity-part",
            "A trailer of another part",
            "Part 1 in the place of part 0.",
            "part",
            |fields| fields.part = 1,
        ),
        other(
            "bad-identity-not-last",
            "A last part that says it isn't",
            "Somebody cut the object short.",
            "last part",
            |fields| {
                (fields.flags, fields.name, fields.metadata) = (0, Vec::new(), Vec::new());
            },
        ),
        Case::bad(
            "bad-identity-last",
            "A first part that says it is the last",
            "Somebody hung another object's part on.",
            with(in_parts(), 0, |fields| {
                let tag = "0".repeat(64);
                fields.flags = 1;
                fields.name = b"object".to_vec();
                fields.metadata =
                    format!("{{\"length\":20,\"objectTag\":\"{tag}\",\"parts\":1}}").into_bytes();
            }),
            ReadError::Part { part: 0, source: DecodeError::Identity("last part") },
        ),
        other("bad-identity-kind-pack", "A pack in the place of an object", "Kind 1.", "kind", |fields| {
            fields.kind = 1;
        }),
        other(
            "bad-identity-kind-checkpoint",
            "A checkpoint in the place of an object",
            "Kind 2.",
            "kind",
            |fields| fields.kind = 2,
        ),
        other(
            "bad-identity-kind-unknown",
            "A kind that there isn't",
            "Kind 3: not 0, so the same error.",
            "kind",
            |fields| fields.kind = 3,
        ),
        other(
            "bad-identity-created",
            "A trailer of another time",
            "A millisecond later.",
            "created",
            |fields| fields.created += 1,
        ),
        other(
            "bad-identity-name",
            "A trailer with another name",
            "The manifest was presented for another object, or the object was renamed behind it.",
            "name",
            |fields| fields.name = b"objekt".to_vec(),
        ),
    ]
}
