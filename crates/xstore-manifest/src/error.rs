//! What can be wrong with a manifest.

use xstore_keys::{KeyId, RingError};

use crate::Timestamp;

mod problem;

pub use problem::Problem;

/// Why a manifest isn't accepted.
///
/// Texts are short, show no control character, and repeat nothing of the input but numbers, key ids and, cut and
/// escaped, the name of an unknown member.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is longer than what it declares may be. A text over [`limits::TEXT`](crate::limits::TEXT) isn't
    /// looked at.
    #[error(
        "the manifest's text has {length} bytes and may have {limit} (64 KiB, 1 KiB for each part and share, never over 64 MiB): check that it is a manifest; if it is your own, use larger parts or fewer `ext` entries"
    )]
    TooLong {
        /// Bytes of the text.
        length: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// The text isn't UTF-8.
    #[error("the manifest isn't UTF-8 from byte {offset} on: use an undamaged copy")]
    NotUtf8 {
        /// Bytes before the first bad one.
        offset: usize,
    },
    /// The text begins with a byte order mark.
    #[error("the manifest begins with a byte order mark: save it as UTF-8 without one")]
    ByteOrderMark,
    /// The text isn't JSON.
    #[error("the manifest isn't valid JSON: {kind} at line {line}, column {column}; use an undamaged copy")]
    Syntax {
        /// What is wrong.
        kind: Syntax,
        /// Line, from 1.
        line: usize,
        /// Byte in the line, from 1; 0 before the line's first.
        column: usize,
    },
    /// A value or a member isn't what the format asks for.
    #[error("the manifest is invalid at `{at}`: {problem}")]
    Invalid {
        /// The place, as in `parts[3].shares[1].backendId`, counted from 0; `$` for the manifest as a whole.
        at: String,
        /// The rule that is broken there.
        problem: Problem,
    },
    /// The key ring can't verify with the key that signed the manifest. This says nothing about tampering.
    #[error(
        "the integrity key {id} that signed the manifest can't be used: add the key to the key ring, or, if it was revoked, get the object written again under a trusted key"
    )]
    KeyUnavailable {
        /// The key.
        id: KeyId,
        /// Unknown or revoked.
        source: RingError,
    },
    /// `integrity.hmac` doesn't belong to this text.
    #[error(
        "the manifest isn't authentic: it was changed or damaged after it was signed; don't use it, take an undamaged copy"
    )]
    NotAuthentic,
    /// The manifest is authentic, of an object with another name.
    #[error(
        "the manifest belongs to an object with another name: take the manifest of the object that you want"
    )]
    OtherObject,
    /// The object's time to live is over.
    #[error(
        "the object expired at {since}: it can't be read any more; check the clock if this is a surprise"
    )]
    Expired {
        /// The first moment at which it counts as expired.
        since: Timestamp,
    },
}

impl Error {
    /// The stable machine code: `MANIFEST_INVALID`, `MANIFEST_EXPIRED` or `KEY_UNAVAILABLE`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyUnavailable { .. } => "KEY_UNAVAILABLE",
            Self::Expired { .. } => "MANIFEST_EXPIRED",
            Self::TooLong { .. }
            | Self::NotUtf8 { .. }
            | Self::ByteOrderMark
            | Self::Syntax { .. }
            | Self::Invalid { .. }
            | Self::NotAuthentic
            | Self::OtherObject => "MANIFEST_INVALID",
        }
    }

    pub(crate) fn invalid(at: impl Into<String>, problem: Problem) -> Self {
        Self::Invalid { at: at.into(), problem }
    }
}

/// How a text fails to be JSON.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Syntax {
    /// It ends too early.
    #[error("the text ends too early")]
    Truncated,
    /// A character, an escape or a number that JSON doesn't have there.
    #[error("unexpected text")]
    Unexpected,
    /// Something follows the manifest.
    #[error("more text after the manifest")]
    Trailing,
}
