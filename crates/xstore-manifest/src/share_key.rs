//! Where the value of a share stands on its backend.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use xstore_keys::Keys;

use crate::name::text;
use crate::{BackendId, Problem, SharingId, limits};

/// Characters of the name: base32 of 20 bytes.
const NAME: usize = 32;

/// Which kind of value a key holds. Garbage collection lists one lane and leaves the others alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// `m`: shares of objects that are known by their manifest only.
    Manifest,
    /// `v`: shares of objects that a vault's catalog lists.
    Vault,
    /// `c`: shares of a catalog's checkpoints.
    Checkpoint,
}

impl Lane {
    /// The character that stands in a key.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Manifest => 'm',
            Self::Vault => 'v',
            Self::Checkpoint => 'c',
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "m" => Some(Self::Manifest),
            "v" => Some(Self::Vault),
            "c" => Some(Self::Checkpoint),
            _ => None,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// The key of a share on its backend: `<namespace>/<lane>/<name>`.
///
/// The namespace is 1 to 64 of the characters `a-z 0-9 -`, beginning with a letter or digit; the lane is one of
/// `m`, `v`, `c`; the name is 32 characters of `a-z 2-7`. So a key is at most 99 bytes, holds no `.` and no
/// empty segment, and is safe as a path below a folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareKey(Box<str>);

impl ShareKey {
    /// Checks a key. It isn't compared with what [`derive`](Self::derive) would make: readers take the key from
    /// the manifest.
    ///
    /// # Errors
    /// [`Problem::ShareKey`].
    pub fn new(text: &str) -> Result<Self, Problem> {
        let mut segments = text.split('/');
        let good = segments.next().is_some_and(is_namespace)
            && segments.next().is_some_and(|lane| Lane::from_text(lane).is_some())
            && segments.next().is_some_and(is_name)
            && segments.next().is_none();
        if good { Ok(Self(text.into())) } else { Err(Problem::ShareKey) }
    }

    /// The key under which attempt number `attempt` (0 in a put, else a random one) writes share `index` of a sharing
    /// to a backend.
    ///
    /// The name is base32 in lower case of the first 20 bytes of
    /// HMAC(K_name, sharing id || u8 index || le32 attempt || backend id).
    ///
    /// # Errors
    /// [`Problem::Namespace`], or [`Problem::OutOfRange`] for an index above 63.
    pub fn derive(
        namespace: &str,
        lane: Lane,
        keys: &Keys,
        sharing: SharingId,
        index: u8,
        attempt: u32,
        backend: &BackendId,
    ) -> Result<Self, Problem> {
        if !is_namespace(namespace) {
            return Err(Problem::Namespace);
        }
        let last = limits::N.end() - 1;
        if u64::from(index) > last {
            return Err(Problem::OutOfRange { value: index.into(), min: 0, max: last });
        }
        let tag = keys
            .name()
            .tag(&[&sharing.to_bytes(), &[index], &attempt.to_le_bytes(), backend.as_str().as_bytes()])
            .into_bytes();
        let mut name = BASE32_NOPAD.encode(&tag[..20]);
        name.make_ascii_lowercase();
        Ok(Self(format!("{namespace}/{lane}/{name}").into()))
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The backend's random prefix.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0[..self.0.len() - NAME - 3]
    }

    /// The lane.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self.0.as_bytes()[self.0.len() - NAME - 2] {
            b'm' => Lane::Manifest,
            b'v' => Lane::Vault,
            _ => Lane::Checkpoint,
        }
    }

    /// The last segment, 32 characters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0[self.0.len() - NAME..]
    }
}

text!(ShareKey);

fn is_namespace(text: &str) -> bool {
    limits::NAMESPACE.contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_name(text: &str) -> bool {
    text.len() == NAME && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}
