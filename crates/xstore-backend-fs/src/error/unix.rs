//! The table for Unix, by error number.

use super::Class;
use rustix::io::Errno;
use std::io;
use xstore_backend::ErrorKind::{self, AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};

/// Kind, whether another attempt makes sense, what is said, and the numbers that it stands for.
type Row = (ErrorKind, bool, &'static str, &'static [Errno]);

/// What every Unix knows.
const TABLE: &[Row] = &[
    (QuotaExceeded, false, "the disk is full", &[Errno::NOSPC]),
    (QuotaExceeded, false, "the disk quota is used up", &[Errno::DQUOT]),
    (QuotaExceeded, false, "the folder takes no more entries", &[Errno::MLINK]),
    (AuthFailed, false, "the file system refuses access", &[Errno::ACCESS, Errno::PERM]),
    // Not a question of permissions: the disk is write-protected, or the system stopped writing to a broken one.
    // Whoever is told has to look at the disk and its mount.
    (Unavailable, false, "the file system is read-only", &[Errno::ROFS]),
    // Bad sectors don't heal by themselves, and what was lost at a failed sync isn't written by another one.
    (Unavailable, false, "the disk reports an error", &[Errno::IO]),
    (Unavailable, false, "the file system is damaged", &[Errno::BADMSG]),
    (
        Unavailable,
        true,
        "the disk or the server that it is on is gone",
        &[Errno::NXIO, Errno::NODEV, Errno::STALE, Errno::NOTCONN],
    ),
    (
        Unavailable,
        true,
        "the server that the disk is on doesn't answer",
        &[
            Errno::TIMEDOUT,
            Errno::HOSTDOWN,
            Errno::HOSTUNREACH,
            Errno::NETDOWN,
            Errno::NETUNREACH,
            Errno::CONNABORTED,
            Errno::CONNREFUSED,
            Errno::CONNRESET,
        ],
    ),
    (Unavailable, true, "too many files are open", &[Errno::MFILE, Errno::NFILE]),
    (
        Unavailable,
        true,
        "the system is busy or short of memory",
        &[Errno::AGAIN, Errno::BUSY, Errno::INTR, Errno::NOBUFS, Errno::NOLCK, Errno::NOMEM],
    ),
    // Where a missing name has a meaning of its own, it doesn't come here.
    (Unavailable, true, "a folder or a temporary file vanished meanwhile", &[Errno::NOENT]),
    (
        TooLarge,
        false,
        "the value is longer than the file system, or the limit for this process, allows",
        &[Errno::FBIG, Errno::OVERFLOW],
    ),
    (Unsupported, false, "the file system's names are too short for this key", &[Errno::NAMETOOLONG]),
    (Unsupported, false, "the file system can't do this", &[Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP]),
    (Other, false, "there is a symbolic link below the root, which is never followed", &[Errno::LOOP]),
    (Other, false, "a file stands where a folder should be", &[Errno::NOTDIR]),
    (Other, false, "a folder stands where a value should be", &[Errno::ISDIR]),
];

/// What only Linux knows.
#[cfg(any(target_os = "linux", target_os = "android"))]
const TABLE_OF_SYSTEM: &[Row] = &[
    (Unavailable, false, "the file system is damaged", &[Errno::UCLEAN]),
    (Unavailable, false, "there is no disk in the drive", &[Errno::NOMEDIUM]),
    (
        Unavailable,
        true,
        "the disk or the server that it is on is gone",
        &[Errno::REMOTEIO, Errno::SHUTDOWN, Errno::COMM, Errno::NOLINK],
    ),
    // Encrypted folders and network file systems with tickets.
    (
        AuthFailed,
        false,
        "a key or ticket of the file system is missing, expired or refused",
        &[Errno::NOKEY, Errno::KEYEXPIRED, Errno::KEYREVOKED, Errno::KEYREJECTED],
    ),
];

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const TABLE_OF_SYSTEM: &[Row] = &[];

pub(super) fn classify(cause: &io::Error) -> Option<Class> {
    let number = Errno::from_io_error(cause)?;
    let mut rows = TABLE.iter().chain(TABLE_OF_SYSTEM);
    rows.find(|row| row.3.contains(&number)).map(|&(kind, is_retryable, words, _)| Class {
        kind,
        is_retryable,
        words,
    })
}

pub(super) fn is_unsupported(cause: &io::Error) -> bool {
    // Which one says it differs between systems and file systems; none of them means anything else for the calls
    // that are asked about.
    let numbers = [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOTTY];
    Errno::from_io_error(cause).is_some_and(|number| numbers.contains(&number))
}

#[cfg(test)]
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(TABLE_OF_SYSTEM)
}
