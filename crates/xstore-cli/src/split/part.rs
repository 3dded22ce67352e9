//! One part: read, sealed on all processors, handed to the writers.

use super::source::Source;
use super::writer::Writer;
use super::{PayloadTag, random, share_key};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use xorida_core::SplitPlan;
use xstore_keys::{Entropy, KeyId, Keys};
use xstore_manifest::ShareKey;
use xstore_share::{
    EncodeError, EncodeScratch, Encoder, HEADER_LEN, LastPart, Layout, Metadata, ObjectKind, PadSource,
    PartInfo, Plans, Sealed,
};
use zeroize::Zeroizing;

/// Bytes of all shares of a batch. Three batches are in flight: being sealed, queued, being written.
const BATCH_BYTES: usize = 8 << 20;
/// Payload of a batch at most.
const MAX_BATCH: usize = 4 << 20;
/// More threads than this gain nothing on one stream.
const MAX_THREADS: usize = 16;

/// What a part is told about its object.
pub(super) struct PartJob<'a> {
    /// Where the bytes come from, as the user named it.
    pub(super) source: &'a Path,
    pub(super) object: [u8; 16],
    pub(super) number: u32,
    pub(super) created: i64,
    pub(super) ttl: Option<u64>,
    pub(super) name: &'a str,
    pub(super) pads: PadSource,
    /// Payload tags of the parts before.
    pub(super) earlier: &'a [[u8; 32]],
}

/// A part that was handed to the writers.
pub(super) struct PartWritten {
    pub(super) sharing: [u8; 16],
    pub(super) padded: u64,
    pub(super) trailer: u32,
    pub(super) share_len: u64,
    pub(super) payload_tag: PayloadTag,
    pub(super) shares: Vec<ShareWritten>,
    pub(super) last: bool,
}

/// One share of it.
pub(super) struct ShareWritten {
    pub(super) index: u8,
    pub(super) key: ShareKey,
    pub(super) key_id: KeyId,
    pub(super) hmac: [u8; 32],
}

/// Buffers and threads, kept from part to part.
pub(super) struct Sealer {
    layout: Layout,
    interrupt: Interrupt,
    plans: Plans,
    input: Zeroizing<Vec<u8>>,
    scratches: Vec<EncodeScratch>,
}

impl Sealer {
    pub(super) fn new(layout: Layout, interrupt: Interrupt) -> Self {
        let n = usize::from(layout.scheme().n());
        let segment = layout.segment() as usize;
        let batch = (BATCH_BYTES / n).clamp(segment, MAX_BATCH.max(segment)) / segment * segment;
        let threads = std::thread::available_parallelism()
            .map_or(1, NonZero::get)
            .min(MAX_THREADS)
            .min(batch / segment);
        let scratches = (0..threads).map(|_| EncodeScratch::new()).collect();
        Self {
            layout,
            interrupt,
            plans: Plans::new(layout.scheme()),
            input: Zeroizing::new(vec![0; batch]),
            scratches,
        }
    }

    /// Reads one part from the source and hands its shares to the writers.
    #[expect(clippy::too_many_arguments, reason = "each is one collaborator of the data flow")]
    pub(super) fn part(
        &mut self,
        job: &PartJob<'_>,
        split: &Arc<SplitPlan>,
        keys: &Keys,
        entropy: &mut Entropy,
        source: &mut Source<impl Read>,
        writers: &[Writer],
        bar: &ProgressBar,
    ) -> Result<PartWritten, Failure> {
        let encoder =
            Encoder::new(self.layout, Arc::clone(split), keys, job.pads, entropy).map_err(encoding)?;
        let mut encoder = encoder.recombining(&self.plans).map_err(encoding)?;
        let sharing = encoder.sharing_id();
        let mut names = Vec::with_capacity(writers.len());
        for (writer, index) in writers.iter().zip(0..) {
            let key = share_key(writer.namespace(), keys, sharing, index, writer.backend())?;
            writer.begin(key.clone())?;
            // From the writer's own buffers: what goes in must come from there, or their number would grow.
            let mut buffer = writer.buffer(HEADER_LEN);
            if let Some(header) = encoder.header(usize::from(index)) {
                buffer.copy_from_slice(header);
            }
            writer.bytes(buffer)?;
            names.push(key);
        }

        let length = self.data(job.source, &mut encoder, source, writers, bar)?;
        let last = source.is_done().map_err(|error| reading(job.source, error))?;
        let total = source.taken();
        let last_part = last.then(|| LastPart {
            name: job.name.to_owned(),
            metadata: Metadata {
                length: total,
                object_tag: encoder.payload_key().object_tag(job.earlier, total).into_bytes(),
                parts: job.number + 1,
                user: BTreeMap::new(),
            },
        });
        let info = PartInfo {
            object: job.object,
            generation: 1,
            part: job.number,
            kind: ObjectKind::Object,
            length,
            created: job.created,
            ttl: job.ttl,
            last: last_part,
        };
        let ends = self.layout.stored_trailer() + xstore_share::TAG_LEN;
        let mut buffers: Vec<Vec<u8>> = writers.iter().map(|writer| writer.buffer(ends)).collect();
        let sealed = {
            let mut outs: Vec<&mut [u8]> = buffers.iter_mut().map(|buffer| &mut buffer[..]).collect();
            encoder.finish(info, &mut self.scratches[0], &mut outs).map_err(encoding)?
        };
        for (writer, buffer) in writers.iter().zip(buffers) {
            writer.bytes(buffer)?;
            writer.end()?;
        }
        let shape = self.layout.part(sealed.padded).map_err(|error| {
            Failure::new("RECONSTRUCTION_FAILED", "a part came out in an impossible length").caused_by(error)
        })?;
        let shares = names.into_iter().zip(sealed.ends).zip(0..);
        Ok(PartWritten {
            sharing,
            padded: sealed.padded,
            trailer: self.layout.trailer(),
            share_len: shape.share_len(),
            payload_tag: Zeroizing::new(sealed.payload_tag.into_bytes()),
            shares: shares
                .map(|((key, hmac), index)| ShareWritten { index, key, key_id: keys.id(), hmac })
                .collect(),
            last,
        })
    }

    /// The data segments; returns the payload bytes.
    fn data(
        &mut self,
        path: &Path,
        encoder: &mut Encoder,
        source: &mut Source<impl Read>,
        writers: &[Writer],
        bar: &ProgressBar,
    ) -> Result<u64, Failure> {
        let segment = self.layout.segment() as usize;
        let part = source.part();
        let (mut given, mut payload) = (0, 0);
        loop {
            self.interrupt.check()?;
            let left = usize::try_from(part - given).unwrap_or(usize::MAX);
            let want = left.min(self.input.len());
            let chunk = source.read(&mut self.input[..want]).map_err(|error| reading(path, error))?;
            given += chunk.len as u64;
            payload += chunk.payload as u64;
            bar.inc(chunk.payload as u64);
            let ends = chunk.len < self.input.len() || given == part;
            let full = chunk.len / segment;
            self.seal(encoder, full, writers)?;
            if ends {
                let tail = full * segment..chunk.len;
                let batch = encoder.reserve_last(tail.len()).map_err(encoding)?;
                let mut buffers: Vec<Vec<u8>> =
                    writers.iter().map(|writer| writer.buffer(batch.stored())).collect();
                let mut outs: Vec<&mut [u8]> = buffers.iter_mut().map(|buffer| &mut buffer[..]).collect();
                let sealed =
                    batch.seal(&self.input[tail], &mut self.scratches[0], &mut outs).map_err(encoding)?;
                encoder.absorb(&sealed).map_err(encoding)?;
                return hand_on(buffers, writers).map(|()| payload);
            }
        }
    }

    /// Seals the first `full` segments of the input, on all threads, and hands them on.
    fn seal(&mut self, encoder: &mut Encoder, full: usize, writers: &[Writer]) -> Result<(), Failure> {
        if full == 0 {
            return Ok(());
        }
        let segment = self.layout.segment() as usize;
        let stored = self.layout.stored_segment();
        let mut buffers: Vec<Vec<u8>> = writers.iter().map(|writer| writer.buffer(full * stored)).collect();
        let share = full.div_ceil(self.scratches.len());
        let mut rests: Vec<&mut [u8]> = buffers.iter_mut().map(|buffer| &mut buffer[..]).collect();
        let mut tasks = Vec::with_capacity(self.scratches.len());
        for payload in self.input[..full * segment].chunks(share * segment) {
            let count = payload.len() / segment;
            let batch = encoder.reserve(count).map_err(encoding)?;
            let outs = rests.iter_mut().map(|rest| {
                let (now, after) = core::mem::take(rest).split_at_mut(count * stored);
                *rest = after;
                now
            });
            tasks.push((batch, payload, outs.collect::<Vec<&mut [u8]>>()));
        }
        let sealed: Vec<Result<Sealed, EncodeError>> = std::thread::scope(|scope| {
            let mut tasks = tasks.into_iter().zip(&mut self.scratches);
            let first = tasks.next();
            let others: Vec<_> = tasks
                .map(|((batch, payload, mut outs), scratch)| {
                    scope.spawn(move || batch.seal(payload, scratch, &mut outs))
                })
                .collect();
            let first =
                first.map(|((batch, payload, mut outs), scratch)| batch.seal(payload, scratch, &mut outs));
            let others = others
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            first.into_iter().chain(others).collect()
        });
        for sealed in sealed {
            encoder.absorb(&sealed.map_err(encoding)?).map_err(encoding)?;
        }
        hand_on(buffers, writers)
    }
}

fn hand_on(buffers: Vec<Vec<u8>>, writers: &[Writer]) -> Result<(), Failure> {
    for (writer, buffer) in writers.iter().zip(buffers) {
        writer.bytes(buffer)?;
    }
    Ok(())
}

fn reading(path: &Path, error: std::io::Error) -> Failure {
    Failure::io("SOURCE_FAILED", "read", path, error)
}

fn encoding(error: EncodeError) -> Failure {
    match error {
        EncodeError::Entropy(error) => random(error),
        EncodeError::Recombine(_) => Failure::new("RECONSTRUCTION_FAILED", "the split doesn't recombine")
            .caused_by(error)
            .help("test this machine's memory and processor; nothing was stored"),
        error => Failure::new("CONFIG_INVALID", "can't encode the part").caused_by(error),
    }
}
