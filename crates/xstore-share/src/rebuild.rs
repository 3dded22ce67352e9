//! A lost share made again from k others, without computing the plaintext.

use crate::decoder::ExpectedPart;
use crate::digest::suffix;
use crate::error::{DecodeError, EncodeError};
use crate::header::HEADER_LEN;
use crate::layout::TAG_LEN;
use crate::opening::{Outcome, Range, RunFault, for_each_group};
use crate::seal::{EndMac, ShareSealer};
use crate::verifier::SegmentRun;
use core::fmt;
use xorida_core::{Error, RebuildPlan, ShareIndex};
use xstore_keys::{Entropy, Keys};

/// Rebuilds one share of a part segment by segment.
///
/// The new share has the body that its index always had, and a salt, a key and tags of its own. The order of the
/// XORs keeps every intermediate value independent of the plaintext.
pub struct Rebuilder {
    part: ExpectedPart,
    plan: RebuildPlan,
    sources: Vec<ShareIndex>,
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
        Ok(Self { part, plan, sources: sources.to_vec(), sealer, end, next: 0 })
    }

    /// The new share's first 128 bytes.
    #[must_use]
    pub fn header(&self) -> &[u8; HEADER_LEN] {
        self.sealer.header()
    }

    /// Makes the next `count` segments; the last segment of all is the trailer, number M. `runs` holds these segments
    /// of the sources, in the order in which [`new`](Self::new) was given them; `out` has as many bytes as each run
    /// and receives body, tag, body, tag, ... as they stand in the share.
    ///
    /// No digest can be checked here, so the sources must be [admitted](crate::ShareVerifier::admit): what the
    /// manifest doesn't pin must not be made part of a share that it will.
    ///
    /// # Errors
    /// In the outcome: [`DecodeError::NotAdmitted`], [`DecodeError::TooFewShares`] where a source doesn't verify,
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
        let needed = self.sources.len();
        let mut rest = out;
        // Absorbed only when all is well: a call that fails may be made again.
        let mut tags = Vec::new();
        for_each_group(&range, &self.part, runs, faults, |group| {
            for segment in group {
                let indexes: Vec<ShareIndex> = segment.bodies.iter().map(|(index, _)| *index).collect();
                if indexes != self.sources {
                    let verified = indexes.len();
                    return Err(DecodeError::TooFewShares { segment: segment.m, verified, needed });
                }
                let bodies: Vec<&[u8]> = segment.bodies.iter().map(|(_, body)| *body).collect();
                let (stored, after) = core::mem::take(&mut rest).split_at_mut(segment.place.stored());
                let (body, tag_out) = stored.split_at_mut(segment.place.body);
                let rebuilt: Result<(), Error> = self.plan.rebuild(&bodies, body);
                rebuilt.map_err(|_| DecodeError::Inconsistent { segment: segment.m })?;
                let suffix = suffix(segment.m, body.len(), segment.place.kind);
                let tag = self.sealer.key().tag(&[body, &suffix]);
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

impl fmt::Debug for Rebuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuilder")
            .field("part", &self.part)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
