use super::*;
use std::error::Error as _;

fn failure(code: i32) -> Failure {
    Failure::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

#[test]
fn every_primary_code_of_a_failure_has_a_row() {
    // 1 to 26 are the primary codes; 16, 17 and 27 on are kept for other purposes or are no failures.
    let unused = [ffi::SQLITE_EMPTY];
    for code in (ffi::SQLITE_ERROR..=ffi::SQLITE_NOTADB).filter(|code| !unused.contains(code)) {
        assert!(CODES.iter().any(|row| row.0 == code), "{code}");
    }
    let mut codes: Vec<i32> = CODES.iter().map(|row| row.0).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CODES.len(), "one row a code");
}

#[test]
fn codes_become_kinds() {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable};
    for (code, kind, is_retryable) in [
        (ffi::SQLITE_BUSY, Unavailable, true),
        (ffi::SQLITE_BUSY_SNAPSHOT, Unavailable, true),
        (ffi::SQLITE_BUSY_RECOVERY, Unavailable, true),
        (ffi::SQLITE_BUSY_TIMEOUT, Unavailable, true),
        (ffi::SQLITE_LOCKED_SHAREDCACHE, Unavailable, true),
        (ffi::SQLITE_IOERR, Unavailable, true),
        (ffi::SQLITE_IOERR_FSYNC, Unavailable, true),
        (ffi::SQLITE_IOERR_WRITE, Unavailable, true),
        (ffi::SQLITE_IOERR_SHORT_READ, Unavailable, false),
        (ffi::SQLITE_IOERR_CORRUPTFS, Unavailable, false),
        (ffi::SQLITE_CORRUPT, Unavailable, false),
        (ffi::SQLITE_CORRUPT_INDEX, Unavailable, false),
        (ffi::SQLITE_NOTADB, Unavailable, false),
        (ffi::SQLITE_ERROR, Unavailable, false),
        (ffi::SQLITE_CANTOPEN, Unavailable, true),
        (ffi::SQLITE_CANTOPEN_ISDIR, Unavailable, true),
        (ffi::SQLITE_FULL, QuotaExceeded, false),
        (ffi::SQLITE_PERM, AuthFailed, false),
        (ffi::SQLITE_AUTH, AuthFailed, false),
        (ffi::SQLITE_READONLY, AuthFailed, false),
        (ffi::SQLITE_READONLY_CANTINIT, AuthFailed, false),
        (ffi::SQLITE_READONLY_DIRECTORY, AuthFailed, false),
        (ffi::SQLITE_READONLY_RECOVERY, Unavailable, true),
        (ffi::SQLITE_READONLY_DBMOVED, Unavailable, false),
        (ffi::SQLITE_TOOBIG, TooLarge, false),
        (ffi::SQLITE_MISUSE, Other, false),
        (ffi::SQLITE_CONSTRAINT_UNIQUE, Other, false),
        (ffi::SQLITE_EMPTY, Other, false),
        (0x7f, Other, false),
    ] {
        let error = failure(code).into_error();
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{code}: {error}");
        assert!(error.source().is_some_and(|source| source.is::<rusqlite::Error>()));
    }
}

#[test]
fn an_extended_code_is_what_its_primary_code_is() {
    assert!(failure(ffi::SQLITE_IOERR_SHMSIZE).is_io() && failure(ffi::SQLITE_IOERR).is_io());
    assert!(failure(ffi::SQLITE_FULL).is_full() && !failure(ffi::SQLITE_IOERR).is_full());
    assert!(failure(ffi::SQLITE_BUSY_SNAPSHOT).is_busy() && failure(ffi::SQLITE_LOCKED).is_busy());
    assert!(!failure(ffi::SQLITE_FULL).is_busy() && !failure(ffi::SQLITE_FULL).is_io());
    assert!(!Failure::Known(full("")).is_full());
}

#[test]
fn only_a_failed_commit_may_have_written() {
    let code = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), None);
    assert!(Failure::Commit(code).into_error().may_have_written());
    assert!(!failure(ffi::SQLITE_IOERR_FSYNC).into_error().may_have_written());
    assert!(!Failure::Known(full("")).into_error().may_have_written());
}

#[test]
fn columns_of_another_type_are_damage() {
    let odd = rusqlite::Error::InvalidColumnType(0, "size".into(), rusqlite::types::Type::Text);
    for error in [odd, rusqlite::Error::IntegralValueOutOfRange(0, -1), rusqlite::Error::QueryReturnedNoRows]
    {
        let error = Failure::from(error).into_error();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
        assert_eq!(error.to_string(), "the database is damaged");
    }
    let odd = Failure::from(rusqlite::Error::MultipleStatement).into_error();
    assert_eq!(odd.kind(), ErrorKind::Other);
}

#[test]
fn the_system_s_words_become_kinds() {
    for (from, kind, is_retryable) in [
        (io::ErrorKind::NotFound, ErrorKind::Unavailable, false),
        (io::ErrorKind::NotADirectory, ErrorKind::Unavailable, false),
        (io::ErrorKind::PermissionDenied, ErrorKind::AuthFailed, false),
        (io::ErrorKind::ReadOnlyFilesystem, ErrorKind::AuthFailed, false),
        (io::ErrorKind::StorageFull, ErrorKind::QuotaExceeded, false),
        (io::ErrorKind::QuotaExceeded, ErrorKind::QuotaExceeded, false),
        (io::ErrorKind::Unsupported, ErrorKind::Unsupported, false),
        (io::ErrorKind::Interrupted, ErrorKind::Unavailable, true),
        (io::ErrorKind::Other, ErrorKind::Unavailable, true),
    ] {
        let error = from_io(from.into(), "reading failed");
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{from:?}");
        assert_eq!(error.to_string(), "reading failed");
    }
}
