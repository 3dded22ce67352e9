//! `xstore reshare`.

use super::change;
use crate::args::Reshare;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::pending::{Names, Pending, clear, keep_both, manifest_in_use};
use crate::session::Session;
use crate::trouble::{Trouble, Troubles};
use crate::units::{count, human_bytes, printable};
use crate::watch::Watch;
use serde::Serialize;
use std::path::{Path, PathBuf};
use xstore::manifest::Manifest;
use xstore::{Progress, Store};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    name: String,
    object: String,
    manifest: PathBuf,
    /// The version of the object.
    generation: u64,
    threshold: String,
    old_threshold: String,
    parts: usize,
    /// Payload bytes that were split anew.
    bytes: u64,
    /// Where the old manifest is, while there are old shares.
    old_manifest: Option<PathBuf>,
    /// Old shares that couldn't be removed.
    problems: Vec<Trouble>,
    /// Where the journal is kept, while values that aren't needed any more couldn't be removed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<PathBuf>,
    seconds: f64,
    #[serde(skip)]
    is_removing: bool,
}

/// What a reshare came to.
struct Done {
    old: Manifest,
    new: Manifest,
    bytes: u64,
    /// Where the old manifest stands.
    beside: PathBuf,
    kept: Option<(PathBuf, String)>,
    /// What came of removing the old shares.
    removed: Option<Result<Vec<Trouble>, Failure>>,
}

pub(super) fn run(args: &Reshare, out: Output) -> Result<Outcome, Failure> {
    let watch = Stopwatch::start();
    let session = Session::load(&args.configured)?;
    let names = change::names(&args.manifest)?;
    let interrupt = Interrupt::watch();
    let pending = change::begin(&session, &names, &interrupt, out)?;
    let path = pending.path().to_owned();
    let ran = session.run(&interrupt, async |store| reshare(&store, args, &names, pending, out).await);
    let done = ran
        .result
        .map_err(|failure| change::settle(&session, &path, ran.may_land, failure, &interrupt, out))?;
    let (beside, problems) = match done.removed {
        None => (Some(done.beside), Vec::new()),
        Some(Ok(problems)) if problems.is_empty() => {
            remove(&done.beside)?;
            (None, problems)
        }
        Some(Ok(problems)) => (Some(done.beside), problems),
        Some(Err(failure)) => {
            return Err(failure.detail(format!(
                "the object is split anew, but its old shares couldn't be removed; their manifest is {}",
                done.beside.display()
            )));
        }
    };
    let (old, new) = (done.old.body(), done.new.body());
    let report = Report {
        name: new.key.as_str().to_owned(),
        object: new.object.to_string(),
        manifest: args.manifest.clone(),
        generation: new.generation,
        threshold: format!("{}-of-{}", new.threshold.k, new.threshold.n),
        old_threshold: format!("{}-of-{}", old.threshold.k, old.threshold.n),
        parts: new.parts.len(),
        bytes: done.bytes,
        old_manifest: beside,
        problems,
        pending: done.kept.as_ref().map(|(path, _)| path.clone()),
        seconds: watch.elapsed().as_secs_f64(),
        is_removing: args.remove_old,
    };
    if let Some((_, advice)) = &done.kept {
        out.warn(&format!("values that aren't needed any more may still be there\nhelp: {advice}"));
    }
    out.result(&report, || report.text())?;
    Ok(Outcome::degraded_unless(report.problems.is_empty()))
}

async fn reshare(
    store: &Store,
    args: &Reshare,
    names: &Names,
    pending: Pending,
    out: Output,
) -> Result<Done, Failure> {
    let old = manifest_in_use(store, names)?;
    let ticket =
        store.begin_change_with(&old, pending.journal()).map_err(|error| Failure::of_store(&error))?;
    let mut watch = Watch::new(out, "splitting anew", None);
    let reshared = store
        .reshare(&old, args.threshold.k(), args.threshold.n())
        .ticket(&ticket)
        .progress(watch.progress())
        .await;
    watch.settled().await;
    let reshared = reshared.map_err(|error| Failure::of_store(&error).about(&args.manifest))?;
    let beside = keep_both(store, &ticket, names, &reshared.manifest)?;
    let cleared = clear(store, &ticket, names, pending, &reshared.manifest, false, Progress::none());
    let kept = cleared.await?;
    let removed = if args.remove_old {
        let mut watch = Watch::new(out, "removing", None);
        let deleted = store.delete(&old).progress(watch.progress()).await;
        watch.settled().await;
        Some(deleted.map(|deleted| Troubles::of(deleted.remaining())).map_err(|e| Failure::of_store(&e)))
    } else {
        None
    };
    let kept = change::kept(kept.as_ref());
    Ok(Done { old, new: reshared.manifest, bytes: reshared.payload, beside, kept, removed })
}

fn remove(path: &Path) -> Result<(), Failure> {
    std::fs::remove_file(path).map_err(|error| {
        Failure::io("SINK_FAILED", "remove the old manifest", path, error)
            .detail("its shares are removed; it is of no use any more")
    })
}

impl Report {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "{}: {} in {} split anew, {} instead of {}",
            printable(&self.name),
            human_bytes(self.bytes),
            count(self.parts, "part"),
            self.threshold,
            self.old_threshold
        )];
        lines.push(format!("manifest: {} (generation {})", self.manifest.display(), self.generation));
        match &self.old_manifest {
            None => lines.push("the old shares are removed".to_owned()),
            Some(path) if self.is_removing => {
                lines.extend(self.problems.iter().map(|problem| format!("  {}", problem.line())));
                lines.push(format!(
                    "help: once these backends are back, remove the rest of the old shares with: xstore rm --manifest {}",
                    path.display()
                ));
            }
            Some(path) => lines.push(format!(
                "The old shares are still there, and {} of them still give the object back. Remove them with: xstore rm --manifest {}",
                self.old_threshold.split('-').next().unwrap_or_default(),
                path.display()
            )),
        }
        lines.join("\n")
    }
}
