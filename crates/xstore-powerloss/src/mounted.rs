//! A mounted disk: counting, cutting, faults.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fuser::INodeNo;

use crate::content::PAGE;
use crate::disk::Disk;
use crate::fault::{Failure, Faults, Limit};
use crate::mount::Mount;
use crate::server::{Server, Shared};
use crate::session::Session;
use crate::survival::Survival;

/// A mounted disk. Dropping it unmounts it, and the disk is gone.
///
/// Operations are counted from the mount on. Those count that may change something: creating, linking, renaming,
/// removing, writing, setting size or attributes, and syncing, whether they succeed or not. A write of more than
/// 16 KiB is several. What the kernel writes by itself, namely changed pages of mapped files, doesn't count.
///
/// All methods may be called while processes use the mount; none waits for them.
#[derive(Debug)]
pub struct Mounted {
    shared: Shared,
    mount: Mount,
}

impl Mounted {
    pub(crate) fn new(disk: Disk, dir: &Path) -> io::Result<Self> {
        let shared = Arc::new(Mutex::new(Session::new(disk.volume)));
        let mount = Mount::new(Server { shared: Arc::clone(&shared) }, dir)?;
        Ok(Self { shared, mount })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.mount.dir()
    }

    /// Operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.with(|session| session.operations())
    }

    /// What the operations were, in order: words, numbers of files and directories, names and lengths. Files are
    /// numbered as they are created; the root is 1.
    #[must_use]
    pub fn history(&self) -> Vec<String> {
        self.with(|session| session.history().to_vec())
    }

    /// Bytes that files and directories take now: a page of 4096 bytes each, and their pages.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.with(|session| session.volume.used()) * PAGE as u64
    }

    /// Files and directories that are open now. The kernel closes them a moment after a process does.
    #[must_use]
    pub fn open_handles(&self) -> usize {
        self.with(|session| session.open_handles())
    }

    /// Cuts the power after so many operations: whatever follows fails with `EIO`, except reading files that are open
    /// already.
    pub fn cut_after(&self, operations: u64) {
        self.with(|session| session.faults.cut_after = Some(operations));
    }

    /// Whether the power is gone.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.with(|session| session.is_cut())
    }

    /// Takes a cut back: only the process had died, and the system goes on with all that it has in memory.
    pub fn resume(&self) {
        self.with(Session::resume);
    }

    /// Lets the operation of this number fail, the first being 1, and do nothing. A sync of a file that fails loses
    /// what it should have written: it counts as written, isn't, and the next sync succeeds.
    pub fn fail_operation(&self, number: u64, failure: Failure) {
        self.with(|session| session.faults.operation = Some((number, failure)));
    }

    /// Lets the next sync of a file fail, as [`fail_operation`](Self::fail_operation) does.
    pub fn fail_sync(&self, failure: Failure) {
        self.with(|session| session.faults.sync = Some(failure));
    }

    /// Limits the room, or doesn't any more.
    pub fn set_limit(&self, limit: Option<Limit>) {
        self.with(|session| session.faults.limit = limit);
    }

    /// Refuses all changes with `EROFS`, or doesn't any more.
    pub fn set_read_only(&self, is_read_only: bool) {
        self.with(|session| session.faults.read_only = is_read_only);
    }

    /// Lets reading of the file at this path below the root fail with `EIO` from now on.
    ///
    /// # Errors
    /// Where there is no such file.
    pub fn fail_reads(&self, path: &Path) -> io::Result<()> {
        let number = self.with(|session| {
            let number = session.resolve(path)?;
            session.faults.unreadable.insert(number);
            Ok(number)
        });
        let number = number.map_err(|errno: fuser::Errno| io::Error::from_raw_os_error(errno.code()))?;
        // What the kernel keeps of it would be read without asking. Not under the lock: it may write pages back.
        self.mount.forget_pages(INodeNo(number))
    }

    /// Takes all faults back, and limit and read-only state with them; a cut stays.
    pub fn heal(&self) {
        self.with(|session| {
            let cut_after = session.faults.cut_after;
            session.faults = Faults { cut_after, ..Faults::default() };
        });
    }

    /// Pulls the plug: from now on everything fails, for good, and the disk is unmounted, also where processes have
    /// files open.
    ///
    /// The disk then still holds what wasn't synced; [`Disk::settle`] says what of it is lost.
    ///
    /// # Errors
    /// Where unmounting fails, or the file system itself had a defect.
    pub fn pull_plug(self) -> io::Result<Disk> {
        self.with(Session::cut_now);
        self.take_out(true)
    }

    /// Pulls the plug, settles and mounts again in the same place; without faults, and counting from 0.
    ///
    /// # Errors
    /// As [`pull_plug`](Self::pull_plug) and [`Disk::mount`].
    pub fn power_cycle(self, survival: Survival) -> io::Result<Self> {
        let dir: PathBuf = self.dir().to_owned();
        let mut disk = self.pull_plug()?;
        disk.settle(survival);
        disk.mount(&dir)
    }

    /// Shuts down in order: all that was written gets to the disk.
    ///
    /// # Errors
    /// As [`pull_plug`](Self::pull_plug).
    pub fn unmount(self) -> io::Result<Disk> {
        let mut disk = self.take_out(false)?;
        disk.settle(Survival::Everything);
        Ok(disk)
    }

    fn take_out(mut self, force: bool) -> io::Result<Disk> {
        self.mount.unmount(force)?;
        let mut session = self.shared.lock().map_err(|_| io::Error::other("the file system panicked"))?;
        // Whoever still has files open gets errors from here on, as without power.
        session.cut_now();
        Ok(Disk { volume: session.volume.clone() })
    }

    /// A session that panicked is still good for looking at; its server fails everything.
    fn with<T>(&self, ask: impl FnOnce(&mut Session) -> T) -> T {
        ask(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
