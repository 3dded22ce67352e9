//! One part, whole: k shares fetched, all their tags admitted, segments combined and digested.

use crate::error::Result;
use crate::get::fetch::{Context, Fetch, Fetched, Gather, Pieces, Refusal, candidates};
use crate::member::Seat;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::num::NonZero;
use std::sync::Arc;
use xstore_backend::buffers::{Buffers, Loan};
use xstore_backend::{Bytes, Key};
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, ExpectedShare, FinishedPart, HEADER_LEN, Opened, Outcome, PartShape,
    RunFault, SegmentRun, ShareFault, ShareVerifier, TAG_LEN,
};

/// More threads than this gain nothing on one part.
const MAX_THREADS: usize = 16;
/// Segments that are worth a thread of their own.
const WORTH_A_THREAD: u64 = 8;
/// Parts with less payload are opened at once: handing them to another thread would take longer.
pub(crate) const OPEN_AT_ONCE: u64 = 64 << 10;

/// A part that is verified, but for what only the whole object can tell.
pub(crate) struct WholePart {
    pub(crate) number: u32,
    pub(crate) finished: FinishedPart,
    bytes: Loan,
    length: usize,
}

impl WholePart {
    /// The payload.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes.as_ref()[..self.length]
    }

    /// Reads and verifies a part.
    pub(crate) async fn read(context: Context<'_>) -> Result<Self> {
        let how = WholeShare { length: context.shape.share_len() };
        let (candidates, attempts) = candidates(&context, how.length);
        let mut gather = Gather::new(&context, &how, &candidates, attempts);
        let mut work: Option<Opening> = None;
        loop {
            gather.enough().await?;
            let shares = gather.fetched.clone();
            let opening = match work.take() {
                Some(opening) => opening,
                None => {
                    let begun = begin(&context, &shares);
                    gather.note(&begun.faults);
                    match begun.result {
                        Ok(decoder) => Opening::new(decoder, &context.inner.buffers),
                        Err(DecodeError::TooFewShares { .. }) => {
                            gather.want_more();
                            continue;
                        }
                        Err(error) => return Err(context.decoding(error)),
                    }
                }
            };
            opening
                .decoder
                .trailer()
                .fits(context.object.body().part)
                .map_err(|error| context.decoding(error))?;
            let shape = context.shape;
            let step = move || Ok(opening.step(&shape, &shares));
            let small = context.shape.padded() <= OPEN_AT_ONCE;
            let (opening, faults, error) = if small { step()? } else { crate::compute::run(step).await? };
            gather.note(&faults);
            match error {
                None => {
                    gather.done();
                    return Self::finish(&context, opening);
                }
                Some(DecodeError::TooFewShares { .. }) => {
                    gather.want_more();
                    work = Some(opening);
                }
                Some(error) => return Err(context.decoding(error)),
            }
        }
    }

    fn finish(context: &Context<'_>, opening: Opening) -> Result<Self> {
        let length = usize::try_from(opening.decoder.trailer().length).unwrap_or(usize::MAX);
        let finished = opening.decoder.finish().map_err(|error| context.decoding(error))?;
        let bytes = opening.bytes;
        if length > bytes.as_ref().len() {
            return Err(context.decoding(DecodeError::Padding));
        }
        Ok(Self { number: context.number, finished, bytes, length })
    }
}

/// A whole share in one request.
struct WholeShare {
    length: u64,
}

impl Fetch for WholeShare {
    fn bytes(&self) -> u64 {
        self.length
    }

    fn fetch<'s>(
        &'s self,
        context: &'s Context<'_>,
        seat: &'s Seat,
        key: &'s Key,
        expected: &'s ExpectedShare,
    ) -> BoxFuture<'s, Result<Fetched, Refusal>> {
        async move {
            let max = usize::try_from(self.length).unwrap_or(usize::MAX);
            let value = seat.backend.get(key, max).await?;
            let verifier = open_whole(context, expected, &value)?;
            Ok(Fetched { verifier, bytes: Pieces::Whole(value) })
        }
        .boxed()
    }
}

/// Opens a whole share: header, then all tags against the share end that the manifest pins.
pub(crate) fn open_whole(
    context: &Context<'_>,
    expected: &ExpectedShare,
    value: &Bytes,
) -> Result<ShareVerifier, ShareFault> {
    let shape = context.shape;
    let length = value.len() as u64;
    let wrong_length = ShareFault::Length { expected: shape.share_len(), actual: length };
    let header: &[u8; HEADER_LEN] = value.first_chunk().ok_or(wrong_length)?;
    let sharing = context.part.sharing.to_bytes();
    let mut verifier = ShareVerifier::open(shape, &sharing, expected, &context.inner.ring, length, header)?;
    let tag_at = |at: u64| -> Option<[u8; TAG_LEN]> {
        let at = usize::try_from(at).ok()?;
        value.get(at..at.checked_add(TAG_LEN)?)?.try_into().ok()
    };
    let places = (0..=shape.data_segments()).filter_map(|m| shape.place(m));
    let tags: Option<Vec<[u8; TAG_LEN]>> =
        places.map(|place| tag_at(place.offset + place.body as u64)).collect();
    let end = length.checked_sub(TAG_LEN as u64).and_then(tag_at);
    match (tags, end) {
        (Some(tags), Some(end)) => verifier.admit(tags, &end)?,
        _ => return Err(ShareFault::End),
    }
    Ok(verifier)
}

/// Opens the trailer.
pub(crate) fn begin(context: &Context<'_>, shares: &[Arc<Fetched>]) -> Outcome<Decoder> {
    let runs: Vec<SegmentRun<'_>> = shares.iter().map(|share| trailer_run(&context.shape, share)).collect();
    let plans = Arc::clone(&context.object.plans);
    let ring = &context.inner.ring;
    Decoder::begin(context.expected(), &context.identity(), ring, plans, &runs, &mut DecodeScratch::new())
}

fn trailer_run<'s>(shape: &PartShape, share: &'s Fetched) -> SegmentRun<'s> {
    let bytes: &[u8] = match &share.bytes {
        Pieces::Whole(value) => {
            let end = value.len().saturating_sub(TAG_LEN);
            let begin = end.saturating_sub(shape.layout().stored_trailer());
            &value[begin..end]
        }
        Pieces::Range { trailer, .. } => trailer,
    };
    SegmentRun { share: &share.verifier, bytes }
}

/// Segments `first .. first + count` out of bytes that begin at share offset `base`; empty where they don't hold
/// them.
fn stored<'v>(shape: &PartShape, value: &'v [u8], base: u64, first: u64, count: u64) -> &'v [u8] {
    let bounds = || {
        let start = usize::try_from(shape.place(first)?.offset.checked_sub(base)?).ok()?;
        Some(start..start.checked_add(shape.stored_run(first, count)?)?)
    };
    bounds().and_then(|bounds| value.get(bounds)).unwrap_or_default()
}

/// Segments `first .. first + count` of a share.
pub(crate) fn segment_run<'s>(
    shape: &PartShape,
    share: &'s Fetched,
    from: u64,
    first: u64,
    count: u64,
) -> SegmentRun<'s> {
    let bytes = match &share.bytes {
        Pieces::Whole(value) => stored(shape, value, 0, first, count),
        Pieces::Range { segments, .. } => {
            let base = shape.place(from).map_or(0, |place| place.offset);
            stored(shape, segments, base, first, count)
        }
    };
    SegmentRun { share: &share.verifier, bytes }
}

/// A part whose segments are being opened, in order.
struct Opening {
    decoder: Decoder,
    bytes: Loan,
    /// The first segment that isn't open yet, and where its payload goes.
    next: u64,
    filled: usize,
}

impl Opening {
    fn new(decoder: Decoder, buffers: &Buffers) -> Self {
        let shape = *decoder.shape();
        let len = shape.payload_run(0, shape.data_segments()).unwrap_or(0);
        Self { decoder, bytes: buffers.take_secret(len), next: 0, filled: 0 }
    }

    /// Opens what isn't open yet, on all threads, as far as these shares suffice.
    fn step(
        mut self,
        shape: &PartShape,
        shares: &[Arc<Fetched>],
    ) -> (Self, Vec<RunFault>, Option<DecodeError>) {
        let left = shape.data_segments() - self.next;
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS) as u64;
        let each = left.div_ceil(threads).max(WORTH_A_THREAD);
        let mut rest = &mut self.bytes.bytes_mut()[self.filled..];
        let mut tasks = Vec::new();
        let mut from = self.next;
        while from < shape.data_segments() {
            let count = each.min(shape.data_segments() - from);
            let (out, after) = rest.split_at_mut(shape.payload_run(from, count).unwrap_or(0));
            rest = after;
            tasks.push((from, count, out));
            from += count;
        }
        let decoder = &self.decoder;
        let one = |(first, count, out)| {
            let runs: Vec<SegmentRun<'_>> =
                shares.iter().map(|share| segment_run(shape, share, 0, first, count)).collect();
            (count, decoder.open(first, count, &runs, &mut DecodeScratch::new(), out))
        };
        let outcomes: Vec<(u64, Outcome<Opened<'_>>)> = std::thread::scope(|scope| {
            let mut tasks = tasks.into_iter();
            let first = tasks.next();
            let others: Vec<_> = tasks.map(|task| scope.spawn(move || one(task))).collect();
            let first = first.map(one);
            let others = others
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            first.into_iter().chain(others).collect()
        });
        let mut faults = Vec::new();
        let mut failed = None;
        for (count, outcome) in outcomes {
            faults.extend(outcome.faults);
            if failed.is_some() {
                continue;
            }
            let len = shape.payload_run(self.next, count).unwrap_or(0);
            match outcome.result.and_then(|opened| self.decoder.absorb(opened).map(|_| ())) {
                Ok(()) => {
                    self.next += count;
                    self.filled += len;
                }
                Err(error) => failed = Some(error),
            }
        }
        (self, faults, failed)
    }
}
