//! The primitives that the page names, by crates that the project's own code doesn't compute them with.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// `SHA-256` of the concatenation of `parts`.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// `HMAC(key, parts)`.
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// `Extract(salt, ikm)`.
#[must_use]
pub fn extract(salt: &[u8], ikm: &[u8]) -> [u8; 32] {
    Hkdf::<Sha256>::extract(Some(salt), ikm).0.into()
}

/// `Expand(prk, info, N)`, the info being the concatenation of its parts.
///
/// # Panics
/// If N is above 8,160, the limit of RFC 5869.
#[must_use]
pub fn expand<const N: usize>(prk: &[u8; 32], info: &[&[u8]]) -> [u8; N] {
    let hkdf = Hkdf::<Sha256>::from_prk(prk).expect("32 bytes are enough");
    let mut out = [0; N];
    hkdf.expand_multi_info(info, &mut out).expect("N is within the limit");
    out
}

/// The first `length` bytes of AES-256 in counter mode from the block 0, big-endian: block for block, without the
/// crate that the encoder uses.
#[must_use]
pub fn aes_256_ctr(key: &[u8; 32], length: usize) -> Vec<u8> {
    let cipher = Aes256::new(key.into());
    let mut out = Vec::with_capacity(length.next_multiple_of(16));
    for counter in 0_u128.. {
        if out.len() >= length {
            break;
        }
        let mut block = counter.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        out.extend_from_slice(&block);
    }
    out.truncate(length);
    out
}
