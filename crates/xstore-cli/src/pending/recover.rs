//! What to do about a put that didn't come to its end; about changes see [`super::change`].

use super::commit::place;
use super::{Names, Pending};
use crate::failure::Failure;
use crate::files::{parent, read_manifest, sync_folder};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use xstore::manifest::{Timestamp, Unverified};
use xstore::{Attempt, Progress, Store, Ticket};

/// What came of it.
#[derive(Debug)]
pub(crate) enum Recovered {
    /// Nothing had been sent.
    Empty,
    /// So many places are certain to be empty, and the journal is gone.
    Swept(usize),
    /// Not all is certain yet: the journal is kept here, to be swept again.
    Kept {
        /// The journal.
        pending: PathBuf,
        /// What couldn't be asked.
        unconfirmed: Vec<Attempt>,
        /// Something may still land until then.
        again_after: Option<Timestamp>,
    },
    /// The put had succeeded; its manifest stands here now.
    Finished(PathBuf),
    /// The put had succeeded, and somebody took its manifest elsewhere.
    Moved,
    /// A change was brought to its end; the object's manifest is this.
    Changed(PathBuf),
    /// What a change had stored is removed; the object's manifest is what it was.
    TakenBack,
}

/// Cleans up after a put, or brings it to its end where it was committed. `may_land` says that something of it may
/// still be under way.
///
/// Shares of a committed put, or of one whose manifest is in use, are never removed.
pub(crate) async fn recover(
    store: &Store,
    mut pending: Pending,
    may_land: bool,
    progress: Progress,
) -> Result<Recovered, Failure> {
    let names = Names::of_pending(pending.path()).ok_or_else(|| {
        Failure::usage(format!("{} is not named like a put's journal", pending.path().display()))
            .help("name a file that a put left behind: its name ends with .pending")
    })?;
    let text = pending.text()?;
    if !text.contains('\n') {
        // The first line stands before anything is sent.
        pending.remove()?;
        return Ok(Recovered::Empty);
    }
    let ticket = store.ticket(&text).map_err(|error| refused(pending.path(), &error))?;
    if ticket.is_change() {
        return super::change::recover(store, &names, pending, &text, may_land, progress).await;
    }
    if ticket.is_committed() || is_manifest_of(store, names.manifest(), &ticket)? {
        return finish(store, &names, pending, &ticket);
    }
    let swept = store
        .sweep(&ticket)
        .progress(progress)
        .await
        .map_err(|error| Failure::of_store(&error).about(pending.path()))?;
    // Before the journal goes, or it would be in the way of the next put, and nobody would know why.
    if let Some(new) = names.new_manifest() {
        remove(&new)?;
    }
    if swept.is_settled() && !may_land {
        pending.remove()?;
        return Ok(Recovered::Swept(swept.removed));
    }
    let aside = names.aside(&ticket.object().to_string());
    if aside != pending.path() {
        pending.rename(&aside)?;
    }
    Ok(Recovered::Kept { pending: aside, unconfirmed: swept.unconfirmed, again_after: swept.again_after })
}

/// Brings a put to its end that was committed.
fn finish(store: &Store, names: &Names, pending: Pending, ticket: &Ticket) -> Result<Recovered, Failure> {
    let new = names.new_manifest();
    let found = if is_manifest_of(store, names.manifest(), ticket)? {
        // Where the rename was two steps, both names may be there.
        if let Some(new) = &new {
            remove(new)?;
        }
        Recovered::Finished(names.manifest().to_owned())
    } else if let Some(new) = new
        && is_manifest_of(store, &new, ticket)?
    {
        Recovered::Finished(put_in_place(&new, names, ticket)?)
    } else {
        Recovered::Moved
    };
    pending.remove()?;
    Ok(found)
}

/// Gives the manifest its name, or another one where something else has it.
fn put_in_place(new: &Path, names: &Names, ticket: &Ticket) -> Result<PathBuf, Failure> {
    let fail = |path: &Path, error| Failure::io("SINK_FAILED", "write the manifest", path, error);
    match place(new, names.manifest()) {
        Ok(()) => Ok(names.manifest().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let aside = names.manifest_aside(&ticket.object().to_string());
            place(new, &aside).map_err(|error| fail(&aside, error))?;
            Ok(aside)
        }
        Err(error) => Err(fail(names.manifest(), error)),
    }
}

/// Whether the file at `path` is the manifest of the ticket's object.
///
/// # Errors
/// Where that can't be told: then nothing may be removed.
fn is_manifest_of(store: &Store, path: &Path, ticket: &Ticket) -> Result<bool, Failure> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::io("SOURCE_FAILED", "read", path, error)),
        // What isn't a file isn't a manifest.
        Ok(_) if path.metadata().is_ok_and(|metadata| !metadata.is_file()) => return Ok(false),
        Ok(_) => {}
    }
    let text = read_manifest(path)?;
    let object = ticket.object();
    match Unverified::parse(&text) {
        Ok(manifest) if manifest.body().object != object => Ok(false),
        Ok(_) => match store.manifest(&text) {
            Ok(_) => Ok(true),
            Err(error) => Err(unclear(path).caused_by(error)),
        },
        // A manifest that was damaged still needs its shares; a copy of it may be intact.
        Err(error) if contains(&text, object.to_string().as_bytes()) => Err(unclear(path).caused_by(error)),
        Err(_) => Ok(false),
    }
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

fn unclear(path: &Path) -> Failure {
    Failure::new(
        "MANIFEST_INVALID",
        format!("{} is of the object that is to be swept, but isn't intact", path.display()),
    )
    .help("put an intact copy in its place, or move it away if the object isn't wanted, and sweep again")
}

pub(super) fn refused(path: &Path, error: &xstore::Error) -> Failure {
    if error.code() == xstore::Code::KeyUnavailable {
        return Failure::of_store(error).about(path);
    }
    Failure::new(
        "PENDING_INVALID",
        format!("{} is not an intact journal of a put or a change with this key", path.display()),
    )
    .caused_by(error.clone())
    .help("nothing was removed; shares that it may name stay where they are")
}

/// Removes a file, if there is one, for good.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    let fail = |error| Failure::io("SINK_FAILED", "remove", path, error);
    match fs::remove_file(path) {
        Ok(()) => sync_folder(parent(path)).map_err(fail),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(fail(error)),
    }
}
