//! A folder by its path, for systems that aren't Unix.
//!
//! Every segment is looked at before it is used, and links are refused. That keeps out what stands there, but not who
//! swaps a folder for a link in the very moment: a root that others may write to is for Unix only.

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use same_file::Handle;
use xstore_backend::{Result, Space};

use super::{Found, Kind, join};
use crate::error::{failed, failed_late};
use crate::steps::{Step, reach};

/// A folder, and a handle by which it is recognised.
#[derive(Debug)]
pub(crate) struct Folder {
    location: PathBuf,
    handle: Handle,
    /// Relative to the root.
    path: String,
}

impl Folder {
    /// Opens the root itself: the only path that is followed through links.
    pub(crate) fn open_root(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let handle = Handle::from_path(path)?;
        Ok(Self { location: path.to_owned(), handle, path: String::new() })
    }

    /// Makes the root itself.
    pub(crate) fn make_root(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    /// Where it is.
    pub(crate) fn location(&self) -> &Path {
        &self.location
    }

    /// The path relative to the root.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The folder `name` in this one; None if there is nothing, or a value, below which there is nothing either.
    pub(crate) fn child(&self, name: &str) -> Result<Option<Self>> {
        let (path, location) = (join(&self.path, name), self.location.join(name));
        match self.look(name)? {
            None | Some(Found { kind: Kind::File, .. }) => Ok(None),
            Some(Found { kind: Kind::Folder, .. }) => match Handle::from_path(&location) {
                Ok(handle) => Ok(Some(Self { location, handle, path })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(failed("open a folder", error)),
            },
            Some(found) => Err(found.kind.refuse_as_folder(&path)),
        }
    }

    /// The folder `name` in this one, made if there is nothing, and whether it was made.
    pub(crate) fn make(&self, name: &str) -> Result<(Self, bool)> {
        if let Some(child) = self.child(name)? {
            return Ok((child, false));
        }
        let step = "make a folder";
        reach(Step::Make, &join(&self.path, name)).map_err(|error| failed(step, error))?;
        let is_new = match fs::create_dir(self.location.join(name)) {
            Ok(()) => true,
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(failed(step, error)),
        };
        match self.child(name)? {
            Some(child) => Ok((child, is_new)),
            None => Err(match self.look(name)? {
                Some(found) => found.kind.refuse_as_folder(&join(&self.path, name)),
                None => failed(step, io::ErrorKind::NotFound),
            }),
        }
    }

    /// Removes the folder `name` if it is empty.
    pub(crate) fn unmake(&self, name: &str) -> io::Result<()> {
        fs::remove_dir(self.location.join(name))
    }

    /// What is known about the value `name`; None if there is none.
    pub(crate) fn value(&self, name: &str) -> Result<Option<Found>> {
        self.look(name)?.map_or(Ok(None), Found::value)
    }

    /// What stands under `name`; None if there is nothing.
    pub(crate) fn look(&self, name: &str) -> Result<Option<Found>> {
        match fs::symlink_metadata(self.location.join(name)) {
            Ok(metadata) => Ok(Some(found(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("look at the value", error)),
        }
    }

    /// The value `name`, opened for reading; None if there is none.
    pub(crate) fn open(&self, name: &str) -> Result<Option<File>> {
        if self.value(name)?.is_none() {
            return Ok(None);
        }
        match File::open(self.location.join(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("open the value", error)),
        }
    }

    /// Removes the value `name`; false if there is none.
    pub(crate) fn remove(&self, name: &str) -> Result<bool> {
        if self.value(name)?.is_none() {
            return Ok(false);
        }
        let step = "remove the value";
        reach(Step::Remove, &join(&self.path, name)).map_err(|error| failed(step, error))?;
        match fs::remove_file(self.location.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(step, error)),
        }
    }

    /// There is no way to sync the entries of a folder here.
    pub(crate) fn sync(&self) -> io::Result<()> {
        reach(Step::SyncFolder, &self.path)?;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// As [`sync`](Self::sync), after a value lost its name.
    pub(crate) fn sync_late(&self) -> Result<()> {
        self.sync().map_err(|error| failed_late("sync the folder", error))
    }

    /// Shows every name, in any order. Names that aren't text are left out: they can't be segments of keys.
    pub(crate) fn each(&self, mut show: impl FnMut(&str, Kind)) -> Result<()> {
        let fail = |error| failed("read a folder", error);
        for entry in fs::read_dir(&self.location).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if let Some(name) = entry.file_name().to_str() {
                show(name, entry.file_type().map_or(Kind::Unknown, kind));
            }
        }
        Ok(())
    }

    /// Removes the temporary file `name` unless its writer is alive. Best effort: what stays is noise.
    pub(crate) fn sweep(&self, name: &str) {
        let location = self.location.join(name);
        if is_abandoned(&location) {
            let _ = fs::remove_file(location);
        }
    }

    /// The same folder by a handle of its own.
    pub(crate) fn reopened(&self) -> io::Result<Self> {
        let handle = Handle::from_path(&self.location)?;
        Ok(Self { location: self.location.clone(), handle, path: self.path.clone() })
    }

    /// The system doesn't tell by means of the standard library.
    pub(crate) const fn space(&self) -> Result<Space> {
        Ok(Space::new(None, None))
    }

    /// Whether this is the folder that `path` leads to.
    pub(crate) fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(self.handle == Handle::from_path(path)?)
    }

    /// Whether these are the same folder.
    pub(crate) fn is_same(&self, other: &Self) -> io::Result<bool> {
        Ok(self.handle == other.handle)
    }
}

/// Whether nobody has the file open: only then it opens for somebody who doesn't share it.
#[cfg(windows)]
fn is_abandoned(location: &Path) -> bool {
    use std::os::windows::fs::OpenOptionsExt;
    fs::OpenOptions::new().read(true).share_mode(0).open(location).is_ok()
}

/// There is no way to tell.
#[cfg(not(windows))]
const fn is_abandoned(_: &Path) -> bool {
    false
}

fn found(metadata: &Metadata) -> Found {
    Found { kind: kind(metadata.file_type()), size: metadata.len(), modified: metadata.modified().ok() }
}

fn kind(kind: FileType) -> Kind {
    if kind.is_symlink() {
        Kind::Link
    } else if kind.is_dir() {
        Kind::Folder
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Special
    }
}
