//! A backend that isn't asked too much.

use crate::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Page, Payload, Prefix, PutOptions, Result,
    Space, Stat, StorageBackend,
};
use async_trait::async_trait;
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

mod pacer;
#[cfg(test)]
mod tests;

use pacer::Pacer;

/// What a [`Limiter`] allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    max_concurrent: NonZeroUsize,
    upload: Option<NonZeroU64>,
    download: Option<NonZeroU64>,
}

impl Limits {
    /// This many operations at once, and any number of bytes.
    #[must_use]
    pub const fn new(max_concurrent: NonZeroUsize) -> Self {
        Self { max_concurrent, upload: None, download: None }
    }

    /// At most this many bytes of values a second in puts.
    #[must_use]
    pub const fn with_upload(mut self, bytes_per_second: NonZeroU64) -> Self {
        self.upload = Some(bytes_per_second);
        self
    }

    /// At most this many bytes of values a second in gets and ranges.
    #[must_use]
    pub const fn with_download(mut self, bytes_per_second: NonZeroU64) -> Self {
        self.download = Some(bytes_per_second);
        self
    }
}

/// Shares [`Limits`] out among operations: those of one backend, or of several that use the same line. A clone shares
/// the same limits.
///
/// **Operations.** No more than `max_concurrent` are below at once; the others wait in the order of their coming.
///
/// **Bytes.** A put pays for its bytes before it goes down, a get for what came up before it is handed on. Operations
/// pay in turns of a twentieth of a second's bytes each, but at least one byte: they share the rate evenly, a short
/// value isn't held up by long ones before it, and a long one doesn't starve among short ones. In any time t no more
/// than `rate * (t + 0.05 s)` bytes are paid for, and one turn on top, which may come in a burst after a pause. At most `max_concurrent` puts are paying or paid and not yet done, and as many gets have come up
/// and are still paying; that is what the line itself may see at once beyond the rate. An operation that pays doesn't
/// count among the operations below, so that a delete doesn't wait for the bytes of a put.
///
/// Bytes of values count. Those of requests, keys and listings don't, nor what a backend transfers besides the range
/// that was asked for, nor a get that fails.
///
/// # Cancel safety
/// A dropped operation gives back its turn at once. Bytes that it has paid for stay paid.
#[derive(Debug, Clone)]
pub struct Limiter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    operations: Semaphore,
    upload: Option<Budget>,
    download: Option<Budget>,
}

/// One direction.
#[derive(Debug)]
struct Budget {
    /// Values that are here and in the middle of paying or being sent.
    values: Semaphore,
    pacer: Pacer,
}

impl Limiter {
    /// Nothing is in use.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let permits = || Semaphore::new(limits.max_concurrent.get().min(Semaphore::MAX_PERMITS));
        let budget = |rate| Budget { values: permits(), pacer: Pacer::new(rate) };
        Self {
            shared: Arc::new(Shared {
                operations: permits(),
                upload: limits.upload.map(budget),
                download: limits.download.map(budget),
            }),
        }
    }

    async fn operation<T>(&self, operation: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let _permit = acquire(&self.shared.operations).await?;
        operation.await
    }

    async fn upload(&self, bytes: usize, put: impl Future<Output = Result<()>> + Send) -> Result<()> {
        let Some(budget) = &self.shared.upload else { return self.operation(put).await };
        let _value = acquire(&budget.values).await?;
        budget.pacer.pay(bytes as u64).await;
        self.operation(put).await
    }

    async fn download(&self, get: impl Future<Output = Result<Bytes>> + Send) -> Result<Bytes> {
        let Some(budget) = &self.shared.download else { return self.operation(get).await };
        let _value = acquire(&budget.values).await?;
        let value = self.operation(get).await?;
        budget.pacer.pay(value.len() as u64).await;
        Ok(value)
    }
}

/// The semaphore is never closed, but the compiler doesn't know.
async fn acquire(semaphore: &Semaphore) -> Result<SemaphorePermit<'_>> {
    semaphore
        .acquire()
        .await
        .map_err(|error| Error::new(ErrorKind::Other, "the limiter was closed").with_source(error))
}

/// Keeps a backend within the limits of a [`Limiter`]. Clones share it.
///
/// ```
/// use std::num::{NonZeroU64, NonZeroUsize};
/// use xstore_backend::layer::{Limited, Limiter, Limits};
/// use xstore_backend::{BackendId, memory::MemoryBackend};
///
/// let limits = Limits::new(NonZeroUsize::new(8).ok_or("zero")?);
/// let limiter = Limiter::new(limits.with_upload(NonZeroU64::new(1 << 20).ok_or("zero")?));
/// let first = Limited::new(MemoryBackend::new(BackendId::new("m1")?), limiter.clone());
/// let second = Limited::new(MemoryBackend::new(BackendId::new("m2")?), limiter); // the same line
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// Its operations need a tokio runtime with its timers enabled where a rate is given.
#[derive(Debug, Clone)]
pub struct Limited<B> {
    inner: B,
    limiter: Limiter,
}

impl<B: StorageBackend> Limited<B> {
    /// Keeps `inner` within the limits.
    #[must_use]
    pub const fn new(inner: B, limiter: Limiter) -> Self {
        Self { inner, limiter }
    }

    /// The backend below.
    #[must_use]
    pub const fn inner(&self) -> &B {
        &self.inner
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<B: StorageBackend> StorageBackend for Limited<B> {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.limiter.upload(data.len(), self.inner.put(key, data, options)).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.limiter.download(self.inner.get(key, max)).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.limiter.operation(self.inner.delete(key)).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.limiter.download(self.inner.get_range(key, range)).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.limiter.operation(self.inner.stat(key)).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.limiter.operation(self.inner.list(prefix, cursor)).await
    }

    async fn space(&self) -> Result<Space> {
        self.limiter.operation(self.inner.space()).await
    }
}
