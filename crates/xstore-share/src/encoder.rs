//! Writing one part: batches of segments, sealed on any thread, then the trailer.

use crate::batch::{Batch, Scratch, Sealed, Sharing, check_buffers};
use crate::error::EncodeError;
use crate::header::HEADER_LEN;
use crate::layout::{Kind, Layout, MAX_PART, TAG_LEN, to_usize};
use crate::pads::{PadSource, Pads};
use crate::plans::Plans;
use crate::seal::{EndMac, ShareSealer};
use crate::trailer::{LastPart, ObjectKind, PayloadKey, Trailer};
use core::fmt;
use std::sync::Arc;
use xorida_core::{ShareIndex, SplitPlan};
use xstore_keys::{Entropy, EntropyError, KeyId, Keys, Tag};
use zeroize::Zeroizing;

/// What a part says of itself; the encoder adds what it knows.
#[derive(Debug, Clone)]
pub struct PartInfo {
    /// The object that the part belongs to.
    pub object: [u8; 16],
    /// The object's version, from 1.
    pub generation: u64,
    /// Which part this is, from 0.
    pub part: u32,
    /// What the object is for.
    pub kind: ObjectKind,
    /// Payload bytes of this part; what was given beyond them is fill and must be zero.
    pub length: u64,
    /// When the object was written, in milliseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// Time to live in seconds.
    pub ttl: Option<u64>,
    /// Name and metadata, on the last part.
    pub last: Option<LastPart>,
}

/// Writes one part: a sharing of its own, with fresh salts and pads.
///
/// The caller [`reserve`](Self::reserve)s segments, seals the batches (on several threads, if it likes), gives them
/// back by [`absorb`](Self::absorb) in their order, and [`finish`](Self::finish)es. The encoder does no I/O.
pub struct Encoder {
    pub(crate) sharing: Arc<Sharing>,
    payload_key: PayloadKey,
    payload_key_id: KeyId,
    ends: Vec<EndMac>,
    digests: Vec<[u8; 32]>,
    reserved: u64,
    padded: u64,
    /// Payload and fill given so far, without the PKCS#7 bytes.
    given: u64,
    closed: bool,
}

impl Encoder {
    /// Begins a part: draws the sharing id, the seed of the pads, and a salt for each share.
    ///
    /// `split` is the plan of the layout's scheme, made once for all parts.
    ///
    /// # Errors
    /// [`EncodeError::Entropy`] where the random source fails, [`EncodeError::Plan`] where `split` is of another
    /// scheme.
    pub fn new(
        layout: Layout,
        split: Arc<SplitPlan>,
        keys: &Keys,
        pads: PadSource,
        entropy: &mut Entropy,
    ) -> Result<Self, EncodeError> {
        let id: [u8; 16] = entropy.array()?;
        let pads = match pads {
            PadSource::Seeded => Pads::seeded(&id, keys, entropy)?,
            PadSource::OperatingSystem => Pads::drawn(Entropy::os()),
        };
        Self::with_parts(layout, split, keys, id, pads, entropy)
    }

    fn with_parts(
        layout: Layout,
        split: Arc<SplitPlan>,
        keys: &Keys,
        id: [u8; 16],
        pads: Pads,
        entropy: &mut Entropy,
    ) -> Result<Self, EncodeError> {
        // Under another prime the lengths may fit all the same, and what comes out couldn't be read.
        if split.scheme() != layout.scheme() {
            return Err(EncodeError::Plan);
        }
        let sealers = indexes(&layout)
            .map(|index| ShareSealer::new(&layout, index, &id, keys, entropy))
            .collect::<Result<Vec<_>, EntropyError>>()?;
        let ends = sealers.iter().map(|sealer| EndMac::new(sealer.key())).collect();
        let payload_key = PayloadKey::derive(&layout, &id, keys);
        let sharing = Sharing {
            layout,
            id,
            pads,
            sealers,
            split,
            checks: Vec::new(),
            #[cfg(test)]
            sabotage: None,
        };
        Ok(Self {
            sharing: Arc::new(sharing),
            payload_key,
            payload_key_id: keys.id(),
            ends,
            digests: Vec::new(),
            reserved: 0,
            padded: 0,
            given: 0,
            closed: false,
        })
    }

    /// Draws every pad from `pads` instead of the operating system.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[cfg(xstore_inject)]
    pub fn with_drawn_pads(
        layout: Layout,
        split: Arc<SplitPlan>,
        keys: &Keys,
        pads: Entropy,
        entropy: &mut Entropy,
    ) -> Result<Self, EncodeError> {
        let id: [u8; 16] = entropy.array()?;
        Self::with_parts(layout, split, keys, id, Pads::drawn(pads), entropy)
    }

    /// Recombines every segment from its shares and compares it with what was given, each share being used at least
    /// once: a miscomputing CPU or a flipped bit must not become an acknowledged object.
    ///
    /// `plans` are those of the layout's scheme, kept from part to part. Has no effect once a batch is reserved.
    ///
    /// # Errors
    /// [`EncodeError::Plan`] where `plans` are of another scheme.
    pub fn recombining(mut self, plans: &Plans) -> Result<Self, EncodeError> {
        let n = self.sharing.sealers.len();
        let scheme = self.sharing.layout.scheme();
        if plans.scheme() != scheme {
            return Err(EncodeError::Plan);
        }
        let k = usize::from(scheme.k());
        let covering = (0..n).step_by(k).map(|first| first.min(n - k));
        let checks = covering.map(|first| {
            let all: Vec<ShareIndex> = indexes(&self.sharing.layout).skip(first).take(k).collect();
            let plan = plans.combine(&all).map_err(|_| EncodeError::Plan)?;
            Ok(((first..first + k).collect(), plan))
        });
        let checks = checks.collect::<Result<_, EncodeError>>()?;
        if let Some(sharing) = Arc::get_mut(&mut self.sharing) {
            sharing.checks = checks;
        }
        Ok(self)
    }

    /// The layout.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.sharing.layout
    }

    /// The sharing id: for the manifest and the names of the shares.
    #[must_use]
    pub fn sharing_id(&self) -> [u8; 16] {
        self.sharing.id
    }

    /// The first 128 bytes of share `index`; None where there is no such share.
    #[must_use]
    pub fn header(&self, index: usize) -> Option<&[u8; HEADER_LEN]> {
        self.sharing.sealers.get(index).map(ShareSealer::header)
    }

    /// The key for the object's tag, if this is the last part.
    #[must_use]
    pub fn payload_key(&self) -> &PayloadKey {
        &self.payload_key
    }

    /// Reserves the next `count` full data segments.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] where the part would hold more than [`MAX_PART`] bytes, [`EncodeError::Order`] after
    /// [`reserve_last`](Self::reserve_last).
    pub fn reserve(&mut self, count: usize) -> Result<Batch, EncodeError> {
        let full = self.sharing.layout.segment() as usize;
        self.batch(count, full, (full as u64).saturating_mul(count as u64), Kind::Data)
    }

    /// Reserves the last data segment, for the `tail` bytes that are left over: fewer than S, maybe none.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve), and [`EncodeError::Buffer`] where the tail would fill a whole segment.
    pub fn reserve_last(&mut self, tail: usize) -> Result<Batch, EncodeError> {
        let full = self.sharing.layout.segment() as usize;
        if tail >= full {
            return Err(EncodeError::Buffer { what: "the tail", expected: full - 1, actual: tail });
        }
        let field = to_usize(self.sharing.layout.padded(tail as u64));
        let batch = self.batch(1, field, tail as u64, Kind::LastData)?;
        self.closed = true;
        Ok(batch)
    }

    fn batch(&mut self, count: usize, field: usize, given: u64, kind: Kind) -> Result<Batch, EncodeError> {
        if self.closed {
            return Err(EncodeError::Order { expected: self.reserved, actual: self.reserved });
        }
        let total = self.given.saturating_add(given);
        if total > u64::from(MAX_PART) {
            return Err(EncodeError::TooLong { max: u64::from(MAX_PART) });
        }
        self.given = total;
        self.padded += (field * count) as u64;
        let first = self.reserved;
        self.reserved += count as u64;
        Ok(Batch { sharing: Arc::clone(&self.sharing), first, count, field, payload: to_usize(given), kind })
    }

    /// Takes a sealed batch back; batches come in the order in which they were reserved.
    ///
    /// # Errors
    /// [`EncodeError::Order`], [`EncodeError::OtherPart`].
    pub fn absorb(&mut self, sealed: &Sealed) -> Result<(), EncodeError> {
        if sealed.sharing != self.sharing.id {
            return Err(EncodeError::OtherPart);
        }
        let expected = self.digests.len() as u64;
        if sealed.first != expected {
            return Err(EncodeError::Order { expected, actual: sealed.first });
        }
        self.digests.extend_from_slice(&sealed.digests);
        for tags in sealed.tags.chunks_exact(self.ends.len()) {
            for (end, tag) in self.ends.iter_mut().zip(tags) {
                end.absorb(tag.as_bytes());
            }
        }
        Ok(())
    }

    /// Seals the trailer and ends every share: writes trailer segment and share end, t + 64 bytes, into each of
    /// `outs`.
    ///
    /// # Errors
    /// [`EncodeError::Order`] where a batch is missing, [`EncodeError::Trailer`] where a field doesn't fit,
    /// [`EncodeError::Buffer`] where a buffer has another length, [`EncodeError::Entropy`].
    pub fn finish(
        mut self,
        info: PartInfo,
        scratch: &mut Scratch,
        outs: &mut [&mut [u8]],
    ) -> Result<SealedPart, EncodeError> {
        let due = self.digests.len() as u64;
        if !self.closed || due != self.reserved {
            return Err(EncodeError::Order { expected: due, actual: self.reserved });
        }
        if info.length > self.given {
            return Err(EncodeError::Trailer("the length is more than was given"));
        }
        let layout = self.sharing.layout;
        let stored = layout.stored_trailer();
        check_buffers(outs, self.ends.len(), stored + TAG_LEN)?;
        let trailer = Trailer {
            sharing: self.sharing.id,
            object: info.object,
            generation: info.generation,
            part: info.part,
            n: layout.scheme().n(),
            kind: info.kind,
            payload_key: self.payload_key_id,
            length: info.length,
            created: info.created,
            ttl: info.ttl,
            last: info.last,
        };
        let mut plaintext = Zeroizing::new(vec![0; layout.trailer_plaintext()]);
        let payload_tag = trailer.write(&self.payload_key, &self.digests, &mut plaintext)?;
        let batch = Batch {
            sharing: Arc::clone(&self.sharing),
            first: due,
            count: 1,
            field: plaintext.len(),
            payload: plaintext.len(),
            kind: Kind::Trailer,
        };
        {
            let mut bodies: Vec<&mut [u8]> = outs.iter_mut().map(|out| &mut out[..stored]).collect();
            let sealed = batch.seal(&plaintext, scratch, &mut bodies)?;
            self.absorb(&sealed)?;
        }
        let mut ends = Vec::with_capacity(outs.len());
        for (out, end) in outs.iter_mut().zip(self.ends) {
            let tag = end.finish().into_bytes();
            out[stored..].copy_from_slice(&tag);
            ends.push(tag);
        }
        Ok(SealedPart { padded: self.padded, ends, payload_tag })
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("layout", &self.sharing.layout)
            .field("reserved", &self.reserved)
            .finish_non_exhaustive()
    }
}

/// A finished part, for the manifest.
#[derive(Clone)]
pub struct SealedPart {
    /// B: the part's padded length.
    pub padded: u64,
    /// The share ends, by index: each share's `hmac` in the manifest.
    pub ends: Vec<[u8; 32]>,
    /// The payload tag: for the object's tag in the last part. It must not be stored outside the split.
    pub payload_tag: Tag,
}

impl fmt::Debug for SealedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedPart").field("padded", &self.padded).finish_non_exhaustive()
    }
}

/// All indexes of a layout's shares.
fn indexes(layout: &Layout) -> impl Iterator<Item = ShareIndex> + use<> {
    let scheme = layout.scheme();
    (0..scheme.n()).filter_map(move |index| ShareIndex::new(index, scheme).ok())
}
