//! What differs from system to system.

use crate::error::from_io;
use std::io;
use std::path::{Path, PathBuf};
use xstore_backend::{Error, ErrorKind, Space};

#[cfg(test)]
mod tests;

/// The path without links.
#[cfg(unix)]
pub(super) fn real_path(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Windows' own word for it has a form that not everything understands.
#[cfg(not(unix))]
pub(super) fn real_path(path: &Path) -> io::Result<PathBuf> {
    Ok(path.to_owned())
}

/// Refuses a file that other machines may have open at the same time, where the system tells.
///
/// The processes that use a database share memory through a file, which doesn't work between machines, and locks
/// of network file systems are often not what they seem. A file system in user space (FUSE) is taken for a local
/// one: what is behind it, the system doesn't tell.
pub(crate) fn refuse_network(path: &Path) -> Result<(), Error> {
    if is_on_network(path).map_err(|e| from_io(e, "asking for the kind of file system failed"))? {
        let message =
            "SQLite is not safe on a network file system: put the database on a disk of this machine";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_on_network(path: &Path) -> io::Result<bool> {
    let kind = rustix::fs::statfs(path)?.f_type;
    // The numbers have 32 bits; in which type they come differs between processors.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::unnecessary_cast)]
    let kind = kind as u32;
    Ok(SHARED_FILE_SYSTEMS.iter().any(|(number, _)| *number == kind))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const SHARED_FILE_SYSTEMS: &[(u32, &str)] = &[
    (0x0000_6969, "nfs"),
    (0x0000_517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0000_564c, "ncp"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x0102_1997, "9p"),
    (0x00c3_6400, "ceph"),
    (0x0bd0_0bd0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
];

#[cfg(target_vendor = "apple")]
fn is_on_network(path: &Path) -> io::Result<bool> {
    const MNT_LOCAL: u32 = 0x1000;
    Ok(rustix::fs::statfs(path)?.f_flags & MNT_LOCAL == 0)
}

#[cfg(windows)]
fn is_on_network(path: &Path) -> io::Result<bool> {
    use std::path::{Component, Prefix};
    // This shows the share behind the letter of a drive, too.
    let path = path.canonicalize()?;
    let Some(Component::Prefix(prefix)) = path.components().next() else { return Ok(false) };
    Ok(matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..)))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)))]
fn is_on_network(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// The user may read and write the file, and make files beside it.
#[cfg(unix)]
pub(super) fn require_access(file: &Path) -> Result<(), Error> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let may = |path: &Path, access| accessat(CWD, path, access, AtFlags::EACCESS).map_err(io::Error::from);
    may(file, Access::READ_OK | Access::WRITE_OK)
        .map_err(|e| from_io(e, "the database file may not be read and written"))?;
    may(super::folder_of(file), Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|e| from_io(e, "the database's folder may not be written, and its log stands there"))
}

#[cfg(not(unix))]
pub(super) fn require_access(_: &Path) -> Result<(), Error> {
    Ok(())
}

/// The room in the file system below the path.
#[cfg(unix)]
pub(crate) fn space(path: &Path) -> Result<Space, Error> {
    let found = rustix::fs::statvfs(path).map_err(io::Error::from);
    let found = found.map_err(|e| from_io(e, "asking for the room on the file system failed"))?;
    // Some file systems in user space count nothing.
    if found.f_blocks == 0 {
        return Ok(Space::default());
    }
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Space::new(Some(bytes(found.f_bavail)), Some(bytes(found.f_blocks))))
}

#[cfg(not(unix))]
pub(crate) fn space(_: &Path) -> Result<Space, Error> {
    Ok(Space::default())
}
