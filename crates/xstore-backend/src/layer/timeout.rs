//! A backend that is given up on.

use crate::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Space, Stat, StorageBackend,
};
use async_trait::async_trait;
use std::num::NonZeroU64;
use std::ops::Range;
use std::time::Duration;

#[cfg(test)]
mod tests;

const MIN_RATE: NonZeroU64 = NonZeroU64::new(64 << 10).unwrap();

/// How long an operation may take: a base time, and more for the bytes that it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    base: Duration,
    min_rate: NonZeroU64,
}

impl Timeouts {
    /// `base`, and the time in which `min_rate` bytes a second would move the value.
    #[must_use]
    pub const fn new(base: Duration, min_rate: NonZeroU64) -> Self {
        Self { base, min_rate }
    }

    /// How long an operation may take that moves up to this many bytes.
    #[must_use]
    pub fn of(&self, bytes: u64) -> Duration {
        let rate = self.min_rate.get();
        let whole = Duration::from_secs(bytes / rate);
        // Less than 10^9, since the remainder is less than the rate.
        let nanos = u128::from(bytes % rate) * 1_000_000_000 / u128::from(rate);
        let part = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.base.saturating_add(whole).saturating_add(part)
    }
}

impl Default for Timeouts {
    /// 30 seconds, and 64 KiB a second: an attempt to put the longest share ends after 22 minutes at the latest.
    /// Slowness that is worth turning to another backend is noticed much earlier by the store; this is for what hangs.
    fn default() -> Self {
        Self::new(Duration::from_secs(30), MIN_RATE)
    }
}

/// Gives up on each operation after its [time](Timeouts), with [`ErrorKind::Timeout`].
///
/// The bytes of a put count, and those that a get or range asks for at most, but no more than
/// [`Capability::max_put`]. All other operations have the base time; on a backend that has no `stat` of its own, which
/// then reads the value, that has to be enough for that, too.
///
/// The operation's future is dropped when its time is over: a put or delete may have landed or still land.
///
/// # Panics
/// Its operations need a tokio runtime with its timers enabled.
#[derive(Debug, Clone)]
pub struct TimingOut<B> {
    inner: B,
    timeouts: Timeouts,
}

impl<B: StorageBackend> TimingOut<B> {
    /// Gives up on operations of `inner`.
    #[must_use]
    pub const fn new(inner: B, timeouts: Timeouts) -> Self {
        Self { inner, timeouts }
    }

    /// The backend below.
    #[must_use]
    pub const fn inner(&self) -> &B {
        &self.inner
    }

    async fn within<T>(
        &self,
        bytes: u64,
        operation: Operation,
        key: Option<&Key>,
        future: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let limit = self.timeouts.of(bytes.min(self.capability().max_put));
        tokio::time::timeout(limit, future).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("no answer within {limit:?}")).at(
                self.id(),
                operation,
                key,
            ))
        })
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<B: StorageBackend> StorageBackend for TimingOut<B> {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let bytes = data.len() as u64;
        self.within(bytes, Operation::Put, Some(key), self.inner.put(key, data, options)).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.within(max as u64, Operation::Get, Some(key), self.inner.get(key, max)).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.within(0, Operation::Delete, Some(key), self.inner.delete(key)).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let bytes = range.end.saturating_sub(range.start);
        self.within(bytes, Operation::Get, Some(key), self.inner.get_range(key, range)).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.within(0, Operation::Stat, Some(key), self.inner.stat(key)).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.within(0, Operation::List, None, self.inner.list(prefix, cursor)).await
    }

    async fn space(&self) -> Result<Space> {
        self.within(0, Operation::Space, None, self.inner.space()).await
    }
}
