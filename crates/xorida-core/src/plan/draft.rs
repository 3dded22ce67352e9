//! `Draft`: what to add up, before it is decided where each sum stands and in how many passes.

use alloc::vec::Vec;

use crate::kernel::MAX_SOURCES;

/// What a pass costs beside its operands, in reads: writing the result, and starting.
pub(super) const PASS_COST: usize = 5;

/// The number of a value: the inputs come first (piece j of source x is x(p-1)+j), then the sums in order.
pub(super) type Value = usize;

/// The XOR of some earlier values.
pub(super) struct Sum {
    /// At least one, all different.
    pub(super) operands: Vec<Value>,
    /// The block of the result that this is; else a temporary.
    pub(super) output: Option<usize>,
}

/// A straight-line computation over the pieces of k shares.
pub(super) struct Draft {
    inputs: usize,
    sums: Vec<Sum>,
}

impl Draft {
    pub(super) fn new(inputs: usize) -> Self {
        Self { inputs, sums: Vec::new() }
    }

    /// Adds a temporary.
    pub(super) fn temporary(&mut self, operands: Vec<Value>) -> Value {
        self.push(operands, None)
    }

    /// Adds block `block` of the result, which later sums may use too.
    pub(super) fn output(&mut self, block: usize, operands: Vec<Value>) -> Value {
        self.push(operands, Some(block))
    }

    /// An estimate of the time that the computation takes per byte of a block, in reads: a core stores half
    /// as much as it loads, and starting a pass over a strip takes about as long as three reads of it.
    pub(super) fn cost(&self) -> usize {
        let cost = |sum: &Sum| {
            let passes = sum.operands.len().div_ceil(MAX_SOURCES);
            // Each pass but the first also reads what the one before it wrote.
            sum.operands.len() + passes.saturating_sub(1) + PASS_COST * passes
        };
        self.sums.iter().map(cost).sum()
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn sums(&self) -> &[Sum] {
        &self.sums
    }

    fn push(&mut self, operands: Vec<Value>, output: Option<usize>) -> Value {
        self.sums.push(Sum { operands, output });
        self.inputs + self.sums.len() - 1
    }
}
