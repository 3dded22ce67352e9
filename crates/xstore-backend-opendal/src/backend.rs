//! The backend: each operation is a few of OpenDAL's.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, OpenError, Operation, Page, Payload, Prefix,
    PutOptions, Result, Stat, StorageBackend, async_trait,
};

use crate::Config;
use crate::client::Client;
use crate::list::{self, Limits};
use crate::turns::Turns;

/// What OpenDAL reaches as a backend. See the [crate](crate). Cheap to clone.
///
/// Its futures need a tokio runtime. A dropped one may have written its value or not, but no part of it; what it wrote
/// under another name is removed behind its back. Over SFTP, an operation that has begun goes on for up to 30 seconds.
#[derive(Clone)]
pub struct OpendalBackend {
    id: BackendId,
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    config: Config,
    limits: Limits,
    turns: Option<Turns>,
}

impl Shared {
    fn new(client: Client, config: Config, limits: Limits) -> Arc<Self> {
        let turns = config.service().facts().turns.map(Turns::new);
        Arc::new(Self { client, config, limits, turns })
    }
}

impl OpendalBackend {
    /// Opens what is there: one request looks whether it is.
    ///
    /// # Errors
    /// [`OpenError::Setting`] for an option that the service doesn't take, and [`OpenError::Backend`] with
    /// [`ErrorKind::Unavailable`] where the place isn't there, or with what else the service reports.
    pub async fn open(id: BackendId, config: Config) -> Result<Self, OpenError> {
        let backend = Self::new(id, config)?;
        backend.run(Operation::Open, None, |client| async move { client.look_for_place().await }).await?;
        Ok(backend)
    }

    /// Opens what is there, and makes the folder of the values where it is missing, but not the one that it is in, nor
    /// a bucket.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn create(id: BackendId, config: Config) -> Result<Self, OpenError> {
        let backend = Self::new(id, config)?;
        backend.run(Operation::Open, None, |client| async move { client.make_place().await }).await?;
        Ok(backend)
    }

    fn new(id: BackendId, config: Config) -> Result<Self, OpenError> {
        config.check()?;
        // Some of OpenDAL's services ask for the runtime without an alternative.
        if tokio::runtime::Handle::try_current().is_err() {
            let error = Error::new(ErrorKind::Unsupported, "OpenDAL needs a tokio runtime");
            return Err(error.at(&id, Operation::Open, None).into());
        }
        let client = Client::new(&config).map_err(|error| error.at(&id, Operation::Open, None))?;
        Ok(Self { id, shared: Shared::new(client, config, Limits::USUAL) })
    }

    #[cfg(test)]
    pub(crate) fn with_limits(self, limits: Limits) -> Self {
        let Shared { client, config, .. } = &*self.shared;
        Self { id: self.id, shared: Shared::new(client.clone(), config.clone(), limits) }
    }

    /// Over a client that was made for a test.
    #[cfg(test)]
    pub(crate) fn over(id: BackendId, client: Client, config: Config) -> Self {
        Self { id, shared: Shared::new(client, config, Limits::USUAL) }
    }

    /// Runs an operation, where there are turns to its end.
    async fn run<T: Send + 'static, F>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        work: impl FnOnce(Client) -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let work = work(self.shared.client.clone());
        let result = match &self.shared.turns {
            Some(turns) => turns.run(work).await,
            None => work.await,
        };
        result.map_err(|error| error.at(&self.id, operation, key))
    }

    fn path(&self, key: &Key) -> String {
        format!("{}{key}", self.shared.client.prefix)
    }
}

impl fmt::Debug for OpendalBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpendalBackend").field("id", &self.id).field("config", &self.shared.config).finish()
    }
}

/// What a backend of this configuration can do.
pub(crate) fn capability(config: &Config) -> Capability {
    let facts = config.service().facts();
    Capability::MINIMAL
        .with_max_put(facts.max_put)
        .with_durable(config.durable())
        .with_create_only(facts.create_only)
        .with_list(true)
        .with_range(true)
        .with_late_writes(true)
}

#[async_trait]
impl StorageBackend for OpendalBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        capability(&self.shared.config)
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let path = self.path(key);
        let create_only = options.create_only;
        let put = |client: Client| async move { client.put(&path, &data, create_only).await };
        self.run(Operation::Put, Some(key), put).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let path = self.path(key);
        self.run(Operation::Get, Some(key), |client| async move { client.get(&path, max).await }).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let path = self.path(key);
        self.run(Operation::Delete, Some(key), |client| async move { client.delete(&path).await }).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let path = self.path(key);
        let get = |client: Client| async move { client.get_range(&path, range.start, range.end).await };
        self.run(Operation::Get, Some(key), get).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        let path = self.path(key);
        self.run(Operation::Stat, Some(key), |client| async move { client.stat(&path).await }).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let (prefix, cursor, limits) = (prefix.clone(), cursor.cloned(), self.shared.limits);
        let page =
            |client: Client| async move { list::page(&client, &prefix, cursor.as_ref(), limits).await };
        self.run(Operation::List, None, page).await
    }
}
