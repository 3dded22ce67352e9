//! The backend: every operation is one call on a thread that may block.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Space, Stat, StorageBackend, async_trait,
};

use crate::atomic::{How, Ways};
use crate::error::too_large;
use crate::list::{Limits, Lists};
use crate::root::Root;
use crate::values;

/// Bytes of the largest value: what fits into a file on every file system that there is, FAT included.
const MAX_PUT: u64 = u32::MAX as u64;
/// What a folder can do that keeps its values through a power loss.
pub(crate) const CAPABILITY: Capability = Capability::MINIMAL
    .with_max_put(MAX_PUT)
    .with_durable(true)
    .with_create_only(true)
    .with_list(true)
    .with_range(true)
    .with_late_writes(false);

/// A folder as a backend: each value is a file. See the [crate](crate). Cheap to clone.
///
/// Its futures need a tokio runtime, whose blocking threads do the work. Dropping one doesn't interrupt the operation,
/// which then comes to its end unobserved; no lock and no visible temporary file is left either way.
#[derive(Clone)]
pub struct FsBackend {
    id: BackendId,
    durable: bool,
    shared: Arc<Shared>,
}

struct Shared {
    root: Root,
    lists: Lists,
}

impl FsBackend {
    /// Opens the folder `root`, which has to exist; links in its path are followed. Blocks for a moment.
    ///
    /// The folder is held open and recognised: once its path leads elsewhere, every operation fails with
    /// [`ErrorKind::Unavailable`].
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if it isn't there or isn't a folder, and what else the system reports.
    pub fn open(id: BackendId, root: &Path) -> Result<Self> {
        Self::new(id, || Root::open(root))
    }

    /// Opens the folder `root`, and makes it, for this user only, where there is none. Its parent has to exist: a
    /// missing one is more often a disk that isn't mounted than a wish for a new tree. Blocks for a moment.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`ErrorKind::Unavailable`] if the parent isn't there.
    pub fn create(id: BackendId, root: &Path) -> Result<Self> {
        Self::new(id, || Root::create(root))
    }

    /// With false, nothing is synced: faster, and what was stored in the last minute may be gone after a power loss.
    /// The [capability](Capability::durable) says so.
    #[must_use]
    pub fn with_durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    fn new(id: BackendId, root: impl FnOnce() -> Result<Root>) -> Result<Self> {
        let root = root().map_err(|error| error.at(&id, Operation::Open, None))?;
        let shared = Shared { root, lists: Lists::new(Limits::USUAL) };
        Ok(Self { id, durable: true, shared: Arc::new(shared) })
    }

    /// Whether changes of folders are synced.
    fn sync_folder(&self) -> bool {
        self.durable && self.shared.root.can_sync()
    }

    /// How values are written.
    fn how(&self, options: &PutOptions) -> How {
        How {
            create_only: options.create_only,
            sync: self.durable,
            sync_folder: self.sync_folder(),
            ways: Ways::ALL,
        }
    }

    /// Runs an operation to its end.
    async fn run<T: Send + 'static>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || work(&shared)).await.map_err(|error| error.at(&self.id, operation, key))
    }
}

impl fmt::Debug for FsBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FsBackend")
            .field("id", &self.id)
            .field("root", &self.shared.root.path())
            .field("durable", &self.durable)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl StorageBackend for FsBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        CAPABILITY.with_durable(self.sync_folder())
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        if data.len() as u64 > MAX_PUT {
            return Err(too_large("a file of more than 4 GiB doesn't fit on every file system").at(
                &self.id,
                Operation::Put,
                Some(key),
            ));
        }
        let (name, how) = (key.clone(), self.how(options));
        self.run(Operation::Put, Some(key), move |shared| values::put(&shared.root, &name, &data, how)).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let name = key.clone();
        self.run(Operation::Get, Some(key), move |shared| values::get(&shared.root, &name, max)).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let (name, sync) = (key.clone(), self.sync_folder());
        self.run(Operation::Delete, Some(key), move |shared| values::delete(&shared.root, &name, sync)).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let name = key.clone();
        self.run(Operation::Get, Some(key), move |shared| values::get_range(&shared.root, &name, range)).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        let name = key.clone();
        self.run(Operation::Stat, Some(key), move |shared| values::stat(&shared.root, &name)).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let (prefix, cursor) = (prefix.clone(), cursor.cloned());
        self.run(Operation::List, None, move |shared| {
            shared.lists.page(&shared.root, &prefix, cursor.as_ref())
        })
        .await
    }

    async fn space(&self) -> Result<Space> {
        self.run(Operation::Space, None, |shared| values::space(&shared.root)).await
    }
}

/// Runs `work` on a thread that may block, to its end, whether or not anybody waits for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let Ok(runtime) = Handle::try_current() else {
        return Err(Error::new(ErrorKind::Unsupported, "the folder's operations need a tokio runtime"));
    };
    match runtime.spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_cancelled() => {
            Err(Error::new(ErrorKind::Unavailable, "the runtime is shutting down")
                .with_retryable(false)
                .with_may_have_written(false)
                .with_source(error))
        }
        // Its message was printed by the thread; the error shows none of it.
        Err(_) => Err(Error::new(ErrorKind::Other, "the operation panicked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_synced_unless_told_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let durable = FsBackend::open(BackendId::new("disk").unwrap(), folder.path()).unwrap();
        let how = durable.how(&PutOptions::create_only());
        assert_eq!((how.create_only, how.sync, how.sync_folder), (true, true, cfg!(unix)));
        assert_eq!(how.ways, Ways::ALL);
        let how = durable.with_durable(false).how(&PutOptions::replace());
        assert_eq!((how.create_only, how.sync, how.sync_folder), (false, false, false));
    }
}
