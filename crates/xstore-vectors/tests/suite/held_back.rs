//! The last bytes of a part, and of an object, leave only when everything about them is right.

use crate::sample::{draft, payload, read_all};
use xstore_share::DecodeError;
use xstore_vectors::ReadError;
use xstore_vectors::book::trailer::Fields;
use xstore_vectors::book::{Draft, Stage};

/// Two parts of 40 and 37 bytes, each of two full segments and a short one.
fn object() -> Draft {
    let mut object = draft(2, 3, 3, 16, 77);
    object.numbers.part = 40;
    object
}

/// Reads the object with a change in part `part`: everything before that part's last segment was handed on, and
/// nothing after.
#[track_caller]
fn held_back(part: u32, source: DecodeError, change: impl Fn(Stage<'_>) + 'static) {
    let drafted = object().hook(move |number, stage| {
        if number == part {
            change(stage);
        }
    });
    let drafted = drafted.write().unwrap();
    let reading = read_all(&drafted.text, &drafted.values);
    assert_eq!(reading.result, Err(ReadError::Part { part, source }));
    assert_eq!(reading.released, payload(77)[..if part == 0 { 32 } else { 40 + 32 }]);
}

fn metadata(fields: &mut Fields, from: &str, to: &str) {
    let text = String::from_utf8(fields.metadata.clone()).unwrap();
    assert!(text.contains(from));
    fields.metadata = text.replacen(from, to, 1).into_bytes();
}

#[test]
fn until_the_payload_tag_is_right() {
    for part in [0, 1] {
        held_back(part, DecodeError::PayloadTag, |stage| {
            if let Stage::PayloadTag(tag) = stage {
                tag[5] ^= 1;
            }
        });
    }
}

#[test]
fn until_the_padding_is_right() {
    for part in [0, 1] {
        held_back(part, DecodeError::Padding, |stage| {
            if let Stage::Padded(padded) = stage {
                *padded.last_mut().unwrap() = 0;
            }
        });
    }
}

#[test]
fn until_the_object_is_whole() {
    held_back(1, DecodeError::Trailer("object length"), |stage| {
        if let Stage::Fields(fields) = stage {
            metadata(fields, ":77", ":76");
        }
    });
    held_back(1, DecodeError::Trailer("number of parts"), |stage| {
        if let Stage::Fields(fields) = stage {
            metadata(fields, "\"parts\":2", "\"parts\":1");
        }
    });
    held_back(1, DecodeError::ObjectTag, |stage| {
        if let Stage::Fields(fields) = stage {
            let at = fields.metadata.len() - 13;
            fields.metadata[at] = if fields.metadata[at] == b'0' { b'1' } else { b'0' };
        }
    });
}

#[test]
fn a_segment_whose_digest_is_wrong_is_no_part_of_it() {
    for part in [0, 1] {
        held_back(part, DecodeError::Inconsistent { segment: 2 }, |stage| {
            if let Stage::Digest(2, digest) = stage {
                digest[0] ^= 1;
            }
        });
    }
}

/// Where the trailer is wrong nothing of the part is handed on, not even its first segment.
#[test]
fn all_of_it_until_the_trailer_is_right() {
    for (part, before) in [(0, 0), (1, 40)] {
        let drafted = object().hook(move |number, stage| match stage {
            Stage::Fields(fields) if number == part => fields.length -= 1,
            Stage::Padded(padded) if number == part => padded[if part == 0 { 39 } else { 36 }] = 0,
            _ => {}
        });
        let drafted = drafted.write().unwrap();
        let reading = read_all(&drafted.text, &drafted.values);
        if part == 0 {
            let source = DecodeError::Trailer("payload length");
            assert_eq!(reading.result, Err(ReadError::Part { part, source }));
            assert_eq!(reading.released, payload(77)[..before]);
        } else {
            // The last part may be shorter; then it is the object's length that is wrong.
            let source = DecodeError::Trailer("object length");
            assert_eq!(reading.result, Err(ReadError::Part { part, source }));
            assert_eq!(reading.released, payload(77)[..before + 32]);
        }
    }
}
