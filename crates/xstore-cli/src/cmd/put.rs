//! `xstore put`.

mod report;

use super::sweep;
use crate::args::Put;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::files::{refuse_existing_manifest, require_parent};
use crate::input::{self, Input};
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::pending::{Names, Opened, Pending, Recovered, commit, recover};
use crate::session::Session;
use crate::trouble::Trouble;
use crate::watch::Watch;
use report::Report;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use xstore::manifest::Manifest;
use xstore::{Progress, Store};

/// How often a journal that is in the way is looked at: each time somebody else may have been faster.
const ATTEMPTS: usize = 3;

/// What the core says where its own cleaning up didn't get everywhere; ours comes after it, and tells for itself.
const LEFTOVER: &str = " (and not all that had been written could be removed: sweep the ticket later)";

/// What the core advises where all was removed.
const REMOVED: &str = "; what had been written was removed";

pub(super) fn run(args: &Put, out: Output) -> Result<Outcome, Failure> {
    let watch = Stopwatch::start();
    let session = Session::load(&args.configured)?;
    if Names::is_reserved(&args.manifest) {
        return Err(Failure::usage(format!(
            "{}: names that end with .pending or .new are those of puts that aren't done",
            args.manifest.display()
        ))
        .help("name another file with --manifest, such as OUT.json"));
    }
    require_parent(&args.manifest)?;
    let (input, interrupt) = input::open(&args.file, "put")?;
    let names = Names::of_manifest(&args.manifest);
    let pending = begin(&session, &names, &interrupt, out)?;
    let ran = session.run(&interrupt, async |store| put(&store, args, input, &names, &pending, out).await);
    match ran.result {
        Ok(done) => {
            pending.remove()?;
            let report = Report::new(&done.manifest, &args.manifest, done.bytes, done.troubles, watch);
            if report.degraded {
                out.warn(&report.warning());
            }
            out.result(&report, || report.text())?;
            Ok(Outcome::degraded_unless(!report.degraded))
        }
        Err(failure) => Err(clean_up(&session, pending, ran.may_land, failure, &interrupt, out)),
    }
}

/// What a put came to.
struct Done {
    manifest: Manifest,
    bytes: u64,
    troubles: Vec<Trouble>,
}

/// Makes the journal. One that an earlier put left is dealt with before.
fn begin(session: &Session, names: &Names, interrupt: &Interrupt, out: Output) -> Result<Pending, Failure> {
    let path = names.pending();
    for _ in 0..ATTEMPTS {
        // Where an earlier put can be brought to its end, this comes next.
        if !path.exists() {
            refuse_existing_manifest(names.manifest())?;
        }
        if let Some(pending) = Pending::create(&path)? {
            return match refuse_existing(names) {
                Ok(()) => Ok(pending),
                Err(failure) => pending.remove().and(Err(failure)),
            };
        }
        match Pending::open(&path)? {
            Opened::Gone => {}
            Opened::Busy => return Err(sweep::busy(&path)),
            Opened::Locked(earlier) => {
                out.note(&format!(
                    "{}: an earlier put didn't come to its end; cleaning up first",
                    path.display()
                ));
                let ran = session
                    .run(interrupt, async |store| recover(&store, earlier, false, Progress::none()).await);
                let recovered = ran.result.map_err(|failure| {
                    failure
                        .detail("what an earlier put left in the way of this one has to be cleaned up first")
                })?;
                out.note(&sweep::line(&path, &recovered));
            }
        }
    }
    Err(sweep::busy(&path))
}

/// Now that nobody else puts to this manifest.
fn refuse_existing(names: &Names) -> Result<(), Failure> {
    refuse_existing_manifest(names.manifest())?;
    match names.new_manifest() {
        Some(new) if new.symlink_metadata().is_ok() => Err(Failure::new(
            "MANIFEST_EXISTS",
            format!("{} is in the way: the manifest is written there first", new.display()),
        )
        .help("no put that is known here made it; move it away, or name another file with --manifest")),
        _ => Ok(()),
    }
}

/// Puts, and keeps the manifest.
async fn put(
    store: &Store,
    args: &Put,
    input: Input,
    names: &Names,
    pending: &Pending,
    out: Output,
) -> Result<Done, Failure> {
    let mut watch = Watch::new(out, "storing", input.length);
    let name = args.name.clone().unwrap_or(input.name);
    let ticket = store.begin_with(&name, pending.journal()).map_err(|error| Failure::of_store(&error))?;
    let feed = Feed::start(input.reader)
        .map_err(|error| Failure::new("SOURCE_FAILED", "no thread can be started").caused_by(error))?;
    let taken = feed.taken();
    let reader = watch.total().wrap_async_read(feed);
    let mut putting = store.put_reader(&*name, reader).ticket(&ticket).progress(watch.progress());
    if let Some(ttl) = args.ttl {
        putting = putting.ttl(Some(Duration::from_secs(ttl)));
    }
    let put = putting.await;
    watch.settled().await;
    let troubles = watch.finish();
    let manifest = put.map_err(|error| failed(&error, &input.label))?;
    // From here to the end nothing waits, so nothing interrupts it.
    commit(store, &ticket, names, &manifest)?;
    Ok(Done { manifest, bytes: taken.load(Ordering::Relaxed), troubles })
}

fn failed(error: &xstore::Error, label: &Path) -> Failure {
    let failure = Failure::of_store(error).without(LEFTOVER);
    if error.code() == xstore::Code::SourceFailed { failure.about(label) } else { failure }
}

/// Removes what a put stored that failed, and tells where that can't be done now.
fn clean_up(
    session: &Session,
    pending: Pending,
    may_land: bool,
    failure: Failure,
    interrupt: &Interrupt,
    out: Output,
) -> Failure {
    let path = pending.path().to_owned();
    // Where nothing was sent there is nothing to ask a store for, and perhaps there is none.
    if pending.text().is_ok_and(|text| !text.contains('\n')) {
        return match pending.remove() {
            Ok(()) => failure,
            Err(error) => failure.detail(error.in_one_line()),
        };
    }
    if interrupt.is_set() {
        out.note("interrupted: removing what was stored; interrupt once more to leave it for later");
    }
    let help = |failure: &Failure, then: String| match failure.hint() {
        Some(hint) => format!("{}; {then}", hint.replace(REMOVED, "")),
        None => then,
    };
    let cleaned = session.run(interrupt, async |store| {
        let mut watch = Watch::new(out, "removing", None);
        let recovered = recover(&store, pending, may_land, watch.progress()).await;
        watch.settled().await;
        recovered
    });
    match cleaned.result {
        Ok(Recovered::Empty | Recovered::Swept(_) | Recovered::Moved | Recovered::TakenBack) => failure,
        Ok(Recovered::Finished(manifest) | Recovered::Changed(manifest)) => failure
            .detail(format!("the object is stored nevertheless: its manifest is {}", manifest.display())),
        Ok(kept @ Recovered::Kept { .. }) => {
            let help = help(&failure, sweep::advice(&kept));
            failure.left().detail(sweep::line(&path, &kept)).help(help)
        }
        Err(error) => {
            let help = help(&failure, format!("later, clean up with: xstore sweep {}", path.display()));
            let why = format!("what had been stored can't be removed now: {}", error.in_one_line());
            failure.left().detail(why).help(help)
        }
    }
}
