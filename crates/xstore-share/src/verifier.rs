//! The reader's side of one share's keys.

use crate::decoder::ExpectedPart;
use crate::error::ShareFault;
use crate::header::{BOUND, HEADER_LEN, Header, bound_fields};
use crate::layout::{PartShape, Place, TAG_LEN};
use crate::opening::{Range, for_each_group};
use crate::seal::{EndMac, mask, share_key, share_prk};
use core::fmt;
use subtle::ConstantTimeEq;
use xorida_core::ShareIndex;
use xstore_keys::{KeyId, KeyRing, MacKey, RingError, Tag};

/// What an authenticated manifest says of one share.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExpectedShare {
    /// Which share.
    pub index: ShareIndex,
    /// The integrity key that it was made with.
    pub key_id: KeyId,
    /// Its share end.
    pub hmac: [u8; 32],
}

impl fmt::Debug for ExpectedShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpectedShare")
            .field("index", &self.index)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// One share whose header is authentic and is the one that the manifest implies: verifies its segments.
pub struct ShareVerifier {
    index: ShareIndex,
    shape: PartShape,
    sharing: [u8; 16],
    key: MacKey,
    pinned: [u8; 32],
    /// The tags that the pinned share end covers, once they are known.
    admitted: Option<Vec<[u8; 32]>>,
}

impl ShareVerifier {
    /// Checks a share's length and header against what the manifest implies, then its header tag, then that it
    /// belongs to the sharing `sharing`. No cost beyond these 128 bytes is paid on the share's word.
    ///
    /// # Errors
    /// The [`ShareFault`] that makes this share useless.
    pub fn open(
        shape: PartShape,
        sharing: &[u8; 16],
        expected: &ExpectedShare,
        ring: &KeyRing,
        length: u64,
        header: &[u8; HEADER_LEN],
    ) -> Result<Self, ShareFault> {
        let keys = ring.verifying(&expected.key_id).map_err(|error| match error {
            RingError::RevokedKey { .. } => ShareFault::RevokedKey(expected.key_id),
            _ => ShareFault::UnknownKey(expected.key_id),
        })?;
        if length != shape.share_len() {
            return Err(ShareFault::Length { expected: shape.share_len(), actual: length });
        }
        let read = Header::parse(header)?;
        read.expect(shape.layout(), expected.index.get(), expected.key_id)?;

        let prk = share_prk(&read.salt, keys);
        let bound: [u8; BOUND] =
            bound_fields(shape.layout(), expected.index.get(), expected.key_id, &read.masked);
        let (key, tag) = share_key(&prk, &bound);
        if !bool::from(tag.ct_eq(&read.tag)) {
            return Err(ShareFault::HeaderTag);
        }
        if !bool::from(mask(&prk, &read.masked).ct_eq(sharing)) {
            return Err(ShareFault::Sharing);
        }
        Ok(Self {
            index: expected.index,
            shape,
            sharing: *sharing,
            key,
            pinned: expected.hmac,
            admitted: None,
        })
    }

    /// Which share this is.
    #[must_use]
    pub const fn index(&self) -> ShareIndex {
        self.index
    }

    /// The shape of the part.
    #[must_use]
    pub const fn shape(&self) -> &PartShape {
        &self.shape
    }

    /// Admits the share's segment tags (all of them, in order, the trailer's too) and its end: from here on, only
    /// the bytes that the manifest pins verify. Required for a full read and for rebuilding.
    ///
    /// # Errors
    /// [`ShareFault::End`] where the end isn't that of these tags, [`ShareFault::NotPinned`] where it is, but isn't
    /// the manifest's.
    pub fn admit(&mut self, tags: Vec<[u8; 32]>, end: &[u8; 32]) -> Result<(), ShareFault> {
        let mut mac = EndMac::new(&self.key);
        for tag in &tags {
            mac.absorb(tag);
        }
        let computed = mac.finish();
        if tags.len() as u64 != self.shape.data_segments() + 1 || !computed.matches(end) {
            return Err(ShareFault::End);
        }
        if !computed.matches(&self.pinned) {
            return Err(ShareFault::NotPinned);
        }
        self.admitted = Some(tags);
        Ok(())
    }

    /// Whether [`admit`](Self::admit) succeeded.
    #[must_use]
    pub const fn is_admitted(&self) -> bool {
        self.admitted.is_some()
    }

    /// Checks every segment of the share, the trailer's too, without combining anything. `share` is all of it, as it
    /// was [opened](Self::open) and [admitted](Self::admit).
    ///
    /// # Errors
    /// [`ShareFault::Length`] where it is shorter or longer, else the first [`ShareFault::Segment`] that fails.
    pub fn check(&self, share: &[u8]) -> Result<(), ShareFault> {
        self.bad_segments(share)?.first().map_or(Ok(()), |m| Err(ShareFault::Segment(*m)))
    }

    /// As [`check`](Self::check), and lists the numbers of all segments that fail, in order; the trailer's is that of
    /// data segments.
    ///
    /// # Errors
    /// [`ShareFault::Length`] where it is shorter or longer.
    pub fn bad_segments(&self, share: &[u8]) -> Result<Vec<u64>, ShareFault> {
        let wrong = || ShareFault::Length { expected: self.shape.share_len(), actual: share.len() as u64 };
        if share.len() as u64 != self.shape.share_len() {
            return Err(wrong());
        }
        let range = Range::new(&self.shape, 0, self.shape.data_segments() + 1).map_err(|_| wrong())?;
        let part = ExpectedPart { shape: self.shape, sharing: self.sharing };
        let run = SegmentRun { share: self, bytes: &share[HEADER_LEN..share.len() - TAG_LEN] };
        let mut faults = Vec::new();
        for_each_group(&range, &part, &[run], &mut faults, |_| Ok(())).map_err(|_| wrong())?;
        let segments = faults.iter().filter_map(|found| match found.fault {
            ShareFault::Segment(m) => Some(m),
            _ => None,
        });
        Ok(segments.collect())
    }

    pub(crate) const fn sharing(&self) -> &[u8; 16] {
        &self.sharing
    }

    pub(crate) fn key(&self) -> &MacKey {
        &self.key
    }

    /// Whether `computed` is the tag that stands in the share, and the one that was admitted.
    pub(crate) fn accepts(&self, m: u64, computed: &Tag, stored: &[u8]) -> bool {
        let admitted = match &self.admitted {
            Some(tags) => {
                usize::try_from(m).ok().and_then(|m| tags.get(m)).is_some_and(|tag| computed.matches(tag))
            }
            None => true,
        };
        let stored: Option<&[u8; TAG_LEN]> = stored.try_into().ok();
        admitted & stored.is_some_and(|stored| computed.matches(stored))
    }
}

impl fmt::Debug for ShareVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShareVerifier")
            .field("index", &self.index)
            .field("admitted", &self.is_admitted())
            .finish_non_exhaustive()
    }
}

/// Bytes of consecutive segments of one share, as they stand in it: body, tag, body, tag, ...
#[derive(Clone, Copy)]
pub struct SegmentRun<'a> {
    /// The share that they are from.
    pub share: &'a ShareVerifier,
    /// The bytes; their length follows from the segments that they hold.
    pub bytes: &'a [u8],
}

impl<'a> SegmentRun<'a> {
    /// Body and tag of the segment at `place`, where the run begins at share offset `base`.
    pub(crate) fn segment(&self, base: u64, place: Place) -> Option<(&'a [u8], &'a [u8])> {
        let start = usize::try_from(place.offset.checked_sub(base)?).ok()?;
        let stored = self.bytes.get(start..start.checked_add(place.stored())?)?;
        Some(stored.split_at(place.body))
    }
}

impl fmt::Debug for SegmentRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentRun").field("share", &self.share).field("bytes", &self.bytes.len()).finish()
    }
}
