//! How a value is cut.

use crate::error::{Failure, damaged};
use std::ops::Range;
use xstore_backend::{Error, Payload};

#[cfg(test)]
mod tests;

/// Bytes of a piece; the last one of a value has the rest.
const SIZE: usize = 128 << 10;
const PIECE: u64 = SIZE as u64;

/// The pieces that hold a range of a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The number of the value's first piece.
    origin: i64,
    /// The bytes of the value.
    size: u64,
    range: Range<u64>,
    /// The number of the first piece of the range.
    pub(super) first: i64,
    /// The number of the last one.
    pub(super) last: i64,
    /// Bytes of the range.
    pub(super) len: usize,
}

impl Span {
    /// None where the range is empty. It must lie inside the value.
    pub(super) fn of(origin: i64, size: u64, range: Range<u64>) -> Result<Option<Self>, Error> {
        debug_assert!(range.end <= size, "the range lies inside the value");
        if range.is_empty() {
            return Ok(None);
        }
        let number = |at: u64| i64::try_from(at / PIECE).ok().and_then(|piece| origin.checked_add(piece));
        let len = usize::try_from(range.end - range.start).ok();
        match (number(range.start), number(range.end - 1), len) {
            (Some(first), Some(last), Some(len)) => Ok(Some(Self { origin, size, range, first, last, len })),
            _ => Err(damaged("a value has impossible numbers of pieces")),
        }
    }

    /// What of the piece with this number lies in the range; none where the piece hasn't the length that it must
    /// have.
    pub(super) fn part_of<'a>(&self, id: i64, piece: &'a [u8]) -> Option<&'a [u8]> {
        let begin = u64::try_from(id.checked_sub(self.origin)?).ok()?.checked_mul(PIECE)?;
        let end = begin.checked_add(PIECE)?.min(self.size);
        if begin.checked_add(piece.len() as u64)? != end {
            return None;
        }
        let at = |place: u64| usize::try_from(place.clamp(begin, end) - begin).ok();
        piece.get(at(self.range.start)?..at(self.range.end)?)
    }
}

/// Gives the pieces of a value one after the other; copies only those that lie in several chunks.
pub(super) fn pieces_of(
    data: &Payload,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut begun: Vec<u8> = Vec::new();
    for mut chunk in data.chunks().iter().map(AsRef::<[u8]>::as_ref) {
        if !begun.is_empty() {
            let (now, rest) = chunk.split_at(chunk.len().min(SIZE - begun.len()));
            begun.extend_from_slice(now);
            chunk = rest;
            if begun.len() < SIZE {
                continue;
            }
            take(&begun)?;
            begun.clear();
        }
        let mut whole = chunk.chunks_exact(SIZE);
        for piece in &mut whole {
            take(piece)?;
        }
        begun.extend_from_slice(whole.remainder());
    }
    if begun.is_empty() { Ok(()) } else { take(&begun) }
}
