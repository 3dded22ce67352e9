//! The backend.

use crate::Config;
use crate::client::Client;
use std::ops::Range;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, OpenError, Operation, Page, Payload, Prefix,
    PutOptions, Result, Stat, StorageBackend, async_trait,
};

/// What every container can do. Durable: the service answers a write when at least three copies are on disks.
pub(crate) const CAPABILITY: Capability = Capability::MINIMAL
    .with_max_put(AzureBackend::MAX_VALUE)
    .with_durable(true)
    .with_create_only(true)
    .with_list(true)
    .with_range(true)
    .with_late_writes(true);

/// Values as blobs of one container.
///
/// Operations need a tokio runtime with I/O and time enabled.
///
/// # Cancel safety
/// A future that is dropped ends its connection. A put that was under way then lands whole or not at all; nothing
/// else is left, and nothing stays locked.
#[derive(Debug)]
pub struct AzureBackend {
    id: BackendId,
    config: Config,
    client: Client,
}

impl AzureBackend {
    /// Bytes of the largest value: what one request can carry, 5000 MiB.
    pub const MAX_VALUE: u64 = 5000 << 20;

    /// Opens a container that exists. One cheap request finds out whether it is there and the credential is good.
    ///
    /// # Errors
    /// [`OpenError::Setting`] where the configuration contradicts itself. [`OpenError::Backend`] with
    /// [`ErrorKind::Unavailable`] where there is no such container or the service can't be reached, and with
    /// [`ErrorKind::AuthFailed`] where it refuses the credential.
    pub async fn open(id: BackendId, config: Config) -> Result<Self, OpenError> {
        Self::prepare(id, config, false).await
    }

    /// Opens the container, or makes it where there is none: private, without public access.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn create(id: BackendId, config: Config) -> Result<Self, OpenError> {
        Self::prepare(id, config, true).await
    }

    /// Where the container is and how it is reached.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    async fn prepare(id: BackendId, config: Config, create: bool) -> Result<Self, OpenError> {
        config.check()?;
        let fail = |error: Error| OpenError::Backend(error.at(&id, Operation::Open, None));
        let client = Client::new(&config).map_err(fail)?;
        client.look(create).await.map_err(fail)?;
        Ok(Self { id, config, client })
    }
}

#[async_trait]
impl StorageBackend for AzureBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        CAPABILITY
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let fail = |error: Error| error.at(&self.id, Operation::Put, Some(key));
        if data.len() as u64 > Self::MAX_VALUE {
            let message = format!("a value has at most {} bytes here", Self::MAX_VALUE);
            return Err(fail(Error::new(ErrorKind::TooLarge, message)));
        }
        self.client.put(key, data, options.create_only).await.map_err(fail)
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.client.get(key, max).await.map_err(|error| error.at(&self.id, Operation::Get, Some(key)))
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.client.delete(key).await.map_err(|error| error.at(&self.id, Operation::Delete, Some(key)))
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let got = self.client.get_range(key, range).await;
        got.map_err(|error| error.at(&self.id, Operation::Get, Some(key)))
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.client.stat(key).await.map_err(|error| error.at(&self.id, Operation::Stat, Some(key)))
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let listed = self.client.list(prefix, cursor).await;
        listed.map_err(|error| error.at(&self.id, Operation::List, None))
    }
}
