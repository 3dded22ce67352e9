//! The one XOR loop. Safe code, shaped so that the compiler turns it into vector instructions of whatever
//! width the function it is inlined into may use.

/// Bytes that one turn of the main loop handles: enough vectors to hide the loop's own instructions.
const STRIDE: usize = 128;

/// XORs `sources` into `destination`; see `Kernel::xor` for what is expected.
///
/// The number of sources becomes a constant here: one pass over memory per call, with the intermediate
/// results in registers.
#[inline(always)]
pub(super) fn xor(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    if accumulate {
        match *sources {
            [] => {}
            [a] => pass::<1, true>(destination, [a]),
            [a, b] => pass::<2, true>(destination, [a, b]),
            [a, b, c] => pass::<3, true>(destination, [a, b, c]),
            [a, b, c, d] => pass::<4, true>(destination, [a, b, c, d]),
            [a, b, c, d, e] => pass::<5, true>(destination, [a, b, c, d, e]),
            [a, b, c, d, e, f] => pass::<6, true>(destination, [a, b, c, d, e, f]),
            [a, b, c, d, e, f, g] => pass::<7, true>(destination, [a, b, c, d, e, f, g]),
            [a, b, c, d, e, f, g, h, ..] => pass::<8, true>(destination, [a, b, c, d, e, f, g, h]),
        }
    } else {
        match *sources {
            [] => destination.fill(0),
            [a] => pass::<1, false>(destination, [a]),
            [a, b] => pass::<2, false>(destination, [a, b]),
            [a, b, c] => pass::<3, false>(destination, [a, b, c]),
            [a, b, c, d] => pass::<4, false>(destination, [a, b, c, d]),
            [a, b, c, d, e] => pass::<5, false>(destination, [a, b, c, d, e]),
            [a, b, c, d, e, f] => pass::<6, false>(destination, [a, b, c, d, e, f]),
            [a, b, c, d, e, f, g] => pass::<7, false>(destination, [a, b, c, d, e, f, g]),
            [a, b, c, d, e, f, g, h, ..] => pass::<8, false>(destination, [a, b, c, d, e, f, g, h]),
        }
    }
}

/// Short pieces are common, and long ones seldom begin where a cache line does.
#[inline(always)]
fn pass<const N: usize, const ACCUMULATE: bool>(destination: &mut [u8], sources: [&[u8]; N]) {
    let head = if destination.len() < 2 * STRIDE { 0 } else { destination.as_ptr().align_offset(64).min(63) };
    let (first, destination) = destination.split_at_mut(head);
    if head != 0 {
        edges::<N, ACCUMULATE>(first, sources.map(|source| &source[..head]));
    }
    let sources = sources.map(|source| &source[head..]);
    let (destination, sources) = strides::<STRIDE, N, ACCUMULATE>(destination, sources);
    let (destination, sources) = strides::<64, N, ACCUMULATE>(destination, sources);
    edges::<N, ACCUMULATE>(destination, sources);
}

#[inline(always)]
fn edges<const N: usize, const ACCUMULATE: bool>(destination: &mut [u8], sources: [&[u8]; N]) {
    let (destination, sources) = strides::<8, N, ACCUMULATE>(destination, sources);
    strides::<1, N, ACCUMULATE>(destination, sources);
}

/// Handles as many whole blocks of `WIDTH` bytes as there are and returns what is left over.
#[inline(always)]
fn strides<'d, 's, const WIDTH: usize, const N: usize, const ACCUMULATE: bool>(
    destination: &'d mut [u8],
    sources: [&'s [u8]; N],
) -> (&'d mut [u8], [&'s [u8]; N]) {
    let (blocks, rest) = destination.as_chunks_mut::<WIDTH>();
    let split = sources.map(<[u8]>::as_chunks::<WIDTH>);
    // The minimum is what lets the compiler drop the bounds checks inside the loop.
    let count = split.iter().fold(blocks.len(), |count, (blocks, _)| count.min(blocks.len()));
    let sources = split.map(|(blocks, _)| &blocks[..count]);
    for (at, block) in blocks[..count].iter_mut().enumerate() {
        let mut sum = if ACCUMULATE { *block } else { [0; WIDTH] };
        for source in &sources {
            for (sum, byte) in sum.iter_mut().zip(&source[at]) {
                *sum ^= byte;
            }
        }
        *block = sum;
    }
    (rest, split.map(|(_, rest)| rest))
}
