//! Lengths and places: everything that follows from k, n, p, S, t and a part's padded length by arithmetic.

use crate::error::LayoutError;
use crate::header::HEADER_LEN;
use xorida_core::Scheme;

/// Bytes of one tag.
pub const TAG_LEN: usize = 32;
/// The largest segment, in payload bytes.
pub const MAX_SEGMENT: u32 = 4 << 20;
/// The largest trailer secret, in bytes.
pub const MAX_TRAILER: u32 = 128 << 10;
/// The largest part, in payload bytes.
pub const MAX_PART: u32 = 64 << 20;

/// Fixed fields of the trailer (104 bytes) and its payload tag (32).
pub(crate) const TRAILER_MIN: usize = 136;
/// Trailers grow in steps of this size, so that the length of a name doesn't show.
const TRAILER_STEP: usize = 512;
/// Segments of about this size keep a batch of a few shares in the second-level cache.
const DEFAULT_SEGMENT: usize = 64 << 10;
/// Pieces whose length is a multiple of a cache line keep vector loads from straddling two.
const CACHE_LINE: usize = 64;

/// What a segment holds. The number is part of what tags and digests cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Payload, but not the end of it.
    Data = 0,
    /// The last payload, with the padding.
    LastData = 1,
    /// The trailer.
    Trailer = 2,
    /// The share end; not a segment, but its tag is told apart in the same way.
    End = 3,
}

/// The layout of a part's shares: scheme, segment length S and trailer length t.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    scheme: Scheme,
    segment: u32,
    trailer: u32,
}

impl Layout {
    /// Checks S (`segment`) and t (`trailer`), both in bytes.
    ///
    /// # Errors
    /// [`LayoutError::Segment`] or [`LayoutError::Trailer`] where a length is out of bounds or not a multiple of p - 1.
    pub fn new(scheme: Scheme, segment: u32, trailer: u32) -> Result<Self, LayoutError> {
        let multiple = u32::from(scheme.p()) - 1;
        if segment == 0 || segment > MAX_SEGMENT || !segment.is_multiple_of(multiple) {
            return Err(LayoutError::Segment { segment, multiple, max: MAX_SEGMENT });
        }
        let min = to_u32(digest_field(scheme) + TRAILER_MIN);
        if trailer < min || trailer > MAX_TRAILER || !trailer.is_multiple_of(multiple) {
            return Err(LayoutError::Trailer { trailer, multiple, min, max: MAX_TRAILER });
        }
        Ok(Self { scheme, segment, trailer })
    }

    /// The segment length that this writer chooses: at most 64 KiB, with pieces that fill whole cache lines.
    #[must_use]
    pub fn default_segment(scheme: Scheme) -> u32 {
        let step = scheme.blocks() * CACHE_LINE;
        let d = digest_field(scheme);
        to_u32((DEFAULT_SEGMENT + d) / step * step - d)
    }

    /// The trailer length that this writer chooses for a name and metadata of these lengths in bytes. It grows in
    /// steps of 512 bytes: the length of a name must not show in what the backends hold. For lengths beyond their
    /// limits it is one that [`new`](Self::new) refuses.
    #[must_use]
    pub fn default_trailer(scheme: Scheme, name: usize, metadata: usize) -> u32 {
        // More than any trailer holds, and far from overflow.
        let own = name.saturating_add(metadata).min(MAX_TRAILER as usize);
        let content = (TRAILER_MIN + own).next_multiple_of(TRAILER_STEP);
        to_u32(content.next_multiple_of(scheme.blocks()) + digest_field(scheme))
    }

    /// The scheme: k, n and p.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// S: payload bytes of a full segment.
    #[must_use]
    pub const fn segment(&self) -> u32 {
        self.segment
    }

    /// t: bytes of the trailer's secret, its digest field included.
    #[must_use]
    pub const fn trailer(&self) -> u32 {
        self.trailer
    }

    /// d: bytes of the digest field in each segment's secret.
    #[must_use]
    pub fn digest_field(&self) -> usize {
        digest_field(self.scheme)
    }

    /// Bytes of the trailer's plaintext: t - d.
    #[must_use]
    pub fn trailer_plaintext(&self) -> usize {
        self.trailer as usize - self.digest_field()
    }

    /// Bytes that a full data segment takes in a share: body and tag.
    #[must_use]
    pub fn stored_segment(&self) -> usize {
        self.segment as usize + self.digest_field() + TAG_LEN
    }

    /// Bytes that the trailer segment takes in a share: body and tag.
    #[must_use]
    pub const fn stored_trailer(&self) -> usize {
        self.trailer as usize + TAG_LEN
    }

    /// The padded length of `payload` bytes: the least multiple of p - 1 that is greater, or `u64::MAX` where that
    /// would not fit.
    #[must_use]
    pub fn padded(&self, payload: u64) -> u64 {
        let multiple = self.scheme.blocks() as u64;
        (payload / multiple + 1).saturating_mul(multiple)
    }

    /// The shape of a part with this padded length.
    ///
    /// # Errors
    /// [`LayoutError::Padded`] where no part of at most [`MAX_PART`] payload bytes has that padded length.
    pub fn part(&self, padded: u64) -> Result<PartShape, LayoutError> {
        let multiple = self.scheme.blocks() as u64;
        let max = self.padded(u64::from(MAX_PART));
        if padded == 0 || padded > max || !padded.is_multiple_of(multiple) {
            return Err(LayoutError::Padded { padded, multiple, max });
        }
        Ok(PartShape { layout: *self, padded })
    }

    /// The shape of the part whose shares have this length: M and q follow from the length alone.
    ///
    /// # Errors
    /// [`LayoutError::ShareLength`] where no part has such shares.
    pub fn part_of_share(&self, length: u64) -> Result<PartShape, LayoutError> {
        let error = LayoutError::ShareLength { length };
        let fixed = (HEADER_LEN + self.stored_trailer() + TAG_LEN) as u64;
        let data = length.checked_sub(fixed).filter(|&data| data > 0).ok_or(error)?;
        let full = self.stored_segment() as u64;
        let segments = data.div_ceil(full);
        let padded = data.checked_sub(segments * (full - u64::from(self.segment))).ok_or(error)?;
        let shape = self.part(padded).map_err(|_| error)?;
        if shape.share_len() == length { Ok(shape) } else { Err(error) }
    }
}

/// d = (p-1) * ceil(32 / (p-1)).
pub(crate) fn digest_field(scheme: Scheme) -> usize {
    32_usize.next_multiple_of(scheme.blocks())
}

/// A layout together with a part's padded length B: where everything of a share stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartShape {
    layout: Layout,
    padded: u64,
}

/// Where one segment stands in a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Offset of the body from the share's beginning, in bytes.
    pub offset: u64,
    /// Bytes of the body; the tag follows.
    pub body: usize,
    /// What the segment holds.
    pub kind: Kind,
}

impl Place {
    /// Bytes of body and tag.
    #[must_use]
    pub const fn stored(&self) -> usize {
        self.body + TAG_LEN
    }
}

impl PartShape {
    /// The layout.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// B: the part's padded length in bytes.
    #[must_use]
    pub const fn padded(&self) -> u64 {
        self.padded
    }

    /// M: the number of data segments, at least 1. The trailer's segment number.
    #[must_use]
    pub fn data_segments(&self) -> u64 {
        self.padded.div_ceil(u64::from(self.layout.segment))
    }

    /// q: payload bytes of the last data segment.
    #[must_use]
    pub fn last_field(&self) -> usize {
        to_usize(self.padded - (self.data_segments() - 1) * u64::from(self.layout.segment))
    }

    /// Bytes of one share of this part.
    #[must_use]
    pub fn share_len(&self) -> u64 {
        let trailer = self.place(self.data_segments());
        trailer.map_or(0, |place| place.offset + place.stored() as u64 + TAG_LEN as u64)
    }

    /// Where segment `m` stands; the trailer is segment M. None beyond it.
    #[must_use]
    pub fn place(&self, m: u64) -> Option<Place> {
        let d = self.layout.digest_field();
        let last = self.data_segments() - 1;
        let before = HEADER_LEN as u64 + m.min(last) * self.layout.stored_segment() as u64;
        if m < last {
            Some(Place { offset: before, body: self.layout.segment as usize + d, kind: Kind::Data })
        } else if m == last {
            Some(Place { offset: before, body: self.last_field() + d, kind: Kind::LastData })
        } else if m == last + 1 {
            let offset = before + (self.last_field() + d + TAG_LEN) as u64;
            Some(Place { offset, body: self.layout.trailer as usize, kind: Kind::Trailer })
        } else {
            None
        }
    }

    /// The bytes that data segments `first .. first + count` take in a share; None where one of them isn't a data
    /// segment.
    #[must_use]
    pub fn stored_run(&self, first: u64, count: u64) -> Option<usize> {
        let end = first.checked_add(count).filter(|&end| end <= self.data_segments())?;
        let tail = if end == self.data_segments() && count > 0 {
            self.layout.segment as usize - self.last_field()
        } else {
            0
        };
        Some(usize::try_from(count).ok()?.checked_mul(self.layout.stored_segment())? - tail)
    }

    /// The padded payload bytes in data segments `first .. first + count`; None where one isn't a data segment.
    #[must_use]
    pub fn payload_run(&self, first: u64, count: u64) -> Option<usize> {
        let overhead = self.layout.digest_field() + TAG_LEN;
        self.stored_run(first, count).map(|stored| stored - to_usize(count) * overhead)
    }
}

/// For lengths within the limits of a layout, the largest of which is far below 4 GiB.
#[expect(clippy::cast_possible_truncation, reason = "the limits of a layout are checked where it is made")]
pub(crate) const fn to_u32(length: usize) -> u32 {
    length as u32
}

/// For lengths and counts within a part, which has at most [`MAX_PART`] bytes and some padding.
#[expect(clippy::cast_possible_truncation, reason = "a part fits into the memory of a 32-bit machine")]
pub(crate) const fn to_usize(length: u64) -> usize {
    length as usize
}
