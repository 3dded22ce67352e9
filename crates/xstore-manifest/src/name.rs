//! Names of objects and of backends.

use std::fmt;
use std::str::FromStr;

use crate::{Problem, limits};

/// What a user calls an object: 1 to 1,024 bytes of UTF-8 without control characters (general category Cc).
///
/// Any other character may stand in it, direction marks and look-alikes included, so a name never becomes a
/// path and is escaped before it reaches a terminal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Problem::Name`].
    pub fn new(text: &str) -> Result<Self, Problem> {
        // `char::is_control` is general category Cc.
        if !limits::NAME.contains(&text.len()) || text.chars().any(char::is_control) {
            return Err(Problem::Name);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The configured name of a backend: 1 to 64 of the characters `a-z 0-9 . _ -`, beginning with a letter or
/// digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendId(Box<str>);

impl BackendId {
    /// Checks a backend id.
    ///
    /// # Errors
    /// [`Problem::BackendId`].
    pub fn new(text: &str) -> Result<Self, Problem> {
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !first || !limits::BACKEND_ID.contains(&text.len()) || !text.bytes().all(is_label) {
            return Err(Problem::BackendId);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One of `a-z 0-9 . _ -`, the characters of backend ids and of the names in `ext`.
pub(crate) fn is_label(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
}

macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                Self::new(text)
            }
        }
    };
}
pub(crate) use text;

text!(Name);
text!(BackendId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", " ", "doc-001", "Über/\\\"ich", "\u{202e}", "\u{2028}", "\u{10ffff}", "\u{ad}"] {
            assert_eq!(Name::new(good).unwrap().as_str(), good);
        }
        assert!(Name::new(&"é".repeat(512)).is_ok());
        for bad in
            ["", "a\nb", "\0", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}", &"é".repeat(513), &"a".repeat(1025)]
        {
            assert_eq!(Name::new(bad), Err(Problem::Name), "{bad:?}");
        }
    }

    #[test]
    fn backend_ids() {
        for good in ["a", "0", "s3.eu_west-1", "a...", &"z".repeat(64)] {
            assert_eq!(BackendId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", ".a", "_a", "-a", "A", "aB", "a/b", "a b", "a\0", "é", "aé", &"z".repeat(65)] {
            assert_eq!(BackendId::new(bad), Err(Problem::BackendId), "{bad:?}");
        }
    }
}
