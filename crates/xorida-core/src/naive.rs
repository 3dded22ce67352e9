//! The scheme as the paper writes it: formula in, Gaussian elimination out, one byte at a time.
//!
//! It is here to be read beside the paper and to be compared with: it shares no code with the plans, which
//! are many times faster. It wipes nothing that it allocates.
//!
//! Source: Kurihara, Kiyomoto, Fukushima, Tanaka, *A new (k,n)-threshold secret sharing scheme and its
//! extension*, ISC 2008.

use alloc::vec;
use alloc::vec::Vec;

use crate::{Error, Scheme, ShareIndex, check};

/// All n shares of `secret`, each as long as the secret.
///
/// # Errors
/// As [`SplitPlan::split`](crate::SplitPlan::split).
pub fn split(scheme: Scheme, secret: &[u8], randomness: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    ShareIndex::all(scheme).map(|index| share(scheme, index, secret, randomness)).collect()
}

/// Share number `index` of `secret`: for j = 0, ..., p-2 one after the other the pieces
///
/// ```text
/// w(i,j) = s_{(j-i) mod p} XOR r^0_j XOR r^1_{(i+j) mod p} XOR ... XOR r^{k-2}_{((k-2)i+j) mod p}
/// ```
///
/// # Errors
/// As [`SplitPlan::split_one`](crate::SplitPlan::split_one).
pub fn share(scheme: Scheme, index: ShareIndex, secret: &[u8], randomness: &[u8]) -> Result<Vec<u8>, Error> {
    let length = check::piece_length(scheme, secret.len())?;
    check::randomness(scheme, length, randomness.len())?;
    check::index(scheme, index)?;
    let mut share = Vec::with_capacity(secret.len());
    for j in 0..scheme.blocks() {
        let mut piece = vec![0; length];
        for block in blocks_of_piece(scheme, usize::from(index.get()), j) {
            let (bytes, at) = match block {
                Block::Secret(at) => (secret, at),
                Block::Random(at) => (randomness, at),
            };
            xor(&mut piece, &bytes[at * length..][..length]);
        }
        share.append(&mut piece);
    }
    Ok(share)
}

/// The secret from exactly k shares, by solving the shares' equations over GF(2).
///
/// # Errors
/// As [`CombinePlan::new`](crate::CombinePlan::new) and
/// [`CombinePlan::combine`](crate::CombinePlan::combine).
pub fn combine(scheme: Scheme, indexes: &[ShareIndex], shares: &[&[u8]]) -> Result<Vec<u8>, Error> {
    check::indexes(scheme, indexes)?;
    let length = check::shares(scheme, indexes.len(), shares)?;
    let mut equations = Vec::new();
    for (index, share) in indexes.iter().zip(shares) {
        for (j, piece) in share.chunks(length).enumerate() {
            // The random blocks stand first, so that elimination gets rid of them first.
            let mut unknowns = vec![false; scheme.randomness_blocks() + scheme.blocks()];
            for block in blocks_of_piece(scheme, usize::from(index.get()), j) {
                match block {
                    Block::Random(at) => unknowns[at] ^= true,
                    Block::Secret(at) => unknowns[scheme.randomness_blocks() + at] ^= true,
                }
            }
            equations.push((unknowns, piece.to_vec()));
        }
    }
    let mut solved = 0;
    for unknown in 0..scheme.randomness_blocks() + scheme.blocks() {
        let Some(pivot) = (solved..equations.len()).find(|&row| equations[row].0[unknown]) else {
            continue;
        };
        equations.swap(solved, pivot);
        let (unknowns, value) = equations[solved].clone();
        for (row, (other, other_value)) in equations.iter_mut().enumerate() {
            if row != solved && other[unknown] {
                for (bit, pivot_bit) in other.iter_mut().zip(&unknowns) {
                    *bit ^= pivot_bit;
                }
                xor(other_value, &value);
            }
        }
        solved += 1;
    }
    // What is left without random blocks are the p-1 equations "block = value", in order.
    let (_, secret) = equations.split_at(equations.len() - scheme.blocks());
    Ok(secret.iter().flat_map(|(_, value)| value.iter().copied()).collect())
}

/// One term of a piece, as the place of its block in the secret or in the randomness.
enum Block {
    Secret(usize),
    Random(usize),
}

fn blocks_of_piece(scheme: Scheme, i: usize, j: usize) -> Vec<Block> {
    let p = usize::from(scheme.p());
    let mut blocks = vec![Block::Random(j)];
    // s_0 is zero and isn't stored: s_1 is the first block.
    let s = (j + p - i) % p;
    if s != 0 {
        blocks.push(Block::Secret(s - 1));
    }
    // r^0 takes p-1 blocks, each of r^1, ..., r^{k-2} takes p.
    for m in 1..usize::from(scheme.k()) - 1 {
        blocks.push(Block::Random((p - 1) + (m - 1) * p + (m * i + j) % p));
    }
    blocks
}

fn xor(sum: &mut [u8], term: &[u8]) {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum ^= term;
    }
}
