//! Consecutive segments: digested, padded, split and tagged together, on any thread.

use crate::digest::{digest_fields, suffix};
use crate::error::EncodeError;
use crate::layout::{Kind, Layout, TAG_LEN};
use crate::pads::Pads;
use crate::seal::ShareSealer;
use core::fmt;
use std::sync::Arc;
use xorida_core::{CombinePlan, SplitPlan};
use xstore_keys::{MacKey, Tag, hmac_each};
use zeroize::Zeroizing;

/// What never changes while a part is written; shared with its batches.
pub(crate) struct Sharing {
    pub(crate) layout: Layout,
    pub(crate) id: [u8; 16],
    pub(crate) pads: Pads,
    pub(crate) sealers: Vec<ShareSealer>,
    pub(crate) split: Arc<SplitPlan>,
    /// Plans that together cover every share; empty where recombination is off.
    pub(crate) checks: Vec<(Vec<usize>, Arc<CombinePlan>)>,
    /// A share that comes out wrong, as from a miscomputing CPU.
    #[cfg(test)]
    pub(crate) sabotage: Option<usize>,
}

/// A batch's digests and tags, on their way back to the encoder.
pub struct Sealed {
    pub(crate) sharing: [u8; 16],
    pub(crate) first: u64,
    pub(crate) digests: Vec<[u8; 32]>,
    /// By segment, then by share.
    pub(crate) tags: Vec<Tag>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("first", &self.first).finish_non_exhaustive()
    }
}

/// Working memory of one thread, kept from batch to batch; wiped when it is dropped.
#[derive(Default)]
pub struct Scratch {
    secrets: Zeroizing<Vec<u8>>,
    pad: Zeroizing<Vec<u8>>,
    recombined: Zeroizing<Vec<u8>>,
}

impl Scratch {
    /// Empty; it grows to what the first batch needs.
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

/// Consecutive segments that were reserved. Sealing consumes it: a segment number is used once.
pub struct Batch {
    pub(crate) sharing: Arc<Sharing>,
    pub(crate) first: u64,
    pub(crate) count: usize,
    /// Padded bytes of a segment.
    pub(crate) field: usize,
    /// Bytes of the whole batch before padding.
    pub(crate) payload: usize,
    pub(crate) kind: Kind,
}

/// Secrets that are hashed side by side. More lanes help a hash that interleaves messages; fewer keep the working
/// set in the cache.
const GROUP: usize = 4;

impl Batch {
    /// Bytes that the batch takes in each share.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.count * (self.field + self.sharing.layout.digest_field() + TAG_LEN)
    }

    /// Digests, splits and tags the batch's segments. `payload` is what was reserved: whole segments, or the tail.
    /// Each of `outs` (one per share, in the order of the indexes) has [`stored`](Self::stored) bytes and receives
    /// body, tag, body, tag, ... as they stand in the share.
    ///
    /// # Errors
    /// [`EncodeError::Buffer`], [`EncodeError::Entropy`], [`EncodeError::Recombine`].
    pub fn seal(
        self,
        payload: &[u8],
        scratch: &mut Scratch,
        outs: &mut [&mut [u8]],
    ) -> Result<Sealed, EncodeError> {
        let n = self.sharing.sealers.len();
        check_buffers(outs, n, self.stored())?;
        // Exactly, although a few bytes more or fewer may pad to the same length: the part's length is settled.
        if payload.len() != self.payload {
            return Err(EncodeError::Buffer {
                what: "the payload",
                expected: self.payload,
                actual: payload.len(),
            });
        }
        let mut sealed = Sealed {
            sharing: self.sharing.id,
            first: self.first,
            digests: vec![[0; 32]; self.count],
            tags: Vec::with_capacity(self.count * n),
        };
        let body = self.field + self.sharing.layout.digest_field();
        let stored = body + TAG_LEN;
        for from in (0..self.count).step_by(GROUP) {
            let count = GROUP.min(self.count - from);
            let bytes = from * self.field..(from + count) * self.field;
            let payload = &payload[bytes.start..bytes.end.min(payload.len())];
            let mut group: Vec<&mut [u8]> =
                outs.iter_mut().map(|out| &mut out[from * stored..(from + count) * stored]).collect();
            self.seal_group(from, count, payload, scratch, &mut group, &mut sealed)?;
        }
        Ok(sealed)
    }

    fn seal_group(
        &self,
        from: usize,
        count: usize,
        payload: &[u8],
        scratch: &mut Scratch,
        outs: &mut [&mut [u8]],
        sealed: &mut Sealed,
    ) -> Result<(), EncodeError> {
        let sharing = &*self.sharing;
        let first = self.first + from as u64;
        let body = self.field + sharing.layout.digest_field();
        let stored = body + TAG_LEN;

        // The secrets: field, digest, zeros.
        let secrets = &mut scratch.secrets;
        resize(secrets, count * body);
        for (secret, m) in secrets.chunks_exact_mut(body).zip(0..) {
            let field =
                &payload[(m * self.field).min(payload.len())..((m + 1) * self.field).min(payload.len())];
            secret[..field.len()].copy_from_slice(field);
            // PKCS#7, on the last data segment only: elsewhere the field is full.
            let padding = u8::try_from(self.field - field.len()).unwrap_or_default();
            secret[field.len()..self.field].fill(padding);
            secret[self.field..].fill(0);
        }
        let digests = &mut sealed.digests[from..from + count];
        let fields: Vec<&[u8]> = secrets.chunks_exact(body).map(|secret| &secret[..self.field]).collect();
        digest_fields(&fields, &sharing.id, first, self.kind, digests);
        for (secret, digest) in secrets.chunks_exact_mut(body).zip(&*digests) {
            secret[self.field..self.field + 32].copy_from_slice(digest);
        }

        // Pads and shares.
        let scheme = sharing.layout.scheme();
        resize(&mut scratch.pad, body / scheme.blocks() * scheme.randomness_blocks());
        for (m, secret) in secrets.chunks_exact(body).enumerate() {
            sharing.pads.fill(first + m as u64, self.kind, &digests[m], &mut scratch.pad)?;
            let mut bodies: Vec<&mut [u8]> =
                outs.iter_mut().map(|out| &mut out[m * stored..m * stored + body]).collect();
            let split = sharing.split.split(secret, &scratch.pad, &mut bodies);
            debug_assert_eq!(split, Ok(()), "lengths follow from the layout");
            split.map_err(|_| EncodeError::Recombine(first + m as u64))?;
            #[cfg(test)]
            if let Some(share) = sharing.sabotage {
                bodies[share][body / 2] ^= 0x10;
            }
            for (members, plan) in &sharing.checks {
                let shares: Vec<&[u8]> = members.iter().map(|&i| &*bodies[i]).collect();
                resize(&mut scratch.recombined, body);
                let combined = plan.combine(&shares, &mut scratch.recombined);
                if combined.is_err() || scratch.recombined[..] != *secret {
                    return Err(EncodeError::Recombine(first + m as u64));
                }
            }
        }

        // Tags, over all shares of all segments of the group at once.
        let suffixes: Vec<[u8; 16]> = (0..count as u64).map(|m| suffix(first + m, body, self.kind)).collect();
        let mut messages: Vec<(&MacKey, [&[u8]; 2])> = Vec::with_capacity(count * outs.len());
        for (m, suffix) in suffixes.iter().enumerate() {
            for (sealer, out) in sharing.sealers.iter().zip(&*outs) {
                messages.push((sealer.key(), [&out[m * stored..m * stored + body], suffix]));
            }
        }
        let jobs: Vec<(&MacKey, &[&[u8]])> = messages.iter().map(|(key, parts)| (*key, &parts[..])).collect();
        let mut tags = vec![Tag::default(); jobs.len()];
        hmac_each(&jobs, &mut tags);
        for (m, tags) in tags.chunks_exact(outs.len()).enumerate() {
            for (out, tag) in outs.iter_mut().zip(tags) {
                out[m * stored + body..(m + 1) * stored].copy_from_slice(tag.as_bytes());
            }
        }
        sealed.tags.extend_from_slice(&tags);
        Ok(())
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("first", &self.first)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// A length that is kept from call to call, so that nothing is moved (and left behind unwiped) by growing.
pub(crate) fn resize(buffer: &mut Zeroizing<Vec<u8>>, len: usize) {
    if buffer.capacity() < len {
        *buffer = Zeroizing::new(Vec::with_capacity(len));
    }
    buffer.resize(len, 0);
}

pub(crate) fn check_buffers(outs: &[&mut [u8]], n: usize, len: usize) -> Result<(), EncodeError> {
    if outs.len() != n {
        return Err(EncodeError::Buffer { what: "the list of outputs", expected: n, actual: outs.len() });
    }
    match outs.iter().find(|out| out.len() != len) {
        Some(out) => Err(EncodeError::Buffer { what: "an output", expected: len, actual: out.len() }),
        None => Ok(()),
    }
}
