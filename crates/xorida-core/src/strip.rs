//! Long blocks are worked on strip by strip, so that what one strip reads and writes stays in the cache.

use core::ops::Range;

/// The length of a strip for work that touches `blocks` blocks of `piece_length` bytes.
///
/// A multiple of a cache line, except where the whole block is shorter.
pub(crate) fn length(blocks: usize, piece_length: usize) -> usize {
    /// Fits the second-level cache of common servers and desktops, 512 KiB to 2 MiB, with room to spare.
    const WORKING_SET: usize = 256 << 10;
    /// Below this the calls cost more than the cache saves.
    const SHORTEST: usize = 1 << 10;
    /// Above this nothing is gained, and a few blocks already exceed the first-level cache.
    const LONGEST: usize = 4 << 10;
    let fitting = WORKING_SET / blocks.max(1) / 64 * 64;
    fitting.clamp(SHORTEST, LONGEST).min(piece_length)
}

/// The strips of a block of `piece_length` bytes; the last may be shorter.
pub(crate) fn all(piece_length: usize, strip: usize) -> impl Iterator<Item = Range<usize>> {
    (0..piece_length).step_by(strip.max(1)).map(move |start| start..piece_length.min(start + strip))
}
