//! One part on the bench: its payload, its shares as they would stand on backends, and all that writing and reading
//! them takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use xorida_core::{Scheme, ShareIndex, SplitPlan, Threshold};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore_share::{
    DecodeScratch, Decoder, EncodeScratch, Encoder, ExpectedPart, ExpectedShare, HEADER_LEN, Identity,
    LastPart, Layout, Metadata, ObjectCheck, ObjectKind, PadSource, PartInfo, PartShape, Plans, SegmentRun,
    ShareVerifier, TAG_LEN,
};

use crate::bytes::{MIB, noise, room};
use crate::failure::Failure;

const NAME: &str = "bench";
const OBJECT: [u8; 16] = [9; 16];
/// The metadata that the bench writes: three members, no `user`.
const METADATA: usize = 128;
/// Payload that is sealed or opened in one call, about: what a program with bounded memory would take.
const BATCH: usize = 4 * MIB;

/// See the module.
pub(crate) struct Workbench {
    shape: PartShape,
    /// Segments in a batch.
    batch: usize,
    ring: KeyRing,
    entropy: Entropy,
    split: Arc<SplitPlan>,
    plans: Arc<Plans>,
    encode_scratch: EncodeScratch,
    decode_scratch: DecodeScratch,
    /// What is written.
    pub(crate) payload: Vec<u8>,
    shares: Vec<Vec<u8>>,
    /// What is read, with its padding.
    out: Vec<u8>,
    /// What a manifest would say: the sharing id and the share ends.
    sharing: [u8; 16],
    ends: Vec<[u8; TAG_LEN]>,
}

impl Workbench {
    /// For a payload of `size` bytes in segments of at most `segment`, the layout's default if there is none.
    ///
    /// # Errors
    /// Those of the libraries, where they refuse these numbers.
    pub(crate) fn new(k: u8, n: u8, segment: Option<u32>, size: usize) -> Result<Self, Failure> {
        let scheme = Scheme::new(Threshold::new(k, n)?);
        let segment = segment.unwrap_or_else(|| Layout::default_segment(scheme));
        let layout = Layout::new(scheme, segment, Layout::default_trailer(scheme, NAME.len(), METADATA))?;
        let shape = layout.part(layout.padded(size as u64))?;
        let mut ring = KeyRing::default();
        let key: [u8; 32] = core::array::from_fn(|at| noise(32, 7)[at]);
        ring.add(IntegrityKey::from_bytes(&key)?, Date::new(2026, 1, 1)?)?;
        Ok(Self {
            shape,
            batch: (BATCH / segment as usize).max(1),
            ring,
            entropy: Entropy::os(),
            split: Arc::new(SplitPlan::new(scheme)),
            plans: Arc::new(Plans::new(scheme)),
            encode_scratch: EncodeScratch::new(),
            decode_scratch: DecodeScratch::new(),
            payload: noise(size, 1),
            shares: (0..n).map(|_| room(length(shape.share_len()))).collect(),
            out: room(length(shape.padded())),
            sharing: [0; 16],
            ends: Vec::new(),
        })
    }

    /// Bytes of each share.
    pub(crate) fn share_len(&self) -> usize {
        length(self.shape.share_len())
    }

    /// Writes all shares, from the header to the share end.
    ///
    /// # Errors
    /// Those of the encoder.
    pub(crate) fn encode(&mut self, recombining: bool) -> Result<(), Failure> {
        let layout = *self.shape.layout();
        let keys = self.ring.current()?;
        let split = Arc::clone(&self.split);
        let mut encoder = Encoder::new(layout, split, keys, PadSource::Seeded, &mut self.entropy)?;
        if recombining {
            encoder = encoder.recombining(&self.plans)?;
        }
        for (i, share) in self.shares.iter_mut().enumerate() {
            if let Some(header) = encoder.header(i) {
                share[..HEADER_LEN].copy_from_slice(header);
            }
        }
        let segment = layout.segment() as usize;
        let (full, tail) = self.payload.split_at(self.payload.len() / segment * segment);
        let mut at = HEADER_LEN;
        for payload in full.chunks(self.batch * segment) {
            let batch = encoder.reserve(payload.len() / segment)?;
            let end = at + batch.stored();
            let mut outs: Vec<&mut [u8]> = self.shares.iter_mut().map(|share| &mut share[at..end]).collect();
            encoder.absorb(&batch.seal(payload, &mut self.encode_scratch, &mut outs)?)?;
            at = end;
        }
        let batch = encoder.reserve_last(tail.len())?;
        let end = at + batch.stored();
        let mut outs: Vec<&mut [u8]> = self.shares.iter_mut().map(|share| &mut share[at..end]).collect();
        encoder.absorb(&batch.seal(tail, &mut self.encode_scratch, &mut outs)?)?;

        self.sharing = encoder.sharing_id();
        let length = self.payload.len() as u64;
        let object_tag = encoder.payload_key().object_tag(&[], length).into_bytes();
        let metadata = Metadata { length, object_tag, parts: 1, user: BTreeMap::new() };
        let info = PartInfo {
            object: OBJECT,
            generation: 1,
            part: 0,
            kind: ObjectKind::Object,
            length,
            created: 0,
            ttl: None,
            last: Some(LastPart { name: NAME.to_owned(), metadata }),
        };
        let mut outs: Vec<&mut [u8]> = self.shares.iter_mut().map(|share| &mut share[end..]).collect();
        self.ends = encoder.finish(info, &mut self.encode_scratch, &mut outs)?.ends;
        Ok(())
    }

    /// Reads the payload back from the last k shares, with every check that a full read of an object makes.
    ///
    /// # Errors
    /// Those of verifiers and decoder.
    pub(crate) fn decode(&mut self) -> Result<(), Failure> {
        let shape = self.shape;
        let scheme = shape.layout().scheme();
        let from = usize::from(scheme.n() - scheme.k());
        let shares = &self.shares[from..];
        let verifiers = (from..).zip(shares).map(|(i, share)| self.verifier(i, share));
        let verifiers = verifiers.collect::<Result<Vec<_>, Failure>>()?;
        let runs = |start: usize, bytes: usize| -> Vec<SegmentRun<'_>> {
            let each = verifiers.iter().zip(shares);
            each.map(|(share, all)| SegmentRun { share, bytes: &all[start..start + bytes] }).collect()
        };

        let segments = shape.data_segments();
        let part = ExpectedPart { shape, sharing: self.sharing };
        let identity =
            Identity { object: OBJECT, generation: 1, part: 0, last: true, created: 0, name: NAME };
        let trailer = runs(place(&shape, segments)?, shape.layout().stored_trailer());
        let plans = Arc::clone(&self.plans);
        let scratch = &mut self.decode_scratch;
        let mut decoder = Decoder::begin(part, &identity, &self.ring, plans, &trailer, scratch).result?;

        let mut out = &mut self.out[..];
        let mut released = 0;
        for first in (0..segments).step_by(self.batch) {
            let count = (segments - first).min(self.batch as u64);
            let impossible = Failure::Wrong("the layout");
            let (Some(stored), Some(padded)) =
                (shape.stored_run(first, count), shape.payload_run(first, count))
            else {
                return Err(impossible);
            };
            let (now, later) = out.split_at_mut(padded);
            out = later;
            let runs = runs(place(&shape, first)?, stored);
            let opened = decoder.open(first, count, &runs, scratch, now).result?;
            released += decoder.absorb(opened)?.len();
        }
        let mut object = ObjectCheck::new(xstore_share::MAX_PART);
        object.add(&decoder.finish()?)?;
        if released == self.payload.len() { Ok(()) } else { Err(Failure::Wrong("the decoder")) }
    }

    /// Opens share `i`: its header, its tags, its end.
    fn verifier(&self, i: usize, share: &[u8]) -> Result<ShareVerifier, Failure> {
        let shape = self.shape;
        let index = u8::try_from(i).map_err(|_| Failure::Wrong("the number of shares"))?;
        let expected = ExpectedShare {
            index: ShareIndex::new(index, shape.layout().scheme())?,
            key_id: self.ring.current()?.id(),
            hmac: self.ends[i],
        };
        let header: &[u8; HEADER_LEN] = share.first_chunk().ok_or(Failure::Wrong("the share's length"))?;
        let mut verifier =
            ShareVerifier::open(shape, &self.sharing, &expected, &self.ring, share.len() as u64, header)?;
        let tags = (0..=shape.data_segments()).filter_map(|m| {
            let place = shape.place(m)?;
            share.get(length(place.offset) + place.body..)?.first_chunk().copied()
        });
        let end = share.last_chunk().ok_or(Failure::Wrong("the share's length"))?;
        verifier.admit(tags.collect(), end)?;
        Ok(verifier)
    }

    /// That what is encoded, either way, decodes to the payload.
    ///
    /// # Errors
    /// [`Failure::Wrong`] if not.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        for recombining in [true, false] {
            self.encode(recombining)?;
            self.out.fill(0);
            self.decode()?;
            if self.out[..self.payload.len()] != self.payload {
                return Err(Failure::Wrong("the encoder or the decoder"));
            }
        }
        Ok(())
    }
}

/// Where segment `m` begins.
fn place(shape: &PartShape, m: u64) -> Result<usize, Failure> {
    shape.place(m).map(|place| length(place.offset)).ok_or(Failure::Wrong("the layout"))
}

/// A length of something that is in memory, or will be.
fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xstore_share::ShareFault;

    #[test]
    fn round_trips_at_every_threshold_and_around_a_segment() {
        for (k, n) in super::super::THRESHOLDS {
            for size in [0, 1, 1 << 10, 1 << 16, 200_000] {
                Workbench::new(k, n, None, size).unwrap().check().unwrap();
            }
        }
        // More than one batch.
        Workbench::new(2, 3, None, BATCH + 100_000).unwrap().check().unwrap();
        Workbench::new(2, 3, Some(1024), 4096).unwrap().check().unwrap();
    }

    #[test]
    fn a_share_that_was_changed_is_no_measurement() {
        let mut workbench = Workbench::new(2, 3, None, 1 << 10).unwrap();
        workbench.encode(false).unwrap();
        workbench.decode().unwrap();
        workbench.shares[2][HEADER_LEN + 5] ^= 1;
        assert!(matches!(workbench.decode(), Err(Failure::Decode(_))));
        workbench.shares[2][70] ^= 1;
        assert!(matches!(workbench.decode(), Err(Failure::Share(ShareFault::HeaderTag))));
    }
}
