//! The tables, how a database is made, and how one that exists is recognised.

use crate::connection::{PAGE, require_wal};
use crate::error::{Failure, from_io};
use crate::place::{folder_of, refuse_network, sync_folder_of};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// What SQLite writes into the file's header so that nobody takes it for something else: "xSql".
pub(crate) const APPLICATION_ID: i64 = 0x7853_716c;
/// The version of the tables.
pub(crate) const VERSION: i64 = 1;

/// The tables in the order of their names, as SQLite keeps their definitions.
///
/// A value is cut into pieces with consecutive numbers, so that a part of it is read without the rest and a listing
/// touches no value. Each piece says to which key it belongs: a flipped bit in `entry` neither shows nor removes
/// another key's pieces, and the values can be put together again without `entry`.
pub(crate) const TABLES: [(&str, &str); 2] = [
    (
        "entry",
        "CREATE TABLE entry (\
         key TEXT NOT NULL PRIMARY KEY, \
         first INTEGER NOT NULL, \
         size INTEGER NOT NULL, \
         modified INTEGER NOT NULL\
         ) STRICT, WITHOUT ROWID",
    ),
    (
        "piece",
        "CREATE TABLE piece (\
         id INTEGER NOT NULL PRIMARY KEY, \
         key TEXT NOT NULL, \
         bytes BLOB NOT NULL\
         ) STRICT",
    ),
];

/// Refuses a file that is not ours, without touching it or anything beside it.
///
/// SQLite would read a foreign log, and empty it, before anything can be asked. So this looks at the header alone,
/// as if nobody could change it. It is read by SQLite, since closing a file otherwise would drop the locks that this
/// process has on it. While others write, the header may be ahead of the rest, which no damage is.
pub(crate) fn peek(file: &Path) -> Result<(), Failure> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable_uri(file), flags)?;
    // What this is made for is to let a shell look at a damaged database.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    check_header(&connection)
}

/// Refuses a database whose tables are not exactly ours.
pub(crate) fn verify(connection: &Connection) -> Result<(), Failure> {
    check_header(connection)?;
    // What ANALYZE leaves is the only thing that may be there besides.
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let expected = TABLES.map(|(name, sql)| ("table".to_owned(), name.to_owned(), Some(sql.to_owned())));
    if found == expected {
        return Ok(());
    }
    Err(refused("the database's tables are not those of an xStore backend".into()))
}

/// Makes the database unless something has this name already.
pub(crate) fn create(path: &Path) -> Result<(), Failure> {
    // What is absolute is never taken for an option or a URI.
    let path = &std::path::absolute(path).map_err(|e| from_io(e, "the path of the database is unusable"))?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(from_io(error, "looking for the database failed").into()),
        Ok(_) => Ok(()),
    }
}

/// The database appears whole: made under another name, for this user only, and given its own once it is on the disk.
/// What has this name meanwhile stays.
fn make(path: &Path) -> Result<(), Failure> {
    let folder = folder_of(path);
    fs::metadata(folder).map_err(|e| from_io(e, "the folder for the database can't be found"))?;
    refuse_network(folder)?;
    let making = |e| from_io(e, "making the database file failed");
    let temporary = tempfile::Builder::new().prefix(".xstore-new-").suffix(".db").tempfile_in(folder);
    // Nothing of ours has the file open when SQLite locks it.
    let temporary = temporary.map_err(making)?.into_temp_path();
    fill(&temporary)?;
    File::options().write(true).open(&temporary).and_then(|file| file.sync_all()).map_err(making)?;
    match temporary.persist_noclobber(path) {
        Ok(()) => Ok(sync_folder_of(path)?),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(making(error.error).into()),
    }
}

fn fill(file: &Path) -> Result<(), Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.pragma_update(None, "page_size", PAGE.cast_signed())?;
    connection.pragma_update(None, "synchronous", 2)?;
    connection.pragma_update(None, "fullfsync", 1)?;
    connection.pragma_update(None, "checkpoint_fullfsync", 1)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    for (_, sql) in TABLES {
        connection.execute_batch(sql)?;
    }
    // Last, so that the whole is in the file itself when the log is closed.
    require_wal(&connection)?;
    verify(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn check_header(connection: &Connection) -> Result<(), Failure> {
    let ask = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if ask("application_id")? != APPLICATION_ID {
        return Err(refused("the file is not a database of an xStore backend".into()));
    }
    match ask("user_version")? {
        VERSION => Ok(()),
        newer if newer > VERSION => {
            let message = format!(
                "the database has tables of version {newer}, and this program knows version {VERSION}: use a newer one"
            );
            Err(Error::new(ErrorKind::Unsupported, message).into())
        }
        _ => Err(refused("the database says no version of its tables".into())),
    }
}

fn refused(message: String) -> Failure {
    Error::new(ErrorKind::Unavailable, message).with_retryable(false).into()
}

/// The path as SQLite's URI of a file that nobody changes.
fn immutable_uri(file: &Path) -> String {
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(file.as_os_str());
    #[cfg(not(unix))]
    let text = format!("/{}", file.to_string_lossy().replace('\\', "/"));
    #[cfg(not(unix))]
    let bytes = text.as_bytes();
    format!("file://{}?immutable=1", percent_encode(bytes, KEPT))
}
