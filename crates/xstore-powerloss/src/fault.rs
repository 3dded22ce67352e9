//! What goes wrong on request.

use std::collections::BTreeSet;

use fuser::Errno;

/// An error that an operation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// `EIO`: the disk is broken.
    Io,
    /// `ENOSPC`: the disk is full.
    NoSpace,
    /// `EDQUOT`: this user has used up what is theirs.
    OverQuota,
    /// `EROFS`: nothing may be written, as after a system found its file system damaged.
    ReadOnly,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Io, Self::NoSpace, Self::OverQuota, Self::ReadOnly];

    pub(crate) const fn errno(self) -> Errno {
        match self {
            Self::Io => Errno::EIO,
            Self::NoSpace => Errno::ENOSPC,
            Self::OverQuota => Errno::EDQUOT,
            Self::ReadOnly => Errno::EROFS,
        }
    }
}

/// How much room there is. A file or directory takes a page of 4096 bytes, and each page of a file another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The disk has so many bytes and `statfs` tells it; then `ENOSPC`.
    Disk(u64),
    /// The user may have so many bytes and `statfs` doesn't tell it; then `EDQUOT`.
    Quota(u64),
}

impl Limit {
    pub(crate) const fn bytes(self) -> u64 {
        match self {
            Self::Disk(bytes) | Self::Quota(bytes) => bytes,
        }
    }

    pub(crate) const fn failure(self) -> Failure {
        match self {
            Self::Disk(_) => Failure::NoSpace,
            Self::Quota(_) => Failure::OverQuota,
        }
    }
}

/// The faults of one mount.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// The power is gone after so many operations.
    pub(crate) cut_after: Option<u64>,
    /// The operation of this number fails, once.
    pub(crate) operation: Option<(u64, Failure)>,
    /// The next sync of a file fails, once.
    pub(crate) sync: Option<Failure>,
    pub(crate) limit: Option<Limit>,
    pub(crate) read_only: bool,
    /// Files whose bytes can't be read.
    pub(crate) unreadable: BTreeSet<u64>,
}
