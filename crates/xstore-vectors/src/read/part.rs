//! One part: its shares opened, then segment by segment verified and handed on.

use super::{Fault, FaultKind, ReadError};
use crate::Values;
use std::ops::Range;
use std::sync::Arc;
use xorida_core::ShareIndex;
use xstore_keys::KeyRing;
use xstore_manifest::{Body, Share};
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, ExpectedPart, ExpectedShare, HEADER_LEN, Identity, ObjectCheck,
    Outcome, PartShape, Plans, SegmentRun, ShareFault, ShareVerifier, TAG_LEN,
};

/// A share that is authentic so far, with its bytes.
pub(crate) struct Open<'a> {
    pub(crate) verifier: ShareVerifier,
    pub(crate) bytes: &'a [u8],
}

/// A part being read.
pub(super) struct PartRead<'a> {
    body: &'a Body,
    number: u32,
    part: ExpectedPart,
    shares: Vec<Open<'a>>,
    found: Vec<(ShareIndex, ShareFault)>,
    scratch: DecodeScratch,
}

impl<'a> PartRead<'a> {
    /// Steps 1 to 3: expectations, headers, share ends.
    pub(super) fn open(
        body: &'a Body,
        number: u32,
        shape: PartShape,
        values: &'a Values,
        ring: &KeyRing,
        faults: &mut Vec<Fault>,
    ) -> Result<Self, ReadError> {
        let part = &body.parts[number as usize];
        let expected = ExpectedPart { shape, sharing: part.sharing.to_bytes() };
        let mut shares = Vec::new();
        let mut keys = 0;
        for share in part.shares.iter().flatten() {
            keys += usize::from(ring.verifying(&share.key_id).is_ok());
            let opened = match values.get(share.key.as_str()) {
                None => Err(FaultKind::Missing),
                Some(bytes) => open(&expected, share, bytes, ring).map_err(FaultKind::Refused),
            };
            match opened {
                Ok(open) => shares.push(open),
                Err(kind) => faults.push(Fault { part: number, index: share.index, kind }),
            }
        }
        if keys < usize::from(shape.layout().scheme().k()) {
            return Err(ReadError::KeyUnavailable { part: number });
        }
        let scratch = DecodeScratch::new();
        Ok(Self { body, number, part: expected, shares, found: Vec::new(), scratch })
    }

    /// Steps 4 to 7 for all of the part.
    pub(super) fn whole(
        &mut self,
        plans: &Arc<Plans>,
        ring: &KeyRing,
        object: &mut ObjectCheck,
        released: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        let mut decoder = self.begin(plans, ring)?;
        let last = self.part.shape.data_segments() - 1;
        for m in 0..last {
            let mut out = self.room(m);
            let opened = self.segment(&decoder, m, &mut out)?;
            released.extend_from_slice(decoder.absorb(opened)?);
        }
        let mut out = self.room(last);
        let opened = self.segment(&decoder, last, &mut out)?;
        let payload = decoder.absorb(opened)?;
        // The object's own check comes before its last bytes leave.
        object.add(&decoder.finish()?)?;
        released.extend_from_slice(payload);
        Ok(())
    }

    /// Steps 4 to 6 for the segments that hold bytes `range` of the part.
    pub(super) fn range(
        &mut self,
        plans: &Arc<Plans>,
        ring: &KeyRing,
        range: Range<u64>,
        released: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        let decoder = self.begin(plans, ring)?;
        let full = u64::from(self.part.shape.layout().segment());
        let end = range.end.min(decoder.trailer().length);
        for m in range.start / full..end.div_ceil(full) {
            let mut out = self.room(m);
            let opened = self.segment(&decoder, m, &mut out)?;
            let payload = decoder.release(opened)?;
            let at = |offset: u64| {
                usize::try_from(offset.saturating_sub(m * full)).unwrap_or(usize::MAX).min(payload.len())
            };
            released.extend_from_slice(&payload[at(range.start)..at(end)]);
        }
        Ok(())
    }

    /// Tells what was found wrong with shares.
    pub(super) fn report(self, faults: &mut Vec<Fault>) {
        let mut found = self.found;
        found.sort_by_key(|(index, _)| *index);
        for (index, fault) in found {
            let fault = Fault { part: self.number, index: index.get(), kind: FaultKind::Refused(fault) };
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        faults.sort_by_key(|fault| (fault.part, fault.index));
    }

    /// Step 4.
    fn begin(&mut self, plans: &Arc<Plans>, ring: &KeyRing) -> Result<Decoder, DecodeError> {
        let identity = Identity {
            object: self.body.object.to_bytes(),
            generation: self.body.generation,
            part: self.number,
            last: self.number as usize + 1 == self.body.parts.len(),
            created: self.body.created.as_millis(),
            name: self.body.key.as_str(),
        };
        let runs = runs(&self.shares, &self.part.shape, self.part.shape.data_segments());
        let outcome = Decoder::begin(self.part, &identity, ring, Arc::clone(plans), &runs, &mut self.scratch);
        let decoder = self.note(outcome)?;
        decoder.trailer().fits(self.body.part)?;
        Ok(decoder)
    }

    /// Step 5 for one segment.
    fn segment<'b>(
        &mut self,
        decoder: &Decoder,
        m: u64,
        out: &'b mut [u8],
    ) -> Result<xstore_share::Opened<'b>, DecodeError> {
        let runs = runs(&self.shares, &self.part.shape, m);
        let outcome = decoder.open(m, 1, &runs, &mut self.scratch, out);
        self.note(outcome)
    }

    fn room(&self, m: u64) -> Vec<u8> {
        vec![0; self.part.shape.payload_run(m, 1).unwrap_or(0)]
    }

    fn note<T>(&mut self, outcome: Outcome<T>) -> Result<T, DecodeError> {
        self.found.extend(outcome.faults.iter().map(|found| (found.index, found.fault)));
        outcome.result
    }
}

/// Opens one share: its header, then all of its tags against the share end that the manifest pins.
pub(crate) fn open<'a>(
    part: &ExpectedPart,
    share: &Share,
    bytes: &'a [u8],
    ring: &KeyRing,
) -> Result<Open<'a>, ShareFault> {
    let shape = part.shape;
    let scheme = shape.layout().scheme();
    let index = ShareIndex::new(share.index, scheme).map_err(|_| ShareFault::HeaderField("index"))?;
    let expected = ExpectedShare { index, key_id: share.key_id, hmac: share.hmac };
    let length = bytes.len() as u64;
    // What is shorter than a header is refused for its length, after the key.
    let header = bytes.first_chunk().unwrap_or(&[0; HEADER_LEN]);
    let mut verifier = ShareVerifier::open(shape, &part.sharing, &expected, ring, length, header)?;
    let tags = (0..=shape.data_segments()).filter_map(|m| {
        let (_, tag) = stored(bytes, &shape, m)?.split_last_chunk::<TAG_LEN>()?;
        Some(*tag)
    });
    let end = bytes.last_chunk().ok_or(ShareFault::End)?;
    verifier.admit(tags.collect(), end)?;
    Ok(Open { verifier, bytes })
}

/// Segment `m` of every share, as far as it is there.
pub(crate) fn runs<'a>(shares: &'a [Open<'a>], shape: &PartShape, m: u64) -> Vec<SegmentRun<'a>> {
    let run =
        |open: &'a Open<'a>| Some(SegmentRun { share: &open.verifier, bytes: stored(open.bytes, shape, m)? });
    shares.iter().filter_map(run).collect()
}

/// Body and tag of segment `m`.
pub(crate) fn stored<'a>(bytes: &'a [u8], shape: &PartShape, m: u64) -> Option<&'a [u8]> {
    let place = shape.place(m)?;
    let start = usize::try_from(place.offset).ok()?;
    bytes.get(start..start + place.stored())
}
