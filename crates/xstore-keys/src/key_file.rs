//! The text of a key file: what [`file`](crate::file) reads and writes.
//!
//! One line per key, `<key text> <state> <YYYY-MM-DD>` with single spaces; the date is the UTC day on which
//! the key got that state. Blank lines and lines that begin with `#` are ignored. Lines end in LF or CRLF.

use std::error::Error;
use std::fmt;
use std::fmt::Write;
use std::str;

use zeroize::Zeroizing;

use crate::ring::KeyStateError;
use crate::secret::text;
use crate::{DateError, IntegrityKey, KeyError, KeyId, KeyRing, KeyState, RingError};

/// The most bytes that a key file has.
pub const MAX_BYTES: usize = 64 * 1024;

/// Bytes of a written line: key text, state (all three words have seven letters), date, spaces, line end.
pub(crate) const LINE: usize = text::LENGTH + 1 + 7 + 1 + 10 + 1;

const HEADER: &str = "\
# Integrity keys of xStore, one per line: key, state, date of the last change. Keep this file secret.
# Without it nothing stored under these keys can be verified any more; the data can still be recovered,
# unverified. Keep a backup of it, and never beside the shares: whoever has both can forge them.
";

/// Reads the text of a key file.
///
/// # Errors
/// [`KeyFileError`] with the number of the line. It shows nothing of the text.
pub fn parse(bytes: &[u8]) -> Result<KeyRing, KeyFileError> {
    if bytes.len() > MAX_BYTES {
        return Err(KeyFileError { line: 0, kind: KeyFileErrorKind::TooLarge { limit: MAX_BYTES } });
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        KeyFileError { line, kind: KeyFileErrorKind::NotUtf8 }
    })?;
    let mut ring = KeyRing::default();
    for (line, content) in (1..).zip(text.lines()) {
        read_line(content, &mut ring).map_err(|kind| KeyFileError { line, kind })?;
    }
    Ok(ring)
}

/// Writes the text of a key file, with a comment on top that says what it is.
///
/// [`parse`] gives the same keys, states and dates back. (The comment is left out of a ring so full that the
/// text would not be readable with it.)
#[must_use]
pub fn to_text(ring: &KeyRing) -> Zeroizing<String> {
    // Enough room from the start: a string that grows leaves its old contents behind.
    let mut text = Zeroizing::new(String::with_capacity(HEADER.len() + ring.len() * LINE));
    if text.capacity() <= MAX_BYTES {
        text.push_str(HEADER);
    }
    for (key, entry) in ring.integrity_keys() {
        text.push_str(&key.to_text());
        // Writing to a string can't fail.
        let _ = writeln!(text, " {} {}", entry.state, entry.changed);
    }
    text
}

/// Where and why a key file was refused. Holds no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFileError {
    /// The line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong with it.
    pub kind: KeyFileErrorKind,
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "the key file {}", self.kind),
            line => write!(f, "line {line} of the key file {}", self.kind),
        }
    }
}

impl Error for KeyFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            KeyFileErrorKind::Key(error) => Some(error),
            KeyFileErrorKind::State(error) => Some(error),
            KeyFileErrorKind::Date(error) => Some(error),
            _ => None,
        }
    }
}

/// What is wrong with a line of a key file, or with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileErrorKind {
    /// More bytes than a key file may have.
    #[error("has more than {limit} bytes; is it a key file?")]
    TooLarge {
        /// [`MAX_BYTES`].
        limit: usize,
    },
    /// Bytes that are no text.
    #[error("is not UTF-8 text; is it a key file?")]
    NotUtf8,
    /// Not three words with single spaces between them.
    #[error("is not `<key> <state> <YYYY-MM-DD>` with single spaces; correct it, or put a # before a remark")]
    Fields,
    /// The first word is no key.
    #[error("holds no valid key")]
    Key(#[source] KeyError),
    /// The second word is no state.
    #[error("holds an unknown state; correct its second word")]
    State(#[source] KeyStateError),
    /// The third word is no date.
    #[error("holds no valid date; correct its third word")]
    Date(#[source] DateError),
    /// A comment that hides a key.
    #[error(
        "is a comment with a key in it, which would be lost when the file is rewritten; make it a line of \
         its own, retired or revoked, or delete it"
    )]
    KeyInComment,
    /// A line before this one holds the same key.
    #[error("repeats key {id}; keep one of the two lines, the revoked one if there is one")]
    DuplicateKey {
        /// The id of the key.
        id: KeyId,
    },
    /// A line before this one holds a current key.
    #[error("makes a second key current, beside {current}; set one of the two to retired")]
    SecondCurrent {
        /// The id of the key that is current.
        current: KeyId,
    },
}

fn read_line(line: &str, ring: &mut KeyRing) -> Result<(), KeyFileErrorKind> {
    if line.starts_with('#') {
        return if holds_key(line) { Err(KeyFileErrorKind::KeyInComment) } else { Ok(()) };
    }
    if line.trim().is_empty() {
        return Ok(());
    }
    let mut words = line.split(' ');
    let (Some(key), Some(state), Some(date), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(KeyFileErrorKind::Fields);
    };
    let key = IntegrityKey::from_text(key).map_err(KeyFileErrorKind::Key)?;
    let state: KeyState = state.parse().map_err(KeyFileErrorKind::State)?;
    let date = date.parse().map_err(KeyFileErrorKind::Date)?;
    match ring.insert(key, state, date) {
        Ok(_) => Ok(()),
        Err(RingError::DuplicateKey { id }) => Err(KeyFileErrorKind::DuplicateKey { id }),
        Err(RingError::SecondCurrent { current }) => Err(KeyFileErrorKind::SecondCurrent { current }),
        // A ring has room for every line that a file has room for.
        Err(_) => Err(KeyFileErrorKind::TooLarge { limit: MAX_BYTES }),
    }
}

/// Whether a comment holds a key. If such lines were ignored, a key that somebody commented out would
/// disappear for good at the next rotation, and one damaged character could make a key line a comment.
fn holds_key(comment: &str) -> bool {
    comment
        .split("STORE-KEY-1")
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()))
}
