//! Objects of which backends serve something else than they were sent. Each leaves fewer than k good shares.

use super::case::{Case, too_few, usual};
use crate::sample::draft;
use xstore_share::{DecodeError, ShareFault};
use xstore_vectors::book::{Draft, Drafted, Stage};

/// Bytes of body and tag of a full segment of the usual object.
const STORED: usize = 16 + 32 + 32;

pub(crate) fn cases() -> Vec<Case> {
    [absent(), damaged(), elsewhere(), lying()].into_iter().flatten().collect()
}

/// One share is gone, and of the two that are left the one at `index` is served as `value`.
fn one_of_two(
    file: &'static str,
    title: &'static str,
    comment: &'static str,
    change: impl FnOnce(&mut Vec<u8>),
    fault: ShareFault,
) -> Case {
    Case::bad(file, title, comment, usual(), too_few(2, 1, 2))
        .change(0, 0, change)
        .lost(&[2])
        .fault(0, 0, fault)
}

fn absent() -> Vec<Case> {
    vec![
        Case::bad(
            "bad-lost",
            "One share of two that are needed",
            "k-1 shares are nothing.",
            usual(),
            too_few(2, 1, 2),
        )
        .lost(&[0, 1]),
        Case::bad(
            "bad-lost-all",
            "No share at all",
            "The manifest alone holds no byte of the payload.",
            usual(),
            too_few(2, 0, 2),
        )
        .lost(&[0, 1, 2]),
        Case::bad(
            "bad-lost-k-n",
            "3 of 3 with one lost",
            "k = n has no redundancy.",
            draft(3, 3, 3, 16, 20),
            too_few(2, 2, 3),
        )
        .lost(&[1]),
    ]
}

fn damaged() -> Vec<Case> {
    let length = Case::ok("", "", "", usual()).drafted().values.values().next().map_or(0, Vec::len);
    let expected = length as u64;
    vec![
        one_of_two(
            "bad-truncated",
            "A share without its last byte",
            "The length is seen before anything else.",
            |share| {
                share.pop();
            },
            ShareFault::Length { expected, actual: expected - 1 },
        ),
        one_of_two(
            "bad-truncated-header",
            "A share of 100 bytes",
            "Not even a header.",
            |share| share.truncate(100),
            ShareFault::Length { expected, actual: 100 },
        ),
        one_of_two(
            "bad-empty-value",
            "A value without bytes",
            "As a full disk leaves it.",
            Vec::clear,
            ShareFault::Length { expected, actual: 0 },
        ),
        one_of_two(
            "bad-extended",
            "A share with a byte more",
            "Nothing may follow the share end.",
            |share| share.push(0),
            ShareFault::Length { expected, actual: expected + 1 },
        ),
        one_of_two(
            "bad-segment-doubled",
            "A share with a segment more",
            "The first segment stands twice.",
            |share| {
                let segment = share[128..128 + STORED].to_vec();
                share.splice(128..128, segment);
            },
            ShareFault::Length { expected, actual: expected + STORED as u64 },
        ),
        one_of_two(
            "bad-magic",
            "A share that doesn't begin like one",
            "Its first byte is X.",
            |share| share[0] = b'X',
            ShareFault::Magic,
        ),
        one_of_two(
            "bad-format",
            "A share of format 2",
            "A reader of format 1 can't judge it.",
            |share| share[8] = 2,
            ShareFault::Format(2),
        ),
        Case::bad(
            "bad-body",
            "A flipped bit in a body",
            "The tag is that of the body as it was.",
            usual(),
            too_few(0, 1, 2),
        )
        .change(0, 0, |share| share[128] ^= 1)
        .lost(&[2])
        .fault(0, 0, ShareFault::Segment(0)),
        Case::bad(
            "bad-body-trailer",
            "A flipped bit in the body of the trailer",
            "The trailer is opened before any data.",
            usual(),
            too_few(2, 1, 2),
        )
        .change(0, 0, |share| {
            let at = share.len() - 65;
            share[at] ^= 0x80;
        })
        .lost(&[2])
        .fault(0, 0, ShareFault::Segment(2)),
        one_of_two(
            "bad-tag",
            "A flipped bit in a tag",
            "The share end covers the tags.",
            |share| share[128 + 48] ^= 1,
            ShareFault::End,
        ),
        one_of_two(
            "bad-end",
            "A flipped bit in the share end",
            "The manifest has the right one, but the share must have it too.",
            |share| {
                let at = share.len() - 1;
                share[at] ^= 1;
            },
            ShareFault::End,
        ),
        Case::bad(
            "bad-segment-everywhere",
            "Two shares damaged in one segment",
            "Segment 0 was good; it may have been handed on before segment 1 is found bad.",
            usual(),
            too_few(1, 1, 2),
        )
        .change(0, 0, |share| share[128 + STORED] ^= 1)
        .change(0, 2, |share| share[128 + STORED + 5] ^= 1)
        .fault(0, 0, ShareFault::Segment(1))
        .fault(0, 2, ShareFault::Segment(1)),
    ]
}

/// Authentic bytes in the wrong place.
fn elsewhere() -> Vec<Case> {
    let object = usual().write().unwrap();
    let value = |drafted: &Drafted, index: usize| drafted.values[&drafted.keys[0][index]].clone();
    let older = Draft { label: "older".to_owned(), salts: "older".to_owned(), ..usual() }.write().unwrap();
    let before = Draft { salts: "before".to_owned(), ..usual() }.write().unwrap();
    let other = Draft { label: "other".to_owned(), salts: "other".to_owned(), object: [7; 16], ..usual() };
    let other = other.write().unwrap();
    let newer = || Draft { generation: 2, ..usual() };
    let both = |file, title, comment, draft: Draft, from: &Drafted, fault| {
        Case::bad(file, title, comment, draft, too_few(2, 1, 2))
            .serve(0, 0, value(from, 0))
            .lost(&[2])
            .fault(0, 0, fault)
    };
    let parts = || {
        let mut parts = draft(2, 3, 3, 16, 40);
        parts.numbers.part = 20;
        parts
    };
    let two = parts().write().unwrap();
    let part_1 = two.values[&two.keys[1][0]].clone();
    let splice = |from: &Drafted, index: usize, m: usize| {
        let place = 128 + m * STORED..128 + (m + 1) * STORED;
        let bytes = value(from, index)[place.clone()].to_vec();
        move |share: &mut Vec<u8>| share[place].copy_from_slice(&bytes)
    };
    let mut cases = vec![
        both(
            "bad-replayed",
            "An older share of the object",
            "Authentic under the same key, from another sharing.",
            newer(),
            &older,
            ShareFault::Sharing,
        ),
        both(
            "bad-replayed-before-repair",
            "A share from before its repair",
            "The same sharing id, index, key and bodies, and right tags; but the manifest names the share that replaced it.",
            usual(),
            &before,
            ShareFault::NotPinned,
        ),
        both(
            "bad-of-other-object",
            "A share of another object",
            "Same owner, same key, same length.",
            usual(),
            &other,
            ShareFault::Sharing,
        ),
        Case::bad(
            "bad-of-other-part",
            "A share of another part",
            "Both parts are full, so the lengths are equal.",
            parts(),
            too_few(2, 1, 2),
        )
        .serve(0, 0, part_1)
        .lost(&[2])
        .fault(0, 0, ShareFault::Sharing),
        Case::bad(
            "bad-indexes-swapped",
            "Two shares in each other's place",
            "Each is authentic, where it isn't expected.",
            usual(),
            too_few(2, 1, 2),
        )
        .serve(0, 0, value(&object, 1))
        .serve(0, 1, value(&object, 0))
        .fault(0, 0, ShareFault::HeaderField("index"))
        .fault(0, 1, ShareFault::HeaderField("index")),
        Case::bad(
            "bad-copied",
            "One share in two places",
            "Share 0 twice isn't two shares.",
            usual(),
            too_few(2, 1, 2),
        )
        .serve(0, 1, value(&object, 0))
        .lost(&[2])
        .fault(0, 1, ShareFault::HeaderField("index")),
        one_of_two(
            "bad-segment-of-other-share",
            "A segment of another share",
            "Body and tag of share 1 in share 0.",
            splice(&object, 1, 0),
            ShareFault::End,
        ),
        one_of_two(
            "bad-segment-of-older-share",
            "A segment of an older share",
            "Body and tag, same index, same number.",
            splice(&older, 0, 0),
            ShareFault::End,
        ),
        one_of_two(
            "bad-header-of-older-share",
            "The header of the share before its repair",
            "Its salt gives another key.",
            move |share| {
                share[..128].copy_from_slice(&value(&before, 0)[..128]);
            },
            ShareFault::End,
        ),
    ];
    let swapped = Case::bad(
        "bad-segments-exchanged",
        "Two segments of a share exchanged",
        "Each with its tag; the share end sees the order.",
        draft(2, 3, 3, 16, 40),
        too_few(3, 1, 2),
    );
    let bodies = Case::bad(
        "bad-bodies-exchanged",
        "Two bodies of a share exchanged",
        "The tags stay, and each covers its number.",
        draft(2, 3, 3, 16, 40),
        too_few(0, 1, 2),
    );
    let exchange = |length: usize| {
        move |share: &mut Vec<u8>| {
            let (first, second) = share[128..].split_at_mut(STORED);
            first[..length].swap_with_slice(&mut second[..length]);
        }
    };
    cases.push(swapped.change(0, 0, exchange(STORED)).lost(&[2]).fault(0, 0, ShareFault::End));
    cases.push(bodies.change(0, 0, exchange(48)).lost(&[2]).fault(0, 0, ShareFault::Segment(0)));
    cases
}

/// Every tag is right and pinned, and still the shares don't fit.
fn lying() -> Vec<Case> {
    let lie = |liars: &'static [u8], m: u64| {
        draft(2, 4, 5, 16, 20).hook(move |_, stage| {
            if let Stage::Body(index, number, body) = stage
                && number == m
                && liars.contains(&index)
            {
                body[2] ^= index + 1;
            }
        })
    };
    vec![
        Case::refused(
            "bad-liars",
            "Three of four shares lie",
            "No pair gives the right digest.",
            lie(&[0, 1, 2], 0),
            DecodeError::Inconsistent { segment: 0 },
        ),
        Case::refused(
            "bad-liars-trailer",
            "Three of four shares lie in the trailer",
            "Found before any data is opened.",
            lie(&[1, 2, 3], 2),
            DecodeError::Inconsistent { segment: 2 },
        ),
        Case::refused(
            "bad-liar-of-k",
            "One of exactly k shares lies",
            "There is no other pair to try.",
            lie(&[3], 1),
            DecodeError::Inconsistent { segment: 1 },
        )
        .lost(&[0, 1]),
    ]
}
