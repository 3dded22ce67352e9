//! k-1 shares say nothing about the secret, and k say all of it.
//!
//! A split is linear over GF(2) and treats the eight bits of a byte alike, so it is a matrix over GF(2):
//! pieces = S secret + R randomness. The matrix is read off the plans themselves: block b of all blocks,
//! secret ones first, gets bit b set and no other, and then the pieces that come out are its rows. With
//! uniform randomness, a set of pieces is independent of the secret exactly if no sum of them is a nonzero
//! sum of secret blocks, that is if rank(S R) = rank(R) on its rows; and it determines the secret exactly
//! if rank(S R) - rank(R) is the number of secret blocks.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "support/pick.rs"]
mod pick;

use std::collections::HashMap;

use pick::{scheme, subsets};
use xorida_core::{CombinePlan, Scheme, ShareIndex, SplitPlan};

/// Per share its pieces, per piece a row of the matrix (S R).
fn matrix(scheme: Scheme) -> Vec<Vec<Vec<u8>>> {
    let unknowns = scheme.blocks() + scheme.randomness_blocks();
    let length = unknowns.div_ceil(8);
    let mut blocks = vec![0; unknowns * length];
    for (unknown, block) in blocks.chunks_mut(length).enumerate() {
        block[unknown / 8] = 1 << (unknown % 8);
    }
    let (secret, randomness) = blocks.split_at(scheme.blocks() * length);
    let mut shares = vec![vec![0; secret.len()]; usize::from(scheme.n())];
    let mut buffers: Vec<&mut [u8]> = shares.iter_mut().map(Vec::as_mut_slice).collect();
    SplitPlan::new(scheme).split(secret, randomness, &mut buffers).unwrap();
    shares.iter().map(|share| share.chunks(length).map(<[u8]>::to_vec).collect()).collect()
}

/// rank(R) and rank(S R) of the pieces of the shares given.
fn ranks(scheme: Scheme, matrix: &[Vec<Vec<u8>>], indexes: &[ShareIndex]) -> (usize, usize) {
    let unknowns = scheme.blocks() + scheme.randomness_blocks();
    // The random part first, so that elimination in order gives both ranks.
    let order = (scheme.blocks()..unknowns).chain(0..scheme.blocks());
    let order: Vec<_> = order.collect();
    let mut rows: Vec<Vec<u64>> = indexes
        .iter()
        .flat_map(|index| &matrix[usize::from(index.get())])
        .map(|piece| {
            let mut row = vec![0_u64; unknowns.div_ceil(64)];
            for (at, &unknown) in order.iter().enumerate() {
                row[at / 64] |= u64::from(piece[unknown / 8] >> (unknown % 8) & 1) << (at % 64);
            }
            row
        })
        .collect();
    let mut rank = 0;
    let mut random_rank = 0;
    for at in 0..unknowns {
        if at == scheme.randomness_blocks() {
            random_rank = rank;
        }
        let has = |row: &[u64]| row[at / 64] >> (at % 64) & 1 != 0;
        let Some(pivot) = (rank..rows.len()).find(|&row| has(&rows[row])) else { continue };
        rows.swap(rank, pivot);
        let (done, rest) = rows.split_at_mut(rank + 1);
        for row in rest.iter_mut().filter(|row| has(row)) {
            // All words before are zero in the pivot.
            for (word, pivot) in row[at / 64..].iter_mut().zip(&done[rank][at / 64..]) {
                *word ^= pivot;
            }
        }
        rank += 1;
    }
    (random_rank, rank)
}

fn check_secrecy(scheme: Scheme, matrix: &[Vec<Vec<u8>>], indexes: &[ShareIndex]) {
    let (random, all) = ranks(scheme, matrix, indexes);
    assert_eq!(all, random, "{scheme:?}: {indexes:?} tell something");
    // No more randomness is used than the shares hold: all their pieces are independent.
    assert_eq!(all, indexes.len() * scheme.blocks(), "{scheme:?} {indexes:?}");
}

fn check_recovery(scheme: Scheme, matrix: &[Vec<Vec<u8>>], indexes: &[ShareIndex]) {
    let (random, all) = ranks(scheme, matrix, indexes);
    assert_eq!(all - random, scheme.blocks(), "{scheme:?}: {indexes:?} don't determine the secret");
    // And the plan finds it, for every secret and every randomness: the matrix times the plan is (1 0).
    let shares: Vec<Vec<u8>> =
        indexes.iter().map(|index| matrix[usize::from(index.get())].concat()).collect();
    let shares: Vec<&[u8]> = shares.iter().map(Vec::as_slice).collect();
    let mut secret = vec![0xFF; shares[0].len()];
    CombinePlan::new(scheme, indexes).unwrap().combine(&shares, &mut secret).unwrap();
    for (block, row) in secret.chunks(secret.len() / scheme.blocks()).enumerate() {
        let mut unit = vec![0; row.len()];
        unit[block / 8] = 1 << (block % 8);
        assert_eq!(row, unit, "{scheme:?} {indexes:?}");
    }
}

fn check_all(scheme: Scheme) {
    let matrix = matrix(scheme);
    for indexes in subsets(scheme, scheme.k() - 1) {
        check_secrecy(scheme, &matrix, &indexes);
    }
    for indexes in subsets(scheme, scheme.k()) {
        check_recovery(scheme, &matrix, &indexes);
    }
}

#[test]
fn every_set_of_shares_up_to_eleven() {
    for n in 2..=11 {
        for k in 2..=n {
            check_all(scheme(k, n, [3, 3, 3, 5, 5, 7, 7, 11, 11, 11, 11][usize::from(n) - 1]));
        }
    }
}

#[test]
fn every_set_of_shares_with_a_prime_larger_than_needed() {
    for n in 2..=6 {
        for k in 2..=n {
            for p in [7, 11, 13] {
                check_all(scheme(k, n, p));
            }
        }
    }
}

#[test]
fn some_sets_of_shares_up_to_the_limit() {
    for (k, n, p) in [
        (2, 13, 13),
        (7, 13, 13),
        (13, 13, 13),
        (5, 16, 17),
        (9, 24, 29),
        (2, 64, 67),
        (3, 64, 67),
        (20, 64, 67),
    ] {
        let scheme = scheme(k, n, p);
        let matrix = matrix(scheme);
        for step in [1, 3, 7] {
            // Neighbours, and indexes far apart; n and the steps have no common factor but for 24 and 3.
            let some = |count: u8| -> Vec<_> {
                let mut numbers: Vec<_> = (0..u16::from(count)).map(|at| at * step % u16::from(n)).collect();
                numbers.sort_unstable();
                numbers.dedup();
                let spare = (0..u16::from(n)).filter(|at| !numbers.contains(at)).collect::<Vec<_>>();
                numbers.extend(&spare[..usize::from(count) - numbers.len()]);
                numbers
                    .iter()
                    .map(|&at| ShareIndex::new(u8::try_from(at).unwrap(), scheme).unwrap())
                    .collect()
            };
            check_secrecy(scheme, &matrix, &some(k - 1));
            check_recovery(scheme, &matrix, &some(k));
        }
    }
}

#[test]
fn sixty_four_of_sixty_four() {
    let scheme = scheme(64, 64, 67);
    let matrix = matrix(scheme);
    let all: Vec<_> = ShareIndex::all(scheme).collect();
    check_secrecy(scheme, &matrix, &all[1..]);
    check_recovery(scheme, &matrix, &all);
}

/// The distribution of the shares at `indexes` over all randomness, as counts.
///
/// Blocks are one byte that takes the values below `values`. That is no restriction: the eight bits of a
/// byte never mix, so what holds for some of the bits holds for all. It is what makes *all* feasible.
fn distribution(scheme: Scheme, values: u8, secret: &[u8], indexes: &[ShareIndex]) -> HashMap<Vec<u8>, u32> {
    let plan = SplitPlan::new(scheme);
    let mut counts = HashMap::new();
    let mut randomness = vec![0; scheme.randomness_blocks()];
    loop {
        let mut seen = Vec::new();
        for &index in indexes {
            let mut share = vec![0; secret.len()];
            plan.split_one(index, secret, &randomness, &mut share).unwrap();
            seen.append(&mut share);
        }
        *counts.entry(seen).or_insert(0) += 1;
        if !next(&mut randomness, values) {
            return counts;
        }
    }
}

/// Counts up in base `values`; says false after the last number.
fn next(digits: &mut [u8], values: u8) -> bool {
    for digit in digits {
        *digit += 1;
        if *digit < values {
            return true;
        }
        *digit = 0;
    }
    false
}

/// Over all randomness, every set of k-1 shares is distributed in the same way for every secret, and every
/// set of k shares in a way that no two secrets share.
fn check_distributions(scheme: Scheme, values: u8) {
    let mut secret = vec![0; scheme.blocks()];
    let zero = secret.clone();
    loop {
        for indexes in subsets(scheme, scheme.k() - 1) {
            let of_zero = distribution(scheme, values, &zero, &indexes);
            let of_secret = distribution(scheme, values, &secret, &indexes);
            assert!(of_zero == of_secret, "{scheme:?} {indexes:?} {secret:?}");
        }
        if secret != zero {
            for indexes in subsets(scheme, scheme.k()) {
                let of_zero = distribution(scheme, values, &zero, &indexes);
                let of_secret = distribution(scheme, values, &secret, &indexes);
                assert!(
                    of_secret.keys().all(|shares| !of_zero.contains_key(shares)),
                    "{scheme:?} {indexes:?}"
                );
            }
        }
        if !next(&mut secret, values) {
            return;
        }
    }
}

#[test]
fn all_randomness_of_small_blocks() {
    check_distributions(scheme(2, 2, 3), 8);
    check_distributions(scheme(2, 3, 3), 8);
    check_distributions(scheme(3, 3, 3), 4);
    check_distributions(scheme(2, 5, 5), 2);
    check_distributions(scheme(3, 4, 5), 2);
}

#[test]
fn all_randomness_of_whole_bytes() {
    for n in [2, 3] {
        let scheme = scheme(2, n, 3);
        for index in ShareIndex::all(scheme) {
            let all = |secret: &[u8]| {
                let plan = SplitPlan::new(scheme);
                let mut counts = vec![0_u32; 1 << 16];
                for randomness in 0..=u16::MAX {
                    let mut share = [0; 2];
                    plan.split_one(index, secret, &randomness.to_le_bytes(), &mut share).unwrap();
                    counts[usize::from(u16::from_le_bytes(share))] += 1;
                }
                counts
            };
            // Each share takes each of its 65,536 values exactly once, whatever the secret is.
            for secret in [[0, 0], [1, 0], [0xFF, 0xFF], [0x5A, 0xC3]] {
                assert!(all(&secret).iter().all(|&count| count == 1), "{scheme:?} {index} {secret:?}");
            }
        }
    }
}
