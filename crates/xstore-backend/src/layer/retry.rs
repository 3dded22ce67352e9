//! A backend whose operations are repeated.

use crate::retry::{self, OnRetry, Retry, RetryPolicy};
use crate::{
    BackendId, Bytes, Capability, Cursor, Key, Page, Payload, Prefix, PutOptions, Result, Space, Stat,
    StorageBackend,
};
use async_trait::async_trait;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Repeats what failed, as [`retry`] describes.
///
/// ```
/// use std::sync::Arc;
/// use xstore_backend::layer::Retrying;
/// use xstore_backend::retry::RetryPolicy;
/// use xstore_backend::{BackendId, StorageBackend, memory::MemoryBackend};
///
/// let backend: Arc<dyn StorageBackend> = Arc::new(MemoryBackend::new(BackendId::new("m1")?));
/// let backend = Retrying::new(backend, RetryPolicy::default()).on_retry(|retry| eprintln!("{retry}"));
/// # Ok::<(), xstore_backend::InvalidBackendId>(())
/// ```
#[derive(Clone)]
pub struct Retrying<B> {
    inner: B,
    policy: RetryPolicy,
    on_retry: Arc<OnRetry<'static>>,
}

impl<B: StorageBackend> Retrying<B> {
    /// Repeats what fails in `inner`.
    #[must_use]
    pub fn new(inner: B, policy: RetryPolicy) -> Self {
        Self { inner, policy, on_retry: Arc::new(retry::silent) }
    }

    /// Tells about every attempt that will be repeated, instead of whoever was told before. It is called between two
    /// attempts and should return soon.
    #[must_use]
    pub fn on_retry(mut self, on_retry: impl Fn(&Retry<'_>) + Send + Sync + 'static) -> Self {
        self.on_retry = Arc::new(on_retry);
        self
    }

    /// The backend below.
    #[must_use]
    pub const fn inner(&self) -> &B {
        &self.inner
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<B: StorageBackend> StorageBackend for Retrying<B> {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        retry::put(&self.inner, key, data, options, &self.policy, &*self.on_retry).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        retry::get(&self.inner, key, max, &self.policy, &*self.on_retry).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        retry::delete(&self.inner, key, &self.policy, &*self.on_retry).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        retry::get_range(&self.inner, key, range, &self.policy, &*self.on_retry).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        retry::stat(&self.inner, key, &self.policy, &*self.on_retry).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        retry::list(&self.inner, prefix, cursor, &self.policy, &*self.on_retry).await
    }

    async fn space(&self) -> Result<Space> {
        retry::space(&self.inner, &self.policy, &*self.on_retry).await
    }
}

impl<B: fmt::Debug> fmt::Debug for Retrying<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("inner", &self.inner)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
