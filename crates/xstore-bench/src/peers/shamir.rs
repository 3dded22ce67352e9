//! Crates that share byte by byte, after Shamir.

use core::convert::Infallible;
use std::hint::black_box;

use blahaj::{Share, Sharks};
use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use vsss_rs::Gf256;

use crate::bytes::noise;
use crate::failure::Failure;

/// Randomness that was drawn before, handed out over and over: ours is given too, so theirs isn't timed either.
struct Given {
    bytes: Box<[u8; LENGTH + 8]>,
    /// Below [`LENGTH`].
    at: usize,
}

/// A power of two that stays in the first-level cache.
const LENGTH: usize = 4 << 10;

impl Given {
    fn new() -> Self {
        let mut bytes = Box::new([0; LENGTH + 8]);
        bytes.copy_from_slice(&noise(LENGTH + 8, 50));
        Self { bytes, at: 0 }
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.bytes[self.at..self.at + N]);
        self.at = (self.at + N) % LENGTH;
        out
    }
}

impl TryRng for Given {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    #[inline]
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let (words, bytes) = out.as_chunks_mut();
        words.iter_mut().for_each(|word| *word = self.take::<8>());
        bytes.iter_mut().for_each(|byte| [*byte] = self.take());
        Ok(())
    }
}

// The peers ask for it. Nothing secret is shared here.
impl TryCryptoRng for Given {}

/// vsss-rs over GF(256), whose arithmetic takes the same time whatever the bytes are.
pub(super) struct Vsss {
    k: usize,
    n: usize,
    secret: Vec<u8>,
    given: Given,
    shares: Vec<Vec<u8>>,
    out: Vec<u8>,
}

impl Vsss {
    pub(super) fn new(k: u8, n: u8, secret: Vec<u8>) -> Self {
        let given = Given::new();
        Self { k: k.into(), n: n.into(), secret, given, shares: Vec::new(), out: Vec::new() }
    }

    /// With randomness that is given.
    pub(super) fn split(&mut self) -> Result<(), Failure> {
        self.shares = vsss(self.k, self.n, &self.secret, &mut self.given)?;
        Ok(())
    }

    /// With randomness that is drawn on the way.
    pub(super) fn split_drawing(&mut self) -> Result<(), Failure> {
        self.shares = vsss(self.k, self.n, &self.secret, &mut rand::rng())?;
        Ok(())
    }

    /// From the last k shares, like ours.
    pub(super) fn combine(&mut self) -> Result<(), Failure> {
        let given = black_box(&self.shares[self.n - self.k..]);
        self.out = black_box(Gf256::combine_bytes(given)).map_err(|e| Failure::peer("vsss-rs", &e))?;
        Ok(())
    }

    pub(super) fn check(&mut self) -> Result<(), Failure> {
        for split in [Self::split_drawing, Self::split] {
            split(self)?;
            self.combine()?;
            if self.out != self.secret {
                return Err(Failure::Wrong("vsss-rs"));
            }
        }
        Ok(())
    }
}

fn vsss(k: usize, n: usize, secret: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<Vec<u8>>, Failure> {
    black_box(Gf256::split_bytes(k, n, black_box(secret), rng)).map_err(|e| Failure::peer("vsss-rs", &e))
}

/// blahaj, the maintained sharks.
pub(super) struct Blahaj {
    sharks: Sharks,
    n: u8,
    secret: Vec<u8>,
    given: Given,
    shares: Vec<Share>,
    out: Vec<u8>,
}

impl Blahaj {
    pub(super) fn new(k: u8, n: u8, secret: Vec<u8>) -> Self {
        Self { sharks: Sharks(k), n, secret, given: Given::new(), shares: Vec::new(), out: Vec::new() }
    }

    /// With randomness that is given.
    pub(super) fn split(&mut self) -> Result<(), Failure> {
        self.shares = blahaj(&self.sharks, self.n, &self.secret, &mut self.given);
        Ok(())
    }

    /// With randomness that is drawn on the way.
    pub(super) fn split_drawing(&mut self) -> Result<(), Failure> {
        self.shares = blahaj(&self.sharks, self.n, &self.secret, &mut rand::rng());
        Ok(())
    }

    /// From the last k shares, like ours.
    pub(super) fn combine(&mut self) -> Result<(), Failure> {
        let given = black_box(&self.shares[usize::from(self.n - self.sharks.0)..]);
        self.out = black_box(self.sharks.recover(given)).map_err(|e| Failure::peer("blahaj", &e))?;
        Ok(())
    }

    pub(super) fn check(&mut self) -> Result<(), Failure> {
        for split in [Self::split_drawing, Self::split] {
            split(self)?;
            self.combine()?;
            if self.out != self.secret {
                return Err(Failure::Wrong("blahaj"));
            }
        }
        Ok(())
    }
}

fn blahaj(sharks: &Sharks, n: u8, secret: &[u8], rng: &mut impl CryptoRng) -> Vec<Share> {
    black_box(sharks.dealer_rng(black_box(secret), rng).take(n.into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_give_the_secret_back_and_a_wrong_share_is_noticed() {
        let mut vsss = Vsss::new(2, 3, noise(1000, 1));
        vsss.check().unwrap();
        vsss.shares[2][500] ^= 1;
        vsss.combine().unwrap();
        assert_ne!(vsss.out, vsss.secret);

        let mut blahaj = Blahaj::new(2, 3, noise(1000, 1));
        blahaj.check().unwrap();
        blahaj.shares[2].y[500] = blahaj.shares[2].y[499].clone() + blahaj.shares[2].y[500].clone();
        blahaj.combine().unwrap();
        assert_ne!(blahaj.out, blahaj.secret);
    }

    #[test]
    fn given_randomness_runs_through_its_bytes_and_begins_again() {
        let mut given = Given::new();
        let all = *given.bytes;
        let mut out = vec![0; LENGTH - 3];
        given.try_fill_bytes(&mut out).unwrap();
        assert_eq!(out, all[..LENGTH - 3]);
        // Over the end, and on from where that leads.
        let word: [u8; 8] = all[LENGTH - 3..LENGTH + 5].try_into().unwrap();
        assert_eq!(given.try_next_u64(), Ok(u64::from_le_bytes(word)));
        let word: [u8; 4] = all[5..9].try_into().unwrap();
        assert_eq!(given.try_next_u32(), Ok(u32::from_le_bytes(word)));
    }
}
