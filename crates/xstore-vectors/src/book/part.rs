//! Sections 5 to 9: one part, from padded bytes to shares.

use super::crypto::{aes_256_ctr, expand, extract, hmac, sha256};
use super::keys::{Derived, OfShare};
use super::trailer::{Fields, payload_key, payload_tag};
use super::{BookError, Hook, Numbers, Stage};
use crate::hex::hex;
use serde::Serialize;
use xorida_core::{Scheme, Threshold, naive};

/// Everything that a part's bytes depend on.
pub(super) struct PartDraft<'a> {
    pub(super) numbers: Numbers,
    pub(super) number: u32,
    pub(super) sharing: [u8; 16],
    pub(super) seed: [u8; 32],
    pub(super) salts: Vec<[u8; 32]>,
    /// The integrity key of each share.
    pub(super) share_keys: Vec<Derived>,
    /// The key that was current when the part was written.
    pub(super) keys: Derived,
    pub(super) hook: &'a Hook,
}

/// A part's shares and how they came about.
pub(super) struct PartBytes {
    pub(super) padded: u64,
    pub(super) shares: Vec<Vec<u8>>,
    pub(super) ends: Vec<[u8; 32]>,
    pub(super) payload_tag: [u8; 32],
    pub(super) notes: PartNotes,
}

/// Intermediate values of a part, all in hex.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of docs/format.md")]
pub struct PartNotes {
    pub part: u32,
    pub sharing: String,
    pub seed: String,
    pub k_obj: String,
    pub k_pay: String,
    pub payload_tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_tag: Option<String>,
    pub segments: Vec<SegmentNotes>,
    pub shares: Vec<ShareNotes>,
}

/// Intermediate values of a segment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of docs/format.md")]
pub struct SegmentNotes {
    pub m: u64,
    pub kind: u8,
    pub digest: String,
    pub secret: String,
    pub k_m: String,
    pub pad: String,
}

/// Intermediate values of a share.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of docs/format.md")]
pub struct ShareNotes {
    pub index: u8,
    pub salt: String,
    pub prk: String,
    pub mask: String,
    pub k_i: String,
    pub header_tag: String,
    pub tags: Vec<String>,
    pub end: String,
}

/// A segment's secret on its way.
struct Segment {
    m: u64,
    kind: u8,
    digest: [u8; 32],
    secret: Vec<u8>,
}

impl PartDraft<'_> {
    /// Pads, digests, splits and tags `payload`.
    pub(super) fn write(
        &self,
        payload: &[u8],
        fill: usize,
        fields: impl FnOnce(&[u8; 32]) -> Fields,
    ) -> Result<PartBytes, BookError> {
        let mut padded = self.pad(payload, fill);
        self.step(Stage::Padded(&mut padded));
        let mut segments = self.data(&padded);
        let digests: Vec<[u8; 32]> = segments.iter().map(|segment| segment.digest).collect();

        let k_pay = payload_key(&self.numbers, &self.sharing, &self.keys.payload);
        let mut fields = fields(&k_pay);
        self.step(Stage::Fields(&mut fields));
        let head = fields.head();
        let mut tag = payload_tag(&k_pay, &head, &digests);
        self.step(Stage::PayloadTag(&mut tag));
        segments.push(self.trailer(head, tag, segments.len() as u64)?);
        for segment in &mut segments {
            self.step(Stage::Secret(segment.m, &mut segment.secret));
        }

        let k_obj: [u8; 32] =
            expand(&extract(&self.seed, &self.keys.hedge), &[b"xStore/1/seed", &self.sharing]);
        let mut notes = PartNotes {
            part: self.number,
            sharing: hex(&self.sharing),
            seed: hex(&self.seed),
            k_obj: hex(&k_obj),
            k_pay: hex(&k_pay),
            payload_tag: hex(&tag),
            object_tag: None,
            segments: Vec::new(),
            shares: Vec::new(),
        };
        let mut bodies: Vec<Vec<Vec<u8>>> = vec![Vec::new(); usize::from(self.numbers.n)];
        for segment in &segments {
            let k_m = hmac(&k_obj, &[&segment.m.to_le_bytes(), &[segment.kind], &segment.digest]);
            let (pad, split) = self.split(segment, &k_m)?;
            for (share, body) in bodies.iter_mut().zip(split) {
                share.push(body);
            }
            notes.segments.push(SegmentNotes {
                m: segment.m,
                kind: segment.kind,
                digest: hex(&segment.digest),
                secret: hex(&segment.secret),
                k_m: hex(&k_m),
                pad: hex(&pad),
            });
        }

        let mut shares = Vec::new();
        let mut ends = Vec::new();
        for (index, bodies) in (0..).zip(bodies) {
            let (bytes, end, note) = self.share(index, bodies);
            shares.push(bytes);
            ends.push(end);
            notes.shares.push(note);
        }
        Ok(PartBytes { padded: padded.len() as u64, shares, ends, payload_tag: tag, notes })
    }

    fn step(&self, stage: Stage<'_>) {
        (self.hook)(self.number, stage);
    }

    /// Section 5, Padding.
    fn pad(&self, payload: &[u8], fill: usize) -> Vec<u8> {
        let mut padded = payload.to_vec();
        padded.resize(payload.len() + fill, 0);
        let v = self.numbers.pieces() - padded.len() % self.numbers.pieces();
        padded.resize(padded.len() + v, u8::try_from(v).unwrap_or_default());
        padded
    }

    /// The data segments with their digests.
    fn data(&self, padded: &[u8]) -> Vec<Segment> {
        let full = self.numbers.segment as usize;
        let last = padded.len().div_ceil(full).saturating_sub(1) as u64;
        let segments = padded.chunks(full).zip(0..).map(|(field, m)| {
            let kind = u8::from(m == last);
            let mut digest = self.digest(field, m, kind);
            self.step(Stage::Digest(m, &mut digest));
            Segment { m, kind, digest, secret: self.secret(field, &digest) }
        });
        segments.collect()
    }

    /// D_m.
    fn digest(&self, field: &[u8], m: u64, kind: u8) -> [u8; 32] {
        sha256(&[field, &self.sharing, &end_of_message(m, field.len(), kind)])
    }

    /// P_m || D_m || 0[d-32].
    fn secret(&self, field: &[u8], digest: &[u8; 32]) -> Vec<u8> {
        let zeros = vec![0; self.numbers.digest_room() - 32];
        [field, digest, &zeros].concat()
    }

    fn trailer(&self, head: Vec<u8>, tag: [u8; 32], m: u64) -> Result<Segment, BookError> {
        let length = (self.numbers.trailer as usize).saturating_sub(self.numbers.digest_room());
        let mut plaintext = head;
        plaintext.extend(tag);
        if plaintext.len() > length {
            return Err(BookError::Trailer);
        }
        plaintext.resize(length, 0);
        self.step(Stage::Trailer(&mut plaintext));
        let mut digest = self.digest(&plaintext, m, 2);
        self.step(Stage::Digest(m, &mut digest));
        Ok(Segment { m, kind: 2, digest, secret: self.secret(&plaintext, &digest) })
    }

    /// The pad, and the bodies by index.
    fn split(&self, segment: &Segment, k_m: &[u8; 32]) -> Result<(Vec<u8>, Vec<Vec<u8>>), BookError> {
        let Numbers { k, n, p, .. } = self.numbers;
        let scheme = Scheme::with_prime(Threshold::new(k, n)?, p)?;
        let block = segment.secret.len() / self.numbers.pieces();
        let mut pad = aes_256_ctr(k_m, ((usize::from(k) - 1) * usize::from(p) - 1) * block);
        self.step(Stage::Pad(segment.m, &mut pad));
        let bodies = naive::split(scheme, &segment.secret, &pad)?;
        Ok((pad, bodies))
    }

    /// Section 6.
    fn share(&self, index: u8, bodies: Vec<Vec<u8>>) -> (Vec<u8>, [u8; 32], ShareNotes) {
        let keys = &self.share_keys[usize::from(index)];
        let salt = self.salts[usize::from(index)];
        let own = OfShare::of(&keys.share, &salt);
        let mut header = self.header(index, keys, &own.mask);
        self.step(Stage::Header(index, &mut header));
        let (k_i, header_tag) = own.bind(&header);
        let mut bytes = [&header[..], &salt, &header_tag].concat();
        let mut tags: Vec<[u8; 32]> = Vec::new();
        let count = bodies.len() as u64;
        for (m, mut body) in (0..).zip(bodies) {
            self.step(Stage::Body(index, m, &mut body));
            let kind = match count - m {
                1 => 2,
                2 => 1,
                _ => 0,
            };
            let tag = hmac(&k_i, &[&body, &end_of_message(m, body.len(), kind)]);
            bytes.extend(&body);
            bytes.extend(tag);
            tags.push(tag);
        }
        let end = hmac(&k_i, &[tags.as_flattened(), &end_of_message(count, 0, 3)]);
        bytes.extend(end);
        self.step(Stage::Share(index, &mut bytes));
        let note = ShareNotes {
            index,
            salt: hex(&salt),
            prk: hex(&own.prk),
            mask: hex(&own.mask),
            k_i: hex(&k_i),
            header_tag: hex(&header_tag),
            tags: tags.iter().map(|tag| hex(tag)).collect(),
            end: hex(&end),
        };
        (bytes, end, note)
    }

    fn header(&self, index: u8, keys: &Derived, mask: &[u8; 16]) -> [u8; 64] {
        let Numbers { k, p, segment, trailer, .. } = self.numbers;
        let mut header = [0; 64];
        header[..8].copy_from_slice(b"xStoreSh");
        header[8..12].copy_from_slice(&[1, 0, 1, 0]);
        header[12..16].copy_from_slice(&[k, p, index, 0]);
        header[16..20].copy_from_slice(&segment.to_le_bytes());
        header[20..24].copy_from_slice(&trailer.to_le_bytes());
        header[32..48].copy_from_slice(&keys.id);
        for (out, (id, mask)) in header[48..].iter_mut().zip(self.sharing.iter().zip(mask)) {
            *out = id ^ mask;
        }
        header
    }
}

/// `le64 m || le32 length || u8 kind || 0[3]`.
#[must_use]
pub fn end_of_message(m: u64, length: usize, kind: u8) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&m.to_le_bytes());
    out[8..12].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    out[12] = kind;
    out
}
