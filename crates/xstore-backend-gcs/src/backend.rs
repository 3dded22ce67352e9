//! The backend.

use crate::Config;
use crate::client::Client;
use std::ops::Range;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Stat, StorageBackend, async_trait,
};

/// What every bucket can do. The service keeps an object in several places before it says that it is there.
pub(crate) const CAPABILITY: Capability = Capability::MINIMAL
    .with_max_put(GcsBackend::MAX_VALUE)
    .with_durable(true)
    .with_create_only(true)
    .with_list(true)
    .with_range(true)
    .with_late_writes(true);

/// Values in a bucket of Google Cloud Storage, or below a prefix of one.
///
/// It belongs to the tokio runtime in which it was opened, whose timers and sockets have to be enabled: a task of
/// that runtime renews the access token.
///
/// # Cancel safety
/// A put that is dropped while its bytes are sent stores nothing; later, it may still land. Nothing stays locked.
#[derive(Debug)]
pub struct GcsBackend {
    id: BackendId,
    client: Client,
}

impl GcsBackend {
    /// Bytes of the largest value: 5 TiB, the service's own limit.
    pub const MAX_VALUE: u64 = 5 << 40;

    /// Opens a bucket that exists, and looks for it once with the credentials that it is used with.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where there is no such bucket or nobody answers; [`ErrorKind::AuthFailed`] where
    /// the credentials are wrong, or there are none, or they don't allow to list.
    pub async fn open(id: BackendId, config: Config) -> Result<Self> {
        match Client::open(config).await {
            Ok(client) => Ok(Self { id, client }),
            Err(error) => Err(error.with_may_have_written(false).at(&id, Operation::Open, None)),
        }
    }

    /// Where the bucket is and how it is used.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.client.config()
    }
}

#[async_trait]
impl StorageBackend for GcsBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        CAPABILITY
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let put = async {
            if data.len() as u64 > Self::MAX_VALUE {
                let message = format!("a value has at most {} bytes here", Self::MAX_VALUE);
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            self.client.put(key, data, options.create_only).await
        };
        put.await.map_err(|error| error.at(&self.id, Operation::Put, Some(key)))
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let got = self.client.get(key, max).await;
        got.map_err(|error| error.at(&self.id, Operation::Get, Some(key)))
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let done = self.client.delete(key).await;
        done.map_err(|error| error.at(&self.id, Operation::Delete, Some(key)))
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let got = self.client.get_range(key, range).await;
        got.map_err(|error| error.at(&self.id, Operation::Get, Some(key)))
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        let found = self.client.stat(key).await;
        found.map_err(|error| error.at(&self.id, Operation::Stat, Some(key)))
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let page = self.client.list(prefix, cursor).await;
        page.map_err(|error| error.at(&self.id, Operation::List, None))
    }
}
