//! What the decoder hands out, and when.

use crate::rig::{Part, encode, encode_with, encoder, identity, layout, payload, ring};
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, Identity, RunFault, SegmentRun, ShareFault, ShareVerifier,
};

/// Three segments, 2 of 4.
fn part() -> Part {
    encode(layout(2, 4, 5, 4), &payload(40))
}

/// Opens segments `first .. first + count` with all of these shares into `out`.
fn open<'b>(
    part: &Part,
    decoder: &Decoder,
    verifiers: &[ShareVerifier],
    (first, count): (u64, u64),
    out: &'b mut [u8],
) -> Result<xstore_share::Opened<'b>, DecodeError> {
    let runs = part.runs(verifiers, first, count);
    decoder.open(first, count, &runs, &mut DecodeScratch::new(), out).result
}

#[test]
fn segments_are_released_in_order_only() {
    let part = part();
    let verifiers = part.verifiers(&[0, 1]);
    let mut decoder = part.decoder(&verifiers).unwrap();
    let mut out = [0; 16];
    let second = open(&part, &decoder, &verifiers, (1, 1), &mut out).unwrap();
    let order = DecodeError::Order { expected: 0, actual: 1 };
    assert_eq!(decoder.absorb(second).unwrap_err(), order);
    assert_eq!(out, [0; 16], "what isn't released is wiped");

    let first = open(&part, &decoder, &verifiers, (0, 1), &mut out).unwrap();
    assert_eq!(decoder.absorb(first), Ok(&payload(16)[..]));
    let again = open(&part, &decoder, &verifiers, (0, 1), &mut out).unwrap();
    assert_eq!(decoder.absorb(again).unwrap_err(), DecodeError::Order { expected: 1, actual: 0 });
    assert_eq!(decoder.finish().unwrap_err(), DecodeError::Order { expected: 1, actual: 3 });
}

#[test]
fn what_is_opened_and_dropped_is_wiped() {
    let part = part();
    let verifiers = part.verifiers(&[0, 1]);
    let decoder = part.decoder(&verifiers).unwrap();
    let mut out = [0xaa; 32];
    drop(open(&part, &decoder, &verifiers, (0, 2), &mut out).unwrap());
    assert_eq!(out, [0; 32]);
    let opened = open(&part, &decoder, &verifiers, (0, 2), &mut out).unwrap();
    assert_eq!(decoder.release(opened), Ok(&payload(32)[..]));
    assert_eq!(out[..], payload(32));
}

/// A buffer that held something is no leftover of an error either.
#[test]
fn an_error_leaves_zeros() {
    let mut part = part();
    let verifiers = part.verifiers(&[0, 1]);
    let decoder = part.decoder(&verifiers).unwrap();
    // Segment 1 of share 0 is bad; segment 0 had been combined before that was seen.
    part.shares[0][128 + 80] ^= 1;
    let mut out = [0xaa; 32];
    let error = DecodeError::TooFewShares { segment: 1, verified: 1, needed: 2 };
    assert_eq!(open(&part, &decoder, &verifiers, (0, 2), &mut out).unwrap_err(), error);
    assert_eq!(out, [0; 32]);
}

/// A share's tags are compared with the manifest before a full read uses it, for the trailer too.
#[test]
fn a_full_read_takes_admitted_shares_only() {
    let part = part();
    let admitted = part.verifiers(&[0, 1]);
    let mixed = [part.admitted(0).unwrap(), part.opened(3).unwrap()];
    let mut out = [0; 16];

    // The trailer from a share that isn't.
    let mut decoder = part.decoder(&mixed).unwrap();
    let opened = open(&part, &decoder, &admitted, (0, 1), &mut out).unwrap();
    assert_eq!(decoder.absorb(opened).unwrap_err(), DecodeError::NotAdmitted(3));
    assert_eq!(out, [0; 16]);

    // A segment from a share that isn't; the decoder goes on with those that are.
    let mut decoder = part.decoder(&admitted).unwrap();
    let opened = open(&part, &decoder, &mixed, (0, 1), &mut out).unwrap();
    assert_eq!(decoder.absorb(opened).unwrap_err(), DecodeError::NotAdmitted(3));
    assert_eq!(out, [0; 16]);
    let opened = open(&part, &decoder, &admitted, (0, 1), &mut out).unwrap();
    assert_eq!(decoder.absorb(opened), Ok(&payload(16)[..]));

    // A range may do without.
    let decoder = part.decoder(&mixed).unwrap();
    let opened = open(&part, &decoder, &mixed, (1, 1), &mut out).unwrap();
    assert_eq!(decoder.release(opened), Ok(&payload(32)[16..]));
}

#[test]
fn admission_is_of_all_tags_and_the_pinned_end() {
    let part = part();
    let other = encode(layout(2, 4, 5, 4), &payload(40));
    let admit = |tags: Vec<[u8; 32]>, end: [u8; 32]| {
        let mut verifier = part.opened(0).unwrap();
        let result = verifier.admit(tags, &end);
        assert_eq!(verifier.is_admitted(), result.is_ok());
        result
    };
    let (tags, end) = (part.tags(0), part.end(0));
    assert_eq!(admit(tags.clone(), end), Ok(()));
    assert_eq!(admit(tags[..3].to_vec(), end), Err(ShareFault::End));
    assert_eq!(admit(Vec::new(), end), Err(ShareFault::End));
    assert_eq!(admit([&tags[..], &[tags[0]]].concat(), end), Err(ShareFault::End));
    assert_eq!(admit(part.tags(1), end), Err(ShareFault::End));
    assert_eq!(admit(tags.clone(), part.end(1)), Err(ShareFault::End));
    let mut swapped = tags.clone();
    swapped.swap(0, 1);
    assert_eq!(admit(swapped, end), Err(ShareFault::End));
    // Consistent in itself, and not what the manifest names.
    let mut pinned = part;
    pinned.ends[0] = other.ends[0];
    let mut verifier = pinned.opened(0).unwrap();
    assert_eq!(verifier.admit(tags, &end), Err(ShareFault::NotPinned));
    assert!(!verifier.is_admitted());
}

/// Tags that were admitted are the ones that count: a backend can't show others later, with bodies to match.
#[test]
fn an_admitted_share_serves_what_was_admitted() {
    let mut part = part();
    let verifiers = part.verifiers(&[0, 1]);
    let decoder = part.decoder(&verifiers).unwrap();
    let good = part.shares[0].clone();
    // Body and tag of segment 1 where segment 0 was: each fits the other, under another number.
    part.shares[0].copy_within(128 + 80..128 + 160, 128);
    let mut out = [0; 16];
    assert!(open(&part, &decoder, &verifiers, (0, 1), &mut out).is_err());
    // The body alone, and the tag alone.
    part.shares[0] = good.clone();
    part.shares[0][128] ^= 1;
    assert!(open(&part, &decoder, &verifiers, (0, 1), &mut out).is_err());
    part.shares[0] = good;
    part.shares[0][128 + 48] ^= 1;
    assert!(open(&part, &decoder, &verifiers, (0, 1), &mut out).is_err());
}

#[test]
fn lengths_and_numbers_are_checked() {
    let part = part();
    let verifiers = part.verifiers(&[0, 1]);
    let decoder = part.decoder(&verifiers).unwrap();
    let mut scratch = DecodeScratch::new();
    for (first, count) in [(0, 0), (0, 4), (3, 1), (2, 2), (u64::MAX, 1), (1, u64::MAX)] {
        let result = decoder.open(first, count, &[], &mut scratch, &mut []).result;
        assert!(matches!(result, Err(DecodeError::Order { .. })), "{first}, {count}");
    }
    let runs = part.runs(&verifiers, 0, 1);
    for length in [0, 15, 17] {
        let mut out = vec![0; length];
        let result = decoder.open(0, 1, &runs, &mut scratch, &mut out).result;
        let error = DecodeError::Buffer { what: "the output", expected: 16, actual: length };
        assert_eq!(result.unwrap_err(), error);
    }
    for bytes in [&runs[0].bytes[1..], &runs[0].bytes[..79], &[], part.stored(0, 0, 2)] {
        let short = [runs[1], SegmentRun { share: &verifiers[0], bytes }];
        let mut out = [0; 16];
        let result = decoder.open(0, 1, &short, &mut scratch, &mut out).result;
        let error = DecodeError::Buffer { what: "a run", expected: 80, actual: bytes.len() };
        assert_eq!(result.unwrap_err(), error);
    }
}

#[test]
fn fewer_than_k_are_too_few() {
    let part = encode(layout(3, 4, 5, 4), &payload(40));
    let too_few = |segment, verified| DecodeError::TooFewShares { segment, verified, needed: 3 };
    for indexes in [&[][..], &[1], &[3, 0]] {
        let verifiers = part.verifiers(indexes);
        assert_eq!(part.decoder(&verifiers).unwrap_err(), too_few(3, indexes.len()));
    }
    let decoder = part.decoder(&part.verifiers(&[0, 1, 2])).unwrap();
    let two = part.verifiers(&[0, 1]);
    assert_eq!(open(&part, &decoder, &two, (2, 1), &mut [0; 12]).unwrap_err(), too_few(2, 2));
}

/// Faults name the run, so that a caller with two copies of a share knows which of them is bad; the good copy serves.
#[test]
fn copies_of_a_share_stand_for_each_other() {
    let part = part();
    let mut bad = encode_like(&part);
    bad.shares[0][128 + 7] ^= 0x10;
    let verifiers = part.verifiers(&[0, 0, 1]);
    let decoder = part.decoder(&verifiers).unwrap();
    let run = |i: usize, bytes| SegmentRun { share: &verifiers[i], bytes };
    let runs = [run(0, bad.stored(0, 0, 1)), run(1, part.stored(0, 0, 1)), run(2, part.stored(1, 0, 1))];
    let mut out = [0; 16];
    let outcome = decoder.open(0, 1, &runs, &mut DecodeScratch::new(), &mut out);
    let fault = RunFault { run: 0, index: part.index(0), fault: ShareFault::Segment(0) };
    assert_eq!(outcome.faults, [fault]);
    assert_eq!(decoder.release(outcome.result.unwrap()), Ok(&payload(16)[..]));
    // Two copies are one share.
    let copies = part.verifiers(&[2, 2]);
    let error = DecodeError::TooFewShares { segment: 3, verified: 1, needed: 2 };
    assert_eq!(part.decoder(&copies).unwrap_err(), error);
}

/// The same bytes again.
fn encode_like(part: &Part) -> Part {
    Part { expected: part.expected, shares: part.shares.clone(), ends: part.ends.clone() }
}

#[test]
fn a_part_is_what_the_manifest_says_it_is() {
    let part = part();
    let begin = |identity: &Identity<'_>| {
        let verifiers = part.verifiers(&[0, 1]);
        let runs = part.runs(&verifiers, 3, 1);
        Decoder::begin(part.expected, identity, &ring(), part.plans(), &runs, &mut DecodeScratch::new())
            .result
            .map(|_| ())
    };
    let same = identity();
    assert_eq!(begin(&same), Ok(()));
    for (other, field) in [
        (Identity { object: [0; 16], ..same }, "object"),
        (Identity { generation: 2, ..same }, "generation"),
        (Identity { part: 1, ..same }, "part"),
        (Identity { last: false, ..same }, "last part"),
        (Identity { created: 0, ..same }, "created"),
        (Identity { name: "another", ..same }, "name"),
    ] {
        assert_eq!(begin(&other), Err(DecodeError::Identity(field)));
    }
}

/// Plans of another prime or fewer shares combine nothing, and nothing panics.
#[test]
fn plans_of_another_scheme_are_an_error() {
    let part = part();
    let verifiers = part.verifiers(&[0, 1, 2, 3]);
    let runs = part.runs(&verifiers, 3, 1);
    for (k, n, p) in [(2, 4, 7), (2, 2, 3), (4, 4, 7)] {
        let plans = std::sync::Arc::new(xstore_share::Plans::new(crate::rig::scheme(k, n, p)));
        let mut scratch = DecodeScratch::new();
        let result = Decoder::begin(part.expected, &identity(), &ring(), plans, &runs, &mut scratch).result;
        assert!(matches!(result, Err(DecodeError::Inconsistent { segment: 3 })), "{result:?}");
    }
}

#[test]
fn a_range_takes_any_segments_in_any_order() {
    let layout = layout(2, 4, 5, 4);
    // Payload ends in segment 1; fill goes on to segment 3.
    let part = encode_with(encoder(layout), &payload(20), 36, &[1]).unwrap();
    let verifiers = [part.opened(2).unwrap(), part.opened(1).unwrap()];
    let decoder = part.decoder(&verifiers).unwrap();
    assert_eq!(decoder.trailer().length, 20);
    for (first, count) in [(3, 1), (1, 2), (0, 4), (2, 1), (1, 1), (0, 1)] {
        let mut out = vec![0; part.shape().payload_run(first, count).unwrap()];
        let opened = open(&part, &decoder, &verifiers, (first, count), &mut out).unwrap();
        let whole = payload(20);
        let at = |m: u64| usize::try_from(m * 16).unwrap().min(20);
        assert_eq!(decoder.release(opened), Ok(&whole[at(first)..at(first + count)]), "{first}, {count}");
    }
}
