//! A lost share made again, and a share more.

use crate::rig::{Part, encode, layout, payload, ring, scheme, subsets};
use xorida_core::{Error, ShareIndex};
use xstore_keys::Entropy;
use xstore_share::{
    DecodeError, EncodeError, ExpectedPart, HEADER_LEN, Layout, Rebuilder, RunFault, ShareFault,
    ShareVerifier,
};

fn rebuilder(
    part: &Part,
    expected: ExpectedPart,
    sources: &[usize],
    target: u8,
) -> Result<Rebuilder, EncodeError> {
    let ring = ring();
    let scheme = expected.shape.layout().scheme();
    let sources: Vec<ShareIndex> = sources.iter().map(|i| part.index(*i)).collect();
    let target = ShareIndex::new(target, scheme).unwrap();
    Rebuilder::new(expected, &sources, target, ring.current().unwrap(), &mut Entropy::os())
}

/// Makes share `target` from `sources`, `count` segments at a time; its bytes and its end.
fn rebuild(
    part: &Part,
    expected: ExpectedPart,
    sources: &[usize],
    target: u8,
    count: u64,
) -> (Vec<u8>, [u8; 32]) {
    let verifiers = part.verifiers(sources);
    let mut rebuilder = rebuilder(part, expected, sources, target).unwrap();
    let mut share = rebuilder.header().to_vec();
    let end = part.shape().data_segments() + 1;
    for first in (0..end).step_by(usize::try_from(count).unwrap()) {
        let count = count.min(end - first);
        let runs = part.runs(&verifiers, first, count);
        let from = share.len();
        share.resize(from + runs[0].bytes.len(), 0);
        let outcome = rebuilder.run(count, &runs, &mut share[from..]);
        assert_eq!((outcome.result, outcome.faults), (Ok(()), Vec::new()));
    }
    let hmac = rebuilder.finish().unwrap();
    share.extend_from_slice(&hmac);
    (share, hmac)
}

/// The bodies of a share's segments.
fn bodies(part: &Part, share: &[u8]) -> Vec<Vec<u8>> {
    let places = (0..=part.shape().data_segments()).map(|m| part.shape().place(m).unwrap());
    places
        .map(|place| {
            let start = usize::try_from(place.offset).unwrap();
            share[start..start + place.body].to_vec()
        })
        .collect()
}

#[test]
fn every_share_from_every_k_others() {
    for (k, n, p) in [(2, 3, 3), (2, 4, 7), (3, 4, 5), (3, 5, 5), (4, 5, 5)] {
        let mut part = encode(layout(k, n, p, 2), &payload(61));
        for target in 0..n {
            let others = subsets(n.into(), k.into());
            for sources in others.iter().filter(|sources| !sources.contains(&usize::from(target))) {
                let (share, hmac) = rebuild(&part, part.expected, sources, target, 3);
                let t = usize::from(target);
                let old = std::mem::replace(&mut part.shares[t], share);
                part.ends[t] = hmac;
                assert_eq!(bodies(&part, &old), bodies(&part, &part.shares[t]), "{target} from {sources:?}");
                assert!(old[64..HEADER_LEN] != part.shares[t][64..HEADER_LEN]);
                // It verifies as what a new manifest names, and reads with others.
                let mut with = sources[1..].to_vec();
                with.push(t);
                assert_eq!(part.decode(&with, &[2]), Ok(payload(61)));
            }
        }
    }
}

/// The former share isn't what the new manifest names, although its bodies are the same.
#[test]
fn the_old_share_is_no_more_pinned() {
    let mut part = encode(layout(2, 3, 3, 4), &payload(30));
    let (_, hmac) = rebuild(&part, part.expected, &[0, 2], 1, 1);
    part.ends[1] = hmac;
    assert_eq!(part.admitted(1).map(|_| ()), Err(ShareFault::NotPinned));
}

#[test]
fn however_the_segments_are_grouped() {
    let part = encode(layout(2, 3, 3, 4), &payload(100));
    let (one, _) = rebuild(&part, part.expected, &[0, 2], 1, 1);
    for count in [2, 3, 4, 5, 7, 14, 100] {
        let (other, _) = rebuild(&part, part.expected, &[2, 0], 1, count);
        assert_eq!(bodies(&part, &one), bodies(&part, &other));
    }
}

/// n grows from 3 to 5 under p = 5; the shares that were there stay as they are.
#[test]
fn a_share_more() {
    let mut part = encode(layout(2, 3, 5, 2), &payload(50));
    let (old, shares) = (*part.shape().layout(), part.shares.clone());
    let wider = Layout::new(scheme(2, 5, 5), old.segment(), old.trailer()).unwrap();
    let shape = wider.part(part.shape().padded()).unwrap();
    let expected = ExpectedPart { shape, ..part.expected };
    for target in [3, 4] {
        let (share, hmac) = rebuild(&part, expected, &[0, 2], target, 2);
        part.shares.push(share);
        part.ends.push(hmac);
    }
    part.expected = expected;
    assert!(part.shares[..3] == shares[..]);
    for indexes in subsets(5, 2) {
        assert_eq!(part.decode(&indexes, &[2]), Ok(payload(50)), "{indexes:?}");
    }
    // Rebuilt from added shares, an old one is what it was.
    let (again, _) = rebuild(&part, expected, &[3, 4], 0, 2);
    assert_eq!(bodies(&part, &again), bodies(&part, &shares[0]));
}

#[test]
fn sources_are_k_different_others() {
    let part = encode(layout(3, 5, 5, 2), &payload(9));
    let error = |sources: &[usize], target| rebuilder(&part, part.expected, sources, target).unwrap_err();
    for count in [0, 2, 4] {
        let sources: Vec<usize> = (0..count).collect();
        let expected = EncodeError::Sources(Error::ShareCount { expected: 3, actual: count });
        assert_eq!(error(&sources, 4), expected);
    }
    assert_eq!(error(&[0, 1, 1], 4), EncodeError::Sources(Error::DuplicateIndex { index: 1 }));
    assert_eq!(error(&[0, 1, 4], 4), EncodeError::Sources(Error::TargetAmongSources { index: 4 }));
}

/// One run of a rebuilder.
fn run(part: &Part, verifiers: &[ShareVerifier], count: u64, out: usize) -> Result<(), DecodeError> {
    let mut rebuilder = rebuilder(part, part.expected, &[0, 1], 2).unwrap();
    let runs = part.runs(verifiers, 0, count);
    rebuilder.run(count, &runs, &mut vec![0; out]).result
}

#[test]
fn calls_out_of_order_or_of_other_lengths_are_refused() {
    let part = encode(layout(2, 3, 3, 4), &payload(20));
    let verifiers = part.verifiers(&[0, 1]);
    let stored = 8 + 32 + 32;
    assert_eq!(run(&part, &verifiers, 2, 2 * stored), Ok(()));
    for actual in [0, stored, 2 * stored - 1, 2 * stored + 1] {
        let error = DecodeError::Buffer { what: "the output", expected: 2 * stored, actual };
        assert_eq!(run(&part, &verifiers, 2, actual), Err(error));
    }
    let mut early = rebuilder(&part, part.expected, &[0, 1], 2).unwrap();
    assert!(matches!(early.run(0, &[], &mut []).result, Err(DecodeError::Order { .. })));
    assert!(matches!(early.run(5, &[], &mut []).result, Err(DecodeError::Order { .. })));
    assert!(matches!(early.run(u64::MAX, &[], &mut []).result, Err(DecodeError::Order { .. })));
    assert_eq!(early.finish(), Err(DecodeError::Order { expected: 4, actual: 0 }));
    // A run that isn't of the segments that are due.
    let mut other = rebuilder(&part, part.expected, &[0, 1], 2).unwrap();
    let runs = part.runs(&verifiers, 1, 1);
    let outcome = other.run(1, &runs, &mut vec![0; stored]);
    assert_eq!(outcome.result, Err(DecodeError::TooFewShares { segment: 0, verified: 0, needed: 2 }));
}

#[test]
fn sources_verify_and_stand_in_their_order() {
    let mut part = encode(layout(2, 4, 5, 2), &payload(20));
    let stored = 8 + 32 + 32;
    let verifiers = part.verifiers(&[0, 1]);
    let too_few = |verified| Err(DecodeError::TooFewShares { segment: 0, verified, needed: 2 });
    // Another order, another share, one only.
    assert_eq!(run(&part, &part.verifiers(&[1, 0]), 1, stored), too_few(2));
    assert_eq!(run(&part, &part.verifiers(&[0, 3]), 1, stored), too_few(2));
    assert_eq!(run(&part, &part.verifiers(&[1]), 1, stored), too_few(1));
    assert_eq!(run(&part, &[], 1, stored), too_few(0));

    part.shares[1][128] ^= 1;
    let mut rebuilder = rebuilder(&part, part.expected, &[0, 1], 2).unwrap();
    let runs = part.runs(&verifiers, 0, 1);
    let mut out = vec![0; stored];
    let outcome = rebuilder.run(1, &runs, &mut out);
    assert_eq!(outcome.result, too_few(1));
    assert_eq!(outcome.faults, [RunFault { run: 1, index: part.index(1), fault: ShareFault::Segment(0) }]);
    assert!(out.iter().all(|byte| *byte == 0));
}

/// Whoever knows an old key makes shares whose tags verify. What is made of them would be pinned from then on.
#[test]
fn sources_are_what_the_manifest_pins() {
    let part = encode(layout(2, 3, 3, 4), &payload(20));
    let verifiers = [part.admitted(0).unwrap(), part.opened(1).unwrap()];
    assert_eq!(run(&part, &verifiers, 1, 8 + 32 + 32), Err(DecodeError::NotAdmitted(1)));
}

/// A bad segment in the middle of a call must leave no trace of those before it.
#[test]
fn a_call_that_failed_may_be_made_again() {
    let part = encode(layout(2, 3, 3, 2), &payload(61));
    let sources = [0, 2];
    let verifiers = part.verifiers(&sources);
    let mut rebuilder = rebuilder(&part, part.expected, &sources, 1).unwrap();
    let end = part.shape().data_segments() + 1;
    let runs = part.runs(&verifiers, 0, end);
    let mut out = vec![0; runs[0].bytes.len()];

    let mut damaged = runs[1].bytes.to_vec();
    let late = part.shape().place(end - 2).unwrap().offset - HEADER_LEN as u64;
    damaged[usize::try_from(late).unwrap()] ^= 1;
    let with_damage = [runs[0], xstore_share::SegmentRun { share: runs[1].share, bytes: &damaged }];
    assert!(matches!(
        rebuilder.run(end, &with_damage, &mut out).result,
        Err(DecodeError::TooFewShares { verified: 1, needed: 2, .. })
    ));

    assert_eq!(rebuilder.run(end, &runs, &mut out).result, Ok(()));
    let mut share = rebuilder.header().to_vec();
    share.extend_from_slice(&out);
    let hmac = rebuilder.finish().unwrap();
    share.extend_from_slice(&hmac);
    let mut part = part;
    part.shares[1] = share;
    part.ends[1] = hmac;
    assert_eq!(part.decode(&[0, 1], &[2]), Ok(payload(61)));
}

#[test]
fn a_share_of_another_part_is_no_source() {
    let (part, other) = (encode(layout(2, 3, 3, 2), &payload(61)), encode(layout(2, 3, 3, 2), &payload(61)));
    let (own, foreign) = (part.verifiers(&[0]), other.verifiers(&[2]));
    let runs = [part.runs(&own, 0, 1)[0], other.runs(&foreign, 0, 1)[0]];
    let mut out = vec![0; runs[0].bytes.len()];
    let mut rebuilder = rebuilder(&part, part.expected, &[0, 2], 1).unwrap();
    assert_eq!(rebuilder.run(1, &runs, &mut out).result, Err(DecodeError::OtherPart));
}

/// Share `target` made from whatever is good of these shares, as it stands after damage to `part`.
fn by_segment(
    part: &Part,
    verifiers: &[ShareVerifier],
    target: u8,
    count: u64,
) -> Result<(Vec<u8>, [u8; 32]), DecodeError> {
    let ring = ring();
    let index = part.index(target.into());
    let keys = ring.current().unwrap();
    let rebuilder = Rebuilder::by_segment(part.expected, index, keys, &mut Entropy::os());
    let mut rebuilder = rebuilder.unwrap();
    let mut share = rebuilder.header().to_vec();
    let end = part.shape().data_segments() + 1;
    for first in (0..end).step_by(usize::try_from(count).unwrap()) {
        let count = count.min(end - first);
        let runs = part.runs(verifiers, first, count);
        let from = share.len();
        share.resize(from + runs.first().map_or(0, |run| run.bytes.len()), 0);
        rebuilder.run(count, &runs, &mut share[from..]).result?;
    }
    let hmac = rebuilder.finish()?;
    share.extend_from_slice(&hmac);
    Ok((share, hmac))
}

/// Flips a bit in the body of segment `m` of share `i`.
fn spoil(part: &mut Part, i: usize, m: u64) {
    let at = usize::try_from(part.shape().place(m).unwrap().offset).unwrap();
    part.shares[i][at] ^= 4;
}

/// Every share is bad somewhere, none at the same place: no k are good, yet every share can be made.
#[test]
fn sources_are_chosen_segment_by_segment() {
    for (k, n, p) in [(2, 3, 3), (2, 4, 5), (3, 4, 5), (3, 5, 5), (4, 5, 5)] {
        let mut part = encode(layout(k, n, p, 2), &payload(61));
        let whole = part.shares.clone();
        let all: Vec<usize> = (0..n.into()).collect();
        let verifiers = part.verifiers(&all);
        // The last one is bad in its trailer.
        let last = part.shape().data_segments();
        for i in all.clone() {
            let m = if i + 1 == usize::from(n) { last } else { i as u64 };
            spoil(&mut part, i, m);
        }
        for target in 0..n {
            for count in [1, 3, 100] {
                let (share, _) = by_segment(&part, &verifiers, target, count).unwrap();
                assert_eq!(bodies(&part, &share), bodies(&part, &whole[usize::from(target)]), "{k} of {n}");
            }
        }
        // What n - k + 1 have lost, the others can't make up for.
        part.shares.clone_from(&whole);
        for i in 0..=usize::from(n - k) {
            spoil(&mut part, i, 2);
        }
        let verified = usize::from(k) - 1;
        let expected = DecodeError::TooFewShares { segment: 2, verified, needed: k.into() };
        assert_eq!(by_segment(&part, &verifiers, 0, 100).unwrap_err(), expected, "{k} of {n}");
    }
}

/// A target's own good segments need no others.
#[test]
fn what_is_good_of_the_former_share_is_kept() {
    let mut part = encode(layout(3, 4, 5, 2), &payload(61));
    let whole = part.shares[1].clone();
    let verifiers = part.verifiers(&[0, 1, 2, 3]);
    spoil(&mut part, 1, 0);
    spoil(&mut part, 0, 1);
    spoil(&mut part, 2, 1);
    let (share, _) = by_segment(&part, &verifiers, 1, 100).unwrap();
    assert_eq!(bodies(&part, &share), bodies(&part, &whole));
    let others: Vec<ShareVerifier> = part.verifiers(&[0, 2, 3]);
    let expected = DecodeError::TooFewShares { segment: 1, verified: 1, needed: 3 };
    assert_eq!(by_segment(&part, &others, 1, 100).unwrap_err(), expected);
}

#[test]
fn all_bad_segments_are_found() {
    let mut part = encode(layout(2, 3, 3, 4), &payload(100));
    let verifier = part.admitted(1).unwrap();
    assert_eq!(verifier.bad_segments(&part.shares[1]), Ok(Vec::new()));
    assert_eq!(verifier.check(&part.shares[1]), Ok(()));
    let trailer = part.shape().data_segments();
    for m in [0, 3, trailer] {
        spoil(&mut part, 1, m);
    }
    assert_eq!(verifier.bad_segments(&part.shares[1]), Ok(vec![0, 3, trailer]));
    assert_eq!(verifier.check(&part.shares[1]), Err(ShareFault::Segment(0)));
    part.shares[1].pop();
    assert!(matches!(verifier.bad_segments(&part.shares[1]), Err(ShareFault::Length { .. })));
}
