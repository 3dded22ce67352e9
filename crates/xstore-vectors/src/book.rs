//! A writer taken from `docs/format.md` line by line, sharing neither code nor structure with the encoder.
//!
//! It is an oracle: what it and the encoder write from the same randomness must be the same bytes. And since it
//! checks nothing and lets a [`Draft::hook`] change every step before the next one builds on it, it writes what only
//! a faulty writer or a holder of the key can: objects that are wrong in one place and authentic everywhere else.

pub mod crypto;
mod draft;
pub mod keys;
mod part;
pub mod text;
pub mod trailer;

pub use draft::{BACKENDS, Draft, Drafted, NAMESPACE};
pub use part::{PartNotes, SegmentNotes, ShareNotes, end_of_message};

use serde_json::Value;

/// The numbers of an object: k, n, p, S, t, and payload bytes of a part. Nothing is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Threshold.
    pub k: u8,
    /// Number of shares.
    pub n: u8,
    /// The prime.
    pub p: u8,
    /// S.
    pub segment: u32,
    /// t.
    pub trailer: u32,
    /// Payload bytes of every part but the last.
    pub part: u32,
}

impl Numbers {
    /// p - 1.
    #[must_use]
    pub fn pieces(&self) -> usize {
        usize::from(self.p) - 1
    }

    /// d.
    #[must_use]
    pub fn digest_room(&self) -> usize {
        self.pieces() * 32_usize.div_ceil(self.pieces())
    }

    /// The t that section 7 tells a writer to choose for a name and metadata of these lengths.
    #[must_use]
    pub fn trailer_for(&self, name: usize, metadata: usize) -> u32 {
        let classes = (136 + name + metadata).div_ceil(512);
        let plaintext = (512 * classes).div_ceil(self.pieces()) * self.pieces();
        u32::try_from(plaintext + self.digest_room()).unwrap_or(u32::MAX)
    }
}

/// A step of writing, open to change before the next one builds on it.
pub enum Stage<'a> {
    /// The padded bytes of a part.
    Padded(&'a mut Vec<u8>),
    /// D_m of a data segment.
    Digest(u64, &'a mut [u8; 32]),
    /// The fields of the trailer, before the payload tag covers them.
    Fields(&'a mut trailer::Fields),
    /// The payload tag.
    PayloadTag(&'a mut [u8; 32]),
    /// The trailer's plaintext, t-d bytes.
    Trailer(&'a mut Vec<u8>),
    /// P_m || D_m || zeros of a segment; M is the trailer's number.
    Secret(u64, &'a mut Vec<u8>),
    /// The pad of a segment.
    Pad(u64, &'a mut Vec<u8>),
    /// Bytes 0 to 63 of the header of a share, before keys and tag are made from them.
    Header(u8, &'a mut [u8; 64]),
    /// The body of a segment of a share, before its tag is made.
    Body(u8, u64, &'a mut Vec<u8>),
    /// A share that is finished; the manifest names its end as it was.
    Share(u8, &'a mut Vec<u8>),
    /// The manifest before it is signed.
    Manifest(&'a mut Value),
}

/// Changes a [`Stage`] of the part with this number (0 for the manifest).
pub type Hook = Box<dyn Fn(u32, Stage<'_>)>;

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// The numbers make no scheme, or a length can't be cut into blocks.
    #[error("the scheme refuses it")]
    Scheme(#[from] xorida_core::Error),
    /// The trailer's fields are longer than t allows.
    #[error("name and metadata don't fit into the trailer")]
    Trailer,
}
