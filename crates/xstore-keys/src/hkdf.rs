//! HKDF-SHA-256 (RFC 5869), with every intermediate wiped.

use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::MacKey;

/// The most bytes that one [`Prk::expand`] can give: 255 blocks of 32.
pub const MAX_EXPAND: usize = 255 * 32;

/// HKDF-Extract: concentrates `ikm` into a pseudorandom key. Arguments in the order of the RFC.
#[must_use]
pub fn extract(salt: &[u8], ikm: &[u8]) -> Prk {
    let mut prk = Zeroizing::new([0; 32]);
    MacKey::new(salt).tag_into(&[ikm], &mut prk);
    Prk { key: MacKey::new(&prk[..]) }
}

/// A pseudorandom key, from [`extract`]. Wiped on drop; never shown.
pub struct Prk {
    key: MacKey,
}

impl Prk {
    /// HKDF-Expand: fills `okm` with key material for the purpose that the concatenation of `info` names.
    ///
    /// # Panics
    /// If `okm` is longer than [`MAX_EXPAND`] bytes, the limit of RFC 5869.
    pub fn expand(&self, info: &[&[u8]], okm: &mut [u8]) {
        assert!(okm.len() <= MAX_EXPAND, "HKDF-SHA-256 gives at most {MAX_EXPAND} bytes");
        let mut block = Zeroizing::new([0; 32]);
        for (counter, out) in (1..=u8::MAX).zip(okm.chunks_mut(32)) {
            let mut stream = self.key.begin();
            if counter > 1 {
                stream.update(&block[..]);
            }
            for part in info {
                stream.update(part);
            }
            stream.update(&[counter]);
            stream.finish_into(&mut block);
            out.copy_from_slice(&block[..out.len()]);
        }
    }
}

impl ZeroizeOnDrop for Prk {}

impl fmt::Debug for Prk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prk(..)")
    }
}
