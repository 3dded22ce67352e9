//! The backend.

use crate::Config;
use crate::client::{Client, MAX_VALUE};
use crate::server::Durability;
use std::fmt;
use std::ops::Range;
use tracing::warn;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Space, Stat, StorageBackend, async_trait,
};

/// What a server can do.
pub(crate) const fn capability(durable: bool, expiry: bool) -> Capability {
    Capability::MINIMAL
        .with_max_put(MAX_VALUE)
        .with_durable(durable)
        .with_create_only(true)
        .with_list(true)
        .with_expiry(expiry)
        .with_range(true)
}

/// Values in one database of a Redis or Valkey server.
///
/// Its connections belong to the tokio runtime that polled the operation which opened them; use it within one runtime,
/// with time and I/O enabled.
///
/// # Cancel safety
/// A future that is dropped closes the connection that it used, if an answer was still to come. What was sent may be
/// done by the server, and isn't if it wasn't sent to the end.
pub struct RedisBackend {
    id: BackendId,
    capability: Capability,
    client: Client,
}

impl RedisBackend {
    /// Bytes of the largest value: 512 MiB less one.
    pub const MAX_VALUE: u64 = MAX_VALUE;

    /// Opens a connection, logs in, and asks the server how it keeps its data, which decides whether
    /// [`Capability::durable`] is promised.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] or [`ErrorKind::Timeout`] where the server isn't reached, is a replica or has no such
    /// database; [`ErrorKind::AuthFailed`] where it refuses the user, or a certificate isn't trusted or can't be read;
    /// [`ErrorKind::Unsupported`] where it is a node of a cluster.
    pub async fn open(id: BackendId, config: Config) -> Result<Self> {
        let expiry = config.expiry();
        let fail = |error: Error| error.with_may_have_written(false).at(&id, Operation::Open, None);
        let client = Client::open(config).await.map_err(fail)?;
        let promise = client.promise();
        if let (Durability::Volatile(reason), true) = (promise, client.config().durable()) {
            warn!(backend = %id, "the server isn't durable: {reason}");
        }
        let durable = !matches!(promise, Durability::Volatile(_));
        Ok(Self { id, capability: capability(durable, expiry), client })
    }

    /// Where the server is and how it is used.
    #[must_use]
    pub const fn config(&self) -> &Config {
        self.client.config()
    }

    /// Why it isn't durable, where it isn't, in words that say what to change.
    #[must_use]
    pub const fn why_not_durable(&self) -> Option<&'static str> {
        match self.client.promise() {
            Durability::Volatile(reason) => Some(reason),
            Durability::Synced | Durability::Waits => None,
        }
    }
}

#[async_trait]
impl StorageBackend for RedisBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        self.capability
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let fail = |error: Error| error.at(&self.id, Operation::Put, Some(key));
        if data.len() as u64 > MAX_VALUE {
            let message = format!("a value has at most {MAX_VALUE} bytes here");
            return Err(fail(Error::new(ErrorKind::TooLarge, message)));
        }
        match self.client.put(key, &data, options).await.map_err(fail)? {
            true => Ok(()),
            false => Err(fail(Error::new(ErrorKind::AlreadyExists, ""))),
        }
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

    async fn space(&self) -> Result<Space> {
        let found = self.client.space().await;
        found.map_err(|error| error.at(&self.id, Operation::Space, None))
    }
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBackend")
            .field("id", &self.id)
            .field("config", self.config())
            .field("promise", &self.client.promise())
            .finish_non_exhaustive()
    }
}
