//! `xstore get`.

mod range;

use crate::args::{ByteRange, Get};
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::files::read_manifest;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::Session;
use crate::sink::Sink;
use crate::trouble::Trouble;
use crate::units::{human_bytes, human_rate, printable};
use crate::watch::Watch;
use serde::Serialize;
use std::path::Path;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use xstore::Store;
use xstore::manifest::Manifest;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    name: String,
    object: String,
    threshold: String,
    /// Bytes that were written.
    bytes: u64,
    /// The first byte of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    /// No share that was met is missing or bad.
    all_good: bool,
    problems: Vec<Trouble>,
    seconds: f64,
}

pub(super) fn run(args: &Get, out: Output) -> Result<Outcome, Failure> {
    let watch = Stopwatch::start();
    let session = Session::load(&args.configured)?;
    let text = read_manifest(&args.manifest)?;
    let to_stdout = args.output.as_os_str() == "-";
    refuse_replacing(args, session.key_file())?;
    // Before there is a temporary file that a signal would leave behind. A write to a pipe that nobody reads can't be
    // interrupted otherwise.
    let interrupt = if to_stdout { Interrupt::at_once() } else { Interrupt::watch() };
    let sink = if to_stdout { Sink::stdout() } else { Sink::file(&args.output, args.force)? };
    let got = session.run(&interrupt, async |store| {
        let manifest = store.manifest(&text).map_err(|error| refused(&args.manifest, &error))?;
        get(&store, args, &manifest, sink.writer()?, out).await.map_err(|failure| failure.to(&args.output))
    });
    let got = got.result?;
    sink.commit()?;
    let problems = got.troubles;
    let report = Report {
        name: got.name,
        object: got.object,
        threshold: got.threshold,
        bytes: got.bytes,
        first: got.first,
        all_good: problems.is_empty(),
        problems,
        seconds: watch.elapsed().as_secs_f64(),
    };
    if !report.all_good {
        out.warn(&warning(&report, &args.manifest));
    }
    if to_stdout {
        out.result_aside(&report, || line(&report));
    } else {
        out.result(&report, || line(&report))?;
    }
    Ok(Outcome::Done)
}

/// What a get came to.
struct Got {
    name: String,
    object: String,
    threshold: String,
    bytes: u64,
    first: Option<u64>,
    troubles: Vec<Trouble>,
}

async fn get(
    store: &Store,
    args: &Get,
    manifest: &Manifest,
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    out: Output,
) -> Result<Got, Failure> {
    let name = args.name.as_deref();
    let length = args.range.is_none().then(|| manifest.length());
    let mut watch = Watch::new(out, "reading", length);
    let mut writer = watch.total().wrap_async_write(writer);
    let result = match args.range {
        None => {
            let mut getting = store.get_to_writer(manifest, &mut writer).progress(watch.progress());
            if let Some(name) = name {
                getting = getting.require_name(name);
            }
            getting.await.map(|bytes| (bytes, None)).map_err(|error| refused(&args.manifest, &error))
        }
        Some(wanted) => some(store, args, manifest, wanted, &mut writer, &mut watch).await,
    };
    watch.settled().await;
    let troubles = watch.finish();
    let (bytes, first) = result?;
    let body = manifest.body();
    Ok(Got {
        name: body.key.as_str().to_owned(),
        object: body.object.to_string(),
        threshold: format!("{}-of-{}", body.threshold.k, body.threshold.n),
        bytes,
        first,
        troubles,
    })
}

/// A range, piece by piece, so that memory stays bounded. Returns its length and its first byte.
async fn some(
    store: &Store,
    args: &Get,
    manifest: &Manifest,
    wanted: ByteRange,
    writer: &mut (impl AsyncWrite + Unpin),
    watch: &mut Watch,
) -> Result<(u64, Option<u64>), Failure> {
    let mut read = async |bytes: std::ops::Range<u64>| {
        let mut getting = store.get_range(manifest, bytes).progress(watch.progress());
        if let Some(name) = args.name.as_deref() {
            getting = getting.require_name(name);
        }
        getting.await.map_err(|error| refused(&args.manifest, &error))
    };
    let failed = |error| Failure::new("SINK_FAILED", "what was read can't be written").caused_by(error);
    let mut pieces = range::Pieces::begin(manifest, wanted, &mut read).await?;
    let first = pieces.first();
    let mut count = 0;
    while let Some(piece) = pieces.next(&mut read).await? {
        writer.write_all(&piece).await.map_err(failed)?;
        count += piece.len() as u64;
    }
    writer.flush().await.map_err(failed)?;
    Ok((count, Some(first)))
}

fn refused(path: &Path, error: &xstore::Error) -> Failure {
    let failure = Failure::of_store(error);
    match failure.code() {
        "MANIFEST_INVALID" | "MANIFEST_EXPIRED" | "KEY_UNAVAILABLE" => failure.about(path),
        _ => failure,
    }
}

/// The manifest and the key file are needed for every other copy of the object: `--force` isn't meant for them.
fn refuse_replacing(args: &Get, key_file: &Path) -> Result<(), Failure> {
    let Ok(output) = args.output.canonicalize() else { return Ok(()) };
    let needed: [(&Path, &str); 3] =
        [(&args.manifest, "manifest"), (key_file, "key file"), (&args.configured.config, "configuration")];
    for (path, what) in needed {
        if path.canonicalize().is_ok_and(|path| path == output) {
            return Err(Failure::usage(format!("{} is the {what}", args.output.display()))
                .help("name another file with --output"));
        }
    }
    Ok(())
}

fn warning(report: &Report, manifest: &Path) -> String {
    let mut text = "the data is whole, but not every share that was asked for is in order".to_owned();
    for problem in &report.problems {
        text.push_str("\n  ");
        text.push_str(&problem.line());
    }
    text.push_str(&format!("\nhelp: see more with: xstore verify --manifest {}", manifest.display()));
    text
}

fn line(report: &Report) -> String {
    let what = match report.first {
        None => String::new(),
        Some(first) if report.bytes == 0 => format!(" from byte {first}"),
        Some(first) => format!(" (bytes {first} to {})", first + report.bytes - 1),
    };
    format!(
        "{}: {}{what} read and verified, {}, {:.1} s, {}",
        printable(&report.name),
        human_bytes(report.bytes),
        report.threshold,
        report.seconds,
        human_rate(report.bytes, report.seconds)
    )
}
