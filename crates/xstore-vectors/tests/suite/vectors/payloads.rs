//! Digests, payload tags, padding and the rules of the whole object. All tags are right.

use super::case::{Case, usual};
use crate::sample::draft;
use xstore_share::DecodeError;
use xstore_vectors::ReadError;
use xstore_vectors::book::crypto::sha256;
use xstore_vectors::book::trailer::Fields;
use xstore_vectors::book::{Draft, Stage, end_of_message};

pub(crate) fn cases() -> Vec<Case> {
    [digests(), tags(), padding(), objects()].into_iter().flatten().collect()
}

fn in_parts(length: usize) -> Draft {
    let mut parts = draft(2, 3, 3, 16, length);
    parts.numbers.part = 20;
    parts
}

fn digests() -> Vec<Case> {
    let wrong = |file, title, comment, draft, segment| {
        Case::refused(file, title, comment, draft, DecodeError::Inconsistent { segment })
    };
    let sharing = usual().sharing(0);
    let redigest = move |id: [u8; 16], m: u64, kind: u8| {
        usual().hook(move |_, stage| {
            if let Stage::Secret(0, secret) = stage {
                let digest = sha256(&[&secret[..16], &id, &end_of_message(m, 16, kind)]);
                secret[16..48].copy_from_slice(&digest);
            }
        })
    };
    let roomy = |m: u64| {
        draft(2, 3, 7, 18, 20).hook(move |_, stage| {
            if let Stage::Secret(number, secret) = stage
                && number == m
            {
                *secret.last_mut().unwrap() = 1;
            }
        })
    };
    let flipped = |m: u64| {
        usual().hook(move |_, stage| {
            if let Stage::Secret(number, secret) = stage
                && number == m
            {
                secret[0] ^= 1;
            }
        })
    };
    vec![
        wrong(
            "bad-digest",
            "A segment that isn't what its digest says",
            "All shares agree on it.",
            flipped(0),
            0,
        ),
        wrong("bad-digest-last", "The same in the last segment", "Segment 0 is good.", flipped(1), 1),
        wrong(
            "bad-digest-trailer",
            "The same in the trailer",
            "Found before any data is opened.",
            flipped(2),
            2,
        ),
        wrong(
            "bad-digest-zeros",
            "A byte in the room behind the digest",
            "p = 7: d is 36, and the last four bytes are zero.",
            roomy(0),
            0,
        ),
        wrong(
            "bad-digest-zeros-trailer",
            "The same in the trailer",
            "The rule is the same there.",
            roomy(2),
            2,
        ),
        wrong(
            "bad-digest-sharing",
            "A digest made with another sharing id",
            "Segments of one sharing don't serve in another.",
            redigest([0; 16], 0, 0),
            0,
        ),
        wrong(
            "bad-digest-number",
            "A digest made with another number",
            "Segments don't change places.",
            redigest(sharing, 1, 0),
            0,
        ),
        wrong(
            "bad-digest-kind",
            "A digest made for the last segment",
            "An end in the middle.",
            redigest(sharing, 0, 1),
            0,
        ),
    ]
}

fn tags() -> Vec<Case> {
    let flipped = |draft: Draft, part: u32| {
        draft.hook(move |number, stage| {
            if let Stage::PayloadTag(tag) = stage
                && number == part
            {
                tag[31] ^= 1;
            }
        })
    };
    let other = |change: fn(&mut Vec<u8>)| {
        usual().hook(move |_, stage| {
            if let Stage::Trailer(plaintext) = stage {
                change(plaintext);
            }
        })
    };
    vec![
        Case::refused(
            "bad-payload-tag",
            "A wrong payload tag",
            "Every segment before the last may have been handed on.",
            flipped(usual(), 0),
            DecodeError::PayloadTag,
        ),
        Case::bad(
            "bad-payload-tag-later",
            "A wrong payload tag in the second part",
            "The first part is good.",
            flipped(in_parts(25), 1),
            ReadError::Part { part: 1, source: DecodeError::PayloadTag },
        ),
        Case::refused(
            "bad-payload-tag-ttl",
            "A time to live that the payload tag doesn't cover",
            "The manifest doesn't repeat it, so the tag alone sees it.",
            other(|plaintext| plaintext[88] = 0),
            DecodeError::PayloadTag,
        ),
        Case::refused(
            "bad-payload-tag-length",
            "A length that the payload tag doesn't cover",
            "One byte fewer, as if the last were fill; the tag is looked at first.",
            other(|plaintext| plaintext[72] -= 1),
            DecodeError::PayloadTag,
        ),
    ]
}

fn padding() -> Vec<Case> {
    let padded = |draft: Draft, change: fn(&mut Vec<u8>)| {
        draft.hook(move |_, stage| {
            if let Stage::Padded(bytes) = stage {
                change(bytes);
            }
        })
    };
    let wrong =
        |file, title, comment, draft| Case::refused(file, title, comment, draft, DecodeError::Padding);
    // 20 bytes and 4 of value 4.
    let wide = || draft(2, 3, 5, 16, 20);
    let length = |draft: Draft, to: u64| {
        draft.hook(move |_, stage| {
            if let Stage::Fields(fields) = stage {
                fields.length = to;
            }
        })
    };
    vec![
        wrong(
            "bad-padding-zero",
            "Padding that ends with 0",
            "1 to p-1 is allowed.",
            padded(wide(), |bytes| bytes[20..].fill(0)),
        ),
        wrong(
            "bad-padding-large",
            "Padding of p bytes",
            "Five bytes of value 5 behind 19 of payload: even, and one more than p-1.",
            padded(Draft { fill: 1, ..draft(2, 3, 5, 16, 19) }, |bytes| bytes[19..].fill(5)),
        ),
        wrong(
            "bad-padding-uneven",
            "Padding whose bytes differ",
            "The last v bytes all have the value v.",
            padded(wide(), |bytes| bytes[21] = 3),
        ),
        wrong(
            "bad-padding-short",
            "Padding that says less than is there",
            "The three bytes before it aren't zero, as fill would be.",
            padded(wide(), |bytes| bytes[23] = 1),
        ),
        wrong(
            "bad-padding-over-payload",
            "Padding that reaches into the payload",
            "payload + padding is more than there is.",
            length(wide(), 21),
        ),
        wrong(
            "bad-fill",
            "Fill that isn't zero",
            "Between payload and padding.",
            padded(Draft { fill: 7, ..wide() }, |bytes| bytes[22] = 1),
        ),
        wrong(
            "bad-fill-earlier",
            "Fill that isn't zero in an earlier segment",
            "The payload ends in segment 0, and so does the read.",
            padded(Draft { fill: 60, ..draft(2, 3, 3, 16, 5) }, |bytes| bytes[9] = 0xff),
        ),
        wrong(
            "bad-fill-later",
            "Fill that isn't zero in a later segment",
            "Payload was handed on before; nothing is added to it.",
            padded(Draft { fill: 60, ..draft(2, 3, 3, 16, 5) }, |bytes| bytes[40] = 1),
        ),
        wrong(
            "bad-fill-payload",
            "A length that makes fill of payload",
            "One byte fewer than there are, and the last one isn't zero.",
            length(wide(), 19),
        ),
    ]
}

fn objects() -> Vec<Case> {
    let last = |draft: Draft, part: u32, change: fn(&mut Fields)| {
        draft.hook(move |number, stage| {
            if let Stage::Fields(fields) = stage
                && number == part
            {
                change(fields);
            }
        })
    };
    // Part 0 holds 18 bytes and says so; two zeros take the place of the others.
    let short = in_parts(25).hook(|number, stage| {
        if number == 0 {
            match stage {
                Stage::Padded(padded) => padded[18..20].fill(0),
                Stage::Fields(fields) => fields.length = 18,
                _ => {}
            }
        }
    });
    // Two zeros are all that the last part holds: fill.
    let mut empty_last = in_parts(22);
    empty_last.payload[20..].fill(0);
    let empty_last = empty_last.hook(|number, stage| {
        if let Stage::Fields(fields) = stage
            && number == 1
        {
            fields.length = 0;
        }
    });
    // 21 bytes where `part` says 20: they still fit into the 24 padded ones.
    let mut long = draft(2, 3, 5, 16, 20);
    long.numbers.part = 20;
    let long = long.hook(|_, stage| match stage {
        Stage::Padded(padded) => padded[20..].copy_from_slice(&[9, 3, 3, 3]),
        Stage::Fields(fields) => fields.length = 21,
        _ => {}
    });
    // Part 0 has another first byte, and the object tag is the one from before.
    let tag = in_parts(25).write().unwrap().notes[1].object_tag.clone().unwrap();
    let replaced_part = in_parts(25).hook(move |number, stage| match stage {
        Stage::Padded(padded) if number == 0 => padded[0] ^= 1,
        Stage::Fields(fields) if number == 1 => {
            let at = object_tag_at(fields);
            fields.metadata[at..at + 64].copy_from_slice(tag.as_bytes());
        }
        _ => {}
    });
    let part = |part, source| ReadError::Part { part, source };
    vec![
        Case::bad(
            "bad-object-length",
            "Metadata with another length than the parts have",
            "21 instead of 20; everything else agrees.",
            last(usual(), 0, |fields| replaced(fields, ":20,", ":21,")),
            part(0, DecodeError::Trailer("object length")),
        ),
        Case::bad(
            "bad-object-parts",
            "Metadata with another number of parts",
            "3 instead of 2.",
            last(in_parts(25), 1, |fields| replaced(fields, "\"parts\":2", "\"parts\":3")),
            part(1, DecodeError::Trailer("number of parts")),
        ),
        Case::bad(
            "bad-object-short-part",
            "A part that isn't full and isn't the last",
            "18 bytes and two of fill, where `part` says 20.",
            short,
            part(0, DecodeError::Trailer("payload length")),
        ),
        Case::bad(
            "bad-object-long-part",
            "A last part of more bytes than a part may hold",
            "21 bytes, where `part` says 20.",
            long,
            part(0, DecodeError::Trailer("payload length")),
        ),
        Case::bad(
            "bad-object-empty-part",
            "A last part without payload",
            "Allowed in an empty object only.",
            empty_last,
            part(1, DecodeError::Trailer("payload length")),
        ),
        Case::bad(
            "bad-object-tag",
            "A wrong object tag",
            "Length and number of parts agree.",
            last(in_parts(25), 1, |fields| {
                let at = object_tag_at(fields);
                fields.metadata[at] = if fields.metadata[at] == b'0' { b'1' } else { b'0' };
            }),
            part(1, DecodeError::ObjectTag),
        ),
        Case::bad(
            "bad-object-tag-of-one",
            "The object tag of another first part",
            "Part 0 was replaced by another sharing of other bytes, manifest and all; only the object tag remembers.",
            replaced_part,
            part(1, DecodeError::ObjectTag),
        ),
    ]
}

/// Where the object tag's digits begin in the metadata.
fn object_tag_at(fields: &Fields) -> usize {
    let member = b"\"objectTag\":\"";
    fields.metadata.windows(member.len()).position(|text| text == member).unwrap() + member.len()
}

/// Changes the metadata's text.
fn replaced(fields: &mut Fields, from: &str, to: &str) {
    let text = String::from_utf8(fields.metadata.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    fields.metadata = text.replace(from, to).into_bytes();
}
