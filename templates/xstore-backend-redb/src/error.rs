//! From redb's errors to kinds: the one table.

use redb::Error as Redb;
use std::io::ErrorKind as Io;
use xstore_backend::{Error, ErrorKind};

/// An error on its way out of a transaction; `?` makes one from all that redb returns.
pub(crate) struct Failure(pub(crate) Error);

impl<E: Into<Redb>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let io = if let Redb::Io(error) = &error { Some(error.kind()) } else { None };
        let (kind, is_retryable) = match (&error, io) {
            (_, Some(Io::PermissionDenied | Io::ReadOnlyFilesystem)) => (ErrorKind::AuthFailed, false),
            (_, Some(Io::StorageFull | Io::QuotaExceeded)) => (ErrorKind::QuotaExceeded, false),
            (Redb::DatabaseAlreadyOpen, _) => (ErrorKind::Unavailable, true),
            (Redb::UpgradeRequired(_), _) => (ErrorKind::Unsupported, false),
            // Missing, damaged, of somebody else, or useless since the disk failed, until it is opened anew.
            _ => (ErrorKind::Unavailable, false),
        };
        Self(Error::new(kind, "the database can't be used").with_retryable(is_retryable).with_source(error))
    }
}
