//! The rule for rebuilding: no intermediate value is a function of the secret alone.
//!
//! Every value of a program is the XOR of some secret and some random blocks. It says nothing about the
//! secret as long as a random block takes part, so the rule is: the *random part* of a value is never zero.
//! The order of XORs within one pass is the compiler's and the CPU's business (there are instructions that
//! add three operands at once). Therefore passes are cut such that the random parts of all operands of one
//! pass, the accumulated value included, are linearly independent: then no sum of any of them, in whatever
//! order it is formed, has a random part of zero.

use alloc::vec;
use alloc::vec::Vec;

use super::draft::Value;
use crate::bits::Bits;
use crate::kernel::MAX_SOURCES;
use crate::{Scheme, ShareIndex};

/// Knows the random part of every piece.
pub(super) struct Secrecy {
    inputs: Vec<Bits>,
}

impl Secrecy {
    pub(super) fn new(scheme: Scheme, sources: &[ShareIndex]) -> Self {
        let p = usize::from(scheme.p());
        let random_part = |i: usize, j: usize| {
            let mut part = Bits::zero(scheme.randomness_blocks());
            part.flip(j);
            for m in 1..usize::from(scheme.k()) - 1 {
                part.flip(m * p - 1 + (m * i + j) % p);
            }
            part
        };
        let mut inputs = Vec::with_capacity(sources.len() * scheme.blocks());
        for source in sources {
            inputs.extend((0..scheme.blocks()).map(|j| random_part(usize::from(source.get()), j)));
        }
        Self { inputs }
    }

    /// The random parts of the inputs, in the order of a draft's values.
    pub(super) fn inputs(&self) -> &[Bits] {
        &self.inputs
    }

    /// Splits a sum into passes that keep the rule, and gives the random part of the sum. `values` are the
    /// random parts of all values so far.
    ///
    /// `None` if the greedy choice gets stuck. **It doesn't where the operands are pieces and the sum is a
    /// piece of another share**: it is stuck only when the random part of each operand left equals that of
    /// what is accumulated. For k >= 3 the random parts of any two pieces differ, so one operand would be
    /// left, and the sum's random part would be zero; but a piece's never is. For k = 2 the random part of
    /// piece j is r^0_j in both sources: with one operand left it is the same; two could only be left if
    /// both were piece j and the sum too were a piece j, but then just one source's piece j takes part.
    pub(super) fn passes(&self, values: &[Bits], operands: &[Value]) -> Option<(Vec<Vec<Value>>, Bits)> {
        let mut passes = Vec::new();
        let mut sum: Option<Bits> = None;
        let mut left = operands.to_vec();
        while !left.is_empty() {
            let mut span = Span::default();
            if let Some(sum) = &sum {
                span.insert(sum);
            }
            let mut pass = vec![];
            left.retain(|&operand| {
                let taken = pass.len() < MAX_SOURCES && span.insert(&values[operand]);
                if taken {
                    pass.push(operand);
                }
                !taken
            });
            if pass.is_empty() {
                return None;
            }
            for &operand in &pass {
                match &mut sum {
                    Some(sum) => sum.add(&values[operand]),
                    None => sum = Some(values[operand].clone()),
                }
            }
            passes.push(pass);
        }
        Some((passes, sum?))
    }
}

/// A set of linearly independent vectors, in echelon form.
#[derive(Default)]
struct Span {
    /// Each with a place where it holds a one and all later vectors a zero.
    vectors: Vec<(usize, Bits)>,
}

impl Span {
    /// Adds a vector unless it is zero or a sum of those inside; says whether it did.
    fn insert(&mut self, vector: &Bits) -> bool {
        let mut rest = vector.clone();
        for (pivot, other) in &self.vectors {
            if rest.get(*pivot) {
                rest.add(other);
            }
        }
        let Some(pivot) = rest.leading() else { return false };
        self.vectors.push((pivot, rest));
        true
    }
}
