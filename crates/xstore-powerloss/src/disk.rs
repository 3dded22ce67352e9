//! A disk without power.

use std::io;
use std::path::Path;

use crate::mounted::Mounted;
use crate::node::Owner;
use crate::survival::Survival;
use crate::volume::Volume;

/// A disk in memory with one file system, not mounted. A clone is another disk in the same state, and cheap.
#[derive(Debug, Clone)]
pub struct Disk {
    pub(crate) volume: Volume,
}

impl Disk {
    /// An empty one, whose root belongs to whoever runs this.
    #[must_use]
    pub fn new() -> Self {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Self { volume: Volume::new(Owner { uid, gid }) }
    }

    /// Decides what was on the disk when the power went: afterwards nothing is pending. Without it, a disk whose
    /// plug was pulled still has all that its system had in memory.
    pub fn settle(&mut self, survival: Survival) {
        self.volume.settle(survival);
    }

    /// Whether files and directories, as their system sees them and as they are on the disk, have the same names,
    /// numbers, bytes, owners and permissions; whatever their times and what is pending. Of two disks that came from
    /// one and are settled, one says all about the other.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.volume.is_same(&other.volume)
    }

    /// Bytes that files and directories take: a page of 4096 bytes each, and their pages.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.volume.used() * crate::content::PAGE as u64
    }

    /// Mounts it on an empty directory, for this user's processes.
    ///
    /// Threads of this process serve it. So this process may use its files, but must not map them into memory: while
    /// the kernel waits for the server to write a mapped page back, the server can be waiting for the kernel to give
    /// it memory, and both wait for good. What maps files, as SQLite does with its log, has to run in another process.
    ///
    /// # Errors
    /// What the system says: where there is no `/dev/fuse` or no right to mount, too.
    pub fn mount(self, dir: &Path) -> io::Result<Mounted> {
        Mounted::new(self, dir)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}
