//! One mount of a volume: what is open, what is counted, what goes wrong.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path};
use std::time::SystemTime;

use fuser::{Errno, FileAttr, FileType, RenameFlags};

use crate::content::PAGE;
use crate::fault::{Failure, Faults, Limit};
use crate::file::File;
use crate::names::Place;
use crate::node::Owner;
use crate::volume::{NewAttributes, ROOT, Volume};

type Result<T> = core::result::Result<T, Errno>;

/// A name in a directory with its number and kind.
pub(crate) type Named = (OsString, u64, FileType);

/// Pages that a disk without a limit has: a tebibyte.
const PAGES: u64 = 1 << 28;

/// A mounted volume.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) volume: Volume,
    pub(crate) faults: Faults,
    handles: BTreeMap<u64, Handle>,
    next_handle: u64,
    operations: u64,
    is_cut: bool,
    history: Vec<String>,
}

#[derive(Debug)]
struct Handle {
    number: u64,
    /// What a directory held when it was read from its beginning.
    listing: Vec<Named>,
}

/// Room in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) total: u64,
    pub(crate) free: u64,
}

impl Session {
    pub(crate) fn new(volume: Volume) -> Self {
        Self {
            volume,
            faults: Faults::default(),
            handles: BTreeMap::new(),
            next_handle: 1,
            operations: 0,
            is_cut: false,
            history: Vec::new(),
        }
    }

    pub(crate) const fn operations(&self) -> u64 {
        self.operations
    }

    pub(crate) fn history(&self) -> &[String] {
        &self.history
    }

    pub(crate) fn open_handles(&self) -> usize {
        self.handles.len()
    }

    /// Whether the power is gone: decided when the next operation asks, so that the last one before gets its answer.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut || self.faults.cut_after.is_some_and(|after| self.operations >= after)
    }

    pub(crate) fn cut_now(&mut self) {
        self.is_cut = true;
    }

    pub(crate) fn resume(&mut self) {
        self.is_cut = false;
        self.faults.cut_after = None;
    }

    /// Lets an operation in that only looks.
    fn look(&self) -> Result<&Volume> {
        if self.is_cut() { Err(Errno::EIO) } else { Ok(&self.volume) }
    }

    /// Lets an operation in that may change something, and counts it.
    fn change(&mut self, what: impl FnOnce() -> String) -> Result<&mut Volume> {
        if self.is_cut() {
            return Err(Errno::EIO);
        }
        self.operations += 1;
        self.history.push(what());
        self.volume.tick();
        if let Some((_, failure)) = self.faults.operation.take_if(|(at, _)| *at == self.operations) {
            return Err(failure.errno());
        }
        if self.faults.read_only {
            return Err(Failure::ReadOnly.errno());
        }
        Ok(&mut self.volume)
    }

    pub(crate) fn room(&self) -> Room {
        let total = self.faults.limit.map_or(PAGES, |limit| limit.bytes() / PAGE as u64);
        Room { total, free: total.saturating_sub(self.volume.used()) }
    }

    /// What `statfs` tells.
    pub(crate) fn statfs(&self) -> Result<Room> {
        self.look()?;
        let room = self.room();
        match self.faults.limit {
            Some(Limit::Quota(_)) => Ok(Room { total: PAGES, free: PAGES - self.volume.used().min(PAGES) }),
            _ => Ok(room),
        }
    }

    /// A want of room is the disk's or the user's.
    fn full(&self, error: Errno) -> Errno {
        match self.faults.limit {
            Some(limit) if error == Errno::ENOSPC => limit.failure().errno(),
            _ => error,
        }
    }

    pub(crate) fn lookup(&self, dir: u64, name: &OsStr) -> Result<FileAttr> {
        let volume = self.look()?;
        volume.attr(volume.lookup(dir, name)?)
    }

    /// The number behind a path below the root, however the power is.
    pub(crate) fn resolve(&self, path: &Path) -> Result<u64> {
        path.components().try_fold(ROOT, |dir, component| match component {
            Component::Normal(name) => self.volume.lookup(dir, name),
            Component::CurDir => Ok(dir),
            _ => Err(Errno::EINVAL),
        })
    }

    pub(crate) fn attr(&self, number: u64) -> Result<FileAttr> {
        self.look()?.attr(number)
    }

    pub(crate) fn set(&mut self, number: u64, new: &NewAttributes) -> Result<FileAttr> {
        let volume = self.change(|| format!("set {number} {new}"))?;
        volume.set(number, new)?;
        volume.attr(number)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.volume.now()
    }

    pub(crate) fn create(
        &mut self,
        dir: u64,
        name: &OsStr,
        mode: u16,
        owner: Owner,
        is_dir: bool,
    ) -> Result<FileAttr> {
        let room = self.room().free;
        let what = if is_dir { "mkdir" } else { "create" };
        let volume = self.change(|| format!("{what} {dir}/{}", name.display()))?;
        let file = (!is_dir).then(File::default);
        let made = volume.create(Place::new(dir, name), file, mode, owner, room);
        let made = made.and_then(|number| volume.attr(number));
        made.map_err(|error| self.full(error))
    }

    pub(crate) fn link(&mut self, number: u64, dir: u64, name: &OsStr) -> Result<FileAttr> {
        let volume = self.change(|| format!("link {number} {dir}/{}", name.display()))?;
        volume.link(number, Place::new(dir, name))?;
        volume.attr(number)
    }

    pub(crate) fn remove(&mut self, dir: u64, name: &OsStr, is_dir: bool) -> Result<()> {
        let what = if is_dir { "rmdir" } else { "unlink" };
        let volume = self.change(|| format!("{what} {dir}/{}", name.display()))?;
        volume.remove(Place::new(dir, name), is_dir)
    }

    pub(crate) fn rename(&mut self, from: Place, to: Place, flags: RenameFlags) -> Result<()> {
        let volume = self.change(|| {
            let (old, new) = (from.name.display(), to.name.display());
            format!("rename {}/{old} {}/{new}", from.dir, to.dir)
        })?;
        volume.rename(from, to, flags)
    }

    pub(crate) fn open(&mut self, number: u64, writes: bool) -> Result<u64> {
        if self.look()?.node(number)?.is_dir() {
            return Err(Errno::EISDIR);
        }
        if writes && self.faults.read_only {
            return Err(Failure::ReadOnly.errno());
        }
        self.handle(number)
    }

    pub(crate) fn open_dir(&mut self, number: u64) -> Result<u64> {
        if !self.look()?.node(number)?.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        self.handle(number)
    }

    pub(crate) fn handle(&mut self, number: u64) -> Result<u64> {
        self.volume.opened(number)?;
        let handle = self.next_handle;
        self.next_handle += 1;
        self.handles.insert(handle, Handle { number, listing: Vec::new() });
        Ok(handle)
    }

    /// Also without power.
    pub(crate) fn release(&mut self, handle: u64) {
        if let Some(handle) = self.handles.remove(&handle) {
            self.volume.closed(handle.number);
        }
    }

    /// What a directory holds, a piece from `offset` on.
    pub(crate) fn list(&mut self, handle: u64, offset: u64) -> Result<&[Named]> {
        let volume = if self.is_cut() { return Err(Errno::EIO) } else { &self.volume };
        let handle = self.handles.get_mut(&handle).ok_or(Errno::EBADF)?;
        if offset == 0 {
            let own = |name: &str, number| (OsString::from(name), number, FileType::Directory);
            handle.listing = vec![own(".", handle.number), own("..", ROOT)];
            handle.listing.extend(volume.list(handle.number)?);
        }
        Ok(handle.listing.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default())
    }

    /// Bytes of an open file. Also without power: whoever has mapped the file is killed by a page that can't be read,
    /// and nothing comes of reading.
    pub(crate) fn read(&self, number: u64, offset: u64, len: usize) -> Result<Vec<u8>> {
        if self.faults.unreadable.contains(&number) {
            return Err(Errno::EIO);
        }
        self.volume.read(number, offset, len)
    }

    /// Writes what there is room for. A write that the kernel does by itself, of a mapped page, isn't counted: when
    /// it happens is up to the kernel.
    pub(crate) fn write(&mut self, number: u64, offset: u64, data: &[u8], is_delayed: bool) -> Result<usize> {
        let room = self.room().free;
        let volume = if is_delayed {
            if self.is_cut() { return Err(Errno::EIO) } else { &mut self.volume }
        } else {
            self.change(|| format!("write {number} {offset}+{}", data.len()))?
        };
        volume.write(number, offset, data, room).map_err(|error| self.full(error))
    }

    /// Fails also by the fault that waits for a file's sync; a file whose sync fails loses what it should have written.
    pub(crate) fn sync(&mut self, number: u64, data_only: bool) -> Result<()> {
        let is_dir = self.look()?.node(number)?.is_dir();
        let fault = if is_dir { None } else { self.faults.sync.take() };
        let error = match (self.change(|| format!("sync {number}")), fault) {
            (Ok(volume), None) => return volume.sync(number, data_only),
            (Ok(_), Some(fault)) => fault.errno(),
            (Err(error), _) => error,
        };
        self.volume.fail_sync(number);
        Err(error)
    }
}
