//! The scheme's randomness. Nothing here is part of the format: no reader depends on it.

use crate::layout::Kind;
use aes::Aes256;
use aes::cipher::{KeyIvInit, StreamCipher};
use core::fmt;
use ctr::Ctr128BE;
use std::sync::{Mutex, PoisonError};
use xstore_keys::hkdf::extract;
use xstore_keys::{Entropy, EntropyError, Keys, MacKey};
use zeroize::Zeroizing;

/// Where the random blocks of a sharing come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PadSource {
    /// A generator, seeded per sharing with 32 bytes from the operating system and keyed per segment by the digest of
    /// what it covers: a repeated seed (a snapshot, a fork) can't put one pad on two plaintexts.
    #[default]
    Seeded,
    /// Every byte from the operating system. Slower, and without that hedge.
    OperatingSystem,
}

/// The pads of one sharing. Not `Clone`: one put owns it.
pub(crate) enum Pads {
    Seeded(MacKey),
    // A lock, since the segments of a part may be made on several threads.
    Drawn(Mutex<Entropy>),
}

impl Pads {
    /// Draws the seed of a sharing: `K_obj = HKDF(seed, K_hedge, "xStore/1/seed" || sharing id)`.
    pub(crate) fn seeded(
        sharing: &[u8; 16],
        keys: &Keys,
        entropy: &mut Entropy,
    ) -> Result<Self, EntropyError> {
        let seed = Zeroizing::new(entropy.array::<32>()?);
        let mut k_obj = Zeroizing::new([0; 32]);
        extract(&seed[..], keys.hedge()).expand(&[&b"xStore/1/seed"[..], sharing], &mut k_obj[..]);
        Ok(Self::Seeded(MacKey::new(&k_obj[..])))
    }

    pub(crate) fn drawn(entropy: Entropy) -> Self {
        Self::Drawn(Mutex::new(entropy))
    }

    /// Fills `pad` with the randomness of one segment.
    pub(crate) fn fill(
        &self,
        m: u64,
        kind: Kind,
        digest: &[u8; 32],
        pad: &mut [u8],
    ) -> Result<(), EntropyError> {
        match self {
            Self::Seeded(k_obj) => {
                let key = Zeroizing::new(k_obj.tag(&[&m.to_le_bytes(), &[kind as u8], digest]).into_bytes());
                let mut cipher = Ctr128BE::<Aes256>::new((&*key).into(), &[0; 16].into());
                cipher.write_keystream(pad);
                Ok(())
            }
            Self::Drawn(entropy) => entropy.lock().unwrap_or_else(PoisonError::into_inner).fill(pad),
        }
    }
}

impl fmt::Debug for Pads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seeded(_) => "Pads::Seeded",
            Self::Drawn(_) => "Pads::Drawn",
        })
    }
}
