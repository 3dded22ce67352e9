//! The backend.

use crate::Config;
use crate::client::Client;
use crate::error::too_large;
use std::ops::Range;
use tracing::Dispatch;
use tracing::instrument::{WithDispatch, WithSubscriber};
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Key, Operation, Page, Payload, Prefix, PutOptions, Result, Stat,
    StorageBackend, async_trait,
};

/// Values in a bucket, one object each.
///
/// # Cancel safety
/// A future that is dropped breaks its connection off. The server keeps a value only if all of it had arrived, and
/// then all of it.
#[derive(Debug)]
pub struct S3Backend {
    id: BackendId,
    client: Client,
}

impl S3Backend {
    /// Bytes of the largest value: 5 GiB, which is what one request may bring.
    pub const MAX_VALUE: u64 = 5 << 30;

    /// Opens a bucket that exists. One request makes sure of that, and of the credentials.
    ///
    /// # Errors
    /// [`Unavailable`](xstore_backend::ErrorKind::Unavailable) where there is no such bucket, or the server can't be reached;
    /// [`AuthFailed`](xstore_backend::ErrorKind::AuthFailed) where the credentials are missing, wrong or not allowed to list.
    pub async fn open(id: BackendId, config: Config) -> Result<Self> {
        let opened = async {
            let client = Client::connect(config).await?;
            client.check().await?;
            Ok(client)
        };
        Self::of(id, unlogged(opened).await)
    }

    /// Opens the bucket, or makes it where there is none. Makes sure that the server obeys `If-None-Match`, by putting
    /// a small object twice and deleting it.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Unsupported`](xstore_backend::ErrorKind::Unsupported) where the server overwrites although it is told not to.
    pub async fn create(id: BackendId, config: Config) -> Result<Self> {
        let created = async {
            let client = Client::connect(config).await?;
            client.create().await?;
            Ok(client)
        };
        Self::of(id, unlogged(created).await)
    }

    /// Which bucket it is and how it is used.
    #[must_use]
    pub const fn config(&self) -> &Config {
        self.client.config()
    }

    async fn quietly<T>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        unlogged(work).await.map_err(|error| error.at(&self.id, operation, key))
    }

    fn of(id: BackendId, client: Result<Client>) -> Result<Self> {
        match client {
            Ok(client) => Ok(Self { id, client }),
            Err(error) => Err(error.at(&id, Operation::Open, None)),
        }
    }
}

/// Without the log of the SDK: at its finest level it shows access keys, and whole answers of servers.
fn unlogged<F: Future>(work: F) -> WithDispatch<F> {
    work.with_subscriber(Dispatch::none())
}

/// What a bucket that is used in this way can do.
pub(crate) const fn capability(config: &Config) -> Capability {
    Capability::MINIMAL
        .with_max_put(S3Backend::MAX_VALUE)
        .with_durable(config.durable())
        .with_create_only(config.conditional_writes())
        .with_list(true)
        .with_range(true)
        .with_late_writes(true)
}

#[async_trait]
impl StorageBackend for S3Backend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        capability(self.config())
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let put = async {
            if data.len() as u64 > Self::MAX_VALUE {
                return Err(too_large(format!("a value has at most {} bytes here", Self::MAX_VALUE)));
            }
            self.client.put(key, data, options.create_only).await
        };
        self.quietly(Operation::Put, Some(key), put).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.quietly(Operation::Get, Some(key), self.client.get(key, max)).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.quietly(Operation::Delete, Some(key), self.client.delete(key)).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.quietly(Operation::Get, Some(key), self.client.get_range(key, range)).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.quietly(Operation::Stat, Some(key), self.client.stat(key)).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.quietly(Operation::List, None, self.client.list(prefix, cursor)).await
    }
}
