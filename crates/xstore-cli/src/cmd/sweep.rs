//! `xstore sweep`: cleans up after puts and changes that didn't come to their end.

use crate::args::Sweep;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::pending::{Names, Opened, PENDING, Pending, Recovered, recover};
use crate::session::Session;
use crate::trouble::{Trouble, Troubles};
use crate::units::{count, printable};
use crate::watch::Watch;
use serde::Serialize;
use std::path::{Path, PathBuf};
use xstore::Attempt;

/// What came of one journal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Swept {
    /// The journal.
    pending: PathBuf,
    /// `swept`, `empty`, `kept`, `finished`, `taken-back`, `moved`, `busy` or `failed`.
    state: &'static str,
    /// Places that are certain to be empty.
    removed: usize,
    /// Where the journal is kept, or the manifest of a put that was brought to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    /// Backends that couldn't be asked.
    problems: Vec<Trouble>,
    /// When nothing can land any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    again_after: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip)]
    text: String,
}

pub(super) fn run(args: &Sweep, out: Output) -> Result<Outcome, Failure> {
    let session = Session::load(&args.configured)?;
    let (journals, is_named) = journals(args)?;
    let interrupt = Interrupt::watch();
    let mut all = Vec::new();
    let mut first: Option<Failure> = None;
    for path in journals {
        let (swept, failure) = one(&session, &path, is_named, &interrupt, out);
        all.push(swept);
        if failure.as_ref().is_some_and(|failure| failure.code() == "CANCELLED") {
            return Err(Failure::new("CANCELLED", "interrupted; what isn't swept yet can be swept later"));
        }
        if let Some(failure) = failure {
            // With several journals each one gets a line; the first failure decides how the command ends.
            first = Some(first.map_or(failure, |first| first));
        }
    }
    let outcome = Outcome::degraded_unless(all.iter().all(|swept| !matches!(swept.state, "kept")));
    if let Some(failure) = first {
        for swept in all.iter().filter(|swept| !matches!(swept.state, "failed" | "busy")) {
            out.note(&swept.text);
        }
        return Err(failure);
    }
    out.result(&all, || match &all[..] {
        [] => "nothing to sweep: no put left a journal here".to_owned(),
        all => all.iter().map(|swept| swept.text.clone()).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(outcome)
}

/// The journals to sweep, and whether they were named one by one.
fn journals(args: &Sweep) -> Result<(Vec<PathBuf>, bool), Failure> {
    if !args.pending.is_empty() {
        for path in &args.pending {
            if Names::of_pending(path).is_none() {
                return Err(Failure::usage(format!("{} is not named like a put's journal", path.display()))
                    .help("name files that end with .pending, or the manifest with --manifest"));
            }
            if path.symlink_metadata().is_err() {
                let missing = std::io::ErrorKind::NotFound.into();
                return Err(Failure::io("SOURCE_FAILED", "read", path, missing));
            }
        }
        return Ok((args.pending.clone(), true));
    }
    let folder = match &args.manifest {
        Some(manifest) => crate::files::parent(manifest),
        None => Path::new("."),
    };
    let fail = |error| Failure::io("SOURCE_FAILED", "list", folder, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if !entry.file_name().as_encoded_bytes().ends_with(PENDING.as_bytes()) {
            continue;
        }
        let path = if folder == Path::new(".") { entry.file_name().into() } else { entry.path() };
        let Some(names) = Names::of_pending(&path) else { continue };
        let is_wanted = args
            .manifest
            .as_ref()
            .is_none_or(|manifest| names.manifest().file_name() == manifest.file_name());
        if is_wanted && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            found.push(path);
        }
    }
    found.sort();
    Ok((found, false))
}

fn one(
    session: &Session,
    path: &Path,
    is_named: bool,
    interrupt: &Interrupt,
    out: Output,
) -> (Swept, Option<Failure>) {
    let pending = match Pending::open(path) {
        Ok(Opened::Locked(pending)) => pending,
        Ok(Opened::Gone) => return (Swept::of(path, &Recovered::Empty), None),
        Ok(Opened::Busy) => {
            let swept = Swept {
                text: format!("{}: left alone, since a put is at work on it", path.display()),
                ..Swept::new(path, "busy")
            };
            // Whoever names it wants it swept; who sweeps all wants what is left over.
            return (swept, is_named.then(|| busy(path)));
        }
        Err(failure) => return Swept::failed(path, failure),
    };
    let ran = session.run(interrupt, async |store| {
        let mut watch = Watch::new(out, "removing", None);
        let recovered = recover(&store, pending, false, watch.progress()).await;
        watch.settled().await;
        recovered
    });
    match ran.result {
        Ok(recovered) => (Swept::of(path, &recovered), None),
        Err(failure) => Swept::failed(path, failure),
    }
}

impl Swept {
    fn new(path: &Path, state: &'static str) -> Self {
        Self {
            pending: path.to_owned(),
            state,
            removed: 0,
            path: None,
            problems: Vec::new(),
            again_after: None,
            code: None,
            text: String::new(),
        }
    }

    fn failed(path: &Path, failure: Failure) -> (Self, Option<Failure>) {
        (Self { code: Some(failure.code()), ..Self::new(path, "failed") }, Some(failure))
    }

    fn of(path: &Path, recovered: &Recovered) -> Self {
        let text = line(path, recovered);
        match recovered {
            Recovered::Empty => Self { text, ..Self::new(path, "empty") },
            Recovered::Swept(removed) => Self { removed: *removed, text, ..Self::new(path, "swept") },
            Recovered::Kept { pending, unconfirmed, again_after } => Self {
                path: Some(pending.clone()),
                problems: Troubles::of(unconfirmed),
                again_after: again_after.map(|time| time.to_string()),
                text: with_troubles(&text, unconfirmed, &advice(recovered)),
                ..Self::new(path, "kept")
            },
            Recovered::Finished(manifest) => {
                Self { path: Some(manifest.clone()), text, ..Self::new(path, "finished") }
            }
            Recovered::Moved => Self { text, ..Self::new(path, "moved") },
            Recovered::Changed(manifest) => {
                Self { path: Some(manifest.clone()), text, ..Self::new(path, "finished") }
            }
            Recovered::TakenBack => Self { text, ..Self::new(path, "taken-back") },
        }
    }
}

/// Somebody else is at work on a journal.
pub(super) fn busy(path: &Path) -> Failure {
    Failure::new(
        "PUT_RUNNING",
        format!(
            "{} is in use: a put to this manifest, a change of it, or a sweep is running",
            path.display()
        ),
    )
    .help("wait until it has ended, or name another file with --manifest")
}

/// What came of a journal, for people.
pub(super) fn line(path: &Path, recovered: &Recovered) -> String {
    let path = printable(&path.display().to_string());
    match recovered {
        Recovered::Empty => format!("{path}: nothing had been stored"),
        Recovered::Swept(removed) => {
            format!("{path}: swept; {} certain to be empty", count_places(*removed))
        }
        Recovered::Kept { pending, .. } => {
            format!("{path}: not settled yet; kept as {}", printable(&pending.display().to_string()))
        }
        Recovered::Finished(manifest) => {
            format!(
                "{path}: that put had succeeded; its manifest is {}",
                printable(&manifest.display().to_string())
            )
        }
        Recovered::Changed(manifest) => format!(
            "{path}: brought to its end; the object's manifest is {}",
            printable(&manifest.display().to_string())
        ),
        Recovered::TakenBack => format!("{path}: taken back; the object is as it was"),
        Recovered::Moved => {
            format!(
                "{path}: that put had succeeded, and its manifest was taken elsewhere; nothing was removed"
            )
        }
    }
}

fn with_troubles(text: &str, unconfirmed: &[Attempt], advice: &str) -> String {
    let mut text = text.to_owned();
    for trouble in Troubles::of(unconfirmed) {
        text.push_str("\n  ");
        text.push_str(&trouble.line());
    }
    text.push_str("\nhelp: ");
    text.push_str(advice);
    text
}

fn count_places(places: usize) -> String {
    format!("{} {}", count(places, "place"), if places == 1 { "is" } else { "are" })
}

/// What to do about a journal that is kept.
pub(super) fn advice(recovered: &Recovered) -> String {
    let Recovered::Kept { pending, unconfirmed, again_after } = recovered else { return String::new() };
    let when = match (unconfirmed.is_empty(), again_after) {
        (false, Some(time)) => format!("once these backends are back, and after {time},"),
        (false, None) => "once these backends are back,".to_owned(),
        (true, Some(time)) => format!("a write may still land: after {time},"),
        (true, None) => "a write may still land: once this command has ended,".to_owned(),
    };
    format!("{when} clean up with: xstore sweep {}", printable(&pending.display().to_string()))
}
