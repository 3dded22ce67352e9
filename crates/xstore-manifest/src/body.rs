//! What a manifest says, as plain data.

use std::collections::BTreeMap;
use std::fmt;

use xstore_keys::{KeyId, Keys};

use crate::{BackendId, Error, Manifest, Name, ObjectId, ShareKey, SharingId, Timestamp};

mod validate;

pub(crate) use validate::{ext_name, ext_value, in_range};

/// The content of a manifest: everything but its signature and what follows from the rest (`length`, `suite`,
/// `version`). Plain data that may break rules until [`validate`](Self::validate) or [`sign`](Self::sign) says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// When this generation of the object was written.
    pub created: Timestamp,
    /// Authenticated notes of applications, at most 64. Names are 1 to 64 of `a-z 0-9 . _ -`, values at most
    /// 4,096 bytes. Readers ignore what they don't know.
    pub ext: BTreeMap<String, String>,
    /// Version of the object, from 1.
    pub generation: u64,
    /// The object's name.
    pub key: Name,
    /// The object's id.
    pub object: ObjectId,
    /// How the manifest came to be.
    pub origin: Origin,
    /// The scheme's prime, n to 67.
    pub p: u8,
    /// Payload bytes of every part but the last, 1 to 64 MiB.
    pub part: u32,
    /// The parts in order, 1 to 2^24.
    pub parts: Vec<Part>,
    /// Version of the manifest, from 1. Whoever changes anything else raises it.
    pub revision: u64,
    /// Payload bytes S of a full segment: a multiple of p-1, at most 4 MiB.
    pub segment: u32,
    /// Whether every share is stored.
    pub state: State,
    /// How many shares there are and how many it takes.
    pub threshold: Threshold,
    /// Seconds after [`created`](Self::created) at which the object expires; `None`: never.
    pub ttl: Option<u64>,
}

/// A part of an object: one sharing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Padded length B: payload, fill and padding, in bytes.
    pub bytes: u64,
    /// Backends that were ever sent a byte of an index and aren't its present place, ascending by index, then
    /// backend id.
    pub past: Vec<Past>,
    /// The sharing's id, another one for each part.
    pub sharing: SharingId,
    /// n entries, share i at place i; `None` where it isn't stored.
    pub shares: Vec<Option<Share>>,
    /// Length t of the trailer's secret in bytes: a multiple of p-1, at most 128 KiB.
    pub trailer: u32,
}

/// One value on one backend.
#[derive(Clone, PartialEq, Eq)]
pub struct Share {
    /// The backend.
    pub backend: BackendId,
    /// The share end, which covers all of the share.
    pub hmac: [u8; 32],
    /// The share's index, which is also its place.
    pub index: u8,
    /// Where the value stands on the backend.
    pub key: ShareKey,
    /// The integrity key under which the share's tags are made.
    pub key_id: KeyId,
}

/// Shows all but the share end.
impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("backend", &self.backend)
            .field("index", &self.index)
            .field("key", &self.key)
            .field("key_id", &format_args!("{}", self.key_id))
            .finish_non_exhaustive()
    }
}

/// A backend that was sent bytes of a share and isn't its place, or no longer. It may receive that index again, and
/// never another of the same sharing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Past {
    // The order of these fields is the order of the list.
    /// The index of the share.
    pub index: u8,
    /// The backend.
    pub backend: BackendId,
}

/// k of n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threshold {
    /// Shares that it takes to read, 2 to n.
    pub k: u8,
    /// Shares that there are, at most 64.
    pub n: u8,
}

/// Whether every share is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// `committed`: all n shares of every part.
    Committed,
    /// `degraded`: at least k shares of every part.
    Degraded,
}

impl State {
    pub(crate) const WORDS: &str = "\"committed\" or \"degraded\"";

    /// The word in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Degraded => "degraded",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Committed, Self::Degraded].into_iter().find(|state| state.as_str() == word)
    }
}

/// How a manifest came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `put`: by whoever wrote the object.
    Put,
    /// `recover`: from what stood on the backends.
    Recover,
}

impl Origin {
    pub(crate) const WORDS: &str = "\"put\" or \"recover\"";

    /// The word in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Recover => "recover",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Put, Self::Recover].into_iter().find(|origin| origin.as_str() == word)
    }
}

impl Body {
    /// Checks every limit and relation of sections 3, 5, 10 and 12 of the format, in time proportional to the
    /// content but for sorting.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the place and the rule.
    pub fn validate(&self) -> Result<(), Error> {
        validate::body(self)
    }

    /// Validates and signs.
    ///
    /// # Errors
    /// As [`validate`](Self::validate), and [`Error::TooLong`] where no reader would take the text.
    pub fn sign(self, keys: &Keys) -> Result<Manifest, Error> {
        Manifest::sign(self, keys)
    }

    /// Bytes of all parts together, padding and fill included; stops at `u64::MAX`.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes))
    }

    /// Entries of `shares` in all parts, null ones included.
    pub(crate) fn entries(&self) -> usize {
        self.parts.iter().map(|part| part.shares.len()).sum()
    }
}
