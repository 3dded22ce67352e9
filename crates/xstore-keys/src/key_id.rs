//! The public name of a key.

use std::fmt;
use std::str::{self, FromStr};

use data_encoding::HEXLOWER;

/// Names an integrity key without telling anything about it: 16 bytes derived from it.
///
/// Not a secret. Text form: 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// The id with these bytes, as a header or a manifest holds them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    /// Reads exactly 32 lower-case hex digits.
    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        if text.len() != 32 {
            return Err(KeyIdError::Length { found: text.len() });
        }
        let mut bytes = [0; 16];
        HEXLOWER
            .decode_mut(text.as_bytes(), &mut bytes)
            .map_err(|partial| KeyIdError::Digit { offset: partial.error.position })?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = [0; 32];
        HEXLOWER.encode_mut(&self.0, &mut hex);
        f.pad(str::from_utf8(&hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why a text is not a [`KeyId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyIdError {
    /// A key id has 32 digits.
    #[error("a key id has 32 hex digits, this text has {found} bytes")]
    Length {
        /// Bytes of the text.
        found: usize,
    },
    /// Something other than `0-9 a-f`.
    #[error("byte {offset} of the key id is not a lower-case hex digit")]
    Digit {
        /// Offset in bytes from the start of the text.
        offset: usize,
    },
}
