//! Reading some of the bytes.

use super::case::{Case, too_few};
use crate::sample::draft;
use xstore_share::{DecodeError, ShareFault};
use xstore_vectors::ReadError;
use xstore_vectors::book::{Draft, Stage};

/// 50 bytes in parts of 40: segments of 16, 16 and 8 bytes, then 10.
fn object() -> Draft {
    let mut object = draft(2, 3, 3, 16, 50);
    object.numbers.part = 40;
    object
}

pub(crate) fn cases() -> Vec<Case> {
    let ok = |file, title, comment, start, end| Case::ok(file, title, comment, object()).range(start, end);
    let hooked = |change: fn(Stage<'_>)| {
        object().hook(move |part, stage| {
            if part == 0 {
                change(stage);
            }
        })
    };
    vec![
        ok("ok-range", "A range within a segment", "Bytes 3 to 9.", 3, 10),
        ok("ok-range-segments", "A range over two segments", "Bytes 10 to 31: all of segment 1.", 10, 32),
        ok(
            "ok-range-parts",
            "A range over two parts",
            "The last byte of part 0 and the first of part 1.",
            39,
            41,
        ),
        ok(
            "ok-range-whole",
            "A range that is everything",
            "Read as a range, so without payload and object tag.",
            0,
            50,
        ),
        ok("ok-range-beyond", "A range that ends beyond the payload", "It is cut at the end.", 45, 1000),
        ok("ok-range-after", "A range that begins beyond the payload", "Nothing.", 60, 70),
        ok("ok-range-empty", "An empty range", "Nothing.", 20, 20),
        Case::ok(
            "ok-range-fill",
            "A range that ends in fill",
            "Fill isn't payload.",
            Draft { fill: 20, ..draft(2, 3, 3, 16, 20) },
        )
        .range(10, 40),
        Case::ok(
            "ok-range-damage-elsewhere",
            "Damage outside the range",
            "Two of three bodies of segment 0 are bad.",
            object(),
        )
        .change(0, 0, |share| share[128] ^= 1)
        .change(0, 1, |share| share[128] ^= 1)
        .range(16, 40),
        Case::ok(
            "ok-range-payload-tag",
            "A wrong payload tag",
            "A range can't check it; a full read of the same refuses it.",
            hooked(|stage| {
                if let Stage::PayloadTag(tag) = stage {
                    tag[0] ^= 1;
                }
            }),
        )
        .range(16, 40),
        Case::bad(
            "bad-range-damage",
            "Damage inside the range",
            "Two of three bodies of segment 0 are bad.",
            object(),
            too_few(0, 1, 2),
        )
        .change(0, 0, |share| share[128] ^= 1)
        .change(0, 1, |share| share[128] ^= 1)
        .fault(0, 0, ShareFault::Segment(0))
        .fault(0, 1, ShareFault::Segment(0))
        .range(15, 17),
        Case::refused(
            "bad-range-digest",
            "A wrong digest inside the range",
            "Digests are checked in range reads too.",
            hooked(|stage| {
                if let Stage::Digest(1, digest) = stage {
                    digest[0] ^= 1;
                }
            }),
            DecodeError::Inconsistent { segment: 1 },
        )
        .range(20, 21),
        Case::refused(
            "bad-range-trailer",
            "A trailer of another generation",
            "The trailer is opened first in range reads too.",
            hooked(|stage| {
                if let Stage::Fields(fields) = stage {
                    fields.generation = 2;
                }
            }),
            DecodeError::Identity("generation"),
        )
        .range(0, 1),
        Case::refused(
            "bad-range-short-part",
            "A range of a part that isn't full and isn't the last",
            "Everything behind it would be somewhere else.",
            object().hook(|part, stage| {
                if part == 0 {
                    match stage {
                        Stage::Padded(padded) => padded[38..40].fill(0),
                        Stage::Fields(fields) => fields.length = 38,
                        _ => {}
                    }
                }
            }),
            DecodeError::Trailer("payload length"),
        )
        .range(5, 45),
        Case::bad(
            "bad-range-padding",
            "Wrong padding in the last segment",
            "Whoever reads the last segment checks it.",
            object().hook(|part, stage| {
                if let Stage::Padded(padded) = stage
                    && part == 1
                {
                    *padded.last_mut().unwrap() = 0;
                }
            }),
            ReadError::Part { part: 1, source: DecodeError::Padding },
        )
        .range(40, 41),
    ]
}
