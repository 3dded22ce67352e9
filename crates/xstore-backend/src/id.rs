//! The configured name of a backend.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The configured name of a backend, unique in a store: 1 to 64 of the characters `a-z 0-9 . _ -`, beginning with
/// a letter or digit. Manifests name backends by it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendId(Arc<str>);

/// The text is no backend id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidBackendId;

impl BackendId {
    /// Characters that an id may have at most.
    pub const MAX_LEN: usize = 64;

    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidBackendId`].
    pub fn new(text: &str) -> Result<Self, InvalidBackendId> {
        let begins_well = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let is_label =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        if begins_well && text.len() <= Self::MAX_LEN && text.bytes().all(is_label) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidBackendId)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for BackendId {
    type Err = InvalidBackendId;

    fn from_str(text: &str) -> Result<Self, InvalidBackendId> {
        Self::new(text)
    }
}

impl fmt::Display for InvalidBackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a backend id is 1 to 64 of the characters a-z 0-9 . _ -, beginning with a letter or digit",
        )
    }
}

impl std::error::Error for InvalidBackendId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for good in ["a", "0", "s3.eu_west-1", "a...", &"z".repeat(64)] {
            assert_eq!(BackendId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", ".a", "_a", "-a", "A", "aB", "a/b", "a b", "a\0", "é", "aé", &"z".repeat(65)] {
            assert_eq!(BackendId::new(bad), Err(InvalidBackendId), "{bad:?}");
        }
    }
}
