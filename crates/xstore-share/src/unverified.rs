//! Reading without keys. k shares hold the data whether or not somebody still has the integrity key; what comes out
//! is checked against damage, by the digests inside the split, but **not against forgery**.
//!
//! These are types and functions of their own, so that unverified bytes are never mistaken for verified ones.

use crate::batch::resize;
use crate::decoder::padding;
use crate::digest::digest_fields;
use crate::error::DecodeError;
use crate::header::{HEADER_LEN, Header, array};
use crate::layout::{Layout, PartShape, Place};
use crate::opening::next_subset;
use crate::trailer::Trailer;
use xorida_core::{CombinePlan, Scheme, ShareIndex, Threshold};
use zeroize::Zeroizing;

/// Combinations of shares that are tried.
const MAX_SUBSETS: usize = 1000;

/// Why nothing could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnverifiedError {
    /// Fewer values than the threshold look like shares of one layout and length.
    #[error("{found} shares of one layout and length were given, {needed} are needed")]
    TooFew {
        /// Fitting shares.
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
    /// The trailer is right, but a data segment isn't.
    #[error(transparent)]
    Part(#[from] DecodeError),
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

/// A share that has the form of one.
struct Candidate<'a> {
    index: u8,
    bytes: &'a [u8],
}

/// Reads one part from whole shares, without keys and without a manifest. Values that aren't shares, or of another
/// layout or length than the first that is, are passed over; all indexes of one sharing must differ.
///
/// # Errors
/// [`UnverifiedError`].
pub fn open(shares: &[&[u8]]) -> Result<UnverifiedPart, UnverifiedError> {
    let Some((shape, candidates)) = bucket(shares) else {
        return Err(UnverifiedError::TooFew { found: 0, needed: 2 });
    };
    let k = usize::from(shape.layout().scheme().k());
    if candidates.len() < k {
        return Err(UnverifiedError::TooFew { found: candidates.len(), needed: k });
    }
    let mut subset: Vec<usize> = (0..k).collect();
    for tried in 1..=MAX_SUBSETS {
        let chosen: Vec<&Candidate<'_>> = subset.iter().map(|&i| &candidates[i]).collect();
        if let Some(combination) = Combination::new(shape, &chosen)
            && let Some(trailer) = combination.trailer()
        {
            let payload = combination.payload(&trailer)?;
            return Ok(UnverifiedPart { trailer, payload });
        }
        if !next_subset(&mut subset, candidates.len()) {
            return Err(UnverifiedError::NoCombination { tried });
        }
    }
    Err(UnverifiedError::NoCombination { tried: MAX_SUBSETS })
}

/// The shares that fit the first readable one.
fn bucket<'a>(shares: &[&'a [u8]]) -> Option<(PartShape, Vec<Candidate<'a>>)> {
    let mut shape = None;
    let mut candidates = Vec::new();
    for bytes in shares {
        let Some(header) = bytes.first_chunk::<HEADER_LEN>().and_then(|header| Header::parse(header).ok())
        else {
            continue;
        };
        let Some(this) = shape_of(&header, bytes.len() as u64) else { continue };
        if *shape.get_or_insert(this) == this {
            candidates.push(Candidate { index: header.index, bytes });
        }
    }
    Some((shape?, candidates))
}

/// The shape that a header and a length imply. n isn't in the header; the largest that p allows stands for it.
fn shape_of(header: &Header, length: u64) -> Option<PartShape> {
    let threshold = Threshold::new(header.k, header.p.min(64)).ok()?;
    let scheme = Scheme::with_prime(threshold, header.p).ok()?;
    let layout = Layout::new(scheme, header.segment, header.trailer).ok()?;
    layout.part_of_share(length).ok()
}

/// k shares and the plan that combines them.
struct Combination<'a> {
    shape: PartShape,
    plan: CombinePlan,
    shares: Vec<&'a [u8]>,
}

impl<'a> Combination<'a> {
    fn new(shape: PartShape, chosen: &[&Candidate<'a>]) -> Option<Self> {
        let scheme = shape.layout().scheme();
        let indexes: Option<Vec<ShareIndex>> =
            chosen.iter().map(|candidate| ShareIndex::new(candidate.index, scheme).ok()).collect();
        let plan = CombinePlan::new(scheme, &indexes?).ok()?;
        Some(Self { shape, plan, shares: chosen.iter().map(|candidate| candidate.bytes).collect() })
    }

    /// Combines one segment into `secret`.
    fn combine(&self, place: Place, secret: &mut Zeroizing<Vec<u8>>) -> Option<()> {
        let start = usize::try_from(place.offset).ok()?;
        let bodies: Option<Vec<&[u8]>> =
            self.shares.iter().map(|share| share.get(start..start + place.body)).collect();
        resize(secret, place.body);
        self.plan.combine(&bodies?, secret).ok()
    }

    /// The trailer, where its digest (under the sharing id inside it) matches.
    fn trailer(&self) -> Option<Trailer> {
        let m = self.shape.data_segments();
        let place = self.shape.place(m)?;
        let mut secret = Zeroizing::default();
        self.combine(place, &mut secret)?;
        let field = self.shape.layout().trailer_plaintext();
        let sharing: [u8; 16] = array(&secret, 8);
        self.digest_matches(m, place, &sharing, &secret)
            .then(|| Trailer::read(&secret[..field]).ok())
            .flatten()
            .map(|read| read.trailer)
            .filter(|trailer| trailer.length < self.shape.padded())
    }

    fn digest_matches(&self, m: u64, place: Place, sharing: &[u8; 16], secret: &[u8]) -> bool {
        let (field, stored) = secret.split_at(place.body - self.shape.layout().digest_field());
        let mut digest = [[0; 32]];
        digest_fields(&[field], sharing, m, place.kind, &mut digest);
        let (digest_stored, zeros) = stored.split_at(32);
        digest_stored == digest[0] && zeros.iter().all(|&b| b == 0)
    }

    fn payload(&self, trailer: &Trailer) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
        let d = self.shape.layout().digest_field();
        let mut payload = Zeroizing::new(Vec::with_capacity(self.shape.padded() as usize));
        let mut secret = Zeroizing::default();
        for m in 0..self.shape.data_segments() {
            let inconsistent = DecodeError::Inconsistent { segment: m };
            let place = self.shape.place(m).ok_or(inconsistent.clone())?;
            self.combine(place, &mut secret).ok_or(inconsistent.clone())?;
            if !self.digest_matches(m, place, &trailer.sharing, &secret) {
                return Err(inconsistent);
            }
            payload.extend_from_slice(&secret[..place.body - d]);
        }
        let padding = padding(&payload, self.shape.layout().scheme().blocks()).ok_or(DecodeError::Padding)?;
        let length = trailer.length as usize;
        if length > payload.len() - padding {
            return Err(DecodeError::Padding);
        }
        payload.truncate(length);
        Ok(payload)
    }
}
