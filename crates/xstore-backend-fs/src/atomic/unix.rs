//! Values on Unix.
//!
//! The bytes are written to a file that has no name yet, or where the file system can't do that, a temporary one in the
//! value's own folder; synced; and then given their name in one step. In the value's own folder, since a change of one
//! folder is made durable by one sync, since it is never on another file system, and since whoever lists a folder
//! sees what a killed process left there.

use std::fs::File;
use std::io::Write;

use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use xstore_backend::{Error, ErrorKind, Payload, Result};

use super::How;
use crate::error::{already_exists, failed, is_unsupported, nothing_written};
use crate::folder::{Folder, is_same, join};
use crate::steps::{Step, reach};

mod named;
mod unnamed;

pub(super) use named::Temporary;

/// What values are made with.
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Temporary names that are tried. Each is one of 2^64, so that even two are seldom needed.
const NAMES: u32 = 64;

/// The step that decides.
const NAMING: &str = "give the value its name";

/// Stores a value as `name` in `folder`.
pub(crate) fn write(folder: &Folder, name: &str, data: &Payload, how: How) -> Result<()> {
    if let Some(found) = folder.look(name).map_err(nothing_written)? {
        found.require_file().map_err(nothing_written)?;
        if how.create_only {
            // Said before the bytes are written. It is decided when the value gets its name.
            return Err(exists(folder, name, how));
        }
    }
    let (file, is_ours) = match written(folder, name, data, how) {
        Ok(file) => (file, how.create_only),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(folder, name, how)),
        Err(error) => return Err(error),
    };
    if how.sync_folder
        && let Err(error) = folder.sync_late()
    {
        if is_ours {
            // Another attempt that finds the value would take it for durable, which it will never be.
            let _ = take_back(folder, name, &file);
        }
        return Err(error);
    }
    Ok(())
}

/// The value is there under its name, but perhaps not durably.
fn written(folder: &Folder, name: &str, data: &Payload, how: How) -> Result<File> {
    if let Some(mut file) = unnamed::open(folder, how.ways).map_err(nothing_written)? {
        fill(&mut file, folder, name, data, how).map_err(nothing_written)?;
        if unnamed::name_it(&file, folder, name, how)? {
            return Ok(file);
        }
        // There are no names for files without one here: once more, with one from the beginning.
    }
    let mut temporary = Temporary::new(folder).map_err(nothing_written)?;
    fill(temporary.file(), folder, name, data, how).map_err(nothing_written)?;
    reach(Step::Name, &join(folder.path(), name)).map_err(|error| failed(NAMING, error))?;
    if how.create_only { temporary.become_new(name, how.ways) } else { temporary.replace(name) }
}

/// All bytes, synced. Where this fails nothing of it is used again: what a failed sync lost, no other sync finds.
fn fill(file: &mut File, folder: &Folder, name: &str, data: &Payload, how: How) -> Result<()> {
    let place = || join(folder.path(), name);
    let write = |error| failed("write the value", error);
    reach(Step::Write, &place()).map_err(write)?;
    for chunk in data.chunks() {
        file.write_all(chunk).map_err(write)?;
    }
    if how.sync {
        match reach(Step::SyncFile, &place()).and_then(|()| file.sync_all()) {
            Ok(()) => {}
            // A file system that syncs neither folders nor files: nothing durable was promised.
            Err(error) if !how.sync_folder && is_unsupported(&error) => {}
            Err(error) => return Err(failed("sync the value", error)),
        }
    }
    Ok(())
}

/// The value exists. Whoever hears that may find that it is the right one and rely on it: so it is as durable as one
/// that was just written, although its writer may have been killed before it was.
fn exists(folder: &Folder, name: &str, how: How) -> Error {
    let synced = || -> Result<()> {
        if how.sync_folder {
            if let Some(file) = folder.open(name)? {
                let synced = reach(Step::SyncFile, &join(folder.path(), name)).and_then(|()| file.sync_all());
                synced.map_err(|error| failed("sync the value that exists", error))?;
            }
            folder.sync().map_err(|error| failed("sync the folder", error))?;
        }
        Ok(())
    };
    match synced() {
        Ok(()) => already_exists(),
        Err(error) => error,
    }
}

/// Removes the value again if it is still this one.
pub(super) fn take_back(folder: &Folder, name: &str, file: &File) -> rustix::io::Result<()> {
    let there = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if is_same(&there, &rustix::fs::fstat(file)?) {
        rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
    }
    Ok(())
}

/// Whether a link or a special rename failed since the file system, or the system, doesn't do such things, so that
/// another way is worth a try. Where the reason is another one, that way will meet it again and report it.
fn is_no_way(error: Errno) -> bool {
    [
        Errno::INVAL,
        Errno::NOSYS,
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
        Errno::PERM,
        Errno::ACCESS,
        Errno::NOENT,
        Errno::XDEV,
        Errno::MLINK,
    ]
    .contains(&error)
}
