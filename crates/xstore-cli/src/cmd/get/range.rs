//! A range of an object, cut into pieces.

use crate::args::ByteRange;
use crate::failure::Failure;
use std::ops::Range;
use xstore::manifest::Manifest;

/// Bytes of a piece and of the shares that it is made from.
const MEMORY: u64 = 32 << 20;
/// Bytes of an object's end that are read to learn where it is.
const PROBE: u64 = 4096;

/// What is still to be read.
pub(super) struct Pieces<'m> {
    manifest: &'m Manifest,
    first: u64,
    next: u64,
    /// One behind the last.
    end: u64,
    /// Payload bytes of a part.
    part: u64,
    /// Payload bytes of a piece at most; a multiple of the segments, so that none is read twice.
    step: u64,
}

impl<'m> Pieces<'m> {
    /// Finds out what is wanted.
    ///
    /// # Errors
    /// What `read` fails with.
    pub(super) async fn begin(
        manifest: &'m Manifest,
        wanted: ByteRange,
        read: &mut impl AsyncFnMut(Range<u64>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Self, Failure> {
        let body = manifest.body();
        let segment = u64::from(body.segment).max(1);
        let step = (MEMORY / (u64::from(body.threshold.k) + 1) / segment).max(1) * segment;
        let (first, end) = match wanted {
            ByteRange::Between(first, last) => (first, last.saturating_add(1)),
            ByteRange::From(first) => (first, u64::MAX),
            ByteRange::Last(count) => {
                let end = exact_length(manifest, read).await?;
                (end.saturating_sub(count), end)
            }
        };
        // The manifest rounds the length up.
        let end = end.min(manifest.length()).max(first);
        Ok(Self { manifest, first, next: first, end, part: u64::from(body.part).max(1), step })
    }

    /// The first byte.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The next piece; None at the end.
    ///
    /// # Errors
    /// `RANGE_UNSATISFIABLE` where the range begins at or behind the object's end, unless it begins at 0: all of an
    /// empty object is nothing. Else what `read` fails with.
    pub(super) async fn next(
        &mut self,
        read: &mut impl AsyncFnMut(Range<u64>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        // No piece reaches over two parts: both would be read at once.
        let within = self.next % self.part;
        let begin = self.next - within;
        let stop = begin.saturating_add(self.part.min((within / self.step + 1) * self.step)).min(self.end);
        let piece = if self.next < stop { read(self.next..stop).await? } else { Vec::new() };
        if piece.is_empty() && self.next == self.first && self.first > 0 {
            let length = exact_length(self.manifest, read).await?;
            return Err(Failure::new(
                "RANGE_UNSATISFIABLE",
                format!("the range begins at byte {}, and the object has {length} bytes", self.first),
            )
            .help("bytes are counted from 0"));
        }
        // A piece that is shorter than what was asked for is the last one.
        if (piece.len() as u64) < stop - self.next {
            self.end = stop;
        }
        self.next = stop;
        Ok((!piece.is_empty()).then_some(piece))
    }
}

/// The payload's exact length.
async fn exact_length(
    manifest: &Manifest,
    read: &mut impl AsyncFnMut(Range<u64>) -> Result<Vec<u8>, Failure>,
) -> Result<u64, Failure> {
    let body = manifest.body();
    let last_part = u64::from(body.part) * (body.parts.len() as u64).saturating_sub(1);
    // A little of the end tells it, unless the object was filled up to a size class.
    let near_the_end = manifest.length().saturating_sub(PROBE).max(last_part);
    let tail = read(near_the_end..u64::MAX).await?;
    if !tail.is_empty() || near_the_end == last_part {
        return Ok(near_the_end + tail.len() as u64);
    }
    let tail = read(last_part..u64::MAX).await?;
    Ok(last_part + tail.len() as u64)
}
