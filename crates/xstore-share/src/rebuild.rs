//! A lost share made again from k others, without computing the plaintext.

use crate::decoder::ExpectedPart;
use crate::digest::suffix;
use crate::error::{DecodeError, EncodeError};
use crate::header::HEADER_LEN;
use crate::layout::TAG_LEN;
use crate::opening::{Outcome, Range, RunFault, Verified, for_each_group};
use crate::seal::{EndMac, ShareSealer};
use crate::verifier::SegmentRun;
use core::fmt;
use std::collections::HashMap;
use xorida_core::{RebuildPlan, ShareIndex};
use xstore_keys::{Entropy, Keys};

/// Rebuilds one share of a part segment by segment.
///
/// The new share has the body that its index always had, and a salt, a key and tags of its own. The order of the
/// XORs keeps every intermediate value independent of the plaintext.
pub struct Rebuilder {
    part: ExpectedPart,
    target: ShareIndex,
    /// The only sources, where they were given; else each segment takes those that it has.
    sources: Option<Vec<ShareIndex>>,
    /// One for each set of sources that was met.
    plans: HashMap<Vec<ShareIndex>, RebuildPlan>,
    sealer: ShareSealer,
    end: EndMac,
    next: u64,
}

impl Rebuilder {
    /// Prepares share `target` from the shares `sources`, exactly k of them; draws its salt. For an added share the
    /// part's scheme already counts it.
    ///
    /// # Errors
    /// [`EncodeError::Entropy`]; [`EncodeError::Sources`] where the indexes are not k different ones.
    pub fn new(
        part: ExpectedPart,
        sources: &[ShareIndex],
        target: ShareIndex,
        keys: &Keys,
        entropy: &mut Entropy,
    ) -> Result<Self, EncodeError> {
        let layout = part.shape.layout();
        let plan = RebuildPlan::new(layout.scheme(), sources, target).map_err(EncodeError::Sources)?;
        let sealer = ShareSealer::new(layout, target, &part.sharing, keys, entropy)?;
        let end = EndMac::new(sealer.key());
        let plans = HashMap::from([(sources.to_vec(), plan)]);
        Ok(Self { part, target, sources: Some(sources.to_vec()), plans, sealer, end, next: 0 })
    }

    /// As [`new`](Self::new), from whatever shares are good, segment by segment: shares with bad segments serve with
    /// their good ones. The runs may be of any shares of the part, the target's former one included. A segment whose
    /// former body is good keeps it; else it is made from the first k of the others that are good. Where there is one
    /// share more than that takes, the body is made a second time, with it, and compared.
    ///
    /// # Errors
    /// [`EncodeError::Entropy`].
    pub fn by_segment(
        part: ExpectedPart,
        target: ShareIndex,
        keys: &Keys,
        entropy: &mut Entropy,
    ) -> Result<Self, EncodeError> {
        let sealer = ShareSealer::new(part.shape.layout(), target, &part.sharing, keys, entropy)?;
        let end = EndMac::new(sealer.key());
        Ok(Self { part, target, sources: None, plans: HashMap::new(), sealer, end, next: 0 })
    }

    /// The new share's first 128 bytes.
    #[must_use]
    pub fn header(&self) -> &[u8; HEADER_LEN] {
        self.sealer.header()
    }

    /// Makes the next `count` segments; the last segment of all is the trailer, number M. `runs` holds these segments
    /// of the sources, in the order in which [`new`](Self::new) was given them, or, after
    /// [`by_segment`](Self::by_segment), of any shares; `out` has as many bytes as each run and receives body, tag,
    /// body, tag, ... as they stand in the share.
    ///
    /// No digest can be checked here, so the sources must be [admitted](crate::ShareVerifier::admit): what the
    /// manifest doesn't pin must not be made part of a share that it will.
    ///
    /// # Errors
    /// In the outcome: [`DecodeError::NotAdmitted`], [`DecodeError::TooFewShares`] where a source doesn't verify or
    /// too few shares do, [`DecodeError::Inconsistent`] where two ways to make a segment don't agree,
    /// [`DecodeError::Buffer`], [`DecodeError::Order`].
    pub fn run(&mut self, count: u64, runs: &[SegmentRun<'_>], out: &mut [u8]) -> Outcome<()> {
        let mut faults = Vec::new();
        let result = self.run_inner(count, runs, out, &mut faults);
        Outcome { result, faults }
    }

    fn run_inner(
        &mut self,
        count: u64,
        runs: &[SegmentRun<'_>],
        out: &mut [u8],
        faults: &mut Vec<RunFault>,
    ) -> Result<(), DecodeError> {
        let range = Range::new(&self.part.shape, self.next, count)?;
        if let Some(run) = runs.iter().find(|run| !run.share.is_admitted()) {
            return Err(DecodeError::NotAdmitted(run.share.index().get()));
        }
        let expected = range.stored();
        if out.len() != expected {
            return Err(DecodeError::Buffer { what: "the output", expected, actual: out.len() });
        }
        let mut rest = out;
        // Absorbed only when all is well: a call that fails may be made again.
        let mut tags = Vec::new();
        let Self { part, target, sources, plans, sealer, .. } = self;
        let sealer = &*sealer;
        let mut maker =
            Maker { part, target: *target, sources: sources.as_deref(), plans, again: Vec::new() };
        for_each_group(&range, part, runs, faults, |group| {
            for segment in group {
                let (stored, after) = core::mem::take(&mut rest).split_at_mut(segment.place.stored());
                let (body, tag_out) = stored.split_at_mut(segment.place.body);
                maker.make(segment, body)?;
                let suffix = suffix(segment.m, body.len(), segment.place.kind);
                let tag = sealer.key().tag(&[body, &suffix]);
                tag_out.copy_from_slice(tag.as_bytes());
                tags.push(tag);
                rest = after;
            }
            Ok(())
        })?;
        for tag in &tags {
            self.end.absorb(tag.as_bytes());
        }
        self.next += count;
        Ok(())
    }

    /// The new share's end, which stands behind the trailer segment and in the manifest.
    ///
    /// # Errors
    /// [`DecodeError::Order`] where segments are missing.
    pub fn finish(self) -> Result<[u8; TAG_LEN], DecodeError> {
        let expected = self.part.shape.data_segments() + 1;
        if self.next != expected {
            return Err(DecodeError::Order { expected, actual: self.next });
        }
        Ok(self.end.finish().into_bytes())
    }
}

/// Makes bodies of the target share.
struct Maker<'a> {
    part: &'a ExpectedPart,
    target: ShareIndex,
    sources: Option<&'a [ShareIndex]>,
    plans: &'a mut HashMap<Vec<ShareIndex>, RebuildPlan>,
    /// The body made a second time. It is a share's body, no secret more than those.
    again: Vec<u8>,
}

impl Maker<'_> {
    fn make(&mut self, segment: &Verified<'_>, body: &mut [u8]) -> Result<(), DecodeError> {
        let needed = usize::from(self.part.shape.layout().scheme().k());
        let (m, all) = (segment.m, &segment.bodies);
        let too_few = |verified| DecodeError::TooFewShares { segment: m, verified, needed };
        if let Some(sources) = self.sources {
            let is_as_given = all.iter().map(|(index, _)| index).eq(sources);
            return if is_as_given { self.rebuild(m, all, body) } else { Err(too_few(all.len())) };
        }
        let own = all.iter().find(|(index, _)| *index == self.target);
        let others: Vec<(ShareIndex, &[u8])> =
            all.iter().filter(|(index, _)| *index != self.target).copied().collect();
        // What is known, and a second way to it.
        let second = match own {
            Some((_, known)) => {
                body.copy_from_slice(known);
                others.get(..needed)
            }
            None => {
                let first = others.get(..needed).ok_or_else(|| too_few(others.len()))?;
                self.rebuild(m, first, body)?;
                others.get(1..=needed)
            }
        };
        let Some(second) = second else { return Ok(()) };
        let mut again = core::mem::take(&mut self.again);
        again.resize(body.len(), 0);
        self.rebuild(m, second, &mut again)?;
        let agree = again == *body;
        self.again = again;
        if agree { Ok(()) } else { Err(DecodeError::Inconsistent { segment: m }) }
    }

    fn rebuild(
        &mut self,
        segment: u64,
        from: &[(ShareIndex, &[u8])],
        body: &mut [u8],
    ) -> Result<(), DecodeError> {
        let indexes: Vec<ShareIndex> = from.iter().map(|(index, _)| *index).collect();
        let bodies: Vec<&[u8]> = from.iter().map(|(_, body)| *body).collect();
        // Indexes and lengths follow from the layout and were checked: it fails for no caller, and is no reason to panic.
        let inconsistent = DecodeError::Inconsistent { segment };
        if !self.plans.contains_key(&indexes) {
            let scheme = self.part.shape.layout().scheme();
            let plan = RebuildPlan::new(scheme, &indexes, self.target).map_err(|_| inconsistent.clone())?;
            self.plans.insert(indexes.clone(), plan);
        }
        let plan = self.plans.get(&indexes).ok_or_else(|| inconsistent.clone())?;
        plan.rebuild(&bodies, body).map_err(|_| inconsistent)
    }
}

impl fmt::Debug for Rebuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuilder")
            .field("part", &self.part)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
