//! Encrypt, then code against erasures: AES-256-GCM and Reed-Solomon.

use std::hint::black_box;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};

use crate::bytes::room;
use crate::failure::Failure;

const TAG: usize = 16;
const NONCE: [u8; 12] = [3; 12];

/// k data shares are the ciphertext and its tag, n - k more protect them. Buffers and coders are kept.
pub(super) struct Erasure {
    k: usize,
    shard: usize,
    cipher: Aes256Gcm,
    encoder: ReedSolomonEncoder,
    decoder: ReedSolomonDecoder,
    secret: Vec<u8>,
    /// Ciphertext, tag, zeros up to k whole shards.
    data: Vec<u8>,
    recovery: Vec<Vec<u8>>,
    /// What combining works on.
    restored: Vec<u8>,
    out: Vec<u8>,
}

impl Erasure {
    pub(super) fn new(k: u8, n: u8, secret: Vec<u8>) -> Result<Self, Failure> {
        let (k, n) = (usize::from(k), usize::from(n));
        // A shard's length must be even.
        let shard = (secret.len() + TAG).div_ceil(k).next_multiple_of(2);
        let mut data = room(k * shard);
        data[secret.len() + TAG..].fill(0);
        Ok(Self {
            k,
            shard,
            cipher: Aes256Gcm::new(&[5; 32].into()),
            encoder: ReedSolomonEncoder::new(k, n - k, shard).map_err(failed)?,
            decoder: ReedSolomonDecoder::new(k, n - k, shard).map_err(failed)?,
            restored: room(k * shard),
            out: room(secret.len()),
            recovery: vec![room(shard); n - k],
            secret,
            data,
        })
    }

    /// Encrypts the secret, and makes the shares that protect the ciphertext.
    pub(super) fn split(&mut self) -> Result<(), Failure> {
        let length = self.secret.len();
        let (ciphertext, rest) = self.data.split_at_mut(length);
        let buffer = InOutBuf::new(black_box(&self.secret[..]), ciphertext).map_err(|e| gcm(&e))?;
        let tag = self.cipher.encrypt_inout_detached(&NONCE.into(), &[], buffer).map_err(|e| gcm(&e))?;
        rest[..TAG].copy_from_slice(&tag);
        for shard in self.data.chunks(self.shard) {
            self.encoder.add_original_shard(shard).map_err(failed)?;
        }
        let result = self.encoder.encode().map_err(failed)?;
        for (place, shard) in self.recovery.iter_mut().zip(result.recovery_iter()) {
            black_box(&mut *place).copy_from_slice(shard);
        }
        Ok(())
    }

    /// Restores the first data share from the others and the first recovery share, and decrypts.
    pub(super) fn combine(&mut self) -> Result<(), Failure> {
        let present = black_box(&self.data[self.shard..]);
        for (at, shard) in (1..self.k).zip(present.chunks(self.shard)) {
            self.decoder.add_original_shard(at, shard).map_err(failed)?;
        }
        self.decoder.add_recovery_shard(0, black_box(&self.recovery[0])).map_err(failed)?;
        let result = self.decoder.decode().map_err(failed)?;
        let first = result.restored_original(0).ok_or(Failure::Wrong("reed-solomon-simd"))?;
        self.restored[..self.shard].copy_from_slice(first);
        self.restored[self.shard..].copy_from_slice(present);

        let length = self.secret.len();
        let (ciphertext, rest) = self.restored.split_at(length);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&rest[..TAG]);
        let buffer = InOutBuf::new(ciphertext, black_box(&mut self.out[..])).map_err(|e| gcm(&e))?;
        self.cipher.decrypt_inout_detached(&NONCE.into(), &[], buffer, &tag.into()).map_err(|e| gcm(&e))
    }

    pub(super) fn check(&mut self) -> Result<(), Failure> {
        self.split()?;
        self.combine()?;
        if self.out == self.secret { Ok(()) } else { Err(Failure::Wrong("aes-gcm or reed-solomon-simd")) }
    }
}

fn failed(error: reed_solomon_simd::Error) -> Failure {
    Failure::peer("reed-solomon-simd", &error)
}

fn gcm(error: &impl ToString) -> Failure {
    Failure::peer("aes-gcm", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::noise;

    #[test]
    fn gives_the_secret_back_and_notices_a_wrong_share() {
        for size in [1000, 1001, 1 << 16] {
            Erasure::new(2, 3, noise(size, 1)).unwrap().check().unwrap();
        }
        let mut erasure = Erasure::new(2, 3, noise(1000, 1)).unwrap();
        erasure.split().unwrap();
        erasure.recovery[0][7] ^= 1;
        assert!(matches!(erasure.combine(), Err(Failure::Peer { name: "aes-gcm", .. })));
    }
}
