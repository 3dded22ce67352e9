//! The opened root: the way to every folder, and the proof that its path still leads to it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use xstore_backend::{Error, ErrorKind, Result, Space};

use crate::error::{self, failed, nothing_written};
use crate::folder::Folder;

/// Folders whose own entries are known to survive a power loss. Each is an open handle, hence few.
const KNOWN: usize = 16;

#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    folder: Arc<Folder>,
    can_sync: bool,
    /// Held open, so that no new folder can be mistaken for one of them.
    known: Mutex<Vec<Arc<Folder>>>,
}

impl Root {
    /// Opens a folder that exists.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // Whatever happens to the current directory afterwards.
        let path = std::path::absolute(path).map_err(|error| failed("open the folder", error))?;
        let folder = Arc::new(Folder::open_root(&path).map_err(|error| unopened(&path, error))?);
        let can_sync = match folder.sync() {
            Ok(()) => true,
            Err(error) if error::is_unsupported(&error) => false,
            Err(error) => return Err(failed("sync the folder", error)),
        };
        Ok(Self { path, folder, can_sync, known: Mutex::default() })
    }

    /// Opens a folder, and makes it where there is none. Its parent has to exist: a missing one is more often a disk
    /// that isn't mounted than a wish for a new tree.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|error| failed("make the folder", error))?;
        let is_new = match Folder::make_root(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(error::root(&path, "can't be made: its parent doesn't exist").with_source(error));
            }
            Err(error) => return Err(failed("make the folder", error)),
        };
        let this = Self::open(&path)?;
        if this.can_sync
            && let Some(parent) = path.parent()
            && let Err(error) = Folder::open_root(parent).and_then(|parent| parent.sync())
            // One that was there is not necessarily in a folder that may be read.
            && is_new
        {
            return Err(failed("sync the parent of the folder", error));
        }
        Ok(this)
    }

    /// Where it was when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the entries of folders can be made to survive a power loss.
    pub(crate) const fn can_sync(&self) -> bool {
        self.can_sync
    }

    /// Checks that the path still leads to the folder that was opened, and not to nothing, or to the empty folder
    /// below a disk that was unmounted.
    pub(crate) fn check(&self) -> Result<()> {
        match self.folder.is_at(&self.path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(error::root(&self.path, "is another one than was opened")),
            Err(error) => Err(unopened(&self.path, error)),
        }
    }

    /// Does `work` on the right root: checks it before, and also after anything that would be wrong on another one.
    /// Values that were read are right, whatever the path leads to by now.
    pub(crate) fn with<T>(&self, is_read: bool, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check().map_err(nothing_written)?;
        let result = work();
        let is_settled = match &result {
            Ok(_) => is_read,
            Err(error) => matches!(
                error.kind(),
                ErrorKind::AlreadyExists
                    | ErrorKind::AuthFailed
                    | ErrorKind::TooLarge
                    | ErrorKind::Unsupported
                    | ErrorKind::QuotaExceeded
            ),
        };
        if !is_settled {
            self.check()?;
        }
        result
    }

    /// The folder with this path relative to the root; None if there is nothing. The root's own path is empty.
    pub(crate) fn folder(&self, path: &str) -> Result<Option<Arc<Folder>>> {
        let mut folder = Arc::clone(&self.folder);
        for name in segments(path) {
            match folder.child(name)? {
                Some(child) => folder = Arc::new(child),
                None => return Ok(None),
            }
        }
        Ok(Some(folder))
    }

    /// The same, with everything made that is missing. With `sync`, its path survives a power loss when this returns.
    pub(crate) fn make(&self, path: &str, sync: bool) -> Result<Arc<Folder>> {
        // A handle of its own for each write: an error of a sync is reported to every handle that was open by then,
        // but to each only once.
        let mut folder = Arc::new(self.folder.reopened().map_err(|error| failed("open the folder", error))?);
        let mut parents = Vec::new();
        for name in segments(path) {
            let (child, is_new) = folder.make(name)?;
            parents.push((std::mem::replace(&mut folder, Arc::new(child)), is_new.then_some(name)));
        }
        if sync && self.can_sync && !parents.is_empty() && !self.is_known(&folder)? {
            // Also the entries of folders that were there: whoever made them may have been killed before they were
            // synced. From the root down, so that nothing that survives hangs in the air.
            if let Err(error) = parents.iter().try_for_each(|(parent, _)| parent.sync()) {
                // What a failed sync lost, no other sync finds: the next write makes the folders anew.
                for (parent, name) in parents.iter().rev() {
                    let _ = name.map(|name| parent.unmake(name));
                }
                return Err(failed("sync a folder", error));
            }
            self.remember(&folder);
        }
        Ok(folder)
    }

    pub(crate) fn space(&self) -> Result<Space> {
        self.folder.space()
    }

    fn is_known(&self, folder: &Folder) -> Result<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|known| known.path() == folder.path()) {
            Some(known) => known.is_same(folder).map_err(|error| failed("look at a folder", error)),
            None => Ok(false),
        }
    }

    fn remember(&self, folder: &Arc<Folder>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.path() != folder.path());
        if known.len() == KNOWN {
            known.remove(0);
        }
        known.push(Arc::clone(folder));
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

fn unopened(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => error::root(path, "isn't there").with_source(error),
        io::ErrorKind::NotADirectory => error::root(path, "is not a folder").with_source(error),
        _ => failed("open the folder", error),
    }
}
