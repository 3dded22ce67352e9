//! What a backend tells about its values and itself.

use crate::Key;
use std::fmt;
use std::time::SystemTime;

/// What is known about a value without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stat {
    /// Its length in bytes.
    pub size: u64,
    /// When it was written, by the backend's clock.
    pub modified: Option<SystemTime>,
}

impl Stat {
    /// A value of this length.
    #[must_use]
    pub const fn new(size: u64) -> Self {
        Self { size, modified: None }
    }

    /// Adds when it was written.
    #[must_use]
    pub const fn with_modified(mut self, modified: Option<SystemTime>) -> Self {
        self.modified = modified;
        self
    }
}

/// A key of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// What is known about its value.
    pub stat: Stat,
}

impl Entry {
    /// A key and what is known about its value.
    #[must_use]
    pub const fn new(key: Key, stat: Stat) -> Self {
        Self { key, stat }
    }
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Keys, in any order; a key may come twice. A page may be empty and not be the last.
    pub entries: Vec<Entry>,
    /// Where the next page begins; only its absence ends a listing.
    pub next: Option<Cursor>,
}

impl Page {
    /// These keys, and where the next ones begin.
    #[must_use]
    pub const fn new(entries: Vec<Entry>, next: Option<Cursor>) -> Self {
        Self { entries, next }
    }
}

/// Where a listing goes on: the backend's own words, for the backend that made them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// From the backend's words.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The backend's words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Room on a backend, in bytes, as far as it tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Space {
    /// What this user may still write.
    pub free: Option<u64>,
    /// Free and used together.
    pub total: Option<u64>,
}

impl Space {
    /// What is known.
    #[must_use]
    pub const fn new(free: Option<u64>, total: Option<u64>) -> Self {
        Self { free, total }
    }
}
