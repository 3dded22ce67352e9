//! What `xstore repair`, `migrate` and `reshare` have in common: the journal, and how they end.

mod report;

use super::sweep;
use crate::args::Configured;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::pending::{Names, Opened, Pending, Recovered, clear, keep, manifest_in_use, recover};
use crate::session::Session;
use crate::watch::Watch;
use report::Report;
use std::path::{Path, PathBuf};
use xstore::manifest::Manifest;
use xstore::{Progress, Repaired, Store, Ticket};

/// How often a journal that is in the way is looked at: each time somebody else may have been faster.
const ATTEMPTS: usize = 3;

/// A repair or a migration.
pub(super) struct Change<'a> {
    pub(super) configured: &'a Configured,
    pub(super) manifest: &'a Path,
    pub(super) is_dry_run: bool,
    /// What it does, for the progress bars.
    pub(super) doing: &'static str,
    /// What it did, for the report.
    pub(super) done: &'static str,
    /// Why there is nothing to do, where there isn't.
    pub(super) idle: String,
}

/// Makes the manifest that is to be kept, under a ticket unless nothing is to be written.
pub(super) trait Run {
    async fn run(
        &self,
        store: &Store,
        manifest: &Manifest,
        ticket: Option<&Ticket>,
        progress: Progress,
    ) -> xstore::Result<Repaired>;
}

/// Runs a repair or a migration to its end.
pub(super) fn run(change: &Change<'_>, work: &impl Run, out: Output) -> Result<Outcome, Failure> {
    let session = Session::load(change.configured)?;
    let names = names(change.manifest)?;
    let interrupt = Interrupt::watch();
    let ran = if change.is_dry_run {
        let ran = session.run(&interrupt, async |store| {
            let manifest = manifest_in_use(&store, &names)?;
            Ok((attempt(&store, change, work, &manifest, None, out).await?, None))
        });
        ran.result?
    } else {
        let pending = begin(&session, &names, &interrupt, out)?;
        let path = pending.path().to_owned();
        let ran = session.run(&interrupt, async |store| {
            let manifest = manifest_in_use(&store, &names)?;
            let ticket = store
                .begin_change_with(&manifest, pending.journal())
                .map_err(|error| Failure::of_store(&error))?;
            let repaired = attempt(&store, change, work, &manifest, Some(&ticket), out).await?;
            if !repaired.is_changed() {
                pending.remove()?;
                return Ok((repaired, None));
            }
            keep(&store, &ticket, &names, &repaired.manifest)?;
            let cleared =
                clear(&store, &ticket, &names, pending, &repaired.manifest, false, Progress::none());
            let kept = cleared.await?;
            Ok((repaired, kept))
        });
        ran.result.map_err(|failure| settle(&session, &path, ran.may_land, failure, &interrupt, out))?
    };
    let (repaired, kept) = ran;
    let report = Report::new(change, &repaired, kept.as_ref());
    if let Some(warning) = report.warning() {
        out.warn(&warning);
    }
    out.result(&report, || report.text())?;
    Ok(report.outcome())
}

async fn attempt(
    store: &Store,
    change: &Change<'_>,
    work: &impl Run,
    manifest: &Manifest,
    ticket: Option<&Ticket>,
    out: Output,
) -> Result<Repaired, Failure> {
    let mut watch = Watch::new(out, change.doing, None);
    let repaired = work.run(store, manifest, ticket, watch.progress()).await;
    watch.settled().await;
    repaired.map_err(|error| Failure::of_store(&error).about(change.manifest))
}

/// The files of a change of the manifest at this path: where that is a link, of what it leads to.
pub(super) fn names(manifest: &Path) -> Result<Names, Failure> {
    let path = manifest
        .canonicalize()
        .map_err(|error| Failure::io("SOURCE_FAILED", "read the manifest", manifest, error))?;
    // Where nothing is a link, messages say what was typed.
    let is_plain = manifest.symlink_metadata().is_ok_and(|metadata| !metadata.is_symlink());
    let path = if is_plain { manifest.to_owned() } else { path };
    if Names::is_reserved(&path) {
        return Err(Failure::usage(format!(
            "{}: names that end with .pending or .new are those of puts and changes that aren't done",
            path.display()
        ))
        .help("give the manifest another name, such as OUT.json"));
    }
    Ok(Names::of_manifest(&path))
}

/// Makes the journal. One that an earlier put or change left is dealt with before.
pub(super) fn begin(
    session: &Session,
    names: &Names,
    interrupt: &Interrupt,
    out: Output,
) -> Result<Pending, Failure> {
    let path = names.pending();
    for _ in 0..ATTEMPTS {
        if let Some(pending) = Pending::create(&path)? {
            return Ok(pending);
        }
        match Pending::open(&path)? {
            Opened::Gone => {}
            Opened::Busy => return Err(sweep::busy(&path)),
            Opened::Locked(earlier) => {
                out.note(&format!(
                    "{}: an earlier put or change didn't come to its end; cleaning up first",
                    path.display()
                ));
                let ran = session
                    .run(interrupt, async |store| recover(&store, earlier, false, Progress::none()).await);
                let recovered = ran.result.map_err(|failure| {
                    failure.detail("what was left in the way of this change has to be cleaned up first")
                })?;
                out.note(&sweep::line(&path, &recovered));
            }
        }
    }
    Err(sweep::busy(&path))
}

/// Brings a change that failed or was interrupted to the end that it can have, and tells which that is.
pub(super) fn settle(
    session: &Session,
    path: &Path,
    may_land: bool,
    failure: Failure,
    interrupt: &Interrupt,
    out: Output,
) -> Failure {
    let later = |failure: Failure| {
        failure.left().help(format!("later, bring it to its end with: xstore sweep {}", path.display()))
    };
    let pending = match Pending::open(path) {
        Ok(Opened::Locked(pending)) => pending,
        // Somebody else takes care of it, or nothing is left.
        Ok(Opened::Gone | Opened::Busy) => return failure,
        Err(error) => return later(failure.detail(error.in_one_line())),
    };
    // Where nothing was sent there is nothing to ask a store for, and perhaps there is none.
    if pending.text().is_ok_and(|text| !text.contains('\n')) {
        return match pending.remove() {
            Ok(()) => failure,
            Err(error) => failure.detail(error.in_one_line()),
        };
    }
    if interrupt.is_set() {
        out.note("interrupted: settling what was done; interrupt once more to leave it for later");
    }
    let settled = session.run(interrupt, async |store| {
        let mut watch = Watch::new(out, "settling", None);
        let recovered = recover(&store, pending, may_land, watch.progress()).await;
        watch.settled().await;
        recovered
    });
    match settled.result {
        Ok(Recovered::Empty | Recovered::Swept(_) | Recovered::Moved | Recovered::TakenBack) => {
            failure.detail("the object is as it was")
        }
        Ok(Recovered::Finished(manifest) | Recovered::Changed(manifest)) => {
            failure.detail(format!("what was done so far is kept; the manifest is {}", manifest.display()))
        }
        Ok(kept @ Recovered::Kept { .. }) => {
            failure.left().detail(sweep::line(path, &kept)).help(sweep::advice(&kept))
        }
        Err(error) => {
            later(failure.detail(format!("what was done can't be settled now: {}", error.in_one_line())))
        }
    }
}

/// Where a journal is kept, and what to do about it.
pub(super) fn kept(recovered: Option<&Recovered>) -> Option<(PathBuf, String)> {
    match recovered {
        Some(recovered @ Recovered::Kept { pending, .. }) => {
            Some((pending.clone(), sweep::advice(recovered)))
        }
        _ => None,
    }
}
