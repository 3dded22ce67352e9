//! A backend with an await on both sides of everything that it does.

use std::ops::Range;
use tokio::task::yield_now;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Key, Page, Payload, Prefix, PutOptions, Result, Space, Stat,
    StorageBackend, async_trait,
};

/// Waits before and after each step, so that there is an await to be dropped at on both sides of it; each backend for
/// another while, so that they don't go in step.
#[derive(Debug, Clone)]
pub(crate) struct Waiting(pub(crate) MemoryBackend);

impl Waiting {
    async fn wait(&self) {
        let id = self.0.id().as_str();
        for _ in 0..=2 * id.as_bytes()[id.len() - 1] % 16 {
            yield_now().await;
        }
    }
}

#[async_trait]
impl StorageBackend for Waiting {
    fn id(&self) -> &BackendId {
        self.0.id()
    }

    fn capability(&self) -> Capability {
        self.0.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.wait().await;
        let done = self.0.put(key, data, options).await;
        self.wait().await;
        done
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.wait().await;
        self.0.get(key, max).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.wait().await;
        let done = self.0.delete(key).await;
        self.wait().await;
        done
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.wait().await;
        self.0.get_range(key, range).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.0.stat(key).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.0.list(prefix, cursor).await
    }

    async fn space(&self) -> Result<Space> {
        self.0.space().await
    }
}
