//! `xstore rm`.

use super::change;
use crate::args::Rm;
use crate::failure::Failure;
use crate::files::{parent, sync_folder};
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::pending::{clear_all, manifest_in_use};
use crate::session::Session;
use crate::trouble::{Trouble, Troubles};
use crate::units::{count, printable};
use crate::watch::Watch;
use serde::Serialize;
use std::path::{Path, PathBuf};
use xstore::Progress;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    name: String,
    object: String,
    manifest: PathBuf,
    /// Every share is gone, and the manifest with them.
    removed: bool,
    /// How many shares couldn't be removed.
    remaining: usize,
    problems: Vec<Trouble>,
    /// Journals of earlier changes, of which values may still be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    journals: Vec<PathBuf>,
}

pub(super) fn run(args: &Rm, out: Output) -> Result<Outcome, Failure> {
    let path = &*args.manifest;
    let session = Session::load(&args.configured)?;
    let names = change::names(path)?;
    let interrupt = Interrupt::watch();
    // Nobody may change the object meanwhile.
    let pending = change::begin(&session, &names, &interrupt, out)?;
    let ran = session.run(&interrupt, async |store| {
        let manifest = manifest_in_use(&store, &names)?;
        let mut watch = Watch::new(out, "removing", None);
        let deleted = store.delete(&manifest).progress(watch.progress()).await;
        watch.settled().await;
        let deleted = deleted.map_err(|error| Failure::of_store(&error))?;
        let journals = if deleted.remaining().is_empty() {
            clear_all(&store, &names, &manifest, Progress::none).await?
        } else {
            Vec::new()
        };
        let body = manifest.body();
        Ok(Report {
            name: body.key.as_str().to_owned(),
            object: body.object.to_string(),
            manifest: path.to_owned(),
            removed: deleted.remaining().is_empty() && journals.is_empty(),
            remaining: deleted.remaining().len(),
            problems: Troubles::of(deleted.remaining()),
            journals,
        })
    });
    pending.remove()?;
    let report = ran.result.map_err(|failure| match failure.code() {
        "CANCELLED" => {
            Failure::new("CANCELLED", "interrupted; some shares may be gone, the others are still there")
                .help("repeat the command; the manifest is still there")
        }
        _ => failure,
    })?;
    if report.removed {
        remove(names.manifest())?;
    } else {
        out.warn(&warning(&report));
    }
    out.result(&report, || {
        let name = printable(&report.name);
        if report.removed {
            format!("{name}: removed, with its manifest {}", path.display())
        } else {
            format!("{name}: too few shares are left to read it; {} kept", path.display())
        }
    })?;
    Ok(Outcome::degraded_unless(report.removed))
}

fn warning(report: &Report) -> String {
    let mut text = if report.remaining > 0 {
        let shares = count(report.remaining, "share");
        format!("{shares} couldn't be removed; nobody can read the object any more")
    } else {
        "the shares are removed, but not all values that earlier changes of the object replaced".to_owned()
    };
    for journal in &report.journals {
        text.push_str(&format!("\n  named in {}", journal.display()));
    }
    for problem in &report.problems {
        text.push_str("\n  ");
        text.push_str(&problem.line());
    }
    text.push_str("\nhelp: the manifest is kept; repeat the command once these backends are back");
    text
}

fn remove(path: &Path) -> Result<(), Failure> {
    let fail = |error| {
        Failure::io("SINK_FAILED", "remove the manifest", path, error)
            .detail("the object's shares are removed; the manifest is of no use any more")
    };
    std::fs::remove_file(path).map_err(fail)?;
    sync_folder(parent(path)).map_err(fail)
}
