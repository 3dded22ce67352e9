//! Reading one part: the trailer first, then segments in any grouping, the last one held back until all verified.

use crate::error::DecodeError;
use crate::layout::PartShape;
use crate::opening::{Outcome, Range, RunFault, Scratch, open};
use crate::plans::Plans;
use crate::trailer::{ObjectKind, PayloadKey, Read, Trailer};
use crate::verifier::{SegmentRun, ShareVerifier};
use core::fmt;
use std::sync::Arc;
use xorida_core::ShareIndex;
use xstore_keys::{KeyRing, RingError, Tag};
use zeroize::{Zeroize, Zeroizing};

/// What an authenticated manifest says of a part's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedPart {
    /// Layout and padded length.
    pub shape: PartShape,
    /// The sharing id.
    pub sharing: [u8; 16],
}

/// What an authenticated manifest says of a part's meaning; the trailer must say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The object's id.
    pub object: [u8; 16],
    /// The object's version.
    pub generation: u64,
    /// Which part this is, from 0.
    pub part: u32,
    /// Whether it is the last one.
    pub last: bool,
    /// When the object was written, in milliseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// The object's name, compared on the last part.
    pub name: &'a str,
}

/// Reads one part.
///
/// Made from the verified trailer. Then [`open`](Self::open) turns stored segments into plaintext (on several
/// threads, if the caller likes), and [`absorb`](Self::absorb), in order, releases it; for a range
/// [`release`](Self::release) does. The decoder does no I/O.
pub struct Decoder {
    part: ExpectedPart,
    plans: Arc<Plans>,
    read: Read,
    plaintext: Zeroizing<Vec<u8>>,
    payload_key: PayloadKey,
    digests: Vec<[u8; 32]>,
    payload_tag: Option<Tag>,
    /// A share that gave its trailer segment without being admitted.
    unadmitted: Option<ShareIndex>,
}

impl Decoder {
    /// Opens the trailer segment of a part and checks it against `identity`. `runs` holds the trailer segment
    /// (body and tag) of at least k shares.
    ///
    /// # Errors
    /// In the outcome: [`DecodeError::TooFewShares`], [`DecodeError::Inconsistent`], [`DecodeError::Trailer`],
    /// [`DecodeError::Identity`], [`DecodeError::UnknownKey`], [`DecodeError::RevokedKey`].
    pub fn begin(
        part: ExpectedPart,
        identity: &Identity<'_>,
        ring: &KeyRing,
        plans: Arc<Plans>,
        runs: &[SegmentRun<'_>],
        scratch: &mut Scratch,
    ) -> Outcome<Self> {
        let mut faults = Vec::new();
        let result = Self::begin_inner(part, identity, ring, plans, runs, scratch, &mut faults);
        Outcome { result, faults }
    }

    fn begin_inner(
        part: ExpectedPart,
        identity: &Identity<'_>,
        ring: &KeyRing,
        plans: Arc<Plans>,
        runs: &[SegmentRun<'_>],
        scratch: &mut Scratch,
        faults: &mut Vec<RunFault>,
    ) -> Result<Self, DecodeError> {
        let layout = part.shape.layout();
        let range = Range::new(&part.shape, part.shape.data_segments(), 1)?;
        let mut plaintext = Zeroizing::new(vec![0; layout.trailer_plaintext()]);
        open(&range, runs, &part, &plans, scratch, &mut plaintext, faults)?;
        let read = Trailer::read(&plaintext)?;
        check(&read.trailer, &part, identity)?;
        let id = read.trailer.payload_key;
        let keys = ring.verifying(&id).map_err(|error| match error {
            RingError::RevokedKey { .. } => DecodeError::RevokedKey(id),
            _ => DecodeError::UnknownKey(id),
        })?;
        let payload_key = PayloadKey::derive(layout, &part.sharing, keys);
        Ok(Self {
            part,
            plans,
            read,
            plaintext,
            payload_key,
            digests: Vec::new(),
            payload_tag: None,
            unadmitted: unadmitted(runs),
        })
    }

    /// The part's trailer. Its payload tag is verified only when the last segment has been absorbed.
    #[must_use]
    pub const fn trailer(&self) -> &Trailer {
        &self.read.trailer
    }

    /// The shape of the part.
    #[must_use]
    pub const fn shape(&self) -> &PartShape {
        &self.part.shape
    }

    /// Verifies, combines and digests data segments `first .. first + count`. Each run holds exactly these segments
    /// of one share; a segment needs k of them to verify, more are welcome. `out` has
    /// [`payload_run`](PartShape::payload_run) bytes; it stays locked in [`Opened`] until it is released.
    ///
    /// Several runs may be copies of one share: a segment takes the first good one.
    /// Segments that fail in one run are listed in the outcome's faults and don't spoil its other segments.
    pub fn open<'b>(
        &self,
        first: u64,
        count: u64,
        runs: &[SegmentRun<'_>],
        scratch: &mut Scratch,
        out: &'b mut [u8],
    ) -> Outcome<Opened<'b>> {
        let mut faults = Vec::new();
        let digests = self.part.shape.payload_run(first, count).ok_or(DecodeError::Order {
            expected: self.part.shape.data_segments(),
            actual: first.saturating_add(count),
        });
        let digests = digests
            .and_then(|_| Range::new(&self.part.shape, first, count))
            .and_then(|range| open(&range, runs, &self.part, &self.plans, scratch, out, &mut faults));
        match digests {
            Ok(digests) => {
                let sharing = self.part.sharing;
                let unadmitted = unadmitted(runs);
                Outcome { result: Ok(Opened { sharing, first, digests, unadmitted, out }), faults }
            }
            Err(error) => {
                out.zeroize();
                Outcome { result: Err(error), faults }
            }
        }
    }

    /// Releases the payload of opened segments, which come in order from the first. Before the last data segment is
    /// released the payload tag of the whole part and the padding are verified.
    ///
    /// A full read trusts what the manifest pins and nothing else, so every share that is used, for the trailer too,
    /// must be [admitted](crate::ShareVerifier::admit) first: one who knows an old key can make shares whose tags
    /// verify.
    ///
    /// # Errors
    /// [`DecodeError::NotAdmitted`], [`DecodeError::OtherPart`], [`DecodeError::Order`], [`DecodeError::PayloadTag`], [`DecodeError::Padding`];
    /// the bytes are wiped then.
    pub fn absorb<'b>(&mut self, opened: Opened<'b>) -> Result<&'b [u8], DecodeError> {
        if let Some(index) = self.unadmitted.or(opened.unadmitted) {
            return Err(DecodeError::NotAdmitted(index.get()));
        }
        if opened.sharing != self.part.sharing {
            return Err(DecodeError::OtherPart);
        }
        let expected = self.digests.len() as u64;
        if opened.first != expected {
            return Err(DecodeError::Order { expected, actual: opened.first });
        }
        self.digests.extend_from_slice(&opened.digests);
        if self.digests.len() as u64 == self.part.shape.data_segments() {
            let tag = self.read.check_tag(&self.plaintext, &self.payload_key, &self.digests)?;
            self.payload_tag = Some(tag);
        }
        self.release(opened)
    }

    /// Releases the payload of opened segments by themselves, for a range read: each is verified by its tags and
    /// its digest, and the part by its trailer, but not by the payload tag.
    ///
    /// # Errors
    /// [`DecodeError::OtherPart`], [`DecodeError::Padding`]; the bytes are wiped then.
    pub fn release<'b>(&self, mut opened: Opened<'b>) -> Result<&'b [u8], DecodeError> {
        if opened.sharing != self.part.sharing {
            return Err(DecodeError::OtherPart);
        }
        let start = opened.first * u64::from(self.part.shape.layout().segment());
        let until = start + opened.out.len() as u64;
        let length = self.read.trailer.length;
        let payload =
            usize::try_from(length.saturating_sub(start)).unwrap_or(usize::MAX).min(opened.out.len());
        let mut fill_end = opened.out.len();
        let mut padded_well = true;
        if until == self.part.shape.padded() {
            let blocks = self.part.shape.layout().scheme().blocks();
            match padding(opened.out, blocks) {
                Some(v) => fill_end -= v,
                None => padded_well = false,
            }
        }
        if !padded_well || payload > fill_end || opened.out[payload..fill_end].iter().any(|&b| b != 0) {
            return Err(DecodeError::Padding);
        }
        let released: &'b mut [u8] = core::mem::take(&mut opened.out);
        Ok(&released[..payload])
    }

    /// Ends a full read of the part.
    ///
    /// # Errors
    /// [`DecodeError::Order`] where segments are missing.
    pub fn finish(self) -> Result<FinishedPart, DecodeError> {
        match self.payload_tag {
            Some(payload_tag) => {
                Ok(FinishedPart { trailer: self.read.trailer, payload_tag, payload_key: self.payload_key })
            }
            None => Err(DecodeError::Order {
                expected: self.digests.len() as u64,
                actual: self.part.shape.data_segments(),
            }),
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("part", &self.part).finish_non_exhaustive()
    }
}

/// Plaintext that verified segment by segment and awaits its release. It is wiped where it isn't released.
pub struct Opened<'b> {
    sharing: [u8; 16],
    first: u64,
    digests: Vec<[u8; 32]>,
    unadmitted: Option<ShareIndex>,
    out: &'b mut [u8],
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.out.zeroize();
    }
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("first", &self.first).finish_non_exhaustive()
    }
}

/// A part that was read in full and verified, for [`ObjectCheck`](crate::ObjectCheck).
pub struct FinishedPart {
    /// The part's trailer.
    pub trailer: Trailer,
    pub(crate) payload_tag: Tag,
    pub(crate) payload_key: PayloadKey,
}

impl fmt::Debug for FinishedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FinishedPart").field("trailer", &self.trailer).finish_non_exhaustive()
    }
}

/// A share among these whose tags weren't compared with the manifest.
fn unadmitted(runs: &[SegmentRun<'_>]) -> Option<ShareIndex> {
    runs.iter().map(|run| run.share).find(|share| !share.is_admitted()).map(ShareVerifier::index)
}

/// Everything in a trailer that the manifest also says.
fn check(trailer: &Trailer, part: &ExpectedPart, identity: &Identity<'_>) -> Result<(), DecodeError> {
    let scheme = part.shape.layout().scheme();
    if trailer.sharing != part.sharing {
        return Err(DecodeError::Trailer("sharing id"));
    }
    if trailer.n < scheme.k() || trailer.n > scheme.n() {
        return Err(DecodeError::Trailer("n"));
    }
    if trailer.length >= part.shape.padded() {
        return Err(DecodeError::Trailer("payload length"));
    }
    let fields = [
        ("object", trailer.object == identity.object),
        ("generation", trailer.generation == identity.generation),
        ("part", trailer.part == identity.part),
        ("last part", trailer.last.is_some() == identity.last),
        ("kind", trailer.kind == ObjectKind::Object),
        ("created", trailer.created == identity.created),
        ("name", trailer.last.as_ref().is_none_or(|last| last.name == identity.name)),
    ];
    match fields.iter().find(|(_, equal)| !equal) {
        Some((field, _)) => Err(DecodeError::Identity(field)),
        None => Ok(()),
    }
}

/// The length of the PKCS#7 padding at the end of `padded`.
pub(crate) fn padding(padded: &[u8], multiple: usize) -> Option<usize> {
    let v = usize::from(*padded.last()?);
    let well = (1..=multiple).contains(&v)
        && v <= padded.len()
        && padded[padded.len() - v..].iter().all(|&b| usize::from(b) == v);
    well.then_some(v)
}
