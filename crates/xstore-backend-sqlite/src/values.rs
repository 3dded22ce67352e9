//! Values in the tables: each function is one transaction.

mod pieces;
mod room;

use crate::connection::{ask, require};
use crate::error::{Failure, damaged};
use crate::place::Watch;
use bytes::Bytes;
use pieces::{Span, pieces_of};
use room::require_room;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::ops::Range;
use std::time::{Duration, SystemTime};
use xstore_backend::buffers::Buffers;
use xstore_backend::{Cursor, Entry, Error, ErrorKind, Key, Page, Payload, Prefix, Stat};

pub(crate) use room::space;

#[cfg(test)]
mod tests;

/// Bytes of the largest value: 1 GiB. A put writes its value twice, first into the log, so larger ones serve nobody.
pub(crate) const MAX_VALUE: u64 = 1 << 30;
/// Keys of a page of a listing.
pub(crate) const PAGE_KEYS: usize = 1000;
/// The time in milliseconds since 1970, by the clock of this machine.
const NOW: &str = "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)";

/// Stores a value; returns whether it did, which it doesn't where it is to be created only and the key has one.
pub(crate) fn put(
    connection: &mut Connection,
    watch: &Watch,
    key: &Key,
    data: &Payload,
    create_only: bool,
) -> Result<bool, Failure> {
    let size = i64::try_from(data.len()).map_err(|_| Error::new(ErrorKind::TooLarge, ""))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut replaced = 0;
    if !create_only && let Some(old) = find(&transaction, key)? {
        remove(&transaction, key, &old)?;
        replaced = old.size().unwrap_or(0);
    }
    let first = next_piece(&transaction)?;
    let sql = format!(
        "INSERT INTO entry (key, first, size, modified) VALUES (?1, ?2, ?3, {NOW}) ON CONFLICT (key) DO NOTHING"
    );
    if transaction.execute(&sql, params![key.as_str(), first, size])? == 0 {
        transaction.rollback()?;
        return Ok(false);
    }
    require_room(&transaction, watch, data.len() as u64, replaced)?;
    insert_pieces(&transaction, key, first, data)?;
    commit(transaction)?;
    Ok(true)
}

/// Reads a value of up to `max` bytes.
pub(crate) fn get(connection: &mut Connection, key: &Key, max: usize) -> Result<Bytes, Failure> {
    let transaction = connection.transaction()?;
    let entry = find(&transaction, key)?.ok_or_else(not_found)?;
    let size = entry.size()?;
    if size > max as u64 {
        return Err(Error::new(ErrorKind::TooLarge, format!("the value has {size} bytes")).into());
    }
    read(&transaction, key, &entry, 0..size)
}

/// Reads a part of a value.
pub(crate) fn get_range(connection: &mut Connection, key: &Key, range: Range<u64>) -> Result<Bytes, Failure> {
    let transaction = connection.transaction()?;
    let entry = find(&transaction, key)?.ok_or_else(not_found)?;
    let end = range.end.min(entry.size()?);
    if range.start >= end { Ok(Bytes::new()) } else { read(&transaction, key, &entry, range.start..end) }
}

/// What is known about a value.
pub(crate) fn stat(connection: &mut Connection, key: &Key) -> Result<Stat, Failure> {
    let transaction = connection.transaction()?;
    let entry = find(&transaction, key)?.ok_or_else(not_found)?;
    Ok(entry.stat()?)
}

/// Removes a value if there is one.
///
/// Overwriting it takes room in the log. Where there is none, the value goes without: an operator who can't free the
/// disk is worse off than one whose deleted bytes stay in unused pages for a while.
pub(crate) fn delete(connection: &mut Connection, key: &Key) -> Result<(), Failure> {
    match delete_once(connection, key) {
        Err(failure) if failure.is_full() && ask(connection, "secure_delete")? == 1 => {
            tracing::warn!(
                "no room to overwrite a deleted value: its bytes stay until their place is needed"
            );
            // With this value, SQLite overwrites only what it has to write anyhow.
            connection.pragma_update(None, "secure_delete", "FAST")?;
            let result = delete_once(connection, key);
            require(connection, "secure_delete", 1)?;
            result
        }
        other => other,
    }
}

/// One page of the keys below the prefix, behind the cursor.
pub(crate) fn list(
    connection: &mut Connection,
    prefix: &Prefix,
    cursor: Option<&Cursor>,
) -> Result<Page, Failure> {
    // `0` follows `/`, and `{` is behind all characters of a key.
    let (begin, end) = match prefix.as_str() {
        "" => (String::new(), "{".to_owned()),
        prefix => (format!("{prefix}/"), format!("{prefix}0")),
    };
    let begin = cursor.map_or(begin.as_str(), |cursor| cursor.as_str().max(begin.as_str()));
    let mut statement = connection.prepare(LIST)?;
    let mut rows = statement.query(params![begin, end])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        // Names that are no keys are left out; nobody but a foreign hand or damage brings them here.
        let ValueRef::Text(name) = row.get_ref(0)? else { continue };
        let Some(key) = std::str::from_utf8(name).ok().and_then(|name| Key::new(name).ok()) else { continue };
        if entries.len() == PAGE_KEYS {
            let next = entries.last().map(|last: &Entry| Cursor::new(last.key.as_str()));
            return Ok(Page::new(entries, next));
        }
        let found = Found { first: row.get(1)?, size: row.get(2)?, modified: row.get(3)? };
        match found.stat() {
            Ok(stat) => entries.push(Entry::new(key, stat)),
            // To leave it out would be to say that it isn't there.
            Err(_) => return Err(damaged(format!("{key} has an impossible length")).into()),
        }
    }
    Ok(Page::new(entries, None))
}

const LIST: &str = "SELECT key, first, size, modified FROM entry WHERE key > ?1 AND key < ?2 ORDER BY key";

/// A row of `entry`, as it stands there.
struct Found {
    first: i64,
    size: i64,
    modified: i64,
}

impl Found {
    fn size(&self) -> Result<u64, Error> {
        match u64::try_from(self.size) {
            Ok(size) if size <= MAX_VALUE => Ok(size),
            _ => Err(damaged("a value has an impossible length")),
        }
    }

    /// The pieces that hold a range of the value; none where it is empty.
    fn span(&self, range: Range<u64>) -> Result<Option<Span>, Error> {
        Span::of(self.first, self.size()?, range)
    }

    fn stat(&self) -> Result<Stat, Error> {
        let since = Duration::from_millis(self.modified.unsigned_abs());
        let modified = match self.modified {
            0.. => SystemTime::UNIX_EPOCH.checked_add(since),
            _ => SystemTime::UNIX_EPOCH.checked_sub(since),
        };
        Ok(Stat::new(self.size()?).with_modified(modified))
    }
}

fn find(connection: &Connection, key: &Key) -> Result<Option<Found>, Failure> {
    let sql = "SELECT first, size, modified FROM entry WHERE key = ?1";
    let found = connection.query_row(sql, [key.as_str()], |row| {
        Ok(Found { first: row.get(0)?, size: row.get(1)?, modified: row.get(2)? })
    });
    Ok(found.optional()?)
}

fn not_found() -> Failure {
    Error::new(ErrorKind::NotFound, "").into()
}

/// The one step of a write that may fail and have happened all the same.
fn commit(transaction: Transaction<'_>) -> Result<(), Failure> {
    transaction.commit().map_err(Failure::Commit)
}

fn delete_once(connection: &mut Connection, key: &Key) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match find(&transaction, key)? {
        Some(entry) => {
            remove(&transaction, key, &entry)?;
            commit(transaction)?;
        }
        None => transaction.rollback()?,
    }
    Ok(())
}

/// Removes the entry and those of its pieces that are its own.
fn remove(transaction: &Transaction<'_>, key: &Key, entry: &Found) -> Result<(), Failure> {
    match entry.size().and_then(|size| entry.span(0..size)) {
        Ok(Some(span)) => {
            let sql = "DELETE FROM piece WHERE id BETWEEN ?1 AND ?2 AND key = ?3";
            transaction.execute(sql, params![span.first, span.last, key.as_str()])?;
        }
        Ok(None) => {}
        // A damaged entry doesn't say where its pieces are. Looking for them takes long, and nobody is in a hurry.
        Err(_) => {
            transaction.execute("DELETE FROM piece WHERE key = ?1", [key.as_str()])?;
        }
    }
    transaction.execute("DELETE FROM entry WHERE key = ?1", [key.as_str()])?;
    Ok(())
}

/// A number behind all those in use, for the first piece of a value.
fn next_piece(transaction: &Transaction<'_>) -> Result<i64, Failure> {
    let last: Option<i64> = transaction.query_row("SELECT max(id) FROM piece", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0).checked_add(1).ok_or_else(used_up)?)
}

fn insert_pieces(
    transaction: &Transaction<'_>,
    key: &Key,
    first: i64,
    data: &Payload,
) -> Result<(), Failure> {
    let mut statement = transaction.prepare("INSERT INTO piece (id, key, bytes) VALUES (?1, ?2, ?3)")?;
    let mut id = first;
    pieces_of(data, |bytes| {
        statement.execute(params![id, key.as_str(), bytes])?;
        id = id.checked_add(1).ok_or_else(used_up)?;
        Ok(())
    })
}

fn used_up() -> Error {
    damaged("the numbers of its pieces are used up")
}

/// Reads the bytes of the range, which is inside the value.
fn read(
    transaction: &Transaction<'_>,
    key: &Key,
    entry: &Found,
    range: Range<u64>,
) -> Result<Bytes, Failure> {
    let Some(span) = entry.span(range)? else { return Ok(Bytes::new()) };
    let incomplete = || Failure::from(damaged("pieces of a value are missing"));
    // Before memory is set aside for a length that may be nonsense: the far end of it exists.
    let sql = "SELECT count(*) FROM piece WHERE id = ?1 AND key = ?2";
    let ends: i64 = transaction.query_row(sql, params![span.last, key.as_str()], |row| row.get(0))?;
    if ends == 0 {
        return Err(incomplete());
    }
    let no_room =
        |error| Error::new(ErrorKind::TooLarge, "the value doesn't fit into the memory").with_source(error);
    let mut value = Buffers::shared().try_take(span.len).map_err(no_room)?;
    let mut filled = 0;
    let mut statement = transaction.prepare(READ)?;
    let mut rows = statement.query(params![span.first, span.last])?;
    let mut id = span.first;
    while let Some(row) = rows.next()? {
        let is_ours = row.get_ref(1)?.as_bytes().is_ok_and(|owner| owner == key.as_str().as_bytes());
        if row.get::<_, i64>(0)? != id || !is_ours {
            return Err(incomplete());
        }
        let ValueRef::Blob(bytes) = row.get_ref(2)? else { return Err(incomplete()) };
        let part = span.part_of(id, bytes).ok_or_else(incomplete)?;
        let place = value.bytes_mut().get_mut(filled..filled + part.len()).ok_or_else(incomplete)?;
        place.copy_from_slice(part);
        filled += part.len();
        id = id.saturating_add(1);
    }
    if filled == span.len { Ok(value.freeze()) } else { Err(incomplete()) }
}

const READ: &str = "SELECT id, key, bytes FROM piece WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
