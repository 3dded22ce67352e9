//! What callers build from the trait's methods.

use crate::{Bytes, Cursor, Entry, Error, ErrorKind, Key, Operation, Page, Prefix, Result, StorageBackend};
use std::collections::{BTreeMap, HashSet};

#[cfg(test)]
mod tests;

/// Pages in a row that may show no new key. Real ones exist, where a provider walks over what was deleted, but no
/// listing has ten million of those in a row.
const MAX_IDLE_PAGES: usize = 10_000;

/// Conveniences for callers, on every backend. Nobody implements this by hand.
///
/// # Cancel safety
/// All of them only read and may be dropped at any time.
pub trait StorageBackendExt: StorageBackend {
    /// All pages of a [`list`](StorageBackend::list), in the order of the keys, each key once. Memory for up to
    /// `limit` entries is used.
    ///
    /// Nothing is retried: list through [`Retrying`](crate::layer::Retrying) where that is wanted, so that a failing
    /// page doesn't start all over again.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge) where there are more than `limit` keys; a part of a listing is never passed
    /// off as the whole. [`Other`](ErrorKind::Other) for a listing that has no end (a cursor that was there before, or
    /// 10,000 pages in a row without a new key), and for a key that doesn't lie below `prefix`. Else as for the list.
    fn list_all(&self, prefix: &Prefix, limit: usize) -> impl Future<Output = Result<Vec<Entry>>> + Send;

    /// Whether there is a value under the key.
    ///
    /// # Errors
    /// As for [`stat`](StorageBackend::stat), but for "not found".
    fn exists(&self, key: &Key) -> impl Future<Output = Result<bool>> + Send;

    /// Reads a value of known length.
    ///
    /// # Errors
    /// [`Other`](ErrorKind::Other) where it has another length: it isn't what was put there. Else as for
    /// [`get`](StorageBackend::get).
    fn get_exact(&self, key: &Key, len: usize) -> impl Future<Output = Result<Bytes>> + Send;
}

impl<T: StorageBackend + ?Sized> StorageBackendExt for T {
    async fn list_all(&self, prefix: &Prefix, limit: usize) -> Result<Vec<Entry>> {
        let mut listing = Listing::new(prefix, limit);
        let mut cursor = None;
        loop {
            let page = self.list(prefix, cursor.as_ref()).await?;
            cursor = listing.add(page).map_err(|error| error.at(self.id(), Operation::List, None))?;
            if cursor.is_none() {
                return Ok(listing.entries.into_values().collect());
            }
        }
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        match self.stat(key).await {
            Ok(_) => Ok(true),
            // A backend that reads the value for its size found one that is too long to read.
            Err(error) if error.kind() == ErrorKind::TooLarge => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn get_exact(&self, key: &Key, len: usize) -> Result<Bytes> {
        let wrong = |actual: &str| {
            let message = format!("the value has {actual}, {len} were expected");
            Error::new(ErrorKind::Other, message).at(self.id(), Operation::Get, Some(key))
        };
        match self.get(key, len).await {
            Ok(value) if value.len() == len => Ok(value),
            Ok(value) => Err(wrong(&format!("{} bytes", value.len()))),
            Err(error) if error.kind() == ErrorKind::TooLarge => Err(wrong("more bytes").with_source(error)),
            Err(error) => Err(error),
        }
    }
}

/// The pages of a listing put together.
struct Listing<'a> {
    prefix: &'a Prefix,
    limit: usize,
    entries: BTreeMap<Key, Entry>,
    cursors: HashSet<Cursor>,
    idle_pages: usize,
}

impl<'a> Listing<'a> {
    fn new(prefix: &'a Prefix, limit: usize) -> Self {
        Self { prefix, limit, entries: BTreeMap::new(), cursors: HashSet::new(), idle_pages: 0 }
    }

    /// Adds a page; returns where the next one begins.
    fn add(&mut self, page: Page) -> Result<Option<Cursor>> {
        let before = self.entries.len();
        for entry in page.entries {
            if !entry.key.is_below(self.prefix) {
                return Err(Error::new(ErrorKind::Other, "the listing holds a key that was not asked for"));
            }
            self.entries.insert(entry.key.clone(), entry);
            if self.entries.len() > self.limit {
                let message = format!("there are more than {} keys", self.limit);
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
        }
        self.idle_pages = if self.entries.len() > before { 0 } else { self.idle_pages + 1 };
        let Some(next) = page.next else { return Ok(None) };
        if self.idle_pages >= MAX_IDLE_PAGES || !self.cursors.insert(next.clone()) {
            return Err(Error::new(ErrorKind::Other, "the listing has no end"));
        }
        Ok(Some(next))
    }
}
