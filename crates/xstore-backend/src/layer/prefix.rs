//! A backend below a prefix of another.

use crate::{
    BackendId, Bytes, Capability, Cursor, Entry, Error, ErrorKind, InvalidKey, Key, Operation, Page, Payload,
    Prefix, PutOptions, Result, Space, Stat, StorageBackend,
};
use async_trait::async_trait;
use std::ops::Range;

#[cfg(test)]
mod tests;

/// Puts all keys below a [`Prefix`], so that several users of one bucket or folder don't see each other's values. Room
/// is not divided: [`space`](StorageBackend::space) is that of the whole backend.
///
/// A key or prefix that would be longer than [`Key::MAX_LEN`] with the prefix before it is
/// [`Unsupported`](ErrorKind::Unsupported) in every operation, also in those for which nothing can be there: it is a
/// mistake in the configuration, and "not found" would hide it. An error from below shows the whole key, which is where
/// the value is.
#[derive(Debug, Clone)]
pub struct Prefixed<B> {
    inner: B,
    prefix: Prefix,
}

impl<B: StorageBackend> Prefixed<B> {
    /// What lies below `prefix` in `inner`.
    #[must_use]
    pub const fn new(inner: B, prefix: Prefix) -> Self {
        Self { inner, prefix }
    }

    /// The backend below.
    #[must_use]
    pub const fn inner(&self) -> &B {
        &self.inner
    }

    /// What all keys are below.
    #[must_use]
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    fn key(&self, operation: Operation, key: &Key) -> Result<Key> {
        self.prefix.key(key).map_err(|error| self.too_long(error, operation, Some(key)))
    }

    fn too_long(&self, error: InvalidKey, operation: Operation, key: Option<&Key>) -> Error {
        Error::new(ErrorKind::Unsupported, "the key is too long together with the prefix of this backend")
            .with_source(error)
            .at(self.id(), operation, key)
    }

    /// The entry as it is seen from above the prefix.
    fn strip(&self, entry: Entry, below: &Prefix) -> Result<Entry> {
        let key = entry.key.strip(&self.prefix).filter(|key| key.is_below(below));
        let key = key.ok_or_else(|| {
            Error::new(ErrorKind::Other, "the listing holds a key that was not asked for").at(
                self.id(),
                Operation::List,
                Some(&entry.key),
            )
        })?;
        Ok(Entry { key, ..entry })
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<B: StorageBackend> StorageBackend for Prefixed<B> {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.inner.put(&self.key(Operation::Put, key)?, data, options).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.inner.get(&self.key(Operation::Get, key)?, max).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.inner.delete(&self.key(Operation::Delete, key)?).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.inner.get_range(&self.key(Operation::Get, key)?, range).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.inner.stat(&self.key(Operation::Stat, key)?).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let whole = self.prefix.join(prefix).map_err(|error| self.too_long(error, Operation::List, None))?;
        let Page { entries, next } = self.inner.list(&whole, cursor).await?;
        let entries: Result<_> = entries.into_iter().map(|entry| self.strip(entry, prefix)).collect();
        Ok(Page { entries: entries?, next })
    }

    async fn space(&self) -> Result<Space> {
        self.inner.space().await
    }
}
