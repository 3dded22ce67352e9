//! One part in memory: made, opened, read.

use std::collections::BTreeMap;
use std::sync::Arc;
use xorida_core::{Scheme, ShareIndex, SplitPlan, Threshold};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, EncodeError, EncodeScratch, Encoder, ExpectedPart, ExpectedShare,
    Identity, LastPart, Layout, Metadata, ObjectKind, PadSource, PartInfo, PartShape, Plans, SegmentRun,
    ShareFault, ShareVerifier, TAG_LEN,
};

pub(crate) const NAME: &str = "a name";
pub(crate) const OBJECT: [u8; 16] = *b"object id ......";

/// A ring with one current key.
pub(crate) fn ring() -> KeyRing {
    let mut ring = KeyRing::default();
    let key = IntegrityKey::from_bytes(&std::array::from_fn(|i| u8::try_from(i).unwrap())).unwrap();
    ring.add(key, Date::new(2026, 1, 1).unwrap()).unwrap();
    ring
}

pub(crate) fn scheme(k: u8, n: u8, p: u8) -> Scheme {
    Scheme::with_prime(Threshold::new(k, n).unwrap(), p).unwrap()
}

/// A layout whose segments are `pieces` bytes a piece and whose trailer is the least that this crate's writer chooses.
pub(crate) fn layout(k: u8, n: u8, p: u8, pieces: u32) -> Layout {
    let scheme = scheme(k, n, p);
    let trailer = Layout::default_trailer(scheme, NAME.len(), 120);
    Layout::new(scheme, (u32::from(p) - 1) * pieces, trailer).unwrap()
}

/// Bytes without a short period.
pub(crate) fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i * 11 + i / 256 * 7 + 3) % 256).unwrap()).collect()
}

/// An encoder with the ring's key and the operating system's randomness.
pub(crate) fn encoder(layout: Layout) -> Encoder {
    let split = Arc::new(SplitPlan::new(layout.scheme()));
    let ring = ring();
    Encoder::new(layout, split, ring.current().unwrap(), PadSource::Seeded, &mut Entropy::os()).unwrap()
}

/// What the only part of an object says.
pub(crate) fn info(encoder: &Encoder, length: u64) -> PartInfo {
    let metadata = Metadata {
        length,
        object_tag: encoder.payload_key().object_tag(&[], length).into_bytes(),
        parts: 1,
        user: BTreeMap::new(),
    };
    PartInfo {
        object: OBJECT,
        generation: 1,
        part: 0,
        kind: ObjectKind::Object,
        length,
        created: 1_767_225_600_000,
        ttl: None,
        last: Some(LastPart { name: NAME.to_owned(), metadata }),
    }
}

pub(crate) fn identity() -> Identity<'static> {
    Identity { object: OBJECT, generation: 1, part: 0, last: true, created: 1_767_225_600_000, name: NAME }
}

/// A part that was written.
pub(crate) struct Part {
    pub(crate) expected: ExpectedPart,
    pub(crate) shares: Vec<Vec<u8>>,
    pub(crate) ends: Vec<[u8; 32]>,
}

/// Room of `length` bytes at the end of every share.
pub(crate) fn room(shares: &mut [Vec<u8>], length: usize) -> Vec<&mut [u8]> {
    let extended = shares.iter_mut().map(|share| {
        let from = share.len();
        share.resize(from + length, 0);
        &mut share[from..]
    });
    extended.collect()
}

/// Encodes `payload` and `fill` zeros; `groups` says how many full segments go into each batch, the last number being
/// repeated.
pub(crate) fn encode_with(
    mut encoder: Encoder,
    payload: &[u8],
    fill: usize,
    groups: &[usize],
) -> Result<Part, EncodeError> {
    let layout = *encoder.layout();
    let segment = layout.segment() as usize;
    let (sharing, info) = (encoder.sharing_id(), info(&encoder, payload.len() as u64));
    let n = usize::from(layout.scheme().n());
    let mut shares: Vec<Vec<u8>> = (0..n).map(|i| encoder.header(i).unwrap().to_vec()).collect();
    let mut scratch = EncodeScratch::new();
    let filled = [payload, &vec![0; fill]].concat();
    let mut rest = &filled[..];
    let mut groups = groups.iter().copied();
    let mut group = 1;
    while rest.len() >= segment {
        group = groups.next().unwrap_or(group);
        let count = (rest.len() / segment).min(group);
        let (now, after) = rest.split_at(count * segment);
        rest = after;
        let batch = encoder.reserve(count)?;
        let stored = batch.stored();
        let sealed = batch.seal(now, &mut scratch, &mut room(&mut shares, stored))?;
        encoder.absorb(&sealed)?;
    }
    let batch = encoder.reserve_last(rest.len())?;
    let stored = batch.stored();
    let sealed = batch.seal(rest, &mut scratch, &mut room(&mut shares, stored))?;
    encoder.absorb(&sealed)?;
    let end = layout.stored_trailer() + TAG_LEN;
    let part = encoder.finish(info, &mut scratch, &mut room(&mut shares, end))?;
    let shape = layout.part(part.padded).unwrap();
    Ok(Part { expected: ExpectedPart { shape, sharing }, shares, ends: part.ends })
}

/// With every share recombined.
pub(crate) fn checked(encoder: Encoder) -> Encoder {
    let plans = Plans::new(encoder.layout().scheme());
    encoder.recombining(&plans).unwrap()
}

/// Encodes with one segment per batch.
pub(crate) fn encode(layout: Layout, payload: &[u8]) -> Part {
    encode_with(checked(encoder(layout)), payload, 0, &[1]).unwrap()
}

impl Part {
    pub(crate) fn shape(&self) -> &PartShape {
        &self.expected.shape
    }

    pub(crate) fn index(&self, i: usize) -> ShareIndex {
        ShareIndex::new(u8::try_from(i).unwrap(), self.shape().layout().scheme()).unwrap()
    }

    /// The header of share `i` verified, its tags not yet.
    pub(crate) fn opened(&self, i: usize) -> Result<ShareVerifier, ShareFault> {
        let ring = ring();
        let key_id = ring.current().unwrap().id();
        let expected = ExpectedShare { index: self.index(i), key_id, hmac: self.ends[i] };
        let length = self.shares[i].len() as u64;
        let header = self.shares[i].first_chunk().unwrap();
        ShareVerifier::open(*self.shape(), &self.expected.sharing, &expected, &ring, length, header)
    }

    /// All segment tags of share `i`.
    pub(crate) fn tags(&self, i: usize) -> Vec<[u8; 32]> {
        let tag = |m| self.stored(i, m, 1).last_chunk().copied().unwrap();
        (0..=self.shape().data_segments()).map(tag).collect()
    }

    pub(crate) fn end(&self, i: usize) -> [u8; 32] {
        *self.shares[i].last_chunk().unwrap()
    }

    /// Share `i` with its tags admitted.
    pub(crate) fn admitted(&self, i: usize) -> Result<ShareVerifier, ShareFault> {
        let mut verifier = self.opened(i)?;
        verifier.admit(self.tags(i), &self.end(i))?;
        Ok(verifier)
    }

    pub(crate) fn verifiers(&self, indexes: &[usize]) -> Vec<ShareVerifier> {
        indexes.iter().map(|i| self.admitted(*i).unwrap()).collect()
    }

    /// Bytes of segments `first .. first + count` of share `i`.
    pub(crate) fn stored(&self, i: usize, first: u64, count: u64) -> &[u8] {
        let places: Vec<_> = (first..first + count).map(|m| self.shape().place(m).unwrap()).collect();
        let start = usize::try_from(places[0].offset).unwrap();
        let length: usize = places.iter().map(|place| place.stored()).sum();
        &self.shares[i][start..start + length]
    }

    /// The same of several shares, as runs.
    pub(crate) fn runs<'a>(
        &'a self,
        verifiers: &'a [ShareVerifier],
        first: u64,
        count: u64,
    ) -> Vec<SegmentRun<'a>> {
        let run = |share: &'a ShareVerifier| {
            let i = usize::from(share.index().get());
            SegmentRun { share, bytes: self.stored(i, first, count) }
        };
        verifiers.iter().map(run).collect()
    }

    pub(crate) fn plans(&self) -> Arc<Plans> {
        Arc::new(Plans::new(self.shape().layout().scheme()))
    }

    /// A decoder that has opened the trailer.
    pub(crate) fn decoder(&self, verifiers: &[ShareVerifier]) -> Result<Decoder, DecodeError> {
        let runs = self.runs(verifiers, self.shape().data_segments(), 1);
        let scratch = &mut DecodeScratch::new();
        Decoder::begin(self.expected, &identity(), &ring(), self.plans(), &runs, scratch).result
    }

    /// Reads all of the part from these shares, opening `groups` of segments at once.
    pub(crate) fn decode(&self, indexes: &[usize], groups: &[u64]) -> Result<Vec<u8>, DecodeError> {
        let verifiers = self.verifiers(indexes);
        let mut decoder = self.decoder(&verifiers)?;
        let mut scratch = DecodeScratch::new();
        let mut payload = Vec::new();
        let mut groups = groups.iter().copied();
        let (mut first, mut group) = (0, 1);
        while first < self.shape().data_segments() {
            group = groups.next().unwrap_or(group);
            let count = group.min(self.shape().data_segments() - first);
            let runs = self.runs(&verifiers, first, count);
            let mut out = vec![0; self.shape().payload_run(first, count).unwrap()];
            let opened = decoder.open(first, count, &runs, &mut scratch, &mut out).result?;
            payload.extend_from_slice(decoder.absorb(opened)?);
            first += count;
        }
        decoder.finish()?;
        Ok(payload)
    }
}

/// All choices of `k` out of `n`.
pub(crate) fn subsets(n: usize, k: usize) -> Vec<Vec<usize>> {
    (0_u32..1 << n)
        .filter(|set| set.count_ones() as usize == k)
        .map(|set| (0..n).filter(|i| set >> i & 1 == 1).collect())
        .collect()
}
