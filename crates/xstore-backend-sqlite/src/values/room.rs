//! How much room there is, in the database and below it.

use crate::connection::ask;
use crate::error::{Failure, full};
use crate::place::Watch;
use rusqlite::{Connection, Transaction};
use xstore_backend::Space;

/// Bytes in the file system that a put leaves alone. On a disk that is full to the last byte nothing can be deleted
/// either, since a delete writes to the log first.
const RESERVE: u64 = 1 << 20;

/// The room for values: in the file, up to its limit, and in the file system.
pub(crate) fn space(
    connection: &mut Connection,
    watch: &Watch,
    max_size: Option<u64>,
) -> Result<Space, Failure> {
    let transaction = connection.transaction()?;
    let page = ask(&transaction, "page_size")?;
    let unused = ask(&transaction, "freelist_count")? * page;
    let file = ask(&transaction, "page_count")? * page;
    let disk = watch.space()?;
    let disk_free = disk.free.map(|free| free.saturating_sub(RESERVE).saturating_add(unused));
    Ok(match max_size {
        None => Space::new(disk_free, disk.total),
        Some(max) => {
            let room = max.saturating_sub(file).saturating_add(unused);
            Space::new(Some(disk_free.map_or(room, |free| free.min(room))), Some(max.max(file)))
        }
    })
}

/// Refuses a put that would not find room, before it fills the disk with the beginning of a value: then nothing could
/// be deleted any more. `replaced` are the bytes of the value that makes way.
pub(super) fn require_room(
    transaction: &Transaction<'_>,
    watch: &Watch,
    size: u64,
    replaced: u64,
) -> Result<(), Failure> {
    let page = ask(transaction, "page_size")?.max(512);
    // Nearly all of a page holds bytes of the value; the rest is for the trees above it.
    let pages = |bytes: u64| bytes / (page - page / 64) + 8;
    let used = ask(transaction, "page_count")?;
    let growth = pages(size).saturating_sub(ask(transaction, "freelist_count")?);
    if growth > ask(transaction, "max_page_count")?.saturating_sub(used) {
        return Err(full("the database is as large as it may be").into());
    }
    // All that is written passes through the log, the zeros over what is replaced as well. And what is in the log
    // from earlier has yet to find its room in the file.
    let owed = used.saturating_sub(watch.len()? / page);
    let needed = (pages(size) + pages(replaced) + growth + owed).saturating_mul(page).saturating_add(RESERVE);
    match watch.space()?.free {
        Some(free) if free < needed => Err(full("the disk is too full for the value").into()),
        _ => Ok(()),
    }
}
