//! One part, split and sealed in memory; computing, so not on an async thread.

use crate::error::Result;
use crate::put::source::PartPayload;
use std::num::NonZero;
use std::sync::Arc;
use xorida_core::SplitPlan;
use xstore_backend::Bytes;
use xstore_backend::buffers::{Buffers, Loan};
use xstore_keys::{Entropy, Keys};
use xstore_manifest::Timestamp;
use xstore_share::{
    Batch, EncodeError, EncodeScratch, Encoder, HEADER_LEN, LastPart, Layout, Metadata, ObjectKind,
    PadSource, PartInfo, Plans, Sealed,
};
use zeroize::Zeroizing;

/// More threads than this gain nothing on one stream.
const MAX_THREADS: usize = 16;
/// Segments that are worth a thread of their own.
const WORTH_A_THREAD: usize = 8;

/// What a part is told about its object.
pub(crate) struct SealJob {
    pub(crate) layout: Layout,
    pub(crate) split: Arc<SplitPlan>,
    pub(crate) plans: Arc<Plans>,
    pub(crate) pads: PadSource,
    pub(crate) pad_to: Option<u64>,
    pub(crate) part_size: u32,
    pub(crate) object: [u8; 16],
    pub(crate) generation: u64,
    pub(crate) number: u32,
    pub(crate) created: Timestamp,
    pub(crate) ttl: Option<u64>,
    pub(crate) name: String,
    pub(crate) payload: PartPayload,
}

/// A part that is ready to be sent.
pub(crate) struct SealedPart {
    pub(crate) number: u32,
    pub(crate) is_last: bool,
    pub(crate) sharing: [u8; 16],
    pub(crate) padded: u64,
    /// Bytes of payload.
    pub(crate) length: u64,
    pub(crate) ends: Vec<[u8; 32]>,
    pub(crate) payload_tag: Zeroizing<[u8; 32]>,
    pub(crate) shares: Vec<Bytes>,
}

/// Splits a part and recombines all of it before it is handed out. `earlier` holds the payload tags of the parts
/// before it.
pub(crate) fn seal(
    job: &SealJob,
    earlier: &[[u8; 32]],
    keys: &Keys,
    entropy: &mut Entropy,
    buffers: &Buffers,
) -> Result<SealedPart> {
    let layout = job.layout;
    let segment = layout.segment() as usize;
    let payload = job.payload.bytes.as_ref();
    let filled = fill(job);
    let given = filled.as_deref().map_or(payload, Vec::as_slice);

    let encoder = Encoder::new(layout, Arc::clone(&job.split), keys, job.pads, entropy)?;
    let mut encoder = encoder.recombining(&job.plans)?;
    let shape = layout
        .part(layout.padded(given.len() as u64))
        .map_err(|error| crate::builder::config("the part has an impossible length").with_source(error))?;
    let share_len = usize::try_from(shape.share_len()).unwrap_or(usize::MAX);
    let n = usize::from(layout.scheme().n());
    let mut loans: Vec<Loan> = (0..n).map(|_| buffers.take(share_len)).collect();
    let mut rests: Vec<&mut [u8]> = Vec::with_capacity(n);
    for (index, loan) in loans.iter_mut().enumerate() {
        let (head, rest) = loan.bytes_mut().split_at_mut(HEADER_LEN);
        if let Some(header) = encoder.header(index) {
            head.copy_from_slice(header);
        }
        rests.push(rest);
    }

    let full = given.len() / segment;
    let tasks = reserve(&mut encoder, given, full, &mut rests)?;
    for sealed in run(tasks) {
        encoder.absorb(&sealed?)?;
    }
    let tail = &given[full * segment..];
    let mut scratch = EncodeScratch::new();
    let batch = encoder.reserve_last(tail.len())?;
    let mut outs = cut(&mut rests, batch.stored());
    let sealed = batch.seal(tail, &mut scratch, &mut outs)?;
    encoder.absorb(&sealed)?;

    let last = job.payload.is_last.then(|| LastPart {
        name: job.name.clone(),
        metadata: Metadata {
            length: job.payload.total,
            object_tag: encoder.payload_key().object_tag(earlier, job.payload.total).into_bytes(),
            parts: job.number + 1,
            user: std::collections::BTreeMap::new(),
        },
    });
    let info = PartInfo {
        object: job.object,
        generation: job.generation,
        part: job.number,
        kind: ObjectKind::Object,
        length: payload.len() as u64,
        created: job.created.as_millis(),
        ttl: job.ttl,
        last,
    };
    let sharing = encoder.sharing_id();
    let sealed = encoder.finish(info, &mut scratch, &mut rests)?;
    Ok(SealedPart {
        number: job.number,
        is_last: job.payload.is_last,
        sharing,
        padded: sealed.padded,
        length: payload.len() as u64,
        ends: sealed.ends,
        payload_tag: Zeroizing::new(sealed.payload_tag.into_bytes()),
        shares: loans.into_iter().map(Loan::freeze).collect(),
    })
}

/// The payload with zeros up to the size class, where there is one and this part isn't full.
fn fill(job: &SealJob) -> Option<Zeroizing<Vec<u8>>> {
    let payload = job.payload.bytes.as_ref();
    let step = usize::try_from(job.pad_to?).ok()?;
    // The step divides the part size, so a full part needs none.
    let len = payload.len().max(1).next_multiple_of(step).min(job.part_size as usize);
    let mut filled = Zeroizing::new(Vec::with_capacity(len));
    filled.extend_from_slice(payload);
    filled.resize(len, 0);
    Some(filled)
}

type Task<'a> = (Batch, &'a [u8], Vec<&'a mut [u8]>);

/// The full segments in runs, one for each thread.
fn reserve<'a>(
    encoder: &mut Encoder,
    given: &'a [u8],
    full: usize,
    rests: &mut [&'a mut [u8]],
) -> Result<Vec<Task<'a>>, EncodeError> {
    let layout = *encoder.layout();
    let segment = layout.segment() as usize;
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let each = full.div_ceil(threads).max(WORTH_A_THREAD);
    let mut tasks = Vec::new();
    for payload in given[..full * segment].chunks(each * segment) {
        let batch = encoder.reserve(payload.len() / segment)?;
        let outs = cut(rests, batch.stored());
        tasks.push((batch, payload, outs));
    }
    Ok(tasks)
}

/// The next `len` bytes of every share.
fn cut<'a>(rests: &mut [&'a mut [u8]], len: usize) -> Vec<&'a mut [u8]> {
    let cut = |rest: &mut &'a mut [u8]| {
        let (now, after) = std::mem::take(rest).split_at_mut(len);
        *rest = after;
        now
    };
    rests.iter_mut().map(cut).collect()
}

/// Seals runs of segments, each on a thread, the first on this one.
fn run(tasks: Vec<Task<'_>>) -> Vec<Result<Sealed, EncodeError>> {
    let one =
        |(batch, payload, mut outs): Task<'_>| batch.seal(payload, &mut EncodeScratch::new(), &mut outs);
    std::thread::scope(|scope| {
        let mut tasks = tasks.into_iter();
        let first = tasks.next();
        let others: Vec<_> = tasks.map(|task| scope.spawn(move || one(task))).collect();
        let first = first.map(one);
        let others = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        first.into_iter().chain(others).collect()
    })
}
