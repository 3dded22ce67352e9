//! Files and directories without their names.

use std::time::{Duration, SystemTime};

use fuser::{FileAttr, FileType, INodeNo};

use crate::content::{BLOCK, PAGE};
use crate::file::File;
use crate::survival::Fate;

/// A file or a directory.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// None for a directory.
    pub(crate) file: Option<File>,
    pub(crate) seen: Attributes,
    pub(crate) stored: Attributes,
    /// Names that it has.
    pub(crate) links: u32,
    /// Handles that are open on it.
    pub(crate) opens: u32,
}

/// What is noted about it besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) accessed: SystemTime,
    pub(crate) modified: SystemTime,
    pub(crate) changed: SystemTime,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Node {
    pub(crate) fn new(file: Option<File>, mode: u16, owner: Owner, now: SystemTime) -> Self {
        let attributes = Attributes {
            mode: mode & 0o7777,
            uid: owner.uid,
            gid: owner.gid,
            accessed: now,
            modified: now,
            changed: now,
        };
        Self { file, seen: attributes, stored: attributes, links: 0, opens: 0 }
    }

    pub(crate) const fn is_dir(&self) -> bool {
        self.file.is_none()
    }

    pub(crate) const fn kind(&self) -> FileType {
        if self.is_dir() { FileType::Directory } else { FileType::RegularFile }
    }

    /// Whether processes can still get at it.
    pub(crate) const fn is_alive(&self) -> bool {
        self.links > 0 || self.opens > 0
    }

    /// The same bytes and the same owner and permissions, whatever the times.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let bytes = match (&self.file, &other.file) {
            (Some(file), Some(other)) => file.is_same(other),
            (None, None) => true,
            _ => false,
        };
        let without_times = |attributes: &Attributes| (attributes.mode, attributes.uid, attributes.gid);
        bytes
            && without_times(&self.seen) == without_times(&other.seen)
            && without_times(&self.stored) == without_times(&other.stored)
    }

    /// Pages that it takes.
    pub(crate) fn pages(&self) -> u64 {
        1 + self.file.as_ref().map_or(0, |file| file.seen().pages())
    }

    pub(crate) fn attr(&self, number: u64) -> FileAttr {
        let (size, pages) =
            self.file.as_ref().map_or((0, 0), |file| (file.seen().size(), file.seen().pages()));
        FileAttr {
            ino: INodeNo(number),
            size,
            blocks: pages * (PAGE as u64 / 512),
            atime: self.seen.accessed,
            mtime: self.seen.modified,
            ctime: self.seen.changed,
            crtime: self.seen.changed,
            kind: self.kind(),
            perm: self.seen.mode,
            nlink: if self.is_dir() { 2 } else { self.links },
            uid: self.seen.uid,
            gid: self.seen.gid,
            rdev: 0,
            blksize: BLOCK,
            flags: 0,
        }
    }

    pub(crate) fn touch(&mut self, now: SystemTime) {
        self.seen.modified = now;
        self.seen.changed = now;
    }

    /// Its bytes, if it has any, get to the disk, and its attributes unless it is about the data only.
    pub(crate) fn sync(&mut self, data_only: bool) {
        if let Some(file) = &mut self.file {
            file.sync();
        }
        if !data_only {
            self.stored = self.seen;
        }
    }

    pub(crate) fn settle(&mut self, fate: &mut Fate) {
        if let Some(file) = &mut self.file {
            file.settle(fate);
        }
        if self.stored != self.seen && fate.version(1) == 1 {
            self.stored = self.seen;
        }
        self.seen = self.stored;
        self.opens = 0;
    }
}

/// When a disk is new: 2026-01-01T00:00:00Z, in milliseconds since 1970.
const BEGINNING: u64 = 1_767_225_600_000;

/// The time so many milliseconds later.
pub(crate) fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(BEGINNING.saturating_add(millis))
}
