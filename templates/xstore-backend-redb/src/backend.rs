//! The backend.

use crate::error::Failure;
use redb::{Database, ReadTransaction, ReadableDatabase, TableDefinition};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Entry, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Stat, StorageBackend, async_trait,
};

/// Lengths stand apart, so that a listing reads no values.
const SIZES: TableDefinition<&str, u64> = TableDefinition::new("xstore-sizes");
const VALUES: TableDefinition<&str, &[u8]> = TableDefinition::new("xstore-values");

const MAX_VALUE: u64 = 256 << 20;
const PAGE: usize = 1000;

/// Durable, because a commit of redb returns after the disk has it. Ranges are those that every backend has by itself,
/// since redb reads values whole anyway.
pub(crate) const CAPABILITY: Capability = Capability::MINIMAL
    .with_max_put(MAX_VALUE)
    .with_durable(true)
    .with_create_only(true)
    .with_list(true)
    .with_late_writes(false);

/// Values in one redb database file. A clone is another handle of the same database.
#[derive(Debug, Clone)]
pub struct RedbBackend {
    id: BackendId,
    path: PathBuf,
    database: Arc<Database>,
}

impl RedbBackend {
    /// Opens the database, and makes it where it is missing and `create` is set.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where there is none, or another process has it open.
    pub async fn open(id: BackendId, path: PathBuf, create: bool) -> Result<Self> {
        let name = id.clone();
        let opened = blocking(move || {
            let database = Arc::new(if create { make(&path)? } else { Database::open(&path)? });
            // A database of somebody else has no such table.
            database.begin_read()?.open_table(SIZES)?;
            Ok(Self { id: name, path: path.canonicalize().map_err(redb::Error::Io)?, database })
        });
        opened.await.map_err(|error| error.at(&id, Operation::Open, None))
    }

    /// Does the work away from the threads that mustn't wait. A future that is dropped leaves a transaction that ends
    /// by itself: completely, or not at all.
    async fn run<T: Send + 'static>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        work: impl FnOnce(&Database, &str) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        let (this, name) = (self.clone(), key.map_or_else(String::new, Key::to_string));
        let done = blocking(move || {
            // A missing disk is not an empty one, and what was done to a file that is gone isn't done.
            let is_there = || this.path.metadata().map_err(redb::Error::Io);
            is_there()?;
            let done = work(&this.database, &name)?;
            Ok(is_there().map(|_| done)?)
        });
        done.await.map_err(|error| error.at(&self.id, operation, key))
    }
}

fn make(path: &Path) -> Result<Database, Failure> {
    let database = Database::create(path)?;
    let transaction = database.begin_write()?;
    transaction.open_table(SIZES)?;
    transaction.commit()?;
    // The name of a new file has to be on disk, too.
    #[cfg(unix)]
    if let Some(folder) = std::path::absolute(path).map_err(redb::Error::Io)?.parent() {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(redb::Error::Io)?;
    }
    Ok(database)
}

#[async_trait]
impl StorageBackend for RedbBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        CAPABILITY
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let create_only = options.create_only;
        let put = move |database: &Database, name: &str| {
            if data.len() as u64 > MAX_VALUE {
                return Err(Failure(Error::new(ErrorKind::TooLarge, "")));
            }
            let transaction = database.begin_write()?;
            let is_there = transaction.open_table(SIZES)?.insert(name, data.len() as u64)?.is_some();
            if create_only && is_there {
                // Dropped without a commit, the transaction leaves nothing.
                return Err(Failure(Error::new(ErrorKind::AlreadyExists, "")));
            }
            transaction.open_table(VALUES)?.insert(name, &*data.to_bytes())?;
            Ok(transaction.commit()?)
        };
        self.run(Operation::Put, Some(key), put).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let get = move |database: &Database, name: &str| {
            let transaction = database.begin_read()?;
            if size(&transaction, name)? > max as u64 {
                return Err(Failure(Error::new(ErrorKind::TooLarge, "")));
            }
            let value = transaction.open_table(VALUES)?.get(name)?;
            let value = value.ok_or_else(|| Failure(Error::new(ErrorKind::NotFound, "")))?;
            Ok(Bytes::copy_from_slice(value.value()))
        };
        self.run(Operation::Get, Some(key), get).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let delete = |database: &Database, name: &str| {
            let transaction = database.begin_write()?;
            transaction.open_table(SIZES)?.remove(name)?;
            transaction.open_table(VALUES)?.remove(name)?;
            Ok(transaction.commit()?)
        };
        self.run(Operation::Delete, Some(key), delete).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        let stat = |database: &Database, name: &str| Ok(Stat::new(size(&database.begin_read()?, name)?));
        self.run(Operation::Stat, Some(key), stat).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        // A cursor is the last name of its page. Whoever makes one up gets nothing but what lies below the prefix.
        let first = if prefix.as_str().is_empty() { String::new() } else { format!("{prefix}/") };
        let after = cursor.map_or("", Cursor::as_str).max(&first).to_owned();
        let list = move |database: &Database, _: &str| {
            let sizes = database.begin_read()?.open_table(SIZES)?;
            let mut entries: Vec<Entry> = Vec::new();
            for item in sizes.range::<&str>((Bound::Excluded(&*after), Bound::Unbounded))? {
                let (name, size) = item?;
                if !name.value().starts_with(&first) {
                    break;
                }
                if entries.len() == PAGE {
                    let next = entries.last().map(|last| Cursor::new(last.key.as_str()));
                    return Ok(Page::new(entries, next));
                }
                entries.extend(Key::new(name.value()).map(|key| Entry::new(key, Stat::new(size.value()))));
            }
            Ok(Page::new(entries, None))
        };
        self.run(Operation::List, None, list).await
    }
}

fn size(transaction: &ReadTransaction, name: &str) -> Result<u64, Failure> {
    let size = transaction.open_table(SIZES)?.get(name)?;
    Ok(size.ok_or_else(|| Failure(Error::new(ErrorKind::NotFound, "")))?.value())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(ErrorKind::Other, "").with_source(error))?.map_err(|Failure(error)| error)
}
