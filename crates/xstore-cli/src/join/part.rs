//! One part: its shares found and opened, then batch by batch verified on all processors and handed to the sink.

use super::folders::Folders;
use super::shares::Shares;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::sink::Sink;
use indicatif::ProgressBar;
use std::num::NonZero;
use std::sync::Arc;
use xorida_core::Scheme;
use xstore_keys::KeyRing;
use xstore_manifest::{Body, Part};
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, ExpectedPart, Identity, ObjectCheck, Opened, Outcome, PartShape,
    Plans, SegmentRun, ShareFault,
};
use zeroize::Zeroizing;

/// Bytes of all shares of a batch that are read at once.
const BATCH_BYTES: usize = 12 << 20;
/// Payload of a batch at most.
const MAX_BATCH: usize = 4 << 20;
/// More threads than this gain nothing on one stream.
const MAX_THREADS: usize = 16;

/// A part and what surrounds it.
pub(super) struct Context<'a> {
    pub(super) body: &'a Body,
    pub(super) part: &'a Part,
    pub(super) number: u32,
    pub(super) shape: PartShape,
    pub(super) ring: &'a KeyRing,
    pub(super) plans: &'a Arc<Plans>,
}

/// Buffers and threads, kept from part to part.
pub(super) struct PartJoin {
    scheme: Scheme,
    fast: bool,
    interrupt: Interrupt,
    output: Zeroizing<Vec<u8>>,
    scratches: Vec<DecodeScratch>,
}

impl PartJoin {
    pub(super) fn new(scheme: Scheme, fast: bool, interrupt: Interrupt) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
        let scratches = (0..threads).map(|_| DecodeScratch::new()).collect();
        Self { scheme, fast, interrupt, output: Zeroizing::new(Vec::new()), scratches }
    }

    /// Joins one part into the sink.
    pub(super) fn part(
        &mut self,
        context: &Context<'_>,
        folders: &mut Folders,
        object: &mut ObjectCheck,
        sink: &mut Sink,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        self.interrupt.check()?;
        let k = usize::from(self.scheme.k());
        let mut shares = Shares::find(context, folders, if self.fast { k } else { usize::MAX })?;
        let mut decoder = loop {
            let runs = shares.read_trailer(context, folders);
            let outcome = Decoder::begin(
                ExpectedPart { shape: context.shape, sharing: context.part.sharing.to_bytes() },
                &context.identity(),
                context.ring,
                Arc::clone(context.plans),
                &runs,
                &mut self.scratches[0],
            );
            shares.note(context, folders, &outcome.faults);
            match outcome.result {
                Ok(decoder) => {
                    decoder.trailer().fits(context.body.part).map_err(|error| context.failure(error))?;
                    break decoder;
                }
                Err(DecodeError::TooFewShares { verified, .. }) => {
                    shares.another(context, folders, verified)?;
                }
                Err(error) => return Err(context.failure(error)),
            }
        };

        let segments = context.shape.data_segments();
        let segment = context.shape.layout().segment() as usize;
        let batch = (BATCH_BYTES / shares.len().max(1)).clamp(segment, MAX_BATCH.max(segment)) / segment;
        let mut first = 0;
        loop {
            self.interrupt.check()?;
            let count = (segments - first).min(batch as u64);
            let len = context.shape.payload_run(first, count).unwrap_or(0);
            if self.output.capacity() < len {
                self.output = Zeroizing::new(Vec::with_capacity(len));
            }
            self.output.resize(len, 0);
            let runs = shares.read(context, folders, first, count);
            let outcomes = open(&decoder, first, count, &runs, &mut self.scratches, &mut self.output);
            let mut opened = Vec::with_capacity(outcomes.len());
            let mut too_few = None;
            for outcome in outcomes {
                shares.note(context, folders, &outcome.faults);
                match outcome.result {
                    Ok(piece) => opened.push(piece),
                    Err(DecodeError::TooFewShares { verified, .. }) => too_few = Some(verified),
                    Err(error) => return Err(context.failure(error)),
                }
            }
            if let Some(verified) = too_few {
                shares.another(context, folders, verified)?;
                continue;
            }
            let released: Result<Vec<&[u8]>, DecodeError> =
                opened.into_iter().map(|piece| decoder.absorb(piece)).collect();
            let released = released.map_err(|error| context.failure(error))?;
            first += count;
            if first == segments {
                // The whole object's check comes before its last bytes leave.
                let finished = decoder.finish().map_err(|error| context.failure(error))?;
                object.add(&finished).map_err(|error| context.failure(error))?;
                write(sink, &released, bar)?;
                shares.done(folders);
                return Ok(());
            }
            write(sink, &released, bar)?;
        }
    }
}

fn write(sink: &mut Sink, released: &[&[u8]], bar: &ProgressBar) -> Result<(), Failure> {
    for bytes in released {
        sink.write(bytes)?;
        bar.inc(bytes.len() as u64);
    }
    Ok(())
}

/// Opens segments `first .. first + count` on all threads, each a run of them.
fn open<'b>(
    decoder: &Decoder,
    first: u64,
    count: u64,
    runs: &[SegmentRun<'_>],
    scratches: &mut [DecodeScratch],
    output: &'b mut [u8],
) -> Vec<Outcome<Opened<'b>>> {
    let shape = *decoder.shape();
    let each = count.div_ceil(scratches.len() as u64);
    let mut rest = output;
    let mut at = 0;
    let mut tasks = Vec::with_capacity(scratches.len());
    let mut from = 0;
    while from < count {
        let of = each.min(count - from);
        // Both lengths exist: the segments are within the part.
        let stored = shape.stored_run(first + from, of).unwrap_or(0);
        let payload = shape.payload_run(first + from, of).unwrap_or(0);
        let (out, after) = rest.split_at_mut(payload);
        rest = after;
        let pieces: Vec<SegmentRun<'_>> = runs
            .iter()
            .map(|run| SegmentRun { share: run.share, bytes: &run.bytes[at..at + stored] })
            .collect();
        at += stored;
        tasks.push((first + from, of, pieces, out));
        from += of;
    }
    std::thread::scope(|scope| {
        let mut tasks = tasks.into_iter().zip(scratches);
        let here = tasks.next();
        let threads: Vec<_> = tasks
            .map(|((first, count, runs, out), scratch)| {
                scope.spawn(move || decoder.open(first, count, &runs, scratch, out))
            })
            .collect();
        let here =
            here.map(|((first, count, runs, out), scratch)| decoder.open(first, count, &runs, scratch, out));
        let others = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        here.into_iter().chain(others).collect()
    })
}

impl Context<'_> {
    fn identity(&self) -> Identity<'_> {
        Identity {
            object: self.body.object.to_bytes(),
            generation: self.body.generation,
            part: self.number,
            last: self.number as usize + 1 == self.body.parts.len(),
            created: self.body.created.as_millis(),
            name: self.body.key.as_str(),
        }
    }

    pub(super) fn failure(&self, error: DecodeError) -> Failure {
        Failure::new(error.code(), format!("part {} can't be joined", self.number)).caused_by(error)
    }

    /// A fault as a folder's report tells it.
    pub(super) fn tell(&self, fault: &ShareFault) -> String {
        if self.body.parts.len() == 1 { fault.to_string() } else { format!("part {}: {fault}", self.number) }
    }
}
