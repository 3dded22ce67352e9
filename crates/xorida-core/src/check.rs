//! The checks that every public function makes before it writes anything.

use crate::{Error, Scheme, ShareIndex};

/// The length of one block, for a secret or share of `length` bytes.
pub(crate) fn piece_length(scheme: Scheme, length: usize) -> Result<usize, Error> {
    let blocks = scheme.blocks();
    if length == 0 || !length.is_multiple_of(blocks) {
        return Err(Error::NotWholeBlocks { length, blocks });
    }
    Ok(length / blocks)
}

pub(crate) fn randomness(scheme: Scheme, piece_length: usize, actual: usize) -> Result<(), Error> {
    // A product beyond `usize` can't be the length of a slice either, so saturating still refuses.
    let expected = scheme.randomness_blocks().saturating_mul(piece_length);
    if actual == expected { Ok(()) } else { Err(Error::RandomnessLength { expected, actual }) }
}

pub(crate) fn index(scheme: Scheme, index: ShareIndex) -> Result<(), Error> {
    ShareIndex::new(index.get(), scheme).map(|_| ())
}

/// Exactly k indexes of the scheme, all different.
pub(crate) fn indexes(scheme: Scheme, indexes: &[ShareIndex]) -> Result<(), Error> {
    share_count(usize::from(scheme.k()), indexes.len())?;
    let mut seen = 0_u64;
    for &one in indexes {
        index(scheme, one)?;
        let bit = 1 << one.get();
        if seen & bit != 0 {
            return Err(Error::DuplicateIndex { index: one.get() });
        }
        seen |= bit;
    }
    Ok(())
}

pub(crate) fn share_count(expected: usize, actual: usize) -> Result<(), Error> {
    if actual == expected { Ok(()) } else { Err(Error::ShareCount { expected, actual }) }
}

/// As many shares as expected, all of one length that suits the scheme. Returns the length of one piece.
pub(crate) fn shares(scheme: Scheme, expected: usize, shares: &[&[u8]]) -> Result<usize, Error> {
    share_count(expected, shares.len())?;
    let length = shares.first().map_or(0, |share| share.len());
    let piece_length = piece_length(scheme, length)?;
    share_lengths(length, shares.iter().map(|share| share.len()))?;
    Ok(piece_length)
}

pub(crate) fn share_lengths(expected: usize, lengths: impl Iterator<Item = usize>) -> Result<(), Error> {
    for (position, actual) in lengths.enumerate() {
        if actual != expected {
            return Err(Error::ShareLength { position, expected, actual });
        }
    }
    Ok(())
}

pub(crate) fn output(expected: usize, actual: usize) -> Result<(), Error> {
    if actual == expected { Ok(()) } else { Err(Error::OutputLength { expected, actual }) }
}
