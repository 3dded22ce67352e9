//! The end of a repair, a migration or a reshare, and what to do about one that didn't come to it.
//!
//! The object has its manifest all the while, so the order is another one than that of a put:
//!
//! 1. the new manifest is written to `OUT.json.new`, and survives a power loss;
//! 2. of a repair or a migration: it is renamed to `OUT.json`, over the old one, and then the ticket is committed.
//!    What it replaced isn't needed any more. Found before that, a ticket tells what was stored, and that counts;
//! 3. of a reshare: the ticket is committed, the old manifest is linked to a name of its own, and the new one is
//!    renamed over it. Found before that, all that was stored is removed;
//! 4. values that no manifest names any more are removed, and then `OUT.json.pending`.

use super::commit::write;
use super::{Names, Opened, Pending, Recovered};
use crate::failure::Failure;
use crate::files::{parent, read_manifest, sync_folder};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use xstore::manifest::Manifest;
use xstore::{Code, Progress, Store, Ticket};

/// The manifest in use.
pub(crate) fn manifest_in_use(store: &Store, names: &Names) -> Result<Manifest, Failure> {
    let path = names.manifest();
    let text = read_manifest(path)?;
    store.manifest(&text).map_err(|error| Failure::of_store(&error).about(path))
}

/// Keeps the manifest of a repair or a migration, in place of the one in use.
///
/// # Errors
/// Where it stands then, the journal tells.
pub(crate) fn keep(
    store: &Store,
    ticket: &Ticket,
    names: &Names,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let new = names.replacement();
    write_anew(&new, manifest)?;
    replace(&new, names.manifest())?;
    store.commit(ticket).map_err(|error| Failure::of_store(&error))
}

/// Keeps the manifest of a reshare in place of the one in use, and that one beside it. Returns where that is.
///
/// # Errors
/// Where it stands then, the journal tells.
pub(crate) fn keep_both(
    store: &Store,
    ticket: &Ticket,
    names: &Names,
    manifest: &Manifest,
) -> Result<PathBuf, Failure> {
    let new = names.replacement();
    write_anew(&new, manifest)?;
    store.commit(ticket).map_err(|error| Failure::of_store(&error))?;
    put_beside(store, names, &new)
}

/// Removes what no manifest names any more, and then the journal.
pub(crate) async fn clear(
    store: &Store,
    ticket: &Ticket,
    names: &Names,
    pending: Pending,
    manifest: &Manifest,
    may_land: bool,
    progress: Progress,
) -> Result<Option<Recovered>, Failure> {
    let swept = store
        .sweep(ticket)
        .keeping(manifest)
        .progress(progress)
        .await
        .map_err(|error| Failure::of_store(&error).about(pending.path()))?;
    if swept.is_settled() && !may_land {
        pending.remove()?;
        return Ok(None);
    }
    let pending = put_aside(pending, names, ticket)?;
    Ok(Some(Recovered::Kept { pending, unconfirmed: swept.unconfirmed, again_after: swept.again_after }))
}

/// After the object was removed: removes also what earlier changes of it couldn't. Returns the journals that have to
/// stay.
pub(crate) async fn clear_all(
    store: &Store,
    names: &Names,
    removed: &Manifest,
    progress: impl Fn() -> Progress,
) -> Result<Vec<PathBuf>, Failure> {
    let mut left = Vec::new();
    for path in names.kept_journals()? {
        let Opened::Locked(pending) = Pending::open(&path)? else { continue };
        let text = pending.text()?;
        let Ok(ticket) = store.ticket(&text) else { continue };
        if !ticket.is_change() || ticket.object() != removed.body().object {
            continue;
        }
        let swept = store.sweep(&ticket).keeping(removed).progress(progress()).await;
        // What may still land is a share of an object that is gone, and noise.
        if swept.is_ok_and(|swept| swept.unconfirmed.is_empty()) {
            pending.remove()?;
        } else {
            left.push(path);
        }
    }
    Ok(left)
}

/// Brings a change to its end, or takes it back where it can't be.
pub(super) async fn recover(
    store: &Store,
    names: &Names,
    pending: Pending,
    text: &str,
    may_land: bool,
    progress: Progress,
) -> Result<Recovered, Failure> {
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    pending.cut(whole)?;
    let ticket = store
        .ticket_with(&text[..whole], pending.journal())
        .map_err(|error| super::recover::refused(pending.path(), &error))?;
    let new = (!names.is_kept()).then(|| names.replacement());
    if ticket.is_empty() && !ticket.is_committed() {
        if let Some(new) = new {
            super::recover::remove(&new)?;
        }
        pending.remove()?;
        return Ok(Recovered::Empty);
    }
    if ticket.is_committed() {
        // Where a reshare was killed between its last steps, the new manifest is still to get its name.
        if let Some(new) = new.filter(|new| new.symlink_metadata().is_ok()) {
            put_beside(store, names, &new)?;
        }
        let manifest = in_use_of(store, names, &ticket)?;
        let kept = clear(store, &ticket, names, pending, &manifest, may_land, progress).await?;
        return Ok(kept.unwrap_or_else(|| Recovered::Changed(names.manifest().to_owned())));
    }
    if let Some(new) = new {
        super::recover::remove(&new)?;
    }
    let manifest = in_use_of(store, names, &ticket)?;
    match store.finish(&manifest, &ticket) {
        Ok(finished) => {
            if finished.to_json() == manifest.to_json() {
                store.commit(&ticket).map_err(|error| Failure::of_store(&error))?;
            } else {
                keep(store, &ticket, names, &finished)?;
            }
            let kept = clear(store, &ticket, names, pending, &finished, may_land, progress).await?;
            Ok(kept.unwrap_or_else(|| Recovered::Changed(names.manifest().to_owned())))
        }
        // A reshare: what it stored is in nobody's manifest.
        Err(error) if error.code() == Code::ConfigInvalid => {
            let kept = clear(store, &ticket, names, pending, &manifest, may_land, progress).await?;
            Ok(kept.unwrap_or(Recovered::TakenBack))
        }
        // Two changes at once. Nothing but a reshare helps, and the journal mustn't be in its way.
        Err(error) if error.code() == Code::LayoutRefused => {
            clear(store, &ticket, names, pending, &manifest, may_land, progress).await?;
            Err(Failure::of_store(&error).about(names.manifest()))
        }
        Err(error) => Err(Failure::of_store(&error).about(pending.path())),
    }
}

/// The manifest in use, which has to be of the ticket's object.
fn in_use_of(store: &Store, names: &Names, ticket: &Ticket) -> Result<Manifest, Failure> {
    let path = names.manifest();
    let help = "put the object's manifest back in its place and sweep again; if the object is gone, remove the journal";
    let manifest = manifest_in_use(store, names).map_err(|failure| failure.help(help))?;
    if manifest.body().object == ticket.object() {
        return Ok(manifest);
    }
    Err(Failure::new("MANIFEST_INVALID", format!("{} is of another object than its journal", path.display()))
        .help(help))
}

/// Writes a manifest to a file that nobody else uses, over what a change that was killed may have left there.
fn write_anew(path: &Path, manifest: &Manifest) -> Result<(), Failure> {
    super::recover::remove(path)?;
    write(path, &manifest.to_json())
        .map_err(|error| Failure::io("SINK_FAILED", "write the manifest", path, error))
}

/// Renames a file over another one, and makes that survive a power loss.
fn replace(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::rename(from, to)
        .and_then(|()| sync_folder(parent(to)))
        .map_err(|error| Failure::io("SINK_FAILED", "replace the manifest", to, error))
}

/// Gives the manifest of a reshare its name, and the old one a name of its own.
fn put_beside(store: &Store, names: &Names, new: &Path) -> Result<PathBuf, Failure> {
    let path = names.manifest();
    let old = manifest_in_use(store, names)?;
    let beside = names.old_manifest(old.body().generation);
    match fs::hard_link(path, &beside) {
        // From an earlier attempt at just this, or a copy: the same bytes either way, or it is in the way.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if read_manifest(&beside)? != read_manifest(path)? {
                return Err(Failure::new(
                    "MANIFEST_EXISTS",
                    format!("{} is in the way: the old manifest is kept there", beside.display()),
                )
                .help("move it away, and bring the reshare to its end with: xstore sweep"));
            }
        }
        // Some file systems have no links.
        Err(_) => {
            write(&beside, &old.to_json())
                .map_err(|error| Failure::io("SINK_FAILED", "keep the old manifest", &beside, error))?;
        }
        Ok(()) => {}
    }
    sync_folder(parent(&beside))
        .map_err(|error| Failure::io("SINK_FAILED", "keep the old manifest", &beside, error))?;
    replace(new, path)?;
    Ok(beside)
}

/// Renames the journal so that it isn't in the way of the next put or change.
fn put_aside(mut pending: Pending, names: &Names, ticket: &Ticket) -> Result<PathBuf, Failure> {
    if names.is_kept() {
        return Ok(pending.path().to_owned());
    }
    // Several changes of one object may be unsettled at once.
    let first = u128::from_str_radix(&ticket.object().to_string(), 16).unwrap_or_default();
    let free = (0..=u128::MAX)
        .map(|more| names.aside(&format!("{:032x}", first.wrapping_add(more))))
        .find(|path| path.symlink_metadata().is_err());
    let aside = free.unwrap_or_else(|| pending.path().to_owned());
    pending.rename(&aside)?;
    Ok(aside)
}
