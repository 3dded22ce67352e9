//! Files with a temporary name, where there are none without, or one is to replace another.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;

use rustix::fs::{AtFlags, FlockOperation, OFlags};
use rustix::io::Errno;
use xstore_backend::{Error, ErrorKind, Result};

use super::{NAMES, NAMING, PRIVATE_FILE, is_no_way};
use crate::atomic::Ways;
use crate::error::{already_exists, failed};
use crate::folder::{Folder, TEMPORARY, is_same};

/// A temporary name of a file. Removed when dropped.
pub(super) struct Name<'a> {
    folder: &'a Folder,
    name: Option<String>,
}

impl<'a> Name<'a> {
    pub(super) const fn new(folder: &'a Folder, name: String) -> Self {
        Self { folder, name: Some(name) }
    }

    /// The file takes the place of what is there, if anything.
    pub(super) fn replace(mut self, name: &str) -> Result<()> {
        let Some(temporary) = &self.name else { return Ok(()) };
        rustix::fs::renameat(self.folder, temporary, self.folder, name)
            .map_err(|error| failed(NAMING, error))?;
        self.name = None;
        Ok(())
    }
}

impl Drop for Name<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // What can't be removed now is swept by the next list.
            let _ = rustix::fs::unlinkat(self.folder, name, AtFlags::empty());
        }
    }
}

/// A file with a temporary name, locked for as long as it has it.
pub(crate) struct Temporary<'a> {
    file: File,
    name: Name<'a>,
}

impl<'a> Temporary<'a> {
    pub(crate) fn new(folder: &'a Folder) -> Result<Self> {
        let fail = |error| failed("make a temporary file", error);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for _ in 0..NAMES {
            let temporary = fresh_name();
            let file: File = match rustix::fs::openat(folder, &temporary, flags, PRIVATE_FILE) {
                Ok(handle) => handle.into(),
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(fail(error)),
            };
            let name = Name::new(folder, temporary);
            // Until it is locked it looks like a leftover: somebody may be sweeping it, or have swept it. Where there
            // are no locks, nobody sweeps.
            if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
                continue;
            }
            if rustix::fs::fstat(&file).map_err(fail)?.st_nlink != 0 {
                return Ok(Self { file, name });
            }
        }
        Err(fail(Errno::EXIST))
    }

    /// The file, to be written.
    pub(super) const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The file becomes the value unless there is one. One step decides in each of the ways.
    pub(crate) fn become_new(self, name: &str, ways: Ways) -> Result<File> {
        let (folder, Some(temporary)) = (self.name.folder, &self.name.name) else { return Ok(self.file) };
        if ways.exclusive_rename {
            match rename_exclusive(folder, temporary, name) {
                Ok(()) => return Ok(self.without_name()),
                Err(Errno::EXIST) => return Err(already_exists()),
                Err(error) if is_no_way(error) => {}
                Err(error) => return Err(failed(NAMING, error)),
            }
        }
        if ways.hard_link {
            match rustix::fs::linkat(folder, temporary, folder, name, AtFlags::empty()) {
                // The temporary name goes with `self`.
                Ok(()) => return Ok(self.file),
                // Over a network the answer to a link that was made may get lost, and the question be asked again.
                Err(Errno::EXIST) if is_linked(&self.file, folder, name) => return Ok(self.file),
                Err(Errno::EXIST) => return Err(already_exists()),
                Err(error) if is_no_way(error) => {}
                Err(error) => return Err(failed(NAMING, error)),
            }
        }
        self.become_new_locked(name)
    }

    /// The same for file systems that can do neither, as on some removable media: a lock decides. It holds against
    /// all that write here in this way on this machine, and a file system of this kind is in one machine.
    fn become_new_locked(self, name: &str) -> Result<File> {
        let folder = self.name.folder;
        let lock = folder.reopened().map_err(|error| failed(NAMING, error))?;
        loop {
            match rustix::fs::flock(&lock, FlockOperation::LockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(error) => {
                    let words = "the file system can neither link, nor rename without replacing, nor lock: a value \
                                 can't be created without the risk of replacing another one";
                    return Err(Error::new(ErrorKind::Unsupported, words).with_source(io::Error::from(error)));
                }
            }
        }
        if folder.look(name)?.is_some() {
            return Err(already_exists());
        }
        self.replace(name)
    }

    /// The file becomes the value, in the place of the one that is there, if any.
    pub(super) fn replace(self, name: &str) -> Result<File> {
        self.name.replace(name)?;
        Ok(self.file)
    }

    fn without_name(mut self) -> File {
        self.name.name = None;
        self.file
    }
}

/// Whether `name` is another name of the file.
fn is_linked(file: &File, folder: &Folder, name: &str) -> bool {
    let (mine, there) =
        (rustix::fs::fstat(file), rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW));
    matches!((mine, there), (Ok(mine), Ok(there)) if mine.st_nlink > 1 && is_same(&mine, &there))
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_exclusive(folder: &Folder, from: &str, to: &str) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(folder, from, folder, to, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
const fn rename_exclusive(_: &Folder, _: &str, _: &str) -> rustix::io::Result<()> {
    Err(Errno::NOTSUP)
}

/// A name that is probably free. It needn't be secret: it is taken only if it is free, and no link is followed.
pub(super) fn fresh_name() -> String {
    // Each `RandomState` hashes differently.
    format!("{TEMPORARY}{:016x}", RandomState::new().hash_one(std::process::id()))
}
