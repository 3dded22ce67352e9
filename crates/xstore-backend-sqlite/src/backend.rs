//! The backend.

use crate::client::Client;
use crate::{Config, values};
use std::ops::Range;
use std::path::PathBuf;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Space, Stat, StorageBackend, async_trait,
};

/// What every database can do. Durable without an if: the settings that make it so are read back when a connection is
/// opened, and where they can't be had, nothing opens.
pub(crate) const CAPABILITY: Capability = Capability::MINIMAL
    .with_max_put(values::MAX_VALUE)
    .with_durable(true)
    .with_create_only(true)
    .with_list(true)
    .with_range(true)
    .with_late_writes(false);

/// Values in one SQLite database file.
///
/// Several processes of one machine may have the same file open. Operations run on the blocking pool of the tokio
/// runtime that polls them; without a runtime they panic, as tokio's own do.
///
/// # Cancel safety
/// A future that is dropped while it waits for its turn does nothing. One that is dropped later leaves a transaction
/// that ends by itself: completely, or not at all. Nothing stays locked.
#[derive(Debug)]
pub struct SqliteBackend {
    id: BackendId,
    client: Client,
}

impl SqliteBackend {
    /// Bytes of the largest value: 1 GiB.
    pub const MAX_VALUE: u64 = values::MAX_VALUE;

    /// Opens a database that [`create`](Self::create) made.
    ///
    /// Like all of these, it blocks, and waits for other processes' locks where there are any: in async code let a
    /// [registry](crate::register) open it, or a blocking task.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where there is no such file, or it is not one of ours; [`ErrorKind::Unsupported`]
    /// where it is on a network file system, on one without shared memory, or made by a newer version;
    /// [`ErrorKind::AuthFailed`] where file or folder may not be written. A file that is not ours isn't touched.
    pub fn open(id: BackendId, path: impl Into<PathBuf>) -> Result<Self> {
        Self::open_with(id, Config::new(path))
    }

    /// Opens the database, or makes it where there is no file: for this user only (mode 0600). The folder must exist.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn create(id: BackendId, path: impl Into<PathBuf>) -> Result<Self> {
        Self::create_with(id, Config::new(path))
    }

    /// As [`open`](Self::open), used in another way than by default.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(id: BackendId, config: Config) -> Result<Self> {
        Self::of(id, Client::open(config))
    }

    /// As [`create`](Self::create), used in another way than by default.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn create_with(id: BackendId, config: Config) -> Result<Self> {
        Self::of(id, Client::create(config))
    }

    /// Where the database is and how it is used.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.client.config()
    }

    fn of(id: BackendId, client: Result<Client>) -> Result<Self> {
        match client {
            Ok(client) => Ok(Self { id, client }),
            Err(error) => Err(error.at(&id, Operation::Open, None)),
        }
    }
}

#[async_trait]
impl StorageBackend for SqliteBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        CAPABILITY
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let fail = |error: Error| error.at(&self.id, Operation::Put, Some(key));
        if data.len() as u64 > values::MAX_VALUE {
            let message = format!("a value has at most {} bytes here", values::MAX_VALUE);
            return Err(fail(Error::new(ErrorKind::TooLarge, message)));
        }
        let (to, create_only) = (key.clone(), options.create_only);
        let put =
            move |connection: &mut _, watch: &_| values::put(connection, watch, &to, &data, create_only);
        match self.client.write(put).await.map_err(fail)? {
            true => Ok(()),
            false => Err(fail(Error::new(ErrorKind::AlreadyExists, ""))),
        }
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let from = key.clone();
        let got = self.client.read(move |connection, _| values::get(connection, &from, max)).await;
        got.map_err(|error| error.at(&self.id, Operation::Get, Some(key)))
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let from = key.clone();
        let done = self.client.write(move |connection, _| values::delete(connection, &from)).await;
        done.map_err(|error| error.at(&self.id, Operation::Delete, Some(key)))
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let from = key.clone();
        let got = self.client.read(move |connection, _| values::get_range(connection, &from, range)).await;
        got.map_err(|error| error.at(&self.id, Operation::Get, Some(key)))
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        let of = key.clone();
        let found = self.client.read(move |connection, _| values::stat(connection, &of)).await;
        found.map_err(|error| error.at(&self.id, Operation::Stat, Some(key)))
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let (prefix, cursor) = (prefix.clone(), cursor.cloned());
        let list = move |connection: &mut _, _: &_| values::list(connection, &prefix, cursor.as_ref());
        self.client.read(list).await.map_err(|error| error.at(&self.id, Operation::List, None))
    }

    async fn space(&self) -> Result<Space> {
        let max_size = self.client.config().max_size();
        let found =
            self.client.read(move |connection, watch| values::space(connection, watch, max_size)).await;
        found.map_err(|error| error.at(&self.id, Operation::Space, None))
    }
}
