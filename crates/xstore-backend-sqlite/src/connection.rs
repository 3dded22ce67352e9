//! Connections, each with the settings that the promises rest on, read back.

use crate::Config;
use crate::error::{Failure, full};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// Bytes of a page of a database that we make. Larger than usual, since most values are; a small value costs the
/// writing of three or four pages.
pub(crate) const PAGE: u64 = 8 << 10;
/// Pages in the log after which a commit copies them into the database: 4 MiB.
const CHECKPOINT_PAGES: i64 = 512;
/// Bytes that the log keeps when it begins anew after it was longer: 16 MiB.
const WAL_KEEP: i64 = 16 << 20;
/// Bytes of the longest row that SQLite may read or write. Ours are far below, so only a damaged file asks for more.
const MAX_ROW: i32 = 1 << 20;
/// SQLite's own limit.
const MAX_PAGES: u64 = 0xffff_fffe;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reading and writing.
    Write,
    /// Reading only.
    Read,
}

/// Settings that are numbers, with what SQLite answers when it is asked for them afterwards.
const PRAGMAS: &[(&str, i64)] = &[
    // A commit is on the disk before it is reported, whatever happens to the machine next.
    ("synchronous", 2),
    // On Apple's systems fsync alone leaves it to the disk when to write. Elsewhere this means nothing.
    ("fullfsync", 1),
    ("checkpoint_fullfsync", 1),
    // Damage is noticed early, and no row of a damaged page makes SQLite read beyond it.
    ("cell_size_check", 1),
    // A mapped file that is cut short kills the process.
    ("mmap_size", 0),
    // Nothing of a value gets into temporary files.
    ("temp_store", 2),
    ("wal_autocheckpoint", CHECKPOINT_PAGES),
    ("journal_size_limit", WAL_KEEP),
];

/// Opens a connection to a database that exists.
pub(crate) fn open(file: &Path, config: &Config, role: Role) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(config.busy_timeout())?;
    distrust_contents(&connection)?;
    require_wal(&connection)?;
    for &(name, value) in PRAGMAS {
        require(&connection, name, value)?;
    }
    require(&connection, "secure_delete", i64::from(config.secure_delete()))?;
    match role {
        Role::Write => limit_size(&connection, config.max_size())?,
        Role::Read => require(&connection, "query_only", 1)?,
    }
    Ok(connection)
}

/// Sets a number and asks for it: SQLite ignores what it doesn't know or can't do.
pub(crate) fn require(connection: &Connection, name: &str, value: i64) -> Result<(), Failure> {
    // Some settings answer with a row, others don't.
    connection.pragma_update(None, name, value)?;
    let actual: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
    if actual == value {
        return Ok(());
    }
    let message = format!("SQLite didn't take the setting {name}: {actual}, not {value}");
    Err(Error::new(ErrorKind::Unsupported, message).into())
}

/// A number that SQLite tells.
pub(crate) fn ask(connection: &Connection, name: &str) -> Result<u64, Failure> {
    let value: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
    Ok(u64::try_from(value).unwrap_or(0))
}

/// Copies what is in the log into the database and empties the log's file, unless somebody is at work on either.
pub(crate) fn empty_log(connection: &Connection, config: &Config) -> Result<(), Failure> {
    // It is not worth a wait: later writes come back to it.
    connection.busy_timeout(Duration::ZERO)?;
    let result = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(config.busy_timeout())?;
    match result.map_err(Failure::from) {
        Err(failure) if failure.is_busy() => Ok(()),
        other => other,
    }
}

/// The bytes of the file come from a place that nobody vouches for. Nothing in them is to be run.
fn distrust_contents(connection: &Connection) -> Result<(), Failure> {
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        if connection.set_db_config(setting, value)? != value {
            return Err(
                Error::new(ErrorKind::Unsupported, "SQLite didn't take a setting of its safety").into()
            );
        }
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_ROW)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    Ok(())
}

/// The database keeps its mode, so this changes it at most once.
pub(crate) fn require_wal(connection: &Connection) -> Result<(), Failure> {
    let mode = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
    if mode("PRAGMA journal_mode")? == "wal" || mode("PRAGMA journal_mode = WAL")? == "wal" {
        return Ok(());
    }
    let message = "SQLite can't keep a write-ahead log here: the file system lacks shared memory";
    Err(Error::new(ErrorKind::Unsupported, message).into())
}

/// Lets the file have at most so many bytes.
fn limit_size(connection: &Connection, bytes: Option<u64>) -> Result<(), Failure> {
    let Some(bytes) = bytes else { return Ok(()) };
    let pages = (bytes / ask(connection, "page_size")?.max(1)).clamp(1, MAX_PAGES);
    let pages = i64::try_from(pages).map_err(|_| full("the limit of the database's size is out of range"))?;
    // A database that is larger already stays as large as it is.
    let _actual: i64 = connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get(0))?;
    Ok(())
}
