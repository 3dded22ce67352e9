//! A whole file system in memory: nodes and their names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::time::SystemTime;

use fuser::{Errno, FileAttr, FileType, RenameFlags};

use crate::content::pieces;
use crate::file::File;
use crate::names::{Names, Place};
use crate::node::{Node, Owner, time};
use crate::survival::{Fate, Survival};

/// The number of the root directory.
pub(crate) const ROOT: u64 = 1;
/// Bytes that a name may have at most.
pub(crate) const NAME_MAX: u32 = 255;

type Result<T> = core::result::Result<T, Errno>;

/// A file system without the handles and faults of a mount.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    nodes: BTreeMap<u64, Node>,
    names: Names,
    /// Numbers are never used again.
    next: u64,
    /// The clock: it goes on by a millisecond with each change.
    millis: u64,
}

/// What to set.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NewAttributes {
    pub(crate) mode: Option<u16>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) size: Option<u64>,
    pub(crate) accessed: Option<SystemTime>,
    pub(crate) modified: Option<SystemTime>,
}

impl fmt::Display for NewAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.size, self.mode) {
            (Some(size), _) => write!(f, "size={size}"),
            (None, Some(mode)) => write!(f, "mode={mode:o}"),
            (None, None) => f.write_str("attributes"),
        }
    }
}

impl Volume {
    pub(crate) fn new(owner: Owner) -> Self {
        let mut root = Node::new(None, 0o755, owner, time(0));
        root.links = 1;
        Self { nodes: BTreeMap::from([(ROOT, root)]), names: Names::default(), next: ROOT + 1, millis: 0 }
    }

    pub(crate) fn now(&self) -> SystemTime {
        time(self.millis)
    }

    pub(crate) fn tick(&mut self) {
        self.millis += 1;
    }

    /// Pages that files and directories take, and what is open without a name.
    pub(crate) fn used(&self) -> u64 {
        self.nodes.values().filter(|node| node.is_alive()).map(Node::pages).sum()
    }

    pub(crate) fn node(&self, number: u64) -> Result<&Node> {
        self.nodes.get(&number).filter(|node| node.is_alive()).ok_or(Errno::ESTALE)
    }

    fn node_mut(&mut self, number: u64) -> Result<&mut Node> {
        self.nodes.get_mut(&number).filter(|node| node.is_alive()).ok_or(Errno::ESTALE)
    }

    fn file_mut(&mut self, number: u64) -> Result<&mut File> {
        self.node_mut(number)?.file.as_mut().ok_or(Errno::EISDIR)
    }

    pub(crate) fn attr(&self, number: u64) -> Result<FileAttr> {
        self.node(number).map(|node| node.attr(number))
    }

    pub(crate) fn lookup(&self, dir: u64, name: &OsStr) -> Result<u64> {
        if name.len() > NAME_MAX as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        if !self.node(dir)?.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        self.names.get(dir, name).ok_or(Errno::ENOENT)
    }

    /// The names in a directory in order, each with its number and its kind.
    pub(crate) fn list(&self, dir: u64) -> Result<Vec<(OsString, u64, FileType)>> {
        if !self.node(dir)?.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        let entry = |(name, number): (&OsString, u64)| {
            self.nodes.get(&number).map(|node| (name.clone(), number, node.kind()))
        };
        Ok(self.names.list(dir).filter_map(entry).collect())
    }

    pub(crate) fn create(
        &mut self,
        at: Place,
        file: Option<File>,
        mode: u16,
        owner: Owner,
        room: u64,
    ) -> Result<u64> {
        match self.lookup(at.dir, &at.name) {
            Err(Errno::ENOENT) => {}
            Err(other) => return Err(other),
            Ok(_) => return Err(Errno::EEXIST),
        }
        if room == 0 {
            return Err(Errno::ENOSPC);
        }
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, Node::new(file, mode, owner, self.now()));
        self.rename_all(vec![(at, Some(number))]);
        Ok(number)
    }

    pub(crate) fn link(&mut self, number: u64, at: Place) -> Result<()> {
        let node = self.node(number)?;
        if node.is_dir() {
            return Err(Errno::EPERM);
        }
        if node.links == 0 {
            return Err(Errno::ENOENT);
        }
        match self.lookup(at.dir, &at.name) {
            Err(Errno::ENOENT) => {}
            Err(other) => return Err(other),
            Ok(_) => return Err(Errno::EEXIST),
        }
        self.rename_all(vec![(at, Some(number))]);
        Ok(())
    }

    pub(crate) fn remove(&mut self, at: Place, is_dir: bool) -> Result<()> {
        let number = self.lookup(at.dir, &at.name)?;
        match (self.node(number)?.is_dir(), is_dir) {
            (true, false) => return Err(Errno::EISDIR),
            (false, true) => return Err(Errno::ENOTDIR),
            (true, true) if !self.names.is_empty(number) => return Err(Errno::ENOTEMPTY),
            _ => {}
        }
        self.rename_all(vec![(at, None)]);
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: Place, to: Place, flags: RenameFlags) -> Result<()> {
        if !(RenameFlags::RENAME_NOREPLACE | RenameFlags::RENAME_EXCHANGE).contains(flags) {
            return Err(Errno::EINVAL);
        }
        let number = self.lookup(from.dir, &from.name)?;
        let other = match self.lookup(to.dir, &to.name) {
            Ok(other) => Some(other),
            Err(Errno::ENOENT) => None,
            Err(error) => return Err(error),
        };
        if flags.contains(RenameFlags::RENAME_EXCHANGE) {
            let other = other.ok_or(Errno::ENOENT)?;
            self.rename_all(vec![(from, Some(other)), (to, Some(number))]);
            return Ok(());
        }
        if let Some(other) = other {
            if flags.contains(RenameFlags::RENAME_NOREPLACE) {
                return Err(Errno::EEXIST);
            }
            if other == number {
                return Ok(());
            }
            match (self.node(number)?.is_dir(), self.node(other)?.is_dir()) {
                (true, false) => return Err(Errno::ENOTDIR),
                (false, true) => return Err(Errno::EISDIR),
                (true, true) if !self.names.is_empty(other) => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
        }
        self.rename_all(vec![(from, None), (to, Some(number))]);
        Ok(())
    }

    /// Writes what there is room for, at least something.
    pub(crate) fn write(&mut self, number: u64, offset: u64, data: &[u8], room: u64) -> Result<usize> {
        let now = self.now();
        let file = self.file_mut(number)?;
        let (mut room, mut fits) = (room, 0);
        for piece in pieces(offset, offset.saturating_add(data.len() as u64)) {
            if file.takes_room(&piece) {
                if room == 0 {
                    break;
                }
                room -= 1;
            }
            fits += piece.len();
        }
        if fits == 0 && !data.is_empty() {
            return Err(Errno::ENOSPC);
        }
        file.write(offset, &data[..fits]);
        self.node_mut(number)?.touch(now);
        Ok(fits)
    }

    pub(crate) fn read(&self, number: u64, offset: u64, len: usize) -> Result<Vec<u8>> {
        let file = self.node(number)?.file.as_ref().ok_or(Errno::EISDIR)?;
        Ok(file.seen().read(offset, len))
    }

    pub(crate) fn set(&mut self, number: u64, new: &NewAttributes) -> Result<()> {
        let now = self.now();
        if let Some(size) = new.size {
            self.file_mut(number)?.resize(size);
        }
        let node = self.node_mut(number)?;
        let seen = &mut node.seen;
        seen.mode = new.mode.map_or(seen.mode, |mode| mode & 0o7777);
        seen.uid = new.uid.unwrap_or(seen.uid);
        seen.gid = new.gid.unwrap_or(seen.gid);
        seen.accessed = new.accessed.unwrap_or(seen.accessed);
        seen.modified = new.modified.or(new.size.map(|_| now)).unwrap_or(seen.modified);
        seen.changed = now;
        Ok(())
    }

    /// A file's bytes, or a directory's names, get to the disk.
    pub(crate) fn sync(&mut self, number: u64, data_only: bool) -> Result<()> {
        let node = self.node_mut(number)?;
        node.sync(data_only);
        if node.is_dir() {
            self.names.sync(number);
            self.collect();
        }
        Ok(())
    }

    /// A sync of a file fails, and what it should have written counts as written. Names stay pending: a system whose
    /// journal fails goes no further at all.
    pub(crate) fn fail_sync(&mut self, number: u64) {
        if let Ok(file) = self.file_mut(number) {
            file.forget();
        }
    }

    pub(crate) fn opened(&mut self, number: u64) -> Result<()> {
        self.node_mut(number)?.opens += 1;
        Ok(())
    }

    pub(crate) fn closed(&mut self, number: u64) {
        if let Some(node) = self.nodes.get_mut(&number) {
            node.opens = node.opens.saturating_sub(1);
        }
    }

    /// The power is gone.
    pub(crate) fn settle(&mut self, survival: Survival) {
        let mut fate = Fate::new(survival);
        self.names.settle(ROOT, &mut fate);
        let links = self.names.links();
        self.nodes.retain(|number, _| *number == ROOT || links.contains_key(number));
        for (number, node) in &mut self.nodes {
            node.settle(&mut fate);
            node.links = links.get(number).copied().unwrap_or(1);
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same = |((number, node), (other_number, other)): ((&u64, &Node), (&u64, &Node))| {
            number == other_number && node.is_same(other)
        };
        self.nodes.len() == other.nodes.len()
            && self.names.is_same(&other.names)
            && self.nodes.iter().zip(&other.nodes).all(same)
    }

    /// Changes names and counts anew what they name.
    fn rename_all(&mut self, change: crate::names::Change) {
        let now = self.now();
        let count = |volume: &mut Self, number: Option<u64>, up: bool| {
            if let Some(node) = number.and_then(|number| volume.nodes.get_mut(&number)) {
                node.links = if up { node.links + 1 } else { node.links.saturating_sub(1) };
                node.seen.changed = now;
            }
        };
        for (place, number) in &change {
            let before = self.names.get(place.dir, &place.name);
            count(self, before, false);
            count(self, *number, true);
            if let Some(dir) = self.nodes.get_mut(&place.dir) {
                dir.touch(now);
            }
        }
        self.names.change(change);
    }

    /// Forgets what no process can reach and no power loss can bring back.
    fn collect(&mut self) {
        if self.nodes.values().any(|node| !node.is_alive()) {
            let referred = self.names.referred();
            self.nodes.retain(|number, node| node.is_alive() || referred.contains(number));
        }
    }
}

#[cfg(test)]
mod tests;
