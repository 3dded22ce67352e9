//! A backend that wasn't there when the store was opened, and is tried again on each use.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use xstore_core::backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, OpenError, OpenRequest, Operation, Page,
    Payload, Prefix, PutOptions, Registry, Result, Space, Stat, StorageBackend, async_trait,
};

#[cfg(test)]
mod tests;

/// How long a failure is the answer before opening is tried again.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Opens its backend when it is used, as often as it takes.
///
/// Until then every operation fails as the opening did; never with [`ErrorKind::NotFound`], since nothing is known of
/// what is there. One attempt runs at a time, those who come meanwhile wait for it, and its failure is the answer for a
/// second. What it can do was said by its factory beforehand; a backend that turns out to do less stays shut.
///
/// # Cancel safety
/// An attempt that is dropped has no outcome: the next caller makes another one.
pub(crate) struct Deferred {
    registry: Registry,
    request: OpenRequest,
    capability: Capability,
    /// What one attempt may take.
    limit: Duration,
    opened: OnceLock<Arc<dyn StorageBackend>>,
    /// The last failure. Whoever holds the lock may try.
    failure: Mutex<Failure>,
}

struct Failure {
    error: Arc<Error>,
    at: Instant,
}

impl Deferred {
    /// Of the backend that was just tried and failed so.
    pub(crate) fn new(registry: Registry, request: OpenRequest, limit: Duration, error: Error) -> Self {
        let failure = Failure { error: Arc::new(error), at: Instant::now() };
        Self {
            capability: registry.capability(&request),
            registry,
            request,
            limit,
            opened: OnceLock::new(),
            failure: Mutex::new(failure),
        }
    }

    async fn backend(&self, operation: Operation, key: Option<&Key>) -> Result<&Arc<dyn StorageBackend>> {
        if let Some(backend) = self.opened.get() {
            return Ok(backend);
        }
        let mut failure = self.failure.lock().await;
        // Another one may have opened it meanwhile.
        if let Some(backend) = self.opened.get() {
            return Ok(backend);
        }
        if failure.at.elapsed() >= REMEMBERED {
            match self.open().await {
                Ok(backend) => {
                    tracing::info!(backend = %self.request.id, "opened at last");
                    return Ok(self.opened.get_or_init(|| backend));
                }
                Err(error) => *failure = Failure { error: Arc::new(error), at: Instant::now() },
            }
        }
        Err(refusal(&failure.error, &self.request.id, operation, key))
    }

    async fn open(&self) -> Result<Arc<dyn StorageBackend>> {
        let opened = timeout(self.limit, self.registry.open(self.request.clone())).await;
        let error = match opened {
            Ok(Ok(backend)) if keeps(backend.capability(), self.capability) => return Ok(backend),
            Ok(Ok(_)) => Error::new(
                ErrorKind::Unavailable,
                "it can do less than was known before it could be opened: open the store again",
            )
            .with_retryable(false),
            Ok(Err(OpenError::Backend(error))) => error,
            // It was in order before, but a registry may change its mind.
            Ok(Err(error)) => Error::new(ErrorKind::Other, "").with_source(error),
            Err(_) => Error::new(ErrorKind::Timeout, ""),
        };
        Err(error.at(&self.request.id, Operation::Open, None))
    }
}

/// The answer of a backend that isn't open. Nothing was written.
fn refusal(failure: &Arc<Error>, id: &BackendId, operation: Operation, key: Option<&Key>) -> Error {
    let kind = match failure.kind() {
        // It isn't the value that can't be found.
        ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::TooLarge | ErrorKind::Unsupported => {
            ErrorKind::Unavailable
        }
        kind => kind,
    };
    let error = Error::new(kind, "it can't be opened")
        .with_source(Shared(Arc::clone(failure)))
        .with_retryable(failure.is_retryable())
        .with_may_have_written(false)
        .at(id, operation, key);
    match failure.retry_after() {
        Some(delay) => error.with_retry_after(delay),
        None => error,
    }
}

/// Whether a backend can do all that was promised for it.
fn keeps(actual: Capability, promised: Capability) -> bool {
    let flag = |actual: bool, promised: bool| actual || !promised;
    actual.max_put >= promised.max_put
        && flag(actual.durable, promised.durable)
        && flag(actual.create_only, promised.create_only)
        && flag(actual.list, promised.list)
        && flag(actual.expiry, promised.expiry)
        && flag(actual.range, promised.range)
        && flag(promised.late_writes, actual.late_writes)
}

/// A failure that several answers have as their cause.
struct Shared(Arc<Error>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred")
            .field("id", &self.request.id)
            .field("url", &self.request.url)
            .field("opened", &self.opened.get())
            .finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl StorageBackend for Deferred {
    fn id(&self) -> &BackendId {
        &self.request.id
    }

    /// What was promised, also once it is open: it doesn't change.
    fn capability(&self) -> Capability {
        self.capability
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.backend(Operation::Put, Some(key)).await?.put(key, data, options).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.backend(Operation::Get, Some(key)).await?.get(key, max).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.backend(Operation::Delete, Some(key)).await?.delete(key).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.backend(Operation::Get, Some(key)).await?.get_range(key, range).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.backend(Operation::Stat, Some(key)).await?.stat(key).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.backend(Operation::List, None).await?.list(prefix, cursor).await
    }

    async fn space(&self) -> Result<Space> {
        self.backend(Operation::Space, None).await?.space().await
    }
}
