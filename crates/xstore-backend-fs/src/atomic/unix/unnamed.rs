//! Files without a name: what is left of one when its process is killed is nothing.

use std::fs::File;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::AsRawFd;

use rustix::fs::FlockOperation;
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::fs::{AtFlags, OFlags};
use rustix::io::Errno;
use xstore_backend::Result;

use super::named::{Name, fresh_name};
use super::{NAMES, NAMING, is_no_way};
use crate::atomic::{How, Ways};
use crate::error::{already_exists, failed};
use crate::folder::{Folder, join};
use crate::steps::{Step, reach};

/// A file in the folder that has no name: if the process is killed, it is gone. None where there is no such thing.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn open(folder: &Folder, ways: Ways) -> Result<Option<File>> {
    if !ways.unnamed {
        return Ok(None);
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, ".", flags, super::PRIVATE_FILE) {
        Ok(file) => Ok(Some(file.into())),
        // The last three are what systems without it make of the flag.
        Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::ISDIR | Errno::NOENT) => Ok(None),
        Err(error) => Err(failed("make a temporary file", error)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) const fn open(_: &Folder, _: Ways) -> Result<Option<File>> {
    Ok(None)
}

/// Gives a file without a name its name; false where that isn't possible.
pub(super) fn name_it(file: &File, folder: &Folder, name: &str, how: How) -> Result<bool> {
    let place = join(folder.path(), name);
    reach(Step::Name, &place).map_err(|error| failed(NAMING, error))?;
    match link_unnamed(file, folder, name) {
        Ok(()) => return Ok(true),
        Err(Errno::EXIST) if how.create_only => return Err(already_exists()),
        Err(Errno::EXIST) => {}
        Err(error) if is_no_way(error) => return Ok(false),
        Err(error) => return Err(failed(NAMING, error)),
    }
    // A link doesn't replace, so a temporary name is needed after all. Locked first, so that nobody takes it for a
    // leftover; where there are no locks, nobody sweeps.
    let _ = rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive);
    for _ in 0..NAMES {
        let temporary = fresh_name();
        reach(Step::Park, &place).map_err(|error| failed(NAMING, error))?;
        match link_unnamed(file, folder, &temporary) {
            Ok(()) => {
                let guard = Name::new(folder, temporary);
                reach(Step::Name, &place).map_err(|error| failed(NAMING, error))?;
                guard.replace(name)?;
                return Ok(true);
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(NAMING, error)),
        }
    }
    Err(failed(NAMING, Errno::EXIST))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn link_unnamed(file: &File, folder: &Folder, name: &str) -> rustix::io::Result<()> {
    // By its number, as everybody may; by the handle alone where /proc isn't mounted, as not everybody may.
    let by_number = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::linkat(rustix::fs::CWD, by_number, folder, name, AtFlags::SYMLINK_FOLLOW) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => {
            rustix::fs::linkat(file, "", folder, name, AtFlags::EMPTY_PATH)
        }
        result => result,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn link_unnamed(_: &File, _: &Folder, _: &str) -> rustix::io::Result<()> {
    Err(Errno::NOTSUP)
}
