//! Drafts from the rows of the solution: each block is a sum of pieces.
//!
//! Two things make them cheaper than reading every row as it is. A row may begin from the block that
//! differs in the fewest pieces (a minimum spanning tree by Hamming distance, from Prim's algorithm). And
//! a few rows together, a slab, share the sum of all pieces that the same several rows of it need (the
//! method of the four Russians, Arlazarov, Dinic, Kronrod and Faradzhev 1970).

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::draft::{Draft, PASS_COST, Value};
use crate::bits::Bits;

/// Rows per slab that are tried; 1 shares nothing. With many inputs, drafts are long and the best is known
/// to be in the middle.
fn slabs(inputs: usize) -> RangeInclusive<usize> {
    if inputs > 1000 { 5..=7 } else { 1..=8 }
}

/// Drafts to choose from.
pub(super) fn drafts(rows: &[Bits], shares: usize) -> impl Iterator<Item = Draft> {
    let inputs = shares * rows.len();
    let tree = spanning_tree(rows);
    let flat: Vec<_> = (0..rows.len()).map(|row| (row, None)).collect();
    [tree, flat]
        .into_iter()
        .flat_map(move |order| slabs(inputs).map(move |slab| draft(rows, inputs, &order, slab)))
}

/// The rows as they are.
pub(super) fn plain(rows: &[Bits], shares: usize) -> Draft {
    let mut draft = Draft::new(shares * rows.len());
    for (block, row) in rows.iter().enumerate() {
        draft.output(block, row.ones().collect());
    }
    draft
}

/// Each row, in an order in which it comes after the row that it begins from, if any.
fn spanning_tree(rows: &[Bits]) -> Vec<(usize, Option<usize>)> {
    let mut order = Vec::with_capacity(rows.len());
    let mut nearest: Vec<_> = rows.iter().map(|row| (row.weight(), None)).collect();
    let mut left: Vec<_> = (0..rows.len()).collect();
    while let Some(at) = (0..left.len()).min_by_key(|&at| nearest[left[at]].0) {
        let row = left.swap_remove(at);
        order.push((row, nearest[row].1));
        for &other in &left {
            // The row that it begins from is one more operand.
            let distance = 1 + rows[other].distance(&rows[row]);
            if distance < nearest[other].0 {
                nearest[other] = (distance, Some(row));
            }
        }
    }
    order
}

fn draft(rows: &[Bits], inputs: usize, order: &[(usize, Option<usize>)], slab: usize) -> Draft {
    let mut draft = Draft::new(inputs);
    let mut blocks: Vec<Option<Value>> = vec![None; rows.len()];
    for group in order.chunks(slab) {
        // By the rows of this slab that need it: bit r for the r-th.
        let mut patterns = vec![0_u32; inputs];
        let mut operands = vec![Vec::new(); group.len()];
        for (at, &(row, parent)) in group.iter().enumerate() {
            let mut difference = rows[row].clone();
            if let Some(parent) = parent {
                difference.add(&rows[parent]);
            }
            for input in difference.ones() {
                patterns[input] |= 1 << at;
            }
        }
        let mut classes: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
        for (input, &pattern) in patterns.iter().enumerate().filter(|&(_, &pattern)| pattern != 0) {
            classes.entry(pattern).or_default().push(input);
        }
        for (pattern, members) in classes {
            let users = pattern.count_ones() as usize;
            let shared = if pays(members.len(), users) { vec![draft.temporary(members)] } else { members };
            for (at, operands) in operands.iter_mut().enumerate() {
                if pattern >> at & 1 != 0 {
                    operands.extend(&shared);
                }
            }
        }
        for (&(row, parent), mut operands) in group.iter().zip(operands) {
            operands.extend(parent.and_then(|parent| blocks[parent]));
            operands.sort_unstable();
            blocks[row] = Some(draft.output(row, operands));
        }
    }
    draft
}

/// Whether adding up `members` pieces once, storing and reading the sum, beats reading them `users` times.
fn pays(members: usize, users: usize) -> bool {
    members * users > members + users + PASS_COST
}
