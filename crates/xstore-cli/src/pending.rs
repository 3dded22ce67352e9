//! The journal of a put or a change, beside the manifest that it is to make.
//!
//! `OUT.json.pending` holds the ticket of a put, line by line, from before its first byte leaves until its manifest
//! stands in `OUT.json`. While the put lives, it holds a lock on it. The end of a put is, in this order:
//!
//! 1. the manifest is written to `OUT.json.new`, and survives a power loss;
//! 2. the ticket is committed, by one more line;
//! 3. `OUT.json.new` is renamed to `OUT.json`, over nothing;
//! 4. `OUT.json.pending` is removed.
//!
//! Whoever finds an `OUT.json.pending` that nobody holds knows what to do: what was committed is brought to its end,
//! and of what wasn't, every share is removed. A repair, a migration and a reshare have a journal of the same name; see
//! [`change`] for their order. Where that isn't certain yet, the journal is kept as
//! `OUT.json.ID.pending`, where ID is the object's, so that it isn't in another put's way.

mod change;
mod commit;
mod names;
mod recover;

use crate::failure::Failure;
use crate::files::{parent, sync_folder};
pub(crate) use change::{clear, clear_all, keep, keep_both, manifest_in_use};
pub(crate) use commit::commit;
pub(crate) use names::{Names, PENDING};
pub(crate) use recover::{Recovered, recover};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use xstore::ticket::{Journal, MAX_TICKET};

/// A journal that this process has locked.
#[derive(Debug)]
pub(crate) struct Pending {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

/// What came of opening a journal.
pub(crate) enum Opened {
    /// It is ours now.
    Locked(Pending),
    /// A put or a sweep is at work on it.
    Busy,
    /// There is none.
    Gone,
}

impl Pending {
    /// Makes a journal, readable by its owner only, and locks it; None where there is one already.
    pub(crate) fn create(path: &Path) -> Result<Option<Self>, Failure> {
        let fail = |error| Failure::io("SINK_FAILED", "write", path, error);
        loop {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create_new(true);
            lock::prepare(&mut options);
            let file = match options.open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
                Err(error) => return Err(fail(error)),
            };
            lock::wait_for(&file).map_err(fail)?;
            // A sweep that was faster may have taken it for what a killed put left, and removed it.
            if is_at(&file, path).map_err(fail)? {
                sync_folder(parent(path)).map_err(fail)?;
                return Ok(Some(Self::new(path, file)));
            }
        }
    }

    /// Opens a journal that is there, and locks it unless somebody else did.
    pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
        let fail = |error| Failure::io("SOURCE_FAILED", "read", path, error);
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Opened::Gone),
            Err(error) => return Err(fail(error)),
        };
        if !metadata.is_file() {
            return Err(Failure::usage(format!(
                "{} is not a plain file, as a put's journal is",
                path.display()
            ))
            .help("name a file that a put left behind: its name ends with .pending"));
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        lock::prepare(&mut options);
        let file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Opened::Gone),
            Err(error) if lock::is_held(&error) => return Ok(Opened::Busy),
            Err(error) => return Err(fail(error)),
        };
        if !lock::attempt(&file).map_err(fail)? {
            return Ok(Opened::Busy);
        }
        Ok(if is_at(&file, path).map_err(fail)? {
            Opened::Locked(Self::new(path, file))
        } else {
            Opened::Gone
        })
    }

    fn new(path: &Path, file: File) -> Self {
        Self { path: path.to_owned(), file: Arc::new(Mutex::new(file)) }
    }

    /// Where it stands.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The writing end, for a ticket.
    pub(crate) fn journal(&self) -> impl Journal {
        Lines { file: Arc::clone(&self.file), is_broken: false }
    }

    /// All that it holds.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        let fail = |error| Failure::io("SOURCE_FAILED", "read", &self.path, error);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        // One byte more than allowed, so that what is too long is refused.
        (&mut *file).take(MAX_TICKET as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        String::from_utf8(bytes).map_err(|error| {
            Failure::new("PENDING_INVALID", format!("{} is not the journal of a put", self.path.display()))
                .caused_by(error)
        })
    }

    /// Cuts off what stands behind the last whole line: it was torn, and lines are going to be appended.
    fn cut(&self, len: usize) -> Result<(), Failure> {
        let fail = |error| Failure::io("SINK_FAILED", "write", &self.path, error);
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.metadata().map_err(fail)?.len() == len as u64 {
            return Ok(());
        }
        file.set_len(len as u64).and_then(|()| file.sync_data()).map_err(fail)
    }

    /// Removes it, for good.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        let fail = |error| Failure::io("SINK_FAILED", "remove", &self.path, error);
        fs::remove_file(&self.path).map_err(fail)?;
        sync_folder(parent(&self.path)).map_err(fail)
    }

    /// Gives it another name.
    fn rename(&mut self, to: &Path) -> Result<(), Failure> {
        let fail = |error| Failure::io("SINK_FAILED", "rename", &self.path, error);
        fs::rename(&self.path, to).map_err(fail)?;
        sync_folder(parent(to)).map_err(fail)?;
        to.clone_into(&mut self.path);
        Ok(())
    }
}

/// Appends lines, each of which is on the disk before the next step.
#[derive(Debug)]
struct Lines {
    file: Arc<Mutex<File>>,
    /// An append failed. A line behind half a line would make the whole journal unreadable.
    is_broken: bool,
}

impl Journal for Lines {
    fn append(&mut self, text: &str) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("an earlier line couldn't be written"));
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = file.metadata()?.len();
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
        if written.is_err() {
            self.is_broken = true;
            // So that it says what was acted upon, and no more. A torn last line is ignored anyway.
            let _ = file.set_len(before).and_then(|()| file.sync_data());
        }
        written
    }
}

/// Whether the path leads to this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match path.symlink_metadata() {
        Ok(named) => Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere the open file itself is the lock, so nobody can have replaced it.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

/// Locks that end with the process, however it ends.
#[cfg(unix)]
mod lock {
    use rustix::fs::{FlockOperation, OFlags, flock};
    use rustix::io::Errno;
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::unix::fs::OpenOptionsExt;

    /// Neither a link that took the file's place is followed, nor does a pipe make the opener wait.
    pub(super) fn prepare(options: &mut OpenOptions) {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }

    pub(super) fn is_held(_: &io::Error) -> bool {
        false
    }

    pub(super) fn wait_for(file: &File) -> io::Result<()> {
        Ok(flock(file, FlockOperation::LockExclusive)?)
    }

    pub(super) fn attempt(file: &File) -> io::Result<bool> {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// The open file is the lock: nobody else can open it meanwhile.
#[cfg(windows)]
mod lock {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_SHARE_DELETE: u32 = 4;
    const ERROR_SHARING_VIOLATION: i32 = 32;

    /// It can still be renamed and removed, as its holder has to.
    pub(super) fn prepare(options: &mut OpenOptions) {
        options.share_mode(FILE_SHARE_DELETE);
    }

    pub(super) fn is_held(error: &io::Error) -> bool {
        error.raw_os_error() == Some(ERROR_SHARING_VIOLATION)
    }

    pub(super) fn wait_for(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn attempt(_: &File) -> io::Result<bool> {
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
