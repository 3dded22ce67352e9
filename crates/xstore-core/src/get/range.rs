//! A range of an object: header, trailer and the segments that hold it, of k shares.
//!
//! Each segment is verified by its tags and its digest, and the part by its trailer. The payload tag needs the whole
//! part and isn't checked; what a holder of the key could forge by it is what `docs/threat-model.md` says.

use crate::error::Result;
use crate::event::Reporter;
use crate::get::Object;
use crate::get::fetch::{Context, Fetch, Fetched, Gather, Pieces, Refusal, candidates};
use crate::get::part::{begin, segment_run};
use crate::member::Seat;
use crate::store::Inner;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use std::ops::Range;
use std::sync::Arc;
use xstore_backend::{Error as BackendError, ErrorKind, Key, Operation};
use xstore_manifest::Manifest;
use xstore_share::{
    DecodeError, DecodeScratch, ExpectedShare, HEADER_LEN, SegmentRun, ShareFault, ShareVerifier, TAG_LEN,
};
use zeroize::Zeroizing;

/// Parts that are asked at once for a range that reaches over several.
const AT_ONCE: usize = 2;

/// Reads a range; shorter where the object ends in it.
pub(crate) async fn read(
    inner: &Arc<Inner>,
    manifest: &Manifest,
    name: Option<&str>,
    reporter: &Reporter,
    range: Range<u64>,
) -> Result<Vec<u8>> {
    let object = Object::open(inner, manifest, name)?;
    let part_size = u64::from(object.body().part);
    // The manifest's length is rounded up; the trailers know the exact one.
    let end = range.end.min(manifest.length());
    if range.start >= end {
        return Ok(Vec::new());
    }
    // Not (end - 1) / part_size alone: the last part's padding may reach over that.
    let last = ((end - 1) / part_size).min(object.body().parts.len() as u64 - 1);
    let parts = range.start / part_size..=last;
    let wanted = parts.filter_map(|number| {
        let begin = number * part_size;
        let within = range.start.saturating_sub(begin)..(end - begin).min(part_size);
        Some((u32::try_from(number).ok()?, within))
    });
    let wanted: Vec<(u32, Range<u64>)> = wanted.collect();
    let object = &object;
    let mut pieces =
        stream::iter(wanted)
            .map(|(number, within)| async move {
                one(Context::new(inner, object, number, reporter)?, within).await
            })
            .buffered(AT_ONCE);
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        crate::get::Sink::take(&mut all, &piece).await?;
        reporter.advance(piece.len() as u64);
    }
    Ok(all)
}

/// The bytes `within` of a part.
async fn one(context: Context<'_>, within: Range<u64>) -> Result<Zeroizing<Vec<u8>>> {
    let shape = context.shape;
    let segment = u64::from(shape.layout().segment());
    let first = (within.start / segment).min(shape.data_segments() - 1);
    let last = ((within.end - 1) / segment).min(shape.data_segments() - 1);
    let how = SomeSegments { first, count: last - first + 1, bytes: 0 }.sized(&context);
    let (candidates, attempts) = candidates(&context, how.bytes);
    let mut gather = Gather::new(&context, &how, &candidates, attempts);
    let mut decoder = None;
    loop {
        gather.enough().await?;
        let shares = gather.fetched.clone();
        if decoder.is_none() {
            let begun = begin(&context, &shares);
            gather.note(&begun.faults);
            match begun.result {
                Ok(begun) => decoder = Some(begun),
                Err(DecodeError::TooFewShares { .. }) => {
                    gather.want_more();
                    continue;
                }
                Err(error) => return Err(context.decoding(error)),
            }
        }
        let Some(decoder) = &decoder else { continue };
        decoder.trailer().fits(context.object.body().part).map_err(|error| context.decoding(error))?;
        let len = shape.payload_run(how.first, how.count).unwrap_or(0);
        let mut out = Zeroizing::new(vec![0; len]);
        let runs: Vec<SegmentRun<'_>> =
            shares.iter().map(|share| segment_run(&shape, share, how.first, how.first, how.count)).collect();
        let outcome = decoder.open(how.first, how.count, &runs, &mut DecodeScratch::new(), &mut out);
        gather.note(&outcome.faults);
        match outcome.result {
            Ok(opened) => {
                gather.done();
                let payload = decoder.release(opened).map_err(|error| context.decoding(error))?;
                let base = how.first * segment;
                let at = |place: u64| usize::try_from(place - base).unwrap_or(usize::MAX).min(payload.len());
                return Ok(Zeroizing::new(payload[at(within.start)..at(within.end)].to_vec()));
            }
            Err(DecodeError::TooFewShares { .. }) => gather.want_more(),
            Err(error) => return Err(context.decoding(error)),
        }
    }
}

/// Some data segments, the header and the trailer.
struct SomeSegments {
    first: u64,
    count: u64,
    bytes: u64,
}

impl SomeSegments {
    fn sized(mut self, context: &Context<'_>) -> Self {
        let shape = &context.shape;
        let segments = shape.stored_run(self.first, self.count).unwrap_or(0);
        self.bytes = (HEADER_LEN + segments + shape.layout().stored_trailer()) as u64;
        self
    }
}

impl Fetch for SomeSegments {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn fetch<'s>(
        &'s self,
        context: &'s Context<'_>,
        seat: &'s Seat,
        key: &'s Key,
        expected: &'s ExpectedShare,
    ) -> BoxFuture<'s, Result<Fetched, Refusal>> {
        async move {
            let shape = context.shape;
            let length = shape.share_len();
            // Where ranges cost the whole value anyway, or are most of it, one request is better than three.
            if !seat.capability.range || self.bytes * 2 >= length {
                let value = seat.backend.get(key, usize::try_from(length).unwrap_or(usize::MAX)).await?;
                let verifier = super::part::open_whole(context, expected, &value)?;
                return Ok(Fetched { verifier, bytes: Pieces::Whole(value) });
            }
            let place = |m: u64| shape.place(m).map_or(0, |place| place.offset);
            let start = place(self.first);
            let stored = shape.stored_run(self.first, self.count).unwrap_or(0) as u64;
            let trailer_at = place(shape.data_segments());
            let (header, segments, trailer) = tokio::try_join!(
                seat.backend.get_range(key, 0..HEADER_LEN as u64),
                seat.backend.get_range(key, start..start + stored),
                seat.backend.get_range(key, trailer_at..length - TAG_LEN as u64),
            )?;
            // More than was asked for would be held against the memory bound.
            let expected_len = |bytes: &[u8], len: u64| bytes.len() as u64 == len;
            if !expected_len(&segments, stored)
                || !expected_len(&trailer, length - TAG_LEN as u64 - trailer_at)
            {
                let actual = header.len() as u64 + segments.len() as u64 + trailer.len() as u64;
                return Err(ShareFault::Length { expected: self.bytes, actual }.into());
            }
            let header: &[u8; HEADER_LEN] = header.first_chunk().ok_or_else(|| {
                BackendError::new(ErrorKind::Other, "the value is shorter than a header").at(
                    &seat.id,
                    Operation::Get,
                    Some(key),
                )
            })?;
            let sharing = context.part.sharing.to_bytes();
            let verifier =
                ShareVerifier::open(shape, &sharing, expected, &context.inner.ring, length, header)?;
            Ok(Fetched { verifier, bytes: Pieces::Range { segments, trailer } })
        }
        .boxed()
    }
}
