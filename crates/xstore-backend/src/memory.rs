//! Values in this process's memory: the reference implementation of the contract, for tests and demonstrations.
//!
//! Nothing survives the process, and no other process sees anything: don't keep data here that has to last.

use crate::{
    BackendId, Capability, Cursor, Entry, Error, ErrorKind, Factory, Key, OpenError, OpenRequest, Operation,
    Page, Payload, Prefix, PutOptions, Registry, Result, Space, Stat, StorageBackend,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::{Bound, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// The URL scheme: `mem:` and nothing behind it.
pub const SCHEME: &str = "mem";

const PAGE_SIZE: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// Lets the registry open `mem:`; see [`MemoryFactory`].
pub fn register(registry: &mut Registry) {
    registry.register(SCHEME, Arc::new(MemoryFactory));
}

/// Values in this process's memory.
///
/// They are gone when the last clone is: an Ok from a put promises no more than that, and [`Capability::durable`] is
/// false unless a test [declares](Self::with_capability) otherwise. A clone shares the values and the quota; what
/// `with_page_size` and `with_capability` set belongs to the clone alone.
///
/// Each operation takes effect in one step and without waiting, so that a dropped future has either done all or
/// nothing. A `create_only` put is decided in that step. Pages of a list are in the order of the keys, and a cursor is
/// the last key of its page.
///
/// ```
/// use xstore_backend::{BackendId, Key, PutOptions, StorageBackend, memory::MemoryBackend};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = MemoryBackend::new(BackendId::new("m1")?);
/// memory.put(&Key::new("a/b")?, b"value"[..].into(), &PutOptions::create_only()).await?;
/// memory.corrupt(&Key::new("a/b")?, |value| value[0] ^= 1);
/// assert_eq!(memory.get(&Key::new("a/b")?, 100).await?, b"walue"[..]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryBackend {
    id: BackendId,
    capability: Capability,
    page_size: NonZeroUsize,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    values: BTreeMap<Key, Value>,
    max_bytes: Option<u64>,
}

struct Value {
    bytes: Bytes,
    expires: Option<Instant>,
}

impl MemoryBackend {
    /// What it can do unless declared otherwise: all but being durable and letting values expire; values of up to
    /// 80 MiB.
    pub const CAPABILITY: Capability =
        Capability::MINIMAL.with_create_only(true).with_list(true).with_range(true).with_late_writes(false);

    /// Empty, without a quota.
    #[must_use]
    pub fn new(id: BackendId) -> Self {
        Self { id, capability: Self::CAPABILITY, page_size: PAGE_SIZE, shared: Arc::default() }
    }

    /// Declares another capability, for tests of callers. Where it says so, values are longer or shorter, can't be
    /// listed, or expire (by tokio's clock, which tests can pause). What it says about durability, `create_only`,
    /// ranges and late writes is only said.
    #[must_use]
    pub const fn with_capability(mut self, capability: Capability) -> Self {
        self.capability = capability;
        self
    }

    /// Bytes that all values together may have, for this and all clones; [`ErrorKind::QuotaExceeded`] beyond that.
    /// Keys don't count.
    #[must_use]
    pub fn with_max_bytes(self, max_bytes: u64) -> Self {
        self.shared().max_bytes = Some(max_bytes);
        self
    }

    /// Keys on one page of a list; 1000 without this.
    #[must_use]
    pub const fn with_page_size(mut self, page_size: NonZeroUsize) -> Self {
        self.page_size = page_size;
        self
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared().values.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all values together.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.shared().used_bytes()
    }

    /// All keys in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        self.shared().values.keys().cloned().collect()
    }

    /// The value as it is stored.
    #[must_use]
    pub fn raw(&self, key: &Key) -> Option<Bytes> {
        self.shared().values.get(key).map(|value| value.bytes.clone())
    }

    /// Changes a value behind the users' back, as a bad disk or a tampering operator would: no rule and no quota is
    /// applied. Returns whether there was a value to change.
    ///
    /// # Panics
    /// Where `change` does; the value stays as it was.
    pub fn corrupt(&self, key: &Key, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut shared = self.shared();
        let Some(value) = shared.values.get_mut(key) else { return false };
        let mut bytes = value.bytes.to_vec();
        change(&mut bytes);
        value.bytes = bytes.into();
        true
    }

    /// Removes all values.
    pub fn clear(&self) {
        self.shared().values.clear();
    }

    /// The lock is held for no await, and no panic under it leaves a half-changed map: a poisoned one is as good.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if self.capability.expiry {
            let now = Instant::now();
            shared.values.retain(|_, value| value.expires.is_none_or(|expires| now < expires));
        }
        shared
    }

    fn error(&self, error: Error, operation: Operation, key: &Key) -> Error {
        error.at(&self.id, operation, Some(key))
    }

    fn value(&self, operation: Operation, key: &Key) -> Result<Bytes> {
        self.raw(key).ok_or_else(|| self.error(Error::new(ErrorKind::NotFound, ""), operation, key))
    }
}

impl Shared {
    fn used_bytes(&self) -> u64 {
        self.values.values().map(|value| value.bytes.len() as u64).sum()
    }

    fn put(&mut self, key: &Key, value: Value, create_only: bool) -> Result<()> {
        let old = self.values.get(key).map(|old| old.bytes.len() as u64);
        if create_only && old.is_some() {
            return Err(Error::new(ErrorKind::AlreadyExists, ""));
        }
        if let Some(max) = self.max_bytes {
            let others = self.used_bytes() - old.unwrap_or(0);
            if others.saturating_add(value.bytes.len() as u64) > max {
                return Err(Error::new(ErrorKind::QuotaExceeded, ""));
            }
        }
        self.values.insert(key.clone(), value);
        Ok(())
    }
}

#[async_trait]
impl StorageBackend for MemoryBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        self.capability
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let put = || {
            if data.len() as u64 > self.capability.max_put {
                return Err(Error::new(ErrorKind::TooLarge, ""));
            }
            // A time that the clock can't show never comes.
            let expires = options.ttl.and_then(|ttl| Instant::now().checked_add(ttl));
            self.shared().put(key, Value { bytes: data.to_bytes(), expires }, options.create_only)
        };
        put().map_err(|error| self.error(error, Operation::Put, key))
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let value = self.value(Operation::Get, key)?;
        if value.len() > max {
            return Err(self.error(Error::new(ErrorKind::TooLarge, ""), Operation::Get, key));
        }
        Ok(value)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.shared().values.remove(key);
        Ok(())
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let value = self.value(Operation::Get, key)?;
        let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(value.len());
        let (start, end) = (place(range.start), place(range.end));
        Ok(if start < end { value.slice(start..end) } else { Bytes::new() })
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.value(Operation::Stat, key).map(|value| Stat::new(value.len() as u64))
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        if !self.capability.list {
            return Err(Error::new(ErrorKind::Unsupported, "").at(&self.id, Operation::List, None));
        }
        // A slash sorts before letters and digits, but behind "-" and ".": all that lies below the prefix is in one
        // piece behind prefix and slash.
        let first = if prefix.as_str().is_empty() { String::new() } else { format!("{prefix}/") };
        let start = match cursor {
            Some(cursor) if cursor.as_str() >= first.as_str() => Bound::Excluded(cursor.as_str()),
            _ => Bound::Included(first.as_str()),
        };
        let shared = self.shared();
        let mut below = shared.values.range::<str, _>((start, Bound::Unbounded));
        let mut below = below.by_ref().take_while(|(key, _)| key.is_below(prefix)).peekable();
        let mut entries = Vec::new();
        while let Some((key, value)) = below.next_if(|_| entries.len() < self.page_size.get()) {
            entries.push(Entry::new(key.clone(), Stat::new(value.bytes.len() as u64)));
        }
        let next = below.peek().and(entries.last()).map(|last| Cursor::new(last.key.as_str()));
        Ok(Page::new(entries, next))
    }

    async fn space(&self) -> Result<Space> {
        let shared = self.shared();
        let free = shared.max_bytes.map(|max| max.saturating_sub(shared.used_bytes()));
        Ok(Space::new(free, shared.max_bytes))
    }
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBackend")
            .field("id", &self.id)
            .field("values", &self.len())
            .finish_non_exhaustive()
    }
}

/// Opens `mem:`. Each opening makes a new, empty backend, whether or not the request says
/// [`create`](OpenRequest::create); there are no settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryFactory;

#[async_trait]
impl Factory for MemoryFactory {
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        self.check(&request)?;
        Ok(Arc::new(MemoryBackend::new(request.id)))
    }

    fn check(&self, request: &OpenRequest) -> std::result::Result<(), OpenError> {
        if !request.url.rest().is_empty() {
            return Err(OpenError::Url("nothing stands behind mem:".to_owned()));
        }
        request.settings.clone().finish().map_err(OpenError::Setting)
    }

    fn capability(&self, _: &OpenRequest) -> Capability {
        MemoryBackend::CAPABILITY
    }
}
