//! The key file on disk: read with its permissions checked, written whole or not at all.
//!
//! On systems with Unix permissions a key file grants nothing to group and others. Elsewhere the folder's
//! access rights have to protect it; nothing is checked there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::KeyRing;
use crate::key_file::{self, KeyFileError, MAX_BYTES};

/// Loads a key ring.
///
/// A symbolic link is followed. The checks are made on the file that was opened, not on its name, so that it
/// can't be exchanged in between. At most 64 KiB are read.
///
/// # Errors
/// [`FileError`]: the file can't be read, is not a regular file, can be read by others, or is no key file.
pub fn load(path: &Path) -> Result<KeyRing, FileError> {
    let failed = |source| FileError::Io { action: Action::Read, path: path.into(), source };
    // Only to refuse a named pipe, the opening of which would wait for a writer. What counts is checked below.
    require_regular(path, &fs::metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    require_regular(path, &metadata)?;
    require_private(path, &metadata)?;

    // One byte more than allowed, so that a file that is too long shows itself.
    let mut bytes = Zeroizing::new(vec![0; MAX_BYTES + 1]);
    let length = read_up_to(&file, &mut bytes).map_err(failed)?;
    key_file::parse(&bytes[..length]).map_err(|source| FileError::Content { path: path.into(), source })
}

/// Writes a key ring to a file that doesn't exist yet.
///
/// The file's mode is 0600. When this returns, the file and its name are on the disk. When it fails, no file
/// is left behind (unless removing it fails too).
///
/// # Errors
/// [`FileError::Exists`] when there is anything under this name, a link to nothing included;
/// [`FileError::Io`] otherwise.
pub fn create(path: &Path, ring: &KeyRing) -> Result<(), FileError> {
    let failed = |source| FileError::Io { action: Action::Create, path: path.into(), source };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let mut file = options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists { path: path.into() },
        _ => failed(source),
    })?;
    let written = file
        .write_all(key_file::to_text(ring).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_folder(folder_of(path)));
    drop(file);
    written.map_err(|source| {
        // Half a key file is worse than none. The first error is the one to report.
        let _ = fs::remove_file(path);
        failed(source)
    })
}

/// Replaces an existing key file, whole or not at all: a reader sees the old ring or the new one.
///
/// The new text is written to a file beside it with mode 0600, which then takes its name. A symbolic link
/// stays, and what it points to is replaced. Comments in the old file are lost. Two processes that replace
/// one key file at the same time have to agree among themselves; the later one wins.
///
/// # Errors
/// [`FileError::NotRegular`] or [`FileError::Io`]; the old file then still has its name and contents, except
/// where only the last step failed, writing the folder to the disk.
pub fn replace(path: &Path, ring: &KeyRing) -> Result<(), FileError> {
    let failed = |source| FileError::Io { action: Action::Replace, path: path.into(), source };
    let target = fs::canonicalize(path).map_err(failed)?;
    require_regular(path, &fs::metadata(&target).map_err(failed)?)?;
    let folder = folder_of(&target);
    // `tempfile` creates with mode 0600, refuses names that exist, and removes the file on every early return.
    let mut new =
        tempfile::Builder::new().prefix(".xstore-key-").suffix(".tmp").tempfile_in(folder).map_err(failed)?;
    new.write_all(key_file::to_text(ring).as_bytes()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(&target).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(failed)
}

/// What was being done with a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// [`load`].
    Read,
    /// [`create`].
    Create,
    /// [`replace`].
    Replace,
}

/// Why a key file could not be loaded or written. Holds paths and numbers, nothing of the content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused.
    #[error("can't {} the key file {}", verb(*.action), .path.display())]
    Io {
        /// What was being done.
        action: Action,
        /// The file, as the caller named it.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// There is something under this name already, and nothing was overwritten.
    #[error("{} exists already; choose another name, or move it away if it isn't needed", .path.display())]
    Exists {
        /// The file, as the caller named it.
        path: PathBuf,
    },
    /// A folder, a device, a pipe or a socket.
    #[error("{} is not a regular file, as a key file has to be", .path.display())]
    NotRegular {
        /// The file, as the caller named it.
        path: PathBuf,
    },
    /// Others than its owner have access to the file.
    #[error(
        "others can access the key file {} (mode {mode:04o}); run `chmod 600` on it, and if anybody may have \
         read it, replace the key",
        .path.display()
    )]
    NotPrivate {
        /// The file, as the caller named it.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file was read, but is no key file.
    #[error("{} is not a valid key file", .path.display())]
    Content {
        /// The file, as the caller named it.
        path: PathBuf,
        /// The line and what is wrong with it.
        source: KeyFileError,
    },
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Read => "read",
        Action::Create => "create",
        Action::Replace => "replace",
    }
}

fn require_regular(path: &Path, metadata: &fs::Metadata) -> Result<(), FileError> {
    if metadata.is_file() { Ok(()) } else { Err(FileError::NotRegular { path: path.into() }) }
}

#[cfg(unix)]
fn require_private(path: &Path, metadata: &fs::Metadata) -> Result<(), FileError> {
    use std::os::unix::fs::MetadataExt;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(FileError::NotPrivate { path: path.into(), mode }) }
}

#[cfg(not(unix))]
fn require_private(_: &Path, _: &fs::Metadata) -> Result<(), FileError> {
    Ok(())
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// Fills `buffer` until it is full or the file ends. `read_to_end` would read through buffers of its own.
fn read_up_to(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes a new name durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems can't open a folder for this; they write names with the file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
