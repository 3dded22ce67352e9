//! The integrity key itself: the one secret that a user keeps.

pub(crate) mod text;

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Entropy, EntropyError};

/// 32 random bytes from which every working key is derived.
///
/// Whoever has it can forge shares and manifests; without it nothing can be verified. It can't be cloned,
/// printed or compared with `==`, lives in one place on the heap (moving the value moves a pointer), and is
/// wiped on drop.
pub struct IntegrityKey {
    bytes: Box<[u8; 32]>,
}

impl IntegrityKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// [`EntropyError`] when the source fails, or gives one byte 32 times.
    pub fn generate(entropy: &mut Entropy) -> Result<Self, EntropyError> {
        let mut key = Self { bytes: Box::new([0; 32]) };
        entropy.fill(&mut key.bytes[..])?;
        if key.is_one_byte_repeated() { Err(EntropyError::NotRandom) } else { Ok(key) }
    }

    /// The key with these bytes, which must have been drawn at random.
    ///
    /// The caller wipes its own copy.
    ///
    /// # Errors
    /// [`KeyError::NotRandom`] when all bytes are equal, as in a buffer that was never filled. That is a net
    /// under mistakes, no test of randomness: passphrases and digests of passphrases are no keys, and can't
    /// be told from one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let mut key = Self { bytes: Box::new([0; 32]) };
        key.bytes.copy_from_slice(bytes);
        if key.is_one_byte_repeated() { Err(KeyError::NotRandom) } else { Ok(key) }
    }

    /// The key as one word that survives copying by hand: `XSTORE-KEY-1` and 58 letters and digits.
    ///
    /// Bech32m (BIP-350) in upper case. Any one to four wrong characters are always noticed.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        text::encode(&self.bytes)
    }

    /// Reads the form that [`to_text`](Self::to_text) writes, and no other: no lower case, no spaces.
    ///
    /// # Errors
    /// [`KeyError`], which tells what is wrong and shows nothing of the text.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let mut key = Self { bytes: Box::new([0; 32]) };
        text::decode(text, &mut key.bytes)?;
        if key.is_one_byte_repeated() { Err(KeyError::NotRandom) } else { Ok(key) }
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    // Without early exit: where the first difference is would be something about the key.
    fn is_one_byte_repeated(&self) -> bool {
        self.bytes.iter().fold(0, |difference, byte| difference | (byte ^ self.bytes[0])) == 0
    }
}

impl ConstantTimeEq for IntegrityKey {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.bytes[..].ct_eq(&other.bytes[..])
    }
}

impl Drop for IntegrityKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for IntegrityKey {}

impl fmt::Debug for IntegrityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntegrityKey(..)")
    }
}

/// Why something is not an integrity key. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Every byte is the same.
    #[error("an integrity key is 32 random bytes, and these are all equal; generate a new key")]
    NotRandom,
    /// The text isn't a key text, or its beginning was changed.
    #[error("a key text begins with XSTORE-KEY-1, in upper case")]
    Prefix,
    /// Something is missing, or there is too much.
    #[error("a key text has {expected} characters, this one has {found} bytes; copy all of it and no more")]
    Length {
        /// Characters of a key text.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// A character that no key text holds.
    #[error("byte {offset} of the key text is none of the upper-case letters and digits that it may hold")]
    Character {
        /// Offset in bytes from the start of the text.
        offset: usize,
    },
    /// The characters are possible ones, but not those that were written.
    #[error("the checksum of the key text is wrong: some of it was changed; copy it again from a backup")]
    Checksum,
    /// The checksum is right, but the unused bits of the last data character are not zero.
    #[error("the key text was not written by xStore or a compatible program; copy it again from a backup")]
    Padding,
}
