//! The trait.

use crate::{
    BackendId, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix, Result, Space,
    Stat,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// How to put.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutOptions {
    /// Refuse to touch an existing value, with [`ErrorKind::AlreadyExists`]. Without it an existing value is
    /// replaced, at once and whole.
    pub create_only: bool,
    /// The backend may remove the value after this time, where it [can](Capability::expiry). Others ignore it.
    pub ttl: Option<Duration>,
}

impl PutOptions {
    /// An existing value stays as it is.
    #[must_use]
    pub const fn create_only() -> Self {
        Self { create_only: true, ttl: None }
    }

    /// An existing value is replaced.
    #[must_use]
    pub const fn replace() -> Self {
        Self { create_only: false, ttl: None }
    }

    /// Lets the backend remove the value after this time.
    #[must_use]
    pub const fn with_ttl(mut self, ttl: Option<Duration>) -> Self {
        self.ttl = ttl;
        self
    }
}

/// A place that stores values under keys.
///
/// # Contract
/// - **Values are whole.** A put becomes visible at once and complete, or not at all, whatever happens to the
///   process, the machine or the connection on the way.
/// - **Ok is kept.** After Ok from a put every later get, by any client, returns these bytes until they are replaced
///   or deleted; also after a power loss, if [`Capability::durable`] says so.
/// - **Maybe is maybe.** A write that fails, is dropped or times out may have landed or still land. Callers treat it
///   so. An error whose kind is [`AlreadyExists`](ErrorKind::AlreadyExists), [`AuthFailed`](ErrorKind::AuthFailed),
///   [`TooLarge`](ErrorKind::TooLarge) or [`Unsupported`](ErrorKind::Unsupported) means that nothing was written by
///   that attempt; [`Error::may_have_written`] also knows of the earlier ones where a call made several.
/// - **Not there is not "not found".** [`NotFound`](ErrorKind::NotFound) means that the place is in order and holds
///   no such value. A missing bucket, folder, table or file of the database is
///   [`Unavailable`](ErrorKind::Unavailable), in a delete and a list, too. An error while listing is never an empty
///   page.
/// - **Keys are opaque.** A backend doesn't interpret them. No caller uses a key that lies below another key in use
///   (`a` and `a/b`), and a backend may refuse such a put.
/// - **Futures may be dropped** at any await; nothing stays locked, and no temporary value stays visible in a list.
/// - **Errors are classified** by [`ErrorKind`], with the cause kept and the context
///   [added](Error::at). A backend doesn't retry, doesn't wait for better times and doesn't log credentials.
///
/// `id`, `put`, `get` and `delete` are all that a new backend must write.
#[async_trait]
pub trait StorageBackend: Debug + Send + Sync + 'static {
    /// The configured name, unique in a store.
    fn id(&self) -> &BackendId;

    /// What it can do. Constant.
    fn capability(&self) -> Capability {
        Capability::MINIMAL
    }

    /// Stores a value.
    ///
    /// # Errors
    /// Any kind but [`NotFound`](ErrorKind::NotFound).
    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()>;

    /// Reads a value, whole.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge) where it has more than `max` bytes, before more than that is held in memory.
    async fn get(&self, key: &Key, max: usize) -> Result<Bytes>;

    /// Removes a value. Ok also where there is none.
    ///
    /// # Errors
    /// Any kind but [`NotFound`](ErrorKind::NotFound).
    async fn delete(&self, key: &Key) -> Result<()>;

    /// Reads the bytes `range` of a value, as far as there are any: what begins at or behind the value's end is
    /// empty. An empty range of a value that isn't there may be empty or [`NotFound`](ErrorKind::NotFound).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let max = usize::try_from(self.capability().max_put).unwrap_or(usize::MAX);
        let value = self.get(key, max).await?;
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(value.len());
        let (start, end) = (at(range.start), at(range.end));
        Ok(if start < end { value.slice(start..end) } else { Bytes::new() })
    }

    /// What is known about a value without reading it.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn stat(&self, key: &Key) -> Result<Stat> {
        let max = usize::try_from(self.capability().max_put).unwrap_or(usize::MAX);
        self.get(key, max).await.map(|value| Stat::new(value.len() as u64))
    }

    /// One page of the keys below `prefix`: the first one without a cursor. Values under names that are no keys are
    /// left out.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where the [capability](Capability::list) says so.
    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let _ = (prefix, cursor);
        Err(Error::new(ErrorKind::Unsupported, "this backend can't list").at(
            self.id(),
            Operation::List,
            None,
        ))
    }

    /// How much room there is; nothing is known by default.
    ///
    /// # Errors
    /// Where the backend can't be asked.
    async fn space(&self) -> Result<Space> {
        Ok(Space::default())
    }
}

/// The same backend, shared.
#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: StorageBackend + ?Sized> StorageBackend for Arc<T> {
    fn id(&self) -> &BackendId {
        (**self).id()
    }

    fn capability(&self) -> Capability {
        (**self).capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        (**self).put(key, data, options).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        (**self).get(key, max).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        (**self).delete(key).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        (**self).get_range(key, range).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        (**self).stat(key).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        (**self).list(prefix, cursor).await
    }

    async fn space(&self) -> Result<Space> {
        (**self).space().await
    }
}
