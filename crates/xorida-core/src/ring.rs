//! The closed form of "solve over GF(2)".
//!
//! Write a share as the polynomial W_i = sum of w(i,j) x^j in the ring GF(2)[x] / (x^p - 1), and give it a
//! p-th coefficient that makes the number of ones even in every bit. That coefficient differs from the one
//! that the formula would give by the same block for all shares, so it amounts to another r^0_{p-1}. With
//! y_i = x^{-i} the scheme then reads
//!
//! ```text
//! y_i W_i = S + y_i R_0 + y_i^2 R_1 + ... + y_i^{k-1} R_{k-2}
//! ```
//!
//! which is Shamir's scheme: a polynomial of degree k-1 in y, with the secret at y = 0. The differences
//! y_a + y_b have inverses modulo 1 + x + ... + x^{p-1} (the ring of Blaum and Roth's array codes), which
//! determines everything up to a multiple of that polynomial: up to adding one block to all p
//! coefficients. For the secret s_0 = 0 settles it, for a share the even number of ones. So Lagrange's
//! formula gives both in a few thousand operations on words, where elimination would take billions.

use alloc::vec::Vec;

use crate::bits::Bits;
use crate::{Scheme, ShareIndex};

/// What to compute from k shares.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The secret's blocks s_1, ..., s_{p-1}.
    Secret,
    /// The pieces of a share.
    Share(ShareIndex),
}

/// How each block of the target is the XOR of pieces of the `sources`: row b has bit x(p-1)+j set if piece
/// j of source x takes part in block b. The answer is unique, since the k(p-1) pieces are independent.
pub(crate) fn solve(scheme: Scheme, sources: &[ShareIndex], target: Target) -> Vec<Bits> {
    let factors = lagrange(scheme, sources, target);
    let p = usize::from(scheme.p());
    let blocks = scheme.blocks();
    (0..blocks)
        .map(|block| {
            let mut row = Bits::zero(sources.len() * blocks);
            for (source, &factor) in factors.iter().enumerate() {
                let bit = |exponent: usize| factor >> (exponent % p) & 1 != 0;
                // Piece `piece` is the coefficient of x^piece, and a part of that of x^{p-1}.
                let takes =
                    |coefficient: usize, piece: usize| bit(coefficient + p - piece) ^ bit(coefficient + 1);
                for piece in 0..blocks {
                    let part = match target {
                        Target::Secret => takes(block + 1, piece) ^ takes(0, piece),
                        Target::Share(_) => takes(block, piece),
                    };
                    if part {
                        row.flip(source * blocks + piece);
                    }
                }
            }
            row
        })
        .collect()
}

/// The polynomials by which the sources' polynomials are multiplied, then added, to give the target's.
fn lagrange(scheme: Scheme, sources: &[ShareIndex], target: Target) -> Vec<u128> {
    let ring = Ring { p: u32::from(scheme.p()) };
    let y = |index: ShareIndex| (ring.p - u32::from(index.get())) % ring.p;
    sources
        .iter()
        .map(|&source| {
            // y_source, from y_i W_i above; for a share also 1/y_target.
            let mut factor = ring.shift(1, y(source));
            if let Target::Share(index) = target {
                factor = ring.shift(factor, u32::from(index.get()));
            }
            for &other in sources.iter().filter(|&&other| other != source) {
                factor = match target {
                    Target::Secret => ring.shift(factor, y(other)),
                    Target::Share(index) => ring.shift(factor, y(index)) ^ ring.shift(factor, y(other)),
                };
                factor = ring.divide(factor, y(source), y(other));
            }
            factor
        })
        .collect()
}

/// GF(2)[x] / (x^p - 1), an element being p bits of a word.
struct Ring {
    p: u32,
}

impl Ring {
    /// a x^exponent, for an exponent below p.
    fn shift(&self, a: u128, exponent: u32) -> u128 {
        (a << exponent | a >> (self.p - exponent)) & self.ones()
    }

    /// a / (x^u + x^v) modulo 1 + x + ... + x^{p-1}, for different u and v below p.
    fn divide(&self, a: u128, u: u32, v: u32) -> u128 {
        // Only multiples of 1 + x can be divided; adding 1 + x + ... + x^{p-1} makes it one.
        let a = if a.count_ones().is_multiple_of(2) { a } else { a ^ self.ones() };
        // From q_t + q_{t+u-v} = a_{t+u}, with q_0 = 0, around all of the cycle.
        let mut quotient = 0;
        let mut t = 0;
        let mut bit = 0;
        for _ in 1..self.p {
            bit ^= a >> ((t + u) % self.p) & 1;
            t = (t + self.p + u - v) % self.p;
            quotient |= bit << t;
        }
        quotient
    }

    /// 1 + x + ... + x^{p-1}.
    fn ones(&self) -> u128 {
        (1 << self.p) - 1
    }
}
