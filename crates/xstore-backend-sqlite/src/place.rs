//! The database's files as the file system knows them: which ones they are, whether they are still the same, on what
//! kind of file system they stand, and how much room it has.

mod system;

use crate::error::from_io;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use xstore_backend::{Error, ErrorKind, Space};

pub(crate) use system::{refuse_network, space};

/// A database file that was found.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The path as it was named, absolute.
    named: PathBuf,
    /// The file itself. SQLite puts its log beside it, whatever links lead there.
    file: PathBuf,
    id: FileId,
}

/// A database that is open: its files must stay the ones that they are.
#[derive(Debug)]
pub(crate) struct Watch {
    place: Place,
    wal: PathBuf,
    wal_id: FileId,
}

/// Which file it is, whatever its name. While it is open, no other one has the same.
type FileId = Option<(u64, u64)>;

impl Place {
    /// Looks for the file: regular, readable and writable, on a file system of this machine.
    pub(crate) fn find(path: &Path) -> Result<Self, Error> {
        let named =
            std::path::absolute(path).map_err(|e| from_io(e, "the path of the database is unusable"))?;
        let metadata = fs::metadata(&named).map_err(missing)?;
        if !metadata.is_file() {
            return Err(gone("the path of the database is not a file"));
        }
        let file = system::real_path(&named).map_err(missing)?;
        refuse_network(&file)?;
        system::require_access(&file)?;
        Ok(Self { named, file, id: id_of(&metadata) })
    }

    /// The path for SQLite.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// From now on the files must stay what they are. The database has to be open, with its log.
    ///
    /// The log's name is made durable: SQLite does that for the connection that creates the file, which may be one
    /// of another process that died before.
    pub(crate) fn watch(self) -> Result<Watch, Error> {
        let wal = with_suffix(&self.file, "-wal");
        let metadata = fs::metadata(&wal).map_err(wal_missing)?;
        let watch = Watch { wal_id: id_of(&metadata), wal, place: self };
        // So is its content: a process that was killed may have left a commit that isn't on the disk yet. Whoever
        // opens the database sees it, and would rely on it. SQLite holds no locks on this file that closing it again
        // could take away.
        File::options().write(true).open(&watch.wal).and_then(|log| log.sync_all()).map_err(wal_missing)?;
        sync_folder_of(&watch.place.file)?;
        watch.check()?;
        Ok(watch)
    }
}

impl Watch {
    /// Both files are those that were opened; returns the bytes of the log.
    ///
    /// A removed or replaced file can still be written by whoever has it open, but nobody would find it again.
    pub(crate) fn check(&self) -> Result<u64, Error> {
        let metadata = fs::metadata(&self.place.named).map_err(missing)?;
        if id_of(&metadata) != self.place.id {
            return Err(gone("the database file was replaced by another one: open it anew"));
        }
        let metadata = fs::metadata(&self.wal).map_err(wal_missing)?;
        if id_of(&metadata) != self.wal_id {
            return Err(gone("the database's write-ahead log was replaced by another one: open it anew"));
        }
        Ok(metadata.len())
    }

    /// The path for SQLite.
    pub(crate) fn file(&self) -> &Path {
        &self.place.file
    }

    /// Bytes of the file without its log.
    pub(crate) fn len(&self) -> Result<u64, Error> {
        fs::metadata(&self.place.file).map(|metadata| metadata.len()).map_err(missing)
    }

    /// The room in the file system, as far as it tells.
    pub(crate) fn space(&self) -> Result<Space, Error> {
        space(&self.place.file)
    }
}

/// Makes the names in the file's folder survive a power loss.
pub(crate) fn sync_folder_of(file: &Path) -> Result<(), Error> {
    let folder = folder_of(file);
    // Only Unix lets a folder be opened like this; Windows keeps the names by itself.
    if cfg!(unix) {
        let opened = File::open(folder).and_then(|folder| folder.sync_all());
        opened.map_err(|e| from_io(e, "syncing the database's folder failed"))?;
    }
    Ok(())
}

/// The folder in which the file is.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn missing(error: std::io::Error) -> Error {
    from_io(error, "the database file can't be found")
}

fn wal_missing(error: std::io::Error) -> Error {
    from_io(error, "the database's write-ahead log can't be found")
}

fn gone(message: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_retryable(false)
}

#[cfg(unix)]
fn id_of(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Windows lets nobody rename or remove a file that SQLite has open, so that it is there is all that needs a check.
#[cfg(not(unix))]
fn id_of(_: &Metadata) -> FileId {
    None
}
