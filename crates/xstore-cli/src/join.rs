//! From a manifest and folders back to the bytes.
//!
//! Every folder that was given is checked, also where k good ones would do: an operator wants to know which copy is
//! bad while there are others. Bytes are handed on only after all that the format asks for was verified.

mod folders;
mod part;
mod shares;

use crate::failure::Failure;
use crate::files::read_manifest;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::sink::Sink;
use crate::{clock, progress};
pub(crate) use folders::FolderReport;
use folders::Folders;
use part::PartJoin;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xorida_core::{Scheme, Threshold};
use xstore_keys::KeyRing;
use xstore_manifest::Manifest;
use xstore_share::{Layout, ObjectCheck, Plans};

/// What to join.
pub(crate) struct Job<'a> {
    pub(crate) manifest: &'a Path,
    pub(crate) folders: &'a [PathBuf],
    /// The name that the caller wants, if it said one.
    pub(crate) name: Option<&'a str>,
    /// Read k shares only.
    pub(crate) fast: bool,
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
    /// Whether every folder that was given is good.
    pub(crate) all_good: bool,
    pub(crate) folders: Vec<FolderReport>,
    pub(crate) seconds: f64,
}

/// A manifest that verifies and may be used now.
pub(crate) fn open_manifest(job: &Job<'_>, ring: &KeyRing) -> Result<Manifest, Failure> {
    let path = job.manifest.display();
    let refused = |error: xstore_manifest::Error| {
        let failure = Failure::new(error.code(), format!("{path} is refused"));
        match error.code() {
            "KEY_UNAVAILABLE" => {
                failure.help("give the key file that this object was split with: --key-file FILE")
            }
            "MANIFEST_EXPIRED" => failure.help("its time to live is over"),
            _ if matches!(error, xstore_manifest::Error::OtherObject) => {
                failure.help("give the manifest of that object with --manifest, or its own name with --name")
            }
            _ => failure.help("use an intact copy of the manifest that split wrote"),
        }
        .caused_by(error)
    };
    let manifest = Manifest::from_json(&read_manifest(job.manifest)?, ring).map_err(refused)?;
    if let Some(name) = job.name {
        manifest.require_name(name).map_err(refused)?;
    }
    let now =
        clock::now().ok_or_else(|| Failure::new("CONFIG_INVALID", "the system's clock is out of range"))?;
    manifest.check_expiry(now).map_err(refused)?;
    Ok(manifest)
}

/// Joins the manifest's object into `sink`; the sink isn't committed here.
pub(crate) fn run(
    job: &Job<'_>,
    manifest: &Manifest,
    ring: &KeyRing,
    sink: &mut Sink,
    interrupt: &Interrupt,
    out: Output,
) -> Result<Report, Failure> {
    let watch = clock::Stopwatch::start();
    let body = manifest.body();
    let inconsistent = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::new("MANIFEST_INVALID", "the manifest's parameters don't fit together").caused_by(error)
    };
    let threshold =
        Threshold::new(body.threshold.k, body.threshold.n).map_err(|error| inconsistent(error.into()))?;
    let scheme = Scheme::with_prime(threshold, body.p).map_err(|error| inconsistent(error.into()))?;

    let mut folders = Folders::open(job.folders);
    let plans = Arc::new(Plans::new(scheme));
    let mut object = ObjectCheck::new(body.part);
    let mut joiner = PartJoin::new(scheme, job.fast, interrupt.clone());
    let bar = progress::bar(out, "joining", Some(manifest.length()));
    let count = body.parts.len();
    for (part, number) in body.parts.iter().zip(0..) {
        let layout =
            Layout::new(scheme, body.segment, part.trailer).map_err(|error| inconsistent(error.into()))?;
        let shape = layout.part(part.bytes).map_err(|error| inconsistent(error.into()))?;
        joiner.part(
            &part::Context { body, part, number, shape, ring, plans: &plans },
            &mut folders,
            &mut object,
            sink,
            &bar,
        )?;
    }
    bar.finish_and_clear();
    let folders = folders.report(count);
    Ok(Report {
        name: body.key.as_str().to_owned(),
        object: body.object.to_string(),
        threshold: threshold.to_string(),
        bytes: object.length(),
        parts: count,
        all_good: folders.iter().all(FolderReport::is_good),
        folders,
        seconds: watch.elapsed().as_secs_f64(),
    })
}
