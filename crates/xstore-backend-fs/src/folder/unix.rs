//! A folder by its handle. Every name is looked up relative to the handle, one segment at a time, and no link is
//! followed: whatever is swapped meanwhile, no call leaves the tree.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, RawMode};
use rustix::io::Errno;
use xstore_backend::{Result, Space};

use super::{Found, Kind, join};
use crate::error::{failed, failed_late};
use crate::steps::{Step, reach};

/// What folders are made with.
const PRIVATE_FOLDER: Mode = Mode::RWXU;

/// A folder. Its handle keeps it alive, also where its path leads elsewhere by now.
#[derive(Debug)]
pub(crate) struct Folder {
    /// A `File`, since only the standard library's sync is a real one on every system.
    handle: File,
    /// Relative to the root.
    path: String,
}

impl Folder {
    /// Opens the root itself: the only path that is followed through links.
    pub(crate) fn open_root(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self { handle: handle.into(), path: String::new() })
    }

    /// Makes the root itself.
    pub(crate) fn make_root(path: &Path) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(CWD, path, PRIVATE_FOLDER)?)
    }

    /// The path relative to the root.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The folder `name` in this one; None if there is nothing, or a value, below which there is nothing either.
    pub(crate) fn child(&self, name: &str) -> Result<Option<Self>> {
        let path = join(&self.path, name);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => Ok(Some(Self { handle: handle.into(), path })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => match self.look(name) {
                Ok(Some(Found { kind: Kind::File, .. })) => Ok(None),
                Ok(Some(found)) if found.kind != Kind::Folder => Err(found.kind.refuse_as_folder(&path)),
                _ => Err(failed("open a folder", error)),
            },
        }
    }

    /// The folder `name` in this one, made if there is nothing, and whether it was made.
    pub(crate) fn make(&self, name: &str) -> Result<(Self, bool)> {
        if let Some(child) = self.child(name)? {
            return Ok((child, false));
        }
        let step = "make a folder";
        reach(Step::Make, &join(&self.path, name)).map_err(|error| failed(step, error))?;
        let is_new = match rustix::fs::mkdirat(&self.handle, name, PRIVATE_FOLDER) {
            Ok(()) => true,
            // Somebody else was faster.
            Err(Errno::EXIST) => false,
            Err(error) => return Err(failed(step, error)),
        };
        match self.child(name)? {
            Some(child) => Ok((child, is_new)),
            None => Err(match self.look(name)? {
                Some(found) => found.kind.refuse_as_folder(&join(&self.path, name)),
                None => failed(step, Errno::NOENT),
            }),
        }
    }

    /// Removes the folder `name` if it is empty.
    pub(crate) fn unmake(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR)?)
    }

    /// What is known about the value `name`; None if there is none.
    pub(crate) fn value(&self, name: &str) -> Result<Option<Found>> {
        self.look(name)?.map_or(Ok(None), Found::value)
    }

    /// What stands under `name`; None if there is nothing.
    pub(crate) fn look(&self, name: &str) -> Result<Option<Found>> {
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(found(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("look at the value", error)),
        }
    }

    /// The value `name`, opened for reading; None if there is none.
    pub(crate) fn open(&self, name: &str) -> Result<Option<File>> {
        // Looked at before it is opened, since opening a device can do something. And not waiting, should a pipe have
        // taken its place since.
        if self.value(name)?.is_none() {
            return Ok(None);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file: File = match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => handle.into(),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed("open the value", error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(|error| failed("look at the value", error))?;
        found(&stat).require_file()?;
        Ok(Some(file))
    }

    /// Removes the value `name`; false if there is none.
    pub(crate) fn remove(&self, name: &str) -> Result<bool> {
        if self.value(name)?.is_none() {
            return Ok(false);
        }
        let step = "remove the value";
        reach(Step::Remove, &join(&self.path, name)).map_err(|error| failed(step, error))?;
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(failed(step, error)),
        }
    }

    /// Makes the folder's entries survive a power loss.
    pub(crate) fn sync(&self) -> io::Result<()> {
        reach(Step::SyncFolder, &self.path)?;
        self.handle.sync_all()
    }

    /// As [`sync`](Self::sync), after a value got its name or lost it.
    pub(crate) fn sync_late(&self) -> Result<()> {
        self.sync().map_err(|error| failed_late("sync the folder", error))
    }

    /// Shows every name, in any order. Names that aren't text are left out: they can't be segments of keys.
    pub(crate) fn each(&self, mut show: impl FnMut(&str, Kind)) -> Result<()> {
        let fail = |error| failed("read a folder", error);
        let mut entries = Dir::read_from(&self.handle).map_err(fail)?;
        while let Some(entry) = entries.read() {
            let entry = entry.map_err(fail)?;
            if let Ok(name) = CStr::to_str(entry.file_name())
                && name != "."
                && name != ".."
            {
                show(name, kind(entry.file_type()));
            }
        }
        Ok(())
    }

    /// Removes the temporary file `name` unless its writer is alive. Best effort: what stays is noise.
    pub(crate) fn sweep(&self, name: &str) {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let is_left = |found: rustix::io::Result<rustix::fs::Stat>| found.ok().filter(is_file);
        let at_name = || rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        if is_left(at_name()).is_none() {
            return;
        }
        let Ok(file) = rustix::fs::openat(&self.handle, name, flags, Mode::empty()) else { return };
        // A writer holds this lock from before the name can be seen, or checks afterwards that nobody removed it, and
        // until the name is gone; the system lets go of it when the process ends.
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return;
        }
        let (Some(opened), Some(named)) = (is_left(rustix::fs::fstat(&file)), is_left(at_name())) else {
            return;
        };
        if is_same(&opened, &named) {
            let _ = rustix::fs::unlinkat(&self.handle, name, AtFlags::empty());
        }
    }

    /// The room on its file system, as far as that tells.
    pub(crate) fn space(&self) -> Result<Space> {
        let room = rustix::fs::fstatvfs(&self.handle).map_err(|error| failed("ask for the room", error))?;
        if room.f_blocks == 0 {
            return Ok(Space::default());
        }
        let bytes = |blocks: u64| Some(blocks.saturating_mul(room.f_frsize));
        // What only the superuser may use counts neither as free nor as used.
        let used = room.f_blocks.saturating_sub(room.f_bfree);
        Ok(Space::new(bytes(room.f_bavail), bytes(used.saturating_add(room.f_bavail))))
    }

    /// Whether this is the folder that `path` leads to.
    pub(crate) fn is_at(&self, path: &Path) -> io::Result<bool> {
        let (mine, there) = (rustix::fs::fstat(&self.handle)?, rustix::fs::stat(path)?);
        Ok(is_same(&mine, &there))
    }

    /// Whether these are the same folder.
    pub(crate) fn is_same(&self, other: &Self) -> io::Result<bool> {
        Ok(is_same(&rustix::fs::fstat(&self.handle)?, &rustix::fs::fstat(&other.handle)?))
    }

    /// The same folder by a handle of its own: a lock on one holds against the other, and each hears of errors.
    pub(crate) fn reopened(&self) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&self.handle, ".", flags, Mode::empty())?;
        Ok(Self { handle: handle.into(), path: self.path.clone() })
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// Whether these are the same file.
pub(crate) fn is_same(a: &rustix::fs::Stat, b: &rustix::fs::Stat) -> bool {
    a.st_dev == b.st_dev && a.st_ino == b.st_ino
}

fn is_file(stat: &rustix::fs::Stat) -> bool {
    found(stat).kind == Kind::File
}

// The types of the fields differ between systems.
#[allow(clippy::useless_conversion, clippy::unnecessary_cast, clippy::unnecessary_fallible_conversions)]
fn found(stat: &rustix::fs::Stat) -> Found {
    let seconds = i64::try_from(stat.st_mtime).ok();
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).ok();
    Found {
        kind: kind(FileType::from_raw_mode(stat.st_mode as RawMode)),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified: seconds.zip(nanoseconds).and_then(|(seconds, rest)| time(seconds, rest)),
    }
}

/// None where the system's own type can't hold it.
fn time(seconds: i64, nanoseconds: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    second?.checked_add(Duration::from_nanos(nanoseconds.into()))
}

const fn kind(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        FileType::Unknown => Kind::Unknown,
        _ => Kind::Special,
    }
}
