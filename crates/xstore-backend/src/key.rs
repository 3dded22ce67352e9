//! Keys that are valid on every backend by construction.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Names that Windows keeps for devices, whatever follows after a dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Where a value stands on a backend.
///
/// 1 to 512 bytes: segments of 1 to 128 of the characters `a-z 0-9 . _ -`, joined by `/`. A segment begins with a
/// letter or digit, doesn't end with a dot, and isn't the name of a device of Windows. So a key is a safe relative
/// path below a folder, also where upper and lower case are the same, a valid object name in every cloud, and needs
/// no escaping in a URL. Cheap to clone.
///
/// ```
/// use xstore_backend::Key;
/// assert!(Key::new("a1b2/m/abcd").is_ok());
/// assert!(Key::new("../etc/passwd").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

/// The text is no key (or no prefix of one).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidKey;

impl Key {
    /// Bytes that a key may have at most.
    pub const MAX_LEN: usize = 512;
    /// Bytes that one segment may have at most.
    pub const MAX_SEGMENT: usize = 128;

    /// Checks a key.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn new(text: &str) -> Result<Self, InvalidKey> {
        if is_path(text) { Ok(Self(text.into())) } else { Err(InvalidKey) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Whether this key lies below `prefix`.
    #[must_use]
    pub fn is_below(&self, prefix: &Prefix) -> bool {
        self.rest_below(prefix).is_some()
    }

    /// The key without `prefix`: what [`Prefix::key`] made it from. None where it doesn't lie below.
    #[must_use]
    pub fn strip(&self, prefix: &Prefix) -> Option<Self> {
        self.rest_below(prefix).map(|rest| Self(rest.into()))
    }

    fn rest_below(&self, prefix: &Prefix) -> Option<&str> {
        if prefix.0.is_empty() { Some(&self.0) } else { self.0.strip_prefix(&*prefix.0)?.strip_prefix('/') }
    }
}

/// Whole segments that keys begin with; empty for all keys.
///
/// `a/b` is a prefix of `a/b/c`, but neither of `a/b` itself nor of `a/bc`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// Checks a prefix: a key, or nothing.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn new(text: &str) -> Result<Self, InvalidKey> {
        if text.is_empty() || is_path(text) { Ok(Self(text.into())) } else { Err(InvalidKey) }
    }

    /// The prefix of all keys.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key `inner` below this prefix.
    ///
    /// # Errors
    /// [`InvalidKey`] where the whole is too long.
    pub fn key(&self, inner: &Key) -> Result<Key, InvalidKey> {
        if self.0.is_empty() { Ok(inner.clone()) } else { Key::new(&format!("{self}/{inner}")) }
    }

    /// The prefix `inner` below this one.
    ///
    /// # Errors
    /// [`InvalidKey`] where the whole is too long.
    pub fn join(&self, inner: &Self) -> Result<Self, InvalidKey> {
        match (self.0.is_empty(), inner.0.is_empty()) {
            (true, _) => Ok(inner.clone()),
            (_, true) => Ok(self.clone()),
            _ => Self::new(&format!("{self}/{inner}")),
        }
    }
}

fn is_path(text: &str) -> bool {
    (1..=Key::MAX_LEN).contains(&text.len()) && text.split('/').all(is_segment)
}

fn is_segment(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = bytes.first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && bytes.last().is_some_and(|b| *b != b'.');
    let is_char = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    ends && bytes.len() <= Key::MAX_SEGMENT && bytes.iter().all(is_char) && !is_device(text)
}

fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or(segment);
    let numbered =
        |name: &str| stem.strip_prefix(name).is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']));
    DEVICES.contains(&stem) || numbered("com") || numbered("lpt")
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
            type Err = InvalidKey;

            fn from_str(text: &str) -> Result<Self, InvalidKey> {
                Self::new(text)
            }
        }
    };
}

text!(Key);
text!(Prefix);

/// So that maps by key can be searched by text, also by such that is no key.
impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a key is up to 512 bytes: segments of 1 to 128 of the characters a-z 0-9 . _ - joined by slashes, \
             each beginning with a letter or digit and not ending with a dot",
        )
    }
}

impl std::error::Error for InvalidKey {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let longest =
            [["z"; 128].concat(), ["z"; 128].concat(), ["z"; 128].concat(), ["z"; 125].concat()].join("/");
        assert_eq!(longest.len(), Key::MAX_LEN);
        for good in ["a", "0/1", "a1b2/m/abcd", "a-_.b", "console", "com", "com10", &longest] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        let too_long = format!("{longest}z");
        let bad = [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            ".a",
            "-a",
            "_a",
            "a.",
            "a./b",
            "A",
            "a b",
            "a\\b",
            "a:b",
            "a%2fb",
            "a\0",
            "é",
            "con",
            "nul.txt",
            "a/com1",
            "lpt0.x",
            &"z".repeat(129),
            &too_long,
        ];
        for bad in bad {
            assert_eq!(Key::new(bad), Err(InvalidKey), "{bad:?}");
        }
    }

    #[test]
    fn prefixes_are_whole_segments() {
        let key = |text: &str| Key::new(text).unwrap();
        let prefix = |text: &str| Prefix::new(text).unwrap();
        assert!(key("a/b/c").is_below(&prefix("a/b")));
        assert!(key("a/b/c").is_below(&Prefix::all()));
        assert!(!key("a/b").is_below(&prefix("a/b")));
        assert!(!key("a/bc").is_below(&prefix("a/b")));
        assert_eq!(prefix("a/b").key(&key("c/d")), Ok(key("a/b/c/d")));
        assert_eq!(Prefix::all().key(&key("c/d")), Ok(key("c/d")));
        assert_eq!(Prefix::new("a/"), Err(InvalidKey));
        assert_eq!(key("a/b/c").strip(&prefix("a/b")), Some(key("c")));
        assert_eq!(key("a/b/c").strip(&Prefix::all()), Some(key("a/b/c")));
        assert_eq!(key("a/b").strip(&prefix("a/b")), None);
        assert_eq!(key("a/bc").strip(&prefix("a/b")), None);
        assert_eq!(prefix("a/b").join(&prefix("c")), Ok(prefix("a/b/c")));
        assert_eq!(prefix("a/b").join(&Prefix::all()), Ok(prefix("a/b")));
        assert_eq!(Prefix::all().join(&prefix("c")), Ok(prefix("c")));
        let long = prefix(&["z"; 255].join("/"));
        assert!(long.join(&prefix("zz")).is_ok() && long.join(&prefix("zzz")).is_err());
        assert!(prefix(&"z".repeat(128)).key(&key(&["z"; 190].map(str::to_owned).join("/"))).is_ok());
        assert!(prefix(&["z"; 128].concat()).key(&key(&["z"; 256].map(str::to_owned).join("/"))).is_err());
    }
}
