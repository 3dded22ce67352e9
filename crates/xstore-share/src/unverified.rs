//! Reading without keys. k shares hold the data whether or not somebody still has the integrity key; what comes out
//! is checked against damage, by the digests inside the split, but **not against forgery**.
//!
//! These are types and functions of their own, so that unverified bytes are never mistaken for verified ones.

use crate::batch::resize;
use crate::decoder::padding;
use crate::digest::digest_fields;
use crate::error::DecodeError;
use crate::header::{HEADER_LEN, Header, array};
use crate::layout::{Layout, PartShape, Place, to_usize};
use crate::opening::subsets;
use crate::plans::Plans;
use crate::trailer::Trailer;
use core::cmp::Reverse;
use xorida_core::{Scheme, ShareIndex, Threshold};
use zeroize::Zeroizing;

/// Combinations of shares that are tried for one segment.
const MAX_SUBSETS: usize = 1000;
/// Choices of shares that are looked at to find them: those with one index twice combine to nothing.
const MAX_CHOICES: usize = 1_000_000;

/// Why nothing could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnverifiedError {
    /// Fewer values than the threshold look like shares of one layout and length, or fewer of different indexes.
    #[error("{found} shares of one layout and length were given, {needed} are needed")]
    TooFew {
        /// Different indexes among the shares that fit each other, in the largest such group.
        found: usize,
        /// The threshold that they name; 2 where none was readable.
        needed: usize,
    },
    /// No combination that was tried gives a trailer with the right digest.
    #[error("none of {tried} combinations of the shares gives a trailer with the right digest")]
    NoCombination {
        /// Combinations tried.
        tried: usize,
    },
    /// A trailer is right, but no combination gives one of its data segments.
    #[error(transparent)]
    Part(#[from] DecodeError),
}

impl UnverifiedError {
    /// The stable machine code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => "INSUFFICIENT_SHARES",
            Self::NoCombination { .. } => "RECONSTRUCTION_FAILED",
            Self::Part(error) => error.code(),
        }
    }
}

/// A part whose authenticity nobody vouches for.
pub struct UnverifiedPart {
    /// What the part says of itself. A name in it must never become a path.
    pub trailer: Trailer,
    /// The payload.
    pub payload: Zeroizing<Vec<u8>>,
}

impl core::fmt::Debug for UnverifiedPart {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UnverifiedPart").field("length", &self.payload.len()).finish_non_exhaustive()
    }
}

/// Reads one part from whole shares, without keys and without a manifest.
///
/// Values that aren't shares are passed over. What is left is grouped by layout and length, the largest group first,
/// and in a group k shares of different indexes are sought whose trailer has the right digest. Each data segment may
/// then come from any k shares, so that shares with damage in different places still do. Of several parts that were
/// mixed, one that is whole is read.
///
/// # Errors
/// [`UnverifiedError`].
pub fn open(shares: &[&[u8]]) -> Result<UnverifiedPart, UnverifiedError> {
    let mut failure = UnverifiedError::TooFew { found: 0, needed: 2 };
    for group in Group::all(shares) {
        match group.read() {
            Ok(part) => return Ok(part),
            // The most is said by a group that came furthest; the first of equals is the largest.
            Err(error) if progress(&error) > progress(&failure) => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}

fn progress(error: &UnverifiedError) -> usize {
    match error {
        UnverifiedError::TooFew { found: 0, .. } => 0,
        UnverifiedError::TooFew { .. } => 1,
        UnverifiedError::NoCombination { .. } => 2,
        UnverifiedError::Part(_) => 3,
    }
}

/// A share that has the form of one.
struct Candidate<'a> {
    index: ShareIndex,
    bytes: &'a [u8],
}

/// Shares of one layout and length.
struct Group<'a> {
    shape: PartShape,
    plans: Plans,
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Group<'a> {
    /// All groups, the largest first.
    fn all(shares: &[&'a [u8]]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for bytes in shares {
            let header = bytes.first_chunk::<HEADER_LEN>().and_then(|header| Header::parse(header).ok());
            let Some((shape, index)) = header.and_then(|header| identify(&header, bytes.len() as u64)) else {
                continue;
            };
            let candidate = Candidate { index, bytes };
            match groups.iter_mut().find(|group| group.shape == shape) {
                Some(group) => group.candidates.push(candidate),
                None => groups.push(Self {
                    shape,
                    plans: Plans::new(shape.layout().scheme()),
                    candidates: vec![candidate],
                }),
            }
        }
        groups.sort_by_key(|group| Reverse(group.candidates.len()));
        groups
    }

    fn read(&self) -> Result<UnverifiedPart, UnverifiedError> {
        let needed = usize::from(self.shape.layout().scheme().k());
        let mut indexes: Vec<ShareIndex> = self.candidates.iter().map(|candidate| candidate.index).collect();
        indexes.sort_unstable();
        indexes.dedup();
        if indexes.len() < needed {
            return Err(UnverifiedError::TooFew { found: indexes.len(), needed });
        }
        let mut tried = 0;
        let mut damaged: Option<([u8; 16], DecodeError)> = None;
        for subset in self.subsets() {
            tried += 1;
            let Some(trailer) = self.trailer(&subset) else { continue };
            // Its data were looked for among all shares already.
            if damaged.as_ref().is_some_and(|(sharing, _)| *sharing == trailer.sharing) {
                continue;
            }
            match self.payload(&trailer, subset) {
                Ok(payload) => return Ok(UnverifiedPart { trailer, payload }),
                Err(error) => damaged = damaged.or(Some((trailer.sharing, error))),
            }
        }
        Err(match damaged {
            Some((_, error)) => error.into(),
            None => UnverifiedError::NoCombination { tried },
        })
    }

    /// Choices of k candidates with different indexes, a bounded number.
    fn subsets(&self) -> impl Iterator<Item = Vec<usize>> {
        let k = usize::from(self.shape.layout().scheme().k());
        subsets(k, self.candidates.len())
            .take(MAX_CHOICES)
            .filter(|subset| self.differ(subset))
            .take(MAX_SUBSETS)
    }

    fn differ(&self, subset: &[usize]) -> bool {
        // One bit for each index: there are at most 64.
        let mut seen = 0_u64;
        subset.iter().all(|&i| {
            let bit = 1 << self.candidates[i].index.get();
            let new = seen & bit == 0;
            seen |= bit;
            new
        })
    }

    /// Combines one segment from these candidates into `secret`.
    fn combine(&self, subset: &[usize], place: Place, secret: &mut Zeroizing<Vec<u8>>) -> Option<()> {
        let start = usize::try_from(place.offset).ok()?;
        let indexes: Vec<ShareIndex> = subset.iter().map(|&i| self.candidates[i].index).collect();
        let bodies: Option<Vec<&[u8]>> =
            subset.iter().map(|&i| self.candidates[i].bytes.get(start..start + place.body)).collect();
        resize(secret, place.body);
        self.plans.combine(&indexes).ok()?.combine(&bodies?, secret).ok()
    }

    /// The trailer, where its digest (under the sharing id inside it) matches.
    fn trailer(&self, subset: &[usize]) -> Option<Trailer> {
        let m = self.shape.data_segments();
        let place = self.shape.place(m)?;
        let mut secret = Zeroizing::default();
        self.combine(subset, place, &mut secret)?;
        let sharing: [u8; 16] = array(&secret, 8);
        if !self.digest_matches(m, place, &sharing, &secret) {
            return None;
        }
        let read = Trailer::read(&secret[..self.shape.layout().trailer_plaintext()]).ok()?;
        Some(read.trailer).filter(|trailer| trailer.length < self.shape.padded())
    }

    fn digest_matches(&self, m: u64, place: Place, sharing: &[u8; 16], secret: &[u8]) -> bool {
        let (field, stored) = secret.split_at(place.body - self.shape.layout().digest_field());
        let mut digest = [[0; 32]];
        digest_fields(&[field], sharing, m, place.kind, &mut digest);
        let (digest_stored, zeros) = stored.split_at(32);
        digest_stored == digest[0] && zeros.iter().all(|&b| b == 0)
    }

    /// The payload. `good` is a choice that gave the trailer, and is tried first.
    fn payload(&self, trailer: &Trailer, mut good: Vec<usize>) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
        let d = self.shape.layout().digest_field();
        let mut payload = Zeroizing::new(Vec::with_capacity(to_usize(self.shape.padded())));
        let mut secret = Zeroizing::default();
        for m in 0..self.shape.data_segments() {
            let inconsistent = DecodeError::Inconsistent { segment: m };
            let place = self.shape.place(m).ok_or(inconsistent.clone())?;
            let mut matches = |subset: &[usize]| {
                self.combine(subset, place, &mut secret).is_some()
                    && self.digest_matches(m, place, &trailer.sharing, &secret)
            };
            if !matches(&good) {
                good = self.subsets().find(|subset| matches(subset)).ok_or(inconsistent)?;
            }
            payload.extend_from_slice(&secret[..place.body - d]);
        }
        let padding = padding(&payload, self.shape.layout().scheme().blocks()).ok_or(DecodeError::Padding)?;
        let length = to_usize(trailer.length);
        if length > payload.len() - padding {
            return Err(DecodeError::Padding);
        }
        payload.truncate(length);
        Ok(payload)
    }
}

/// The shape and the index that a header and a length imply. n isn't in the header; the largest that p allows stands
/// for it.
fn identify(header: &Header, length: u64) -> Option<(PartShape, ShareIndex)> {
    let threshold = Threshold::new(header.k, header.p.min(Threshold::MAX_SHARES)).ok()?;
    let scheme = Scheme::with_prime(threshold, header.p).ok()?;
    let layout = Layout::new(scheme, header.segment, header.trailer).ok()?;
    let index = ShareIndex::new(header.index, scheme).ok()?;
    Some((layout.part_of_share(length).ok()?, index))
}
