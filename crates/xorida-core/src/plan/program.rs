//! `Program`: passes of the XOR kernel over blocks, and their execution in cache-sized strips.

use alloc::vec::Vec;
use core::ops::Range;

use super::scratch;
use crate::kernel::{Kernel, MAX_SOURCES};
use crate::strip;

/// Where a block stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Place {
    /// A piece of one of the shares given.
    Input {
        /// Which share, in the order given.
        share: u8,
        /// Which of its pieces.
        piece: u8,
    },
    /// A block of the result.
    Output(u8),
    /// A temporary block.
    Scratch(u16),
}

/// One pass: `destination` becomes the XOR of the operands, and of itself if `accumulate`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) destination: Place,
    /// How many of the program's operands, from where the step before left off. At most `MAX_SOURCES`.
    pub(crate) operands: u8,
    pub(crate) accumulate: bool,
}

/// Steps in order, the same for every byte of a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    steps: Vec<Step>,
    operands: Vec<Place>,
    /// Temporary blocks needed at one time.
    scratch: usize,
    /// Blocks that one run reads or writes, temporary ones included: the working set in blocks.
    blocks: usize,
}

impl Program {
    /// A program without steps, over `blocks` blocks of input and output.
    pub(super) fn new(blocks: usize) -> Self {
        Self { blocks, ..Self::default() }
    }

    pub(super) fn push(
        &mut self,
        destination: Place,
        operands: impl Iterator<Item = Place>,
        accumulate: bool,
    ) {
        let before = self.operands.len();
        self.operands.extend(operands);
        let count = u8::try_from(self.operands.len() - before).unwrap_or(u8::MAX);
        self.steps.push(Step { destination, operands: count, accumulate });
    }

    /// Makes room for one more temporary block and returns its number.
    pub(super) fn grow_scratch(&mut self) -> usize {
        self.scratch += 1;
        self.blocks += 1;
        self.scratch - 1
    }

    /// The steps with their operands.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (Step, &[Place])> {
        let mut rest = self.operands.as_slice();
        self.steps.iter().map(move |&step| {
            let (operands, after) = rest.split_at(usize::from(step.operands));
            rest = after;
            (step, operands)
        })
    }

    /// Computes all blocks of `output` from the `inputs`, all of the same length, which is a multiple of
    /// `piece_length`.
    pub(crate) fn run(&self, kernel: Kernel, inputs: &[&[u8]], piece_length: usize, output: &mut [u8]) {
        let strip = strip::length(self.blocks, piece_length);
        scratch::with(self.scratch * strip, |scratch| {
            for strip in strip::all(piece_length, strip) {
                self.run_strip(kernel, inputs, piece_length, strip, output, scratch);
            }
        });
    }

    fn run_strip(
        &self,
        kernel: Kernel,
        inputs: &[&[u8]],
        piece_length: usize,
        strip: Range<usize>,
        output: &mut [u8],
        scratch: &mut [u8],
    ) {
        for (step, operands) in self.steps() {
            let (destination, output, scratch) = match step.destination {
                Place::Scratch(block) => {
                    let (destination, scratch) = Blocks::around(scratch, block.into(), strip.len());
                    (destination, Blocks::of(output, piece_length), scratch)
                }
                Place::Output(block) => {
                    let (destination, output) = Blocks::around(output, block.into(), piece_length);
                    (&mut destination[strip.clone()], output, Blocks::of(scratch, strip.len()))
                }
                Place::Input { .. } => continue,
            };
            let mut sources: [&[u8]; MAX_SOURCES] = [&[]; MAX_SOURCES];
            for (source, &operand) in sources.iter_mut().zip(operands) {
                *source = match operand {
                    Place::Input { share, piece } => {
                        let start = usize::from(piece) * piece_length + strip.start;
                        &inputs[usize::from(share)][start..][..strip.len()]
                    }
                    Place::Output(block) => &output.get(block.into())[strip.clone()],
                    Place::Scratch(block) => scratch.get(block.into()),
                };
            }
            kernel.xor(destination, &sources[..operands.len()], step.accumulate);
        }
    }
}

/// The blocks of a buffer, or all but one of them while that one is written.
#[derive(Clone, Copy)]
struct Blocks<'a> {
    before: &'a [u8],
    after: &'a [u8],
    /// The number of the block between `before` and `after`.
    hole: usize,
    length: usize,
}

impl<'a> Blocks<'a> {
    fn of(buffer: &'a [u8], length: usize) -> Self {
        Self { before: buffer, after: &[], hole: usize::MAX, length }
    }

    fn around(buffer: &'a mut [u8], hole: usize, length: usize) -> (&'a mut [u8], Self) {
        let (before, rest) = buffer.split_at_mut(hole * length);
        let (block, after) = rest.split_at_mut(length);
        (block, Self { before, after, hole, length })
    }

    fn get(self, block: usize) -> &'a [u8] {
        let (buffer, block) =
            if block < self.hole { (self.before, block) } else { (self.after, block - self.hole - 1) };
        &buffer[block * self.length..][..self.length]
    }
}
