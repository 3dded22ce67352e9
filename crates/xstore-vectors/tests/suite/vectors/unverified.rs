//! Recovery without manifest and keys.

use super::case::usual;
use crate::sample::draft;
use xstore_share::DecodeError;
use xstore_share::unverified::{UnverifiedError, open};
use xstore_vectors::book::{Draft, Stage};
use xstore_vectors::hex;
use xstore_vectors::vector::{Payload, Says, UnverifiedVector, Vector};

/// Bytes of body and tag of a full segment of the usual object.
const STORED: usize = 16 + 32 + 32;

/// All of them; what this reader says is checked on the way.
pub(crate) fn vectors() -> Vec<(&'static str, Vector)> {
    let usual_values = || values(&usual(), 0, &[0, 1, 2]);
    let flipped = |at: &[(usize, usize)]| {
        let mut values = usual_values();
        for (index, byte) in at {
            values[*index][*byte] ^= 0x20;
        }
        values
    };
    let trailer = 128 + STORED + 48;
    let mut parts = draft(2, 3, 3, 16, 25);
    parts.numbers.part = 20;
    let other = Draft { label: "other".into(), salts: "other".into(), object: [9; 16], ..usual() };
    let mixed = [values(&other, 0, &[0]), values(&usual(), 0, &[1, 2])].concat();
    let nothing_whole = [values(&other, 0, &[0]), values(&usual(), 0, &[1])].concat();
    let junk =
        [vec![Vec::new(), b"xStoreSh".to_vec(), vec![0x58; 700]], values(&usual(), 0, &[2, 0])].concat();
    let mut header_first = usual_values();
    header_first[0][16] = 18;
    let mut cut = usual_values();
    let length = cut[0].len();
    cut[0].truncate(length - 2);
    let mut marked = usual_values();
    marked[0][48..128].fill(0);
    marked[2].splice(32..48, [0; 16]);
    let wrong_fill = draft(2, 3, 3, 16, 20).hook(|_, stage| {
        if let Stage::Padded(padded) = stage {
            padded[21] = 9;
        }
    });

    vec![
        good(
            "unverified-ok-2-of-3",
            "Two shares",
            "Nobody needs the key to read them.",
            values(&usual(), 0, &[0, 1]),
            (&usual(), 0),
        ),
        good(
            "unverified-ok-any-order",
            "Shares 2 and 0 among other things",
            "Values that aren't shares are passed over.",
            junk,
            (&usual(), 0),
        ),
        good(
            "unverified-ok-3-of-5",
            "Three of five",
            "p = 5.",
            values(&draft(3, 5, 5, 16, 20), 0, &[4, 1, 3]),
            (&draft(3, 5, 5, 16, 20), 0),
        ),
        good(
            "unverified-ok-room",
            "2 of 3 with p = 7",
            "n isn't known: any index below p may come.",
            values(&draft(2, 3, 7, 18, 20), 0, &[1, 2]),
            (&draft(2, 3, 7, 18, 20), 0),
        ),
        good(
            "unverified-ok-first-part",
            "The first of two parts",
            "It has no name.",
            values(&parts, 0, &[0, 2]),
            (&parts, 0),
        ),
        good(
            "unverified-ok-last-part",
            "The last of two parts",
            "It has the name.",
            values(&parts, 1, &[1, 2]),
            (&parts, 1),
        ),
        good(
            "unverified-ok-damaged",
            "Three shares, one with a bad trailer",
            "Other pairs are tried.",
            flipped(&[(0, 300)]),
            (&usual(), 0),
        ),
        good(
            "unverified-ok-damaged-apart",
            "Three shares with bad segments in different places",
            "Each segment comes from a pair of its own.",
            flipped(&[(0, 128), (1, 128 + STORED), (2, 300)]),
            (&usual(), 0),
        ),
        good(
            "unverified-ok-header",
            "A share whose header names another S",
            "It falls into a group of its own.",
            header_first,
            (&usual(), 0),
        ),
        good(
            "unverified-ok-header-unused",
            "Headers without key id, sharing id, salt and tag",
            "Nothing of that is looked at.",
            marked,
            (&usual(), 0),
        ),
        good(
            "unverified-ok-mixed",
            "Shares of two objects of one length",
            "The digest tells which go together.",
            mixed,
            (&usual(), 0),
        ),
        good(
            "unverified-ok-truncated",
            "Three shares, one cut off",
            "Lengths must agree.",
            cut,
            (&usual(), 0),
        ),
        bad(
            "unverified-bad-one",
            "One share",
            "k-1 shares hold noise.",
            values(&usual(), 0, &[1]),
            UnverifiedError::TooFew { found: 1, needed: 2 },
        ),
        bad(
            "unverified-bad-twice",
            "One share twice",
            "Two copies are one share.",
            values(&usual(), 0, &[1, 1]),
            UnverifiedError::TooFew { found: 1, needed: 2 },
        ),
        bad(
            "unverified-bad-none",
            "No share at all",
            "Nothing begins like one.",
            vec![vec![0; 700], Vec::new()],
            UnverifiedError::TooFew { found: 0, needed: 2 },
        ),
        bad(
            "unverified-bad-trailers",
            "Two shares, one with a bad trailer",
            "There is no other pair.",
            &flipped(&[(0, trailer + 90)])[..2],
            UnverifiedError::NoCombination { tried: 1 },
        ),
        bad(
            "unverified-bad-objects",
            "Two shares of two objects",
            "They have nothing in common.",
            nothing_whole,
            UnverifiedError::NoCombination { tried: 1 },
        ),
        bad(
            "unverified-bad-data",
            "Two shares, one with a bad segment",
            "The trailer is right, so it is clear what is missing.",
            &flipped(&[(0, 128)])[..2],
            DecodeError::Inconsistent { segment: 0 },
        ),
        bad(
            "unverified-bad-padding",
            "Padding that isn't",
            "Digests are right.",
            values(&wrong_fill, 0, &[0, 1]),
            DecodeError::Padding,
        ),
    ]
}

fn values(draft: &Draft, part: usize, indexes: &[usize]) -> Vec<Vec<u8>> {
    let drafted = draft.write().unwrap();
    indexes.iter().map(|index| drafted.values[&drafted.keys[part][*index]].clone()).collect()
}

fn vector(title: &str, comment: &str, values: &[Vec<u8>]) -> UnverifiedVector {
    UnverifiedVector {
        title: title.to_owned(),
        comment: comment.to_owned(),
        expect: "ok".to_owned(),
        values: values.iter().map(|value| hex(value)).collect(),
        payload: None,
        says: None,
    }
}

fn good(
    file: &'static str,
    title: &str,
    comment: &str,
    values: impl AsRef<[Vec<u8>]>,
    (draft, part): (&Draft, u32),
) -> (&'static str, Vector) {
    let values = values.as_ref();
    let size = draft.numbers.part as usize;
    let payload = draft.payload.chunks(size).nth(part as usize).unwrap();
    let last = (part as usize + 1) * size >= draft.payload.len();
    let says = Says {
        sharing: hex(&draft.sharing(part)),
        object: hex(&draft.object),
        generation: draft.generation,
        part,
        name: last.then(|| draft.name.clone()),
    };
    let payload = Some(Payload::of(payload));
    (
        file,
        Vector::Unverified(UnverifiedVector { payload, says: Some(says), ..vector(title, comment, values) }),
    )
}

fn bad(
    file: &'static str,
    title: &str,
    comment: &str,
    values: impl AsRef<[Vec<u8>]>,
    error: impl Into<UnverifiedError>,
) -> (&'static str, Vector) {
    let (values, error) = (values.as_ref(), error.into());
    let all: Vec<&[u8]> = values.iter().map(|value| &value[..]).collect();
    assert_eq!(open(&all).err(), Some(error.clone()), "{file}");
    let expect = error.code().to_owned();
    (file, Vector::Unverified(UnverifiedVector { expect, ..vector(title, comment, values) }))
}
