//! From a `Draft` to a `Program`: temporaries get places, long sums get split into passes.

use alloc::vec;
use alloc::vec::Vec;

use super::draft::{Draft, Sum, Value};
use super::program::{Place, Program};
use super::secrecy::Secrecy;
use crate::Scheme;
use crate::kernel::MAX_SOURCES;

/// The program for a draft, with passes as long as the kernel takes them.
pub(super) fn compile(draft: &Draft, scheme: Scheme) -> Program {
    let mut compiler = Compiler::new(draft, scheme);
    for (number, sum) in draft.sums().iter().enumerate() {
        compiler.sum(number, sum, sum.operands.chunks(MAX_SOURCES));
    }
    compiler.program
}

/// The program for a draft, with passes that form no function of the secret alone. `None` if the draft
/// can't be arranged so.
pub(super) fn compile_secretly(draft: &Draft, scheme: Scheme, secrecy: &Secrecy) -> Option<Program> {
    let mut compiler = Compiler::new(draft, scheme);
    let mut values = secrecy.inputs().to_vec();
    for (number, sum) in draft.sums().iter().enumerate() {
        let (passes, value) = secrecy.passes(&values, &sum.operands)?;
        compiler.sum(number, sum, passes.iter().map(Vec::as_slice));
        values.push(value);
    }
    Some(compiler.program)
}

struct Compiler<'a> {
    draft: &'a Draft,
    pieces: usize,
    /// The sum that uses each temporary for the last time.
    last_use: Vec<usize>,
    /// Where each sum so far stands.
    places: Vec<Place>,
    /// Scratch blocks whose content nothing needs any more.
    free: Vec<usize>,
    program: Program,
}

impl<'a> Compiler<'a> {
    fn new(draft: &'a Draft, scheme: Scheme) -> Self {
        let mut last_use = vec![0; draft.sums().len()];
        for (number, sum) in draft.sums().iter().enumerate() {
            for &operand in sum.operands.iter().filter(|&&operand| operand >= draft.inputs()) {
                last_use[operand - draft.inputs()] = number;
            }
        }
        Self {
            draft,
            pieces: scheme.blocks(),
            last_use,
            places: Vec::with_capacity(draft.sums().len()),
            free: Vec::new(),
            program: Program::new(draft.inputs() + scheme.blocks()),
        }
    }

    /// Emits sum number `number` as one step per group of operands.
    fn sum<'s>(&mut self, number: usize, sum: &Sum, groups: impl Iterator<Item = &'s [Value]>) {
        let destination = match sum.output {
            Some(block) => Place::Output(small(block)),
            None => Place::Scratch(wide(self.free.pop().unwrap_or_else(|| self.program.grow_scratch()))),
        };
        for (at, group) in groups.enumerate() {
            let operands = group.iter().map(|&value| place(self.draft, self.pieces, &self.places, value));
            self.program.push(destination, operands, at != 0);
        }
        self.places.push(destination);
        // Only now: a block must not be read and overwritten by passes of the same sum.
        for &operand in sum.operands.iter().filter(|&&operand| operand >= self.draft.inputs()) {
            let operand = operand - self.draft.inputs();
            if self.last_use[operand] == number
                && let Place::Scratch(block) = self.places[operand]
            {
                self.free.push(block.into());
            }
        }
    }
}

fn place(draft: &Draft, pieces: usize, places: &[Place], value: Value) -> Place {
    match value.checked_sub(draft.inputs()) {
        Some(sum) => places[sum],
        None => Place::Input { share: small(value / pieces), piece: small(value % pieces) },
    }
}

/// Shares and pieces number at most 66.
fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Temporaries number at most a few thousand: 255 per slab of rows, or (k-1)p.
fn wide(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
