//! Crates that share byte by byte, after Shamir.

use core::convert::Infallible;
use std::hint::black_box;

use blahaj::{Share, Sharks};
use rand_core::{TryCryptoRng, TryRng};
use vsss_rs::Gf256;

use crate::bytes::noise;
use crate::failure::Failure;

/// Randomness that was drawn before, handed out over and over: ours is given too, so theirs isn't timed either.
struct Given {
    bytes: Vec<u8>,
    at: usize,
}

impl Given {
    fn new() -> Self {
        // It stays in the first-level cache.
        Self { bytes: noise(8 << 10, 50), at: 0 }
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> [u8; N] {
        if self.at + N > self.bytes.len() {
            self.at = 0;
        }
        let mut out = [0; N];
        out.copy_from_slice(&self.bytes[self.at..self.at + N]);
        self.at += N;
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
        for byte in out {
            [*byte] = self.take();
        }
        Ok(())
    }
}

// The peers ask for it. Nothing secret is shared here.
impl TryCryptoRng for Given {}

/// vsss-rs over GF(256), whose arithmetic takes the same time whatever the bytes are.
pub(super) struct Vsss {
    k: u8,
    n: u8,
    secret: Vec<u8>,
    given: Given,
    shares: Vec<Vec<u8>>,
    out: Vec<u8>,
}

impl Vsss {
    pub(super) fn new(k: u8, n: u8, secret: Vec<u8>) -> Self {
        Self { k, n, secret, given: Given::new(), shares: Vec::new(), out: Vec::new() }
    }

    pub(super) fn split(&mut self) -> Result<(), Failure> {
        let (k, n) = (usize::from(self.k), usize::from(self.n));
        let shares = Gf256::split_bytes(k, n, black_box(&self.secret), &mut self.given);
        self.shares = black_box(shares).map_err(|e| Failure::peer("vsss-rs", &e))?;
        Ok(())
    }

    /// From the last k shares, like ours.
    pub(super) fn combine(&mut self) -> Result<(), Failure> {
        let given = &self.shares[usize::from(self.n - self.k)..];
        self.out =
            black_box(Gf256::combine_bytes(black_box(given))).map_err(|e| Failure::peer("vsss-rs", &e))?;
        Ok(())
    }

    pub(super) fn check(&mut self) -> Result<(), Failure> {
        self.split()?;
        self.combine()?;
        if self.out == self.secret { Ok(()) } else { Err(Failure::Wrong("vsss-rs")) }
    }
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

    pub(super) fn split(&mut self) -> Result<(), Failure> {
        let dealer = self.sharks.dealer_rng(black_box(&self.secret), &mut self.given);
        self.shares = black_box(dealer.take(usize::from(self.n)).collect());
        Ok(())
    }

    /// From the last k shares, like ours.
    pub(super) fn combine(&mut self) -> Result<(), Failure> {
        let given = &self.shares[usize::from(self.n - self.sharks.0)..];
        self.out =
            black_box(self.sharks.recover(black_box(given))).map_err(|e| Failure::peer("blahaj", &e))?;
        Ok(())
    }

    pub(super) fn check(&mut self) -> Result<(), Failure> {
        self.split()?;
        self.combine()?;
        if self.out == self.secret { Ok(()) } else { Err(Failure::Wrong("blahaj")) }
    }
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
        let all = given.bytes.clone();
        let mut out = vec![0; all.len()];
        given.try_fill_bytes(&mut out).unwrap();
        assert_eq!(out, all);
        let first: [u8; 4] = all[..4].try_into().unwrap();
        assert_eq!(given.try_next_u32(), Ok(u32::from_le_bytes(first)));
        let next: [u8; 8] = all[4..12].try_into().unwrap();
        assert_eq!(given.try_next_u64(), Ok(u64::from_le_bytes(next)));
    }
}
