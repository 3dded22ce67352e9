//! From what SQLite and the operating system say to kinds of errors.

use rusqlite::ffi;
use std::{fmt, io};
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// What a failed step of a transaction came to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite's own word, before anything was committed: the transaction is undone.
    Sqlite(rusqlite::Error),
    /// SQLite's own word about the commit. Its end may be in the log, and count after a loss of power.
    Commit(rusqlite::Error),
    /// One that is classified already, before anything was committed.
    Known(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Known(error)
    }
}

impl Failure {
    /// SQLite found no room, in the file system or below the limit of pages.
    pub(crate) fn is_full(&self) -> bool {
        self.code().is_some_and(|code| primary(code) == ffi::SQLITE_FULL)
    }

    /// SQLite couldn't read or write. On a full file system that may be its way to say so: the index of the log is
    /// extended without looking at why that fails.
    pub(crate) fn is_io(&self) -> bool {
        self.code().is_some_and(|code| primary(code) == ffi::SQLITE_IOERR)
    }

    /// Somebody else holds a lock.
    pub(crate) fn is_busy(&self) -> bool {
        self.code().is_some_and(|code| [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED].contains(&primary(code)))
    }

    /// The error for the caller.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Known(error) => error.with_may_have_written(false),
            Self::Sqlite(error) => classify(error).with_may_have_written(false),
            Self::Commit(error) => classify(error),
        }
    }

    fn code(&self) -> Option<i32> {
        match self {
            Self::Sqlite(error) | Self::Commit(error) => error.sqlite_error().map(|e| e.extended_code),
            Self::Known(_) => None,
        }
    }
}

/// The contents of the database contradict themselves.
pub(crate) fn damaged(what: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the database is damaged: {what}")).with_retryable(false)
}

/// There is no room.
pub(crate) fn full(what: &'static str) -> Error {
    Error::new(ErrorKind::QuotaExceeded, what)
}

/// What a call to the file system came to; `doing` says which one, for example "looking for the database".
pub(crate) fn from_io(error: io::Error, doing: &'static str) -> Error {
    use io::ErrorKind as Io;
    let (kind, is_retryable) = match error.kind() {
        // Nobody brings a file or a folder back within the time of a few retries.
        Io::NotFound | Io::NotADirectory | Io::IsADirectory => (ErrorKind::Unavailable, false),
        Io::PermissionDenied | Io::ReadOnlyFilesystem => (ErrorKind::AuthFailed, false),
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => (ErrorKind::QuotaExceeded, false),
        Io::Unsupported => (ErrorKind::Unsupported, false),
        _ => (ErrorKind::Unavailable, true),
    };
    Error::new(kind, doing).with_retryable(is_retryable).with_source(error)
}

fn classify(error: rusqlite::Error) -> Error {
    let (kind, is_retryable, message) = match &error {
        // The types of the columns are fixed, so only a damaged file holds another one.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::QueryReturnedNoRows => (ErrorKind::Unavailable, false, DAMAGED),
        other => match other.sqlite_error() {
            Some(error) => of_code(error.extended_code),
            None => (ErrorKind::Other, false, "the database driver failed"),
        },
    };
    Error::new(kind, message).with_retryable(is_retryable).with_source(error)
}

const DAMAGED: &str = "the database is damaged";

/// Kind, whether another attempt makes sense, and what to say, by result code. An extended code that isn't here
/// is what its primary code is.
const CODES: &[(i32, ErrorKind, bool, &str)] = {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    &[
        // Others are at work.
        (ffi::SQLITE_BUSY, Unavailable, true, "the database is locked by another process"),
        (ffi::SQLITE_LOCKED, Unavailable, true, "a table of the database is locked"),
        (ffi::SQLITE_PROTOCOL, Unavailable, true, "the database's locks are contended"),
        (ffi::SQLITE_SCHEMA, Unavailable, true, "the database's tables changed meanwhile"),
        (ffi::SQLITE_INTERRUPT, Unavailable, true, "the operation was interrupted"),
        (ffi::SQLITE_ABORT, Unavailable, true, "the operation was aborted"),
        (ffi::SQLITE_READONLY_RECOVERY, Unavailable, true, "the write-ahead log must be recovered first"),
        (ffi::SQLITE_READONLY_ROLLBACK, Unavailable, true, "a journal must be rolled back first"),
        (ffi::SQLITE_NOMEM, Unavailable, true, "there is not enough memory"),
        (ffi::SQLITE_IOERR_NOMEM, Unavailable, true, "there is not enough memory"),
        // The file system fails, or what is on it.
        (ffi::SQLITE_IOERR, Unavailable, true, "reading or writing the database failed"),
        (ffi::SQLITE_IOERR_CORRUPTFS, Unavailable, false, "the file system below the database is damaged"),
        (ffi::SQLITE_IOERR_DATA, Unavailable, false, "a page of the database fails its checksum"),
        (ffi::SQLITE_IOERR_SHORT_READ, Unavailable, false, "a file of the database is cut short"),
        (ffi::SQLITE_CORRUPT, Unavailable, false, DAMAGED),
        (ffi::SQLITE_NOTADB, Unavailable, false, "the file is not a database, or its beginning is damaged"),
        (ffi::SQLITE_FORMAT, Unavailable, false, DAMAGED),
        // Also when the process has too many files open. Missing files and permissions are looked at before.
        (ffi::SQLITE_CANTOPEN, Unavailable, true, "a file of the database can't be opened"),
        (ffi::SQLITE_READONLY_DBMOVED, Unavailable, false, "the database file was moved"),
        // Our statements are fixed, so an SQL error means that the tables are not ours any more.
        (ffi::SQLITE_ERROR, Unavailable, false, "the database's tables are not as they should be"),
        // The user has to act.
        (ffi::SQLITE_FULL, QuotaExceeded, false, "the disk is full, or the database as large as it may be"),
        (ffi::SQLITE_PERM, AuthFailed, false, "the database may not be accessed"),
        (ffi::SQLITE_AUTH, AuthFailed, false, "the database may not be accessed"),
        (ffi::SQLITE_READONLY, AuthFailed, false, "the database may not be written"),
        // The value is at fault.
        (ffi::SQLITE_TOOBIG, TooLarge, false, ""),
        (ffi::SQLITE_NOLFS, Unsupported, false, "the system has no files as large as the database"),
        // Never, unless there is a bug.
        (ffi::SQLITE_INTERNAL, Other, false, UNEXPECTED),
        (ffi::SQLITE_NOTFOUND, Other, false, UNEXPECTED),
        (ffi::SQLITE_CONSTRAINT, Other, false, UNEXPECTED),
        (ffi::SQLITE_MISMATCH, Other, false, UNEXPECTED),
        (ffi::SQLITE_MISUSE, Other, false, UNEXPECTED),
        (ffi::SQLITE_RANGE, Other, false, UNEXPECTED),
    ]
};

const UNEXPECTED: &str = "SQLite gave an answer that makes no sense";

fn of_code(code: i32) -> (ErrorKind, bool, &'static str) {
    let find = |wanted: i32| CODES.iter().find(|(code, ..)| *code == wanted);
    match find(code).or_else(|| find(primary(code))) {
        Some(&(_, kind, is_retryable, message)) => (kind, is_retryable, message),
        None => (ErrorKind::Other, false, UNEXPECTED),
    }
}

const fn primary(code: i32) -> i32 {
    code & 0xff
}
