//! From stored segments to checked plaintext: tags, combination, digests.

use crate::batch::resize;
use crate::decoder::ExpectedPart;
use crate::digest::{digest_fields, suffix};
use crate::error::{DecodeError, ShareFault};
use crate::layout::{Kind, PartShape, Place};
use crate::plans::Plans;
use crate::verifier::SegmentRun;
use core::fmt;
use subtle::ConstantTimeEq;
use xorida_core::ShareIndex;
use xstore_keys::{MacKey, Tag, hmac_each};
use zeroize::Zeroizing;

/// Other subsets of verified shares that are tried where a digest doesn't match. Only a faulty writer, or one who
/// holds the key, can cause that; the bound keeps it from costing for ever.
const MAX_SUBSETS: usize = 1000;

/// Segments handled side by side; see the encoder.
const GROUP: usize = 4;

/// A segment of one run that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunFault {
    /// Position of the run among those that were given.
    pub run: usize,
    /// The share that it is of.
    pub index: ShareIndex,
    /// What is wrong with it.
    pub fault: ShareFault,
}

/// A result, and what was found wrong with shares on the way, also where the result is good.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What came of it.
    pub result: Result<T, DecodeError>,
    /// Faults of single segments of single shares.
    pub faults: Vec<RunFault>,
}

/// Working memory of one thread, kept from call to call; wiped when it is dropped.
#[derive(Default)]
pub struct Scratch {
    secrets: Zeroizing<Vec<u8>>,
}

impl Scratch {
    /// Empty; it grows to what the first call needs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}

/// Consecutive segments of one kind group, each with its place in the share.
pub(crate) struct Range {
    places: Vec<Place>,
    first: u64,
}

impl Range {
    /// Segments `first .. first + count` of a part, the trailer included.
    pub(crate) fn new(shape: &PartShape, first: u64, count: u64) -> Result<Self, DecodeError> {
        let end = shape.data_segments() + 1;
        if count == 0 || first.checked_add(count).is_none_or(|last| last > end) {
            return Err(DecodeError::Order { expected: end, actual: first.saturating_add(count) });
        }
        Ok(Self { places: (first..first + count).filter_map(|m| shape.place(m)).collect(), first })
    }

    fn base(&self) -> u64 {
        self.places.first().map_or(0, |place| place.offset)
    }

    pub(crate) fn stored(&self) -> usize {
        self.places.iter().map(Place::stored).sum()
    }

    fn groups(&self) -> impl Iterator<Item = (u64, &[Place])> {
        // A group has one kind, so that its fields have one length.
        let first = self.first;
        let mut rest = &self.places[..];
        let mut next = first;
        core::iter::from_fn(move || {
            let kind = rest.first()?.kind;
            let same = rest.iter().take(GROUP).take_while(|place| place.kind == kind).count();
            let (group, after) = rest.split_at(same);
            let m = next;
            rest = after;
            next += same as u64;
            Some((m, group))
        })
    }
}

/// Checks that every run is of this part and has the bytes of the range.
fn check_runs(range: &Range, part: &ExpectedPart, runs: &[SegmentRun<'_>]) -> Result<(), DecodeError> {
    if runs.iter().any(|run| *run.share.sharing() != part.sharing) {
        return Err(DecodeError::OtherPart);
    }
    let expected = range.stored();
    match runs.iter().find(|run| run.bytes.len() != expected) {
        Some(run) => Err(DecodeError::Buffer { what: "a run", expected, actual: run.bytes.len() }),
        None => Ok(()),
    }
}

/// A segment that passed: number, kind, and per run its body where the tag verified.
pub(crate) struct Verified<'a> {
    pub(crate) m: u64,
    pub(crate) place: Place,
    pub(crate) bodies: Vec<(ShareIndex, &'a [u8])>,
}

/// Verifies every tag of every run in a range and hands each group of segments on.
pub(crate) fn for_each_group<'a>(
    range: &Range,
    part: &ExpectedPart,
    runs: &[SegmentRun<'a>],
    faults: &mut Vec<RunFault>,
    mut then: impl FnMut(&[Verified<'a>]) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    check_runs(range, part, runs)?;
    for (m, places) in range.groups() {
        let suffixes: Vec<[u8; 16]> =
            places.iter().zip(m..).map(|(place, m)| suffix(m, place.body, place.kind)).collect();
        let mut messages: Vec<(&MacKey, [&[u8]; 2])> = Vec::with_capacity(places.len() * runs.len());
        let mut found = Vec::with_capacity(places.len() * runs.len());
        for (i, (place, suffix)) in places.iter().zip(&suffixes).enumerate() {
            for (at, run) in runs.iter().enumerate() {
                // Lengths were checked above, so every segment is there.
                if let Some((body, tag)) = run.segment(range.base(), *place) {
                    messages.push((run.share.key(), [body, suffix]));
                    found.push((i, at, run.share, body, tag));
                }
            }
        }
        let jobs: Vec<(&MacKey, &[&[u8]])> = messages.iter().map(|(key, parts)| (*key, &parts[..])).collect();
        let mut tags = vec![Tag::default(); jobs.len()];
        hmac_each(&jobs, &mut tags);

        let mut verified: Vec<Verified<'a>> = places
            .iter()
            .zip(m..)
            .map(|(place, m)| Verified { m, place: *place, bodies: Vec::new() })
            .collect();
        for ((i, run, share, body, stored), tag) in found.into_iter().zip(&tags) {
            let segment = m + i as u64;
            let index = share.index();
            if share.accepts(segment, tag, stored) {
                // Two runs may be copies of one share; one good body of each index is enough.
                let bodies = &mut verified[i].bodies;
                if bodies.iter().all(|(known, _)| *known != index) {
                    bodies.push((index, body));
                }
            } else {
                faults.push(RunFault { run, index, fault: ShareFault::Segment(segment) });
            }
        }
        then(&verified)?;
    }
    Ok(())
}

/// Opens a range: `out` receives the fields (padded payload, or the trailer's plaintext) one after the other, and
/// the digests are returned in order. Nothing of a segment is written before its digest matched.
pub(crate) fn open(
    range: &Range,
    runs: &[SegmentRun<'_>],
    part: &ExpectedPart,
    plans: &Plans,
    scratch: &mut Scratch,
    out: &mut [u8],
    faults: &mut Vec<RunFault>,
) -> Result<Vec<[u8; 32]>, DecodeError> {
    let sharing = &part.sharing;
    let digest_field = part.shape.layout().digest_field();
    let expected = range.places.iter().map(|place| place.body - digest_field).sum();
    if out.len() != expected {
        return Err(DecodeError::Buffer { what: "the output", expected, actual: out.len() });
    }
    let mut digests = Vec::with_capacity(range.places.len());
    let mut rest = out;
    for_each_group(range, part, runs, faults, |group| {
        let Some(Verified { place, m, .. }) = group.first() else { return Ok(()) };
        let (body, kind, first) = (place.body, place.kind, *m);
        let field = body - digest_field;
        resize(&mut scratch.secrets, group.len() * body);
        for (segment, secret) in group.iter().zip(scratch.secrets.chunks_exact_mut(body)) {
            combine_first(segment, plans, secret)?;
        }
        let fields: Vec<&[u8]> = scratch.secrets.chunks_exact(body).map(|secret| &secret[..field]).collect();
        let mut computed = vec![[0; 32]; group.len()];
        digest_fields(&fields, sharing, first, kind, &mut computed);
        for ((segment, secret), digest) in
            group.iter().zip(scratch.secrets.chunks_exact_mut(body)).zip(&mut computed)
        {
            if !digest_matches(&secret[field..], digest) {
                *digest = try_subsets(segment, plans, sharing, field, kind, secret)?;
            }
        }
        for secret in scratch.secrets.chunks_exact(body) {
            let (now, after) = core::mem::take(&mut rest).split_at_mut(field);
            now.copy_from_slice(&secret[..field]);
            rest = after;
        }
        digests.extend_from_slice(&computed);
        Ok(())
    })?;
    Ok(digests)
}

/// Combines the first k verified shares of a segment.
fn combine_first(segment: &Verified<'_>, plans: &Plans, secret: &mut [u8]) -> Result<(), DecodeError> {
    let k = usize::from(plans.scheme().k());
    match segment.bodies.get(..k) {
        Some(chosen) => combine(segment.m, chosen, plans, secret),
        None => {
            Err(DecodeError::TooFewShares { segment: segment.m, verified: segment.bodies.len(), needed: k })
        }
    }
}

fn combine(
    m: u64,
    chosen: &[(ShareIndex, &[u8])],
    plans: &Plans,
    secret: &mut [u8],
) -> Result<(), DecodeError> {
    let indexes: Vec<ShareIndex> = chosen.iter().map(|(index, _)| *index).collect();
    let bodies: Vec<&[u8]> = chosen.iter().map(|(_, body)| *body).collect();
    // It fails only for repeated indexes, which is the caller's mistake and no reason to panic.
    let inconsistent = DecodeError::Inconsistent { segment: m };
    let plan = plans.combine(&indexes).map_err(|_| inconsistent.clone())?;
    plan.combine(&bodies, secret).map_err(|_| inconsistent)
}

/// The digest and the zeros behind it.
fn digest_matches(stored: &[u8], computed: &[u8; 32]) -> bool {
    let (digest, zeros) = stored.split_at(32);
    bool::from(digest.ct_eq(computed)) && zeros.iter().all(|&b| b == 0)
}

/// All shares verify, yet the first k don't combine: looks for k that do.
fn try_subsets(
    segment: &Verified<'_>,
    plans: &Plans,
    sharing: &[u8; 16],
    field: usize,
    kind: Kind,
    secret: &mut [u8],
) -> Result<[u8; 32], DecodeError> {
    let k = usize::from(plans.scheme().k());
    let mut digest = [[0; 32]];
    // The first choice is the one that didn't match.
    for subset in subsets(k, segment.bodies.len()).skip(1).take(MAX_SUBSETS) {
        let chosen: Vec<(ShareIndex, &[u8])> = subset.iter().map(|&i| segment.bodies[i]).collect();
        combine(segment.m, &chosen, plans, secret)?;
        digest_fields(&[&secret[..field]], sharing, segment.m, kind, &mut digest);
        if digest_matches(&secret[field..], &digest[0]) {
            return Ok(digest[0]);
        }
    }
    Err(DecodeError::Inconsistent { segment: segment.m })
}

/// The k-subsets of 0..n. First k neighbours from each place on, in a ring: whichever single member is bad, some of
/// these do without it. Then all in lexicographic order.
pub(crate) fn subsets(k: usize, n: usize) -> impl Iterator<Item = Vec<usize>> {
    let rings = if k < n { n } else { usize::from(k == n) };
    let neighbours = (0..rings).map(move |start| {
        let mut subset: Vec<usize> = (0..k).map(|i| (start + i) % n).collect();
        subset.sort_unstable();
        subset
    });
    let first: Vec<usize> = (0..k).collect();
    let all = core::iter::successors((k < n).then_some(first), move |subset| {
        let mut next = subset.clone();
        next_subset(&mut next, n).then_some(next)
    });
    neighbours.chain(all.filter(move |subset| !are_neighbours(subset, n)))
}

/// Whether the members of a subset of 0..n follow each other in a ring.
fn are_neighbours(subset: &[usize], n: usize) -> bool {
    let next = subset.iter().skip(1).chain(subset.first());
    subset.iter().zip(next).filter(|(member, next)| (*member + 1) % n != **next).count() <= 1
}

/// The next k-subset of 0..n in lexicographic order.
fn next_subset(subset: &mut [usize], n: usize) -> bool {
    let k = subset.len();
    let Some(i) = (0..k).rev().find(|&i| subset[i] < n - k + i) else { return false };
    subset[i] += 1;
    for j in i + 1..k {
        subset[j] = subset[j - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::subsets;
    use std::collections::BTreeSet;

    #[test]
    fn every_subset_comes_once_and_each_member_is_soon_done_without() {
        for n in 1..=7_usize {
            for k in 1..=n {
                let all: Vec<Vec<usize>> = subsets(k, n).collect();
                let different: BTreeSet<&Vec<usize>> = all.iter().collect();
                let count = (0..k).fold(1, |count, i| count * (n - i) / (i + 1));
                assert_eq!((all.len(), different.len()), (count, count), "{k} of {n}");
                assert!(all.iter().flatten().all(|&member| member < n));
                if k < n {
                    assert!((0..n).all(|bad| all[..n].iter().any(|subset| !subset.contains(&bad))));
                }
            }
        }
        assert_eq!(subsets(3, 2).count(), 0);
    }
}
