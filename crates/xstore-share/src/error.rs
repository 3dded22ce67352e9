//! What can go wrong with a layout, a share, a part being written, a part being read.

use xstore_keys::{EntropyError, KeyId};

/// A layout or a length that format 1 doesn't allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// S is zero, above [`MAX_SEGMENT`](crate::MAX_SEGMENT), or not a multiple of p - 1.
    #[error("segment length {segment} must be a multiple of {multiple} from {multiple} to {max}")]
    Segment {
        /// The length that was asked for.
        segment: u32,
        /// p - 1.
        multiple: u32,
        /// The largest length allowed.
        max: u32,
    },
    /// t is outside its bounds or not a multiple of p - 1.
    #[error("trailer length {trailer} must be a multiple of {multiple} from {min} to {max}")]
    Trailer {
        /// The length that was asked for.
        trailer: u32,
        /// p - 1.
        multiple: u32,
        /// The least length that holds the fixed fields.
        min: u32,
        /// The largest length allowed.
        max: u32,
    },
    /// A padded length is zero, above what a part may hold, or not a multiple of p - 1.
    #[error("padded part length {padded} must be a multiple of {multiple} from {multiple} to {max}")]
    Padded {
        /// The length that was asked for.
        padded: u64,
        /// p - 1.
        multiple: u64,
        /// The largest length allowed.
        max: u64,
    },
    /// No part of this layout has a share of this length.
    #[error("no part has a share of {length} bytes under this layout")]
    ShareLength {
        /// The share's length in bytes.
        length: u64,
    },
}

/// Why one share is refused. The other shares of the part are not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareFault {
    /// The value is shorter or longer than the manifest implies: cut off, or something was appended.
    #[error("the share is {actual} bytes long, but the manifest implies {expected}")]
    Length {
        /// What the manifest implies.
        expected: u64,
        /// What was found.
        actual: u64,
    },
    /// The value doesn't begin like a share.
    #[error("this is not an xStore share: it doesn't begin with \"xStoreSh\"")]
    Magic,
    /// A format number that this version doesn't know.
    #[error("share format {0} is not known here (this version reads format 1); use a newer xStore")]
    Format(u16),
    /// A suite number that this version doesn't know.
    #[error("share suite {0} is not known here (this version reads suite 1); use a newer xStore")]
    Suite(u16),
    /// A header field differs from what the manifest implies.
    #[error("header field `{0}` is not what the manifest implies: another share, or a changed one")]
    HeaderField(&'static str),
    /// The header's tag doesn't verify.
    #[error("the header's tag doesn't verify: the header was changed, or it was made with another key")]
    HeaderTag,
    /// An authentic share of another sharing: an older version, another part, or another object.
    #[error("an authentic share of another sharing: an older version, another part, or another object")]
    Sharing,
    /// The share end doesn't verify: a segment tag or the end itself was changed.
    #[error("the share end doesn't verify: a segment's tag or the end was changed")]
    End,
    /// The share is consistent in itself, but it isn't the one that the manifest pins.
    #[error("not the share that the manifest names: it was replaced by another one")]
    NotPinned,
    /// A segment's tag doesn't verify.
    #[error("segment {0} doesn't match its tag: its bytes were changed")]
    Segment(u64),
    /// The key that the manifest pins for this share isn't in the key ring.
    #[error(
        "key {0} is not in the key ring, so this share can't be verified; add that key's line to the key file"
    )]
    UnknownKey(KeyId),
    /// The key that the manifest pins for this share is revoked.
    #[error("key {0} is revoked, so nothing made with it is trusted")]
    RevokedKey(KeyId),
}

impl ShareFault {
    /// The stable machine code of this fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format(_) | Self::Suite(_) => "SHARE_VERSION_MISMATCH",
            Self::UnknownKey(_) | Self::RevokedKey(_) => "KEY_UNAVAILABLE",
            _ => "SHARE_INTEGRITY_FAILED",
        }
    }
}

/// Why a part couldn't be written. Nothing that was made so far may be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The operating system's random source failed; there is no fallback.
    #[error("the operating system's random source failed")]
    Entropy(#[from] EntropyError),
    /// A buffer's length isn't the one that the layout asks for.
    #[error("{what} has {actual} bytes, but needs {expected}")]
    Buffer {
        /// Which buffer.
        what: &'static str,
        /// The length needed.
        expected: usize,
        /// The length given.
        actual: usize,
    },
    /// Batches came back in another order than they were reserved, or one is missing.
    #[error("segment {expected} is due, but segment {actual} came")]
    Order {
        /// The segment number that is due.
        expected: u64,
        /// The one that came.
        actual: u64,
    },
    /// A sealed batch is of another part: its bytes stand in other shares.
    #[error("the batch belongs to another part")]
    OtherPart,
    /// The plan splits by another scheme than the layout's.
    #[error("the plan is not one of the layout's scheme")]
    Plan,
    /// A part may hold at most [`MAX_PART`](crate::MAX_PART) bytes.
    #[error("a part holds at most {max} bytes")]
    TooLong {
        /// The limit.
        max: u64,
    },
    /// The trailer's fields don't fit: a name or metadata out of bounds, or t too small for them.
    #[error("trailer: {0}")]
    Trailer(&'static str),
    /// The shares to rebuild from are not k different ones.
    #[error("the shares to rebuild from are not what the scheme needs")]
    Sources(#[source] xorida_core::Error),
    /// What was split doesn't recombine to what was given: a miscomputing CPU or a flipped bit in memory.
    #[error("segment {0} doesn't recombine to the plaintext: this machine miscomputes; nothing was stored")]
    Recombine(u64),
}

/// Why a part couldn't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Fewer than k verified shares are left for a segment.
    #[error("segment {segment}: {verified} of the {needed} shares that are needed verify")]
    TooFewShares {
        /// Segment number; the trailer's is the number of data segments.
        segment: u64,
        /// Shares that verified.
        verified: usize,
        /// The threshold k.
        needed: usize,
    },
    /// The shares verify one by one, but no k of them that were tried combine to a segment with the right digest.
    #[error("segment {segment}: the shares verify, but don't combine to a segment with the right digest")]
    Inconsistent {
        /// Segment number.
        segment: u64,
    },
    /// The trailer is authentic but makes no sense.
    #[error("the trailer is malformed: {0}")]
    Trailer(&'static str),
    /// The trailer belongs to something else than the manifest says.
    #[error("the manifest and the shares disagree about `{0}`: this manifest stands for another object")]
    Identity(&'static str),
    /// The key of the payload tag isn't in the key ring.
    #[error(
        "the payload was tagged with key {0}, which is not in the key ring; add that key's line to the key file"
    )]
    UnknownKey(KeyId),
    /// The key of the payload tag is revoked.
    #[error("the payload was tagged with key {0}, which is revoked; nothing made with it is trusted")]
    RevokedKey(KeyId),
    /// The payload tag of the part doesn't verify.
    #[error("the payload tag of the part doesn't verify")]
    PayloadTag,
    /// The tag of the whole object doesn't verify.
    #[error("the tag of the whole object doesn't verify")]
    ObjectTag,
    /// The padding is malformed.
    #[error("the padding is malformed")]
    Padding,
    /// A share was used whose tags weren't admitted against the share end that the manifest pins.
    #[error("share {0} was used before its tags were compared with the share end in the manifest")]
    NotAdmitted(u8),
    /// A buffer's length isn't the one that the layout asks for.
    #[error("{what} has {actual} bytes, but needs {expected}")]
    Buffer {
        /// Which buffer.
        what: &'static str,
        /// The length needed.
        expected: usize,
        /// The length given.
        actual: usize,
    },
    /// What was given is of another part than the one that is read.
    #[error("a share of another part was given")]
    OtherPart,
    /// Segments were absorbed in another order than they follow each other, or don't exist.
    #[error("segment {expected} is due, but segment {actual} came")]
    Order {
        /// The segment number that is due.
        expected: u64,
        /// The one that came.
        actual: u64,
    },
}

impl DecodeError {
    /// The stable machine code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooFewShares { .. } => "INSUFFICIENT_SHARES",
            Self::Identity(_) => "MANIFEST_INVALID",
            Self::UnknownKey(_) | Self::RevokedKey(_) => "KEY_UNAVAILABLE",
            Self::PayloadTag | Self::ObjectTag => "PAYLOAD_HMAC_FAILED",
            Self::Padding => "PADDING_INVALID",
            _ => "RECONSTRUCTION_FAILED",
        }
    }
}
