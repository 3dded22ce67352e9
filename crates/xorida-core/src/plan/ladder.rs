//! A draft for combining by Newton's divided differences, for primes that are large beside k.
//!
//! In the words of [`ring`](crate::ring), with F(y) = W at y: F is S/y plus a polynomial of degree k-2, so
//! the divided difference of F over all k points is S / (y_1 ... y_k), whatever the randomness was. The
//! table of differences takes k(k-1)/2 divisions by some x^{-a} + x^{-b}; each is a chain around the cycle
//! that needs a few XORs per coefficient, whatever p is. A row of the solution has about k p / 2 terms.

use alloc::vec;
use alloc::vec::Vec;

use super::draft::{Draft, Value};
use crate::{Scheme, ShareIndex};

/// The draft for the secret from the k `sources`.
pub(super) fn draft(scheme: Scheme, sources: &[ShareIndex]) -> Draft {
    let p = usize::from(scheme.p());
    let pieces = scheme.blocks();
    let mut ladder = Ladder { p, draft: Draft::new(sources.len() * pieces) };
    // The coefficients of each difference over `width` neighbouring points; at first the shares.
    let mut column: Vec<Vec<Option<Value>>> = (0..sources.len())
        .map(|source| (0..pieces).map(|piece| Some(source * pieces + piece)).collect())
        .collect();
    let point = |source: usize| usize::from(sources[source].get());
    // Where s_0, which is zero, stands in the last difference: S times y_1 ... y_k.
    let zero = (0..sources.len()).map(point).sum::<usize>() % p;
    for width in 1..sources.len() {
        let last = width + 1 == sources.len();
        column = (0..sources.len() - width)
            .map(|first| {
                let division = Division {
                    left: &column[first],
                    right: &column[first + 1],
                    a: point(first),
                    b: point(first + width),
                    zero: last.then_some(zero),
                };
                if width == 1 { ladder.divide_shares(&division) } else { ladder.divide(&division) }
            })
            .collect();
    }
    ladder.draft
}

/// The quotient q of `left` + `right` by x^{-a} + x^{-b}: for all j, q_{j+a} + q_{j+b} is coefficient j of
/// the dividend, up to the same block for all j.
struct Division<'a> {
    left: &'a [Option<Value>],
    right: &'a [Option<Value>],
    a: usize,
    b: usize,
    /// In the last division, the place of s_0: what comes out are blocks of the secret.
    zero: Option<usize>,
}

struct Ladder {
    p: usize,
    draft: Draft,
}

impl Ladder {
    /// A division of the sum of two shares, of which coefficient p-1 isn't known. It isn't needed either:
    /// the p equations add up to zero, so one of them follows from the others.
    fn divide_shares(&mut self, division: &Division<'_>) -> Vec<Option<Value>> {
        let (p, &Division { a, b, .. }) = (self.p, division);
        let mut quotient = vec![None; p];
        // The block that is set to zero is free, except in the last division.
        let start = division.zero.unwrap_or(0);
        // From q_{j+b} to q_{j+a}, until j = p-1 is in the way; then in the other direction.
        let mut at = start;
        while (at + p - b) % p != p - 1 {
            let equation = (at + p - b) % p;
            let next = (equation + a) % p;
            quotient[next] = self.sum(division, next, &[quotient[at]], &[equation]);
            at = next;
        }
        at = start;
        while (at + p - a) % p != p - 1 {
            let equation = (at + p - a) % p;
            let next = (equation + b) % p;
            quotient[next] = self.sum(division, next, &[quotient[at]], &[equation]);
            at = next;
        }
        quotient
    }

    /// A division of the sum of two quotients. Each is known up to one block in all coefficients, and so is
    /// the dividend; adding two equations takes that block out, at the price of steps of twice a - b.
    fn divide(&mut self, division: &Division<'_>) -> Vec<Option<Value>> {
        let (p, &Division { a, b, .. }) = (self.p, division);
        let mut quotient = vec![None; p];
        let mut at = division.zero.unwrap_or(0);
        for _ in 1..p {
            let first = (at + p - b) % p;
            let second = (first + a + p - b) % p;
            let next = (second + a) % p;
            quotient[next] = self.sum(division, next, &[quotient[at]], &[first, second]);
            at = next;
        }
        quotient
    }

    /// Adds the sum of `terms` and of the dividend's coefficients `coefficients`.
    fn sum(
        &mut self,
        division: &Division<'_>,
        place: usize,
        terms: &[Option<Value>],
        coefficients: &[usize],
    ) -> Option<Value> {
        let dividend = coefficients.iter().flat_map(|&at| [division.left[at], division.right[at]]);
        let mut operands: Vec<Value> = terms.iter().copied().chain(dividend).flatten().collect();
        operands.sort_unstable();
        Some(match division.zero {
            Some(zero) => self.draft.output((place + self.p - zero) % self.p - 1, operands),
            None => self.draft.temporary(operands),
        })
    }
}
