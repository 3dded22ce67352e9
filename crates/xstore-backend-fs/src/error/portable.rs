//! The table for systems without error numbers that mean the same everywhere.

use super::Class;
use std::io;
use xstore_backend::ErrorKind::{self, AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};

/// Kind, whether another attempt makes sense, what is said, and what it stands for.
type Row = (ErrorKind, bool, &'static str, &'static [io::ErrorKind]);

const TABLE: &[Row] = &[
    (QuotaExceeded, false, "the disk is full", &[io::ErrorKind::StorageFull]),
    (QuotaExceeded, false, "the disk quota is used up", &[io::ErrorKind::QuotaExceeded]),
    (QuotaExceeded, false, "the folder takes no more entries", &[io::ErrorKind::TooManyLinks]),
    (AuthFailed, false, "the file system refuses access", &[io::ErrorKind::PermissionDenied]),
    (Unavailable, false, "the file system is read-only", &[io::ErrorKind::ReadOnlyFilesystem]),
    (
        Unavailable,
        true,
        "the disk or the server that it is on is gone",
        &[
            io::ErrorKind::StaleNetworkFileHandle,
            io::ErrorKind::NotConnected,
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::UnexpectedEof,
        ],
    ),
    (
        Unavailable,
        true,
        "the server that the disk is on doesn't answer",
        &[
            io::ErrorKind::TimedOut,
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkDown,
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionReset,
        ],
    ),
    (
        Unavailable,
        true,
        "the system is busy or short of memory",
        &[
            io::ErrorKind::WouldBlock,
            io::ErrorKind::ResourceBusy,
            io::ErrorKind::Interrupted,
            io::ErrorKind::OutOfMemory,
        ],
    ),
    (Unavailable, true, "a folder or a temporary file vanished meanwhile", &[io::ErrorKind::NotFound]),
    (
        TooLarge,
        false,
        "the value is longer than the file system, or the limit for this process, allows",
        &[io::ErrorKind::FileTooLarge],
    ),
    (
        Unsupported,
        false,
        "the file system's names are too short for this key",
        &[io::ErrorKind::InvalidFilename],
    ),
    (Unsupported, false, "the file system can't do this", &[io::ErrorKind::Unsupported]),
    (Other, false, "a file stands where a folder should be", &[io::ErrorKind::NotADirectory]),
    (Other, false, "a folder stands where a value should be", &[io::ErrorKind::IsADirectory]),
];

pub(super) fn classify(cause: &io::Error) -> Option<Class> {
    let row = TABLE.iter().find(|row| row.3.contains(&cause.kind()));
    row.map(|&(kind, is_retryable, words, _)| Class { kind, is_retryable, words })
}

pub(super) fn is_unsupported(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
