//! From a stream to one share per folder and a manifest.
//!
//! Data flow: source -> batches of segments, sealed on all processors -> one writer thread per folder. Nothing is
//! known to anybody until the manifest is written, last and whole; what a failed split wrote is removed.

mod folders;
mod part;
mod source;
mod writer;

use crate::failure::Failure;
use crate::files::{parent, refuse_existing_manifest, require_parent, sync_folder};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::{clock, progress};
use folders::Folders;
use part::{PartJob, PartWritten, Sealer};
use serde::Serialize;
use source::Source;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xorida_core::{Scheme, SplitPlan, Threshold};
use xstore_keys::{Entropy, Keys};
use xstore_manifest::{
    Body, Lane, Manifest, Name, ObjectId, Origin, Part, Share, ShareKey, SharingId, State,
};
use xstore_share::{Layout, MAX_PART, PadSource};
use zeroize::Zeroizing;

/// Parts of this size unless the file is very large.
const DEFAULT_PART: u32 = 8 << 20;
/// More parts than this make a part larger: the manifest is the only thing whose memory grows with the object.
const COMFORTABLE_PARTS: u64 = 16_384;
/// Upper bounds of what a manifest says of a part and of each of its shares, in bytes, without the backend's id.
const PART_ENTRY: u64 = 160;
const SHARE_ENTRY: u64 = 320;
/// The longest metadata that this command writes: two integers and a tag.
const METADATA_LEN: usize = 160;

/// What to split, how, and where to.
pub(crate) struct Job<'a> {
    /// What the input is called in messages.
    pub(crate) source: &'a Path,
    pub(crate) threshold: Threshold,
    pub(crate) folders: &'a [PathBuf],
    pub(crate) manifest: &'a Path,
    pub(crate) name: String,
    pub(crate) ttl: Option<u64>,
    pub(crate) part: Option<u64>,
    pub(crate) pad_to: Option<u64>,
    pub(crate) pads: PadSource,
    /// The source's length, where it is known.
    pub(crate) length: Option<u64>,
}

/// What was done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) name: String,
    pub(crate) object: String,
    pub(crate) threshold: String,
    pub(crate) bytes: u64,
    pub(crate) parts: usize,
    pub(crate) manifest: PathBuf,
    pub(crate) folders: Vec<FolderReport>,
    pub(crate) seconds: f64,
}

/// One folder of a [`Report`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FolderReport {
    pub(crate) path: PathBuf,
    pub(crate) backend_id: String,
    pub(crate) index: u8,
    pub(crate) bytes: u64,
}

/// Splits `input`.
pub(crate) fn run(
    job: &Job<'_>,
    input: impl Read,
    keys: &Keys,
    interrupt: &Interrupt,
    out: Output,
) -> Result<Report, Failure> {
    let watch = clock::Stopwatch::start();
    let name = Name::new(job.name.as_str())
        .map_err(|error| Failure::usage(format!("--name: {error}")).help("give another name with --name"))?;
    let scheme = Scheme::new(job.threshold);
    let part = part_size(job)?;
    let most = most_parts(job);
    let trailer = Layout::default_trailer(scheme, name.as_str().len(), METADATA_LEN);
    let layout = Layout::new(scheme, Layout::default_segment(scheme), trailer).map_err(|error| {
        Failure::new("CONFIG_INVALID", "these parameters make no layout").caused_by(error)
    })?;
    refuse_existing_manifest(job.manifest)?;
    require_parent(job.manifest)?;

    let mut entropy = Entropy::os();
    let object: [u8; 16] = entropy.array().map_err(random)?;
    let created =
        clock::now().ok_or_else(|| Failure::new("CONFIG_INVALID", "the system's clock is out of range"))?;
    let mut folders = Folders::prepare(job.folders, &mut entropy)?;
    // One of the new folders may have taken its name.
    refuse_existing_manifest(job.manifest)?;

    let bar = progress::bar(out, "splitting", job.length);
    let mut source = Source::new(input, u64::from(part), job.pad_to);
    let mut sealer = Sealer::new(layout, interrupt.clone());
    let written = folders.with_writers(|writers| {
        let split = Arc::new(SplitPlan::new(scheme));
        let mut parts: Vec<Part> = Vec::new();
        let mut tags: Zeroizing<Vec<[u8; 32]>> = Zeroizing::default();
        let mut stored = 0;
        loop {
            let number = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            let job = PartJob {
                source: job.source,
                object,
                number,
                created: created.as_millis(),
                ttl: job.ttl,
                name: name.as_str(),
                pads: job.pads,
                earlier: &tags,
            };
            let written = sealer.part(&job, &split, keys, &mut entropy, &mut source, writers, &bar)?;
            stored += written.share_len;
            let last = written.last;
            tags.push(*written.payload_tag);
            parts.push(entry(written, writers));
            if last {
                return Ok((parts, stored));
            }
            if parts.len() as u64 >= most {
                return Err(too_long());
            }
        }
    });
    // What an interrupted split fails with is of its own making.
    let (parts, stored) = written.map_err(|failure| interrupt.check().err().unwrap_or(failure))?;
    bar.finish_and_clear();

    let count = parts.len();
    let body = Body {
        created,
        ext: BTreeMap::new(),
        generation: 1,
        key: name,
        object: ObjectId::from_bytes(object),
        origin: Origin::Put,
        p: scheme.p(),
        part,
        parts,
        revision: 1,
        segment: layout.segment(),
        state: State::Committed,
        threshold: xstore_manifest::Threshold { k: scheme.k(), n: scheme.n() },
        ttl: job.ttl,
    };
    let manifest = body.sign(keys).map_err(|error| {
        Failure::new(error.code(), "the manifest exceeds its limits")
            .caused_by(error)
            .help("use larger parts, for example --part 64MiB")
    })?;
    interrupt.check()?;
    write_manifest(job.manifest, &manifest)?;
    // From here on somebody may rely on the shares, so nothing removes them any more.
    folders.keep();
    sync_folder(parent(job.manifest)).map_err(|error| {
        Failure::io(
            "SINK_FAILED",
            "make it certain that a power loss spares the written manifest",
            job.manifest,
            error,
        )
    })?;
    let report = Report {
        name: job.name.clone(),
        object: ObjectId::from_bytes(object).to_string(),
        threshold: job.threshold.to_string(),
        bytes: source.taken(),
        parts: count,
        manifest: job.manifest.to_owned(),
        folders: folders.report(stored),
        seconds: watch.elapsed().as_secs_f64(),
    };
    Ok(report)
}

/// The manifest's entry for a part.
fn entry(written: PartWritten, writers: &[writer::Writer]) -> Part {
    let shares = written.shares.into_iter().zip(writers).map(|(share, writer)| {
        Some(Share {
            backend: writer.backend().clone(),
            hmac: share.hmac,
            index: share.index,
            key: share.key,
            key_id: share.key_id,
        })
    });
    Part {
        bytes: written.padded,
        past: Vec::new(),
        sharing: SharingId::from_bytes(written.sharing),
        shares: shares.collect(),
        trailer: written.trailer,
    }
}

/// How many parts a manifest has room for: better known before the work than after it.
fn most_parts(job: &Job<'_>) -> u64 {
    let longest_id = *xstore_manifest::limits::BACKEND_ID.end() as u64;
    let entry = PART_ENTRY + u64::from(job.threshold.n()) * (SHARE_ENTRY + longest_id);
    (xstore_manifest::limits::TEXT as u64 / entry).min(*xstore_manifest::limits::PARTS.end())
}

fn part_size(job: &Job<'_>) -> Result<u32, Failure> {
    let most = most_parts(job);
    let part = match job.part {
        Some(part) => u32::try_from(part)
            .ok()
            .filter(|part| (1..=MAX_PART).contains(part))
            .ok_or_else(|| Failure::usage("--part must be from 1 byte to 64MiB"))?,
        None => {
            // Half of what there is room for, so that a growing file fits, too.
            // A pipe may be of any length.
            let length = job.length.unwrap_or(u64::MAX);
            let wanted = length.div_ceil(COMFORTABLE_PARTS.min(most / 2)).checked_next_power_of_two();
            let wanted = wanted.unwrap_or(u64::MAX);
            u32::try_from(wanted).unwrap_or(MAX_PART).clamp(DEFAULT_PART, MAX_PART)
        }
    };
    if job.length.is_some_and(|length| length.div_ceil(u64::from(part)) > most) {
        return Err(too_long());
    }
    match job.pad_to {
        Some(0) => Err(Failure::usage("--pad-to must not be 0")),
        Some(step) if !u64::from(part).is_multiple_of(step) => Err(Failure::usage(format!(
            "--pad-to must divide the part size of {part} bytes; a power of two up to it does"
        ))),
        _ => Ok(part),
    }
}

/// Writes the manifest: whole or not at all, and never over another file.
fn write_manifest(path: &Path, manifest: &Manifest) -> Result<(), Failure> {
    use std::io::Write;
    let fail = |error| writing_manifest(path, error);
    let mut file = tempfile::Builder::new().prefix(".xstore-").tempfile_in(parent(path)).map_err(fail)?;
    file.write_all(&manifest.to_json()).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist_noclobber(path).map_err(|error| fail(error.error))?;
    Ok(())
}

fn writing_manifest(path: &Path, error: std::io::Error) -> Failure {
    Failure::io("SINK_FAILED", "write the manifest", path, error)
}

fn random(error: xstore_keys::EntropyError) -> Failure {
    Failure::new("SOURCE_FAILED", "the system's random source failed").caused_by(error)
}

fn too_long() -> Failure {
    Failure::new("INPUT_TOO_LONG", "the input has more parts than a manifest has room for")
        .help("use larger parts, up to --part 64MiB, or split the input in pieces")
}

/// The key on a backend of one share.
fn share_key(
    namespace: &str,
    keys: &Keys,
    sharing: [u8; 16],
    index: u8,
    backend: &xstore_manifest::BackendId,
) -> Result<ShareKey, Failure> {
    ShareKey::derive(namespace, Lane::Manifest, keys, SharingId::from_bytes(sharing), index, 0, backend)
        .map_err(|error| Failure::new("CONFIG_INVALID", "can't name a share").caused_by(error))
}

/// Payload tags are as secret as the plaintext's digest: they live inside the split only.
type PayloadTag = Zeroizing<[u8; 32]>;
