//! A backend that is right, but for one bug. Each operation waits once before and once after it takes effect.

use crate::bug::Bug;
use crate::names;
use crate::place::{Place, Slot};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::Instant;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Space, Stat, StorageBackend, async_trait,
};

/// Bytes of the longest value.
const MAX_PUT: u64 = 9 << 20;

/// Between two looks at what others do.
const TICK: Duration = Duration::from_millis(1);

/// What a buffer of a bug holds.
pub(crate) const BUFFER: usize = 65_536;

pub(crate) struct Planted {
    pub(crate) id: BackendId,
    pub(crate) bug: Option<Bug>,
    pub(crate) handle: usize,
    place: Arc<Mutex<Place>>,
    /// What bugs keep in the handle.
    pub(crate) local: Mutex<BTreeMap<String, Bytes>>,
}

impl Planted {
    pub(crate) fn new(bug: Option<Bug>, place: Arc<Mutex<Place>>) -> Self {
        static HANDLES: AtomicUsize = AtomicUsize::new(0);
        let handle = HANDLES.fetch_add(1, Ordering::Relaxed);
        let name =
            if bug == Some(Bug::NamePerHandle) { format!("planted-{handle}") } else { "planted".to_owned() };
        let id = BackendId::new(&name).unwrap();
        Self { id, bug, handle, place, local: Mutex::default() }
    }

    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    pub(crate) fn name(&self, key: &Key) -> String {
        names::stored(key, self.bug)
    }

    pub(crate) fn error(&self, kind: ErrorKind, operation: Operation, key: Option<&Key>) -> Error {
        let error = Error::new(kind, "");
        let error = match self.bug {
            Some(Bug::AllIsRetryable) => error.with_retryable(true),
            Some(Bug::RefusalIsDoubtful) => error.with_may_have_written(true),
            _ => error,
        };
        if self.has(Bug::NoContext) { error } else { error.at(&self.id, operation, key) }
    }

    /// The place without looking whether it is there.
    pub(crate) fn any_place(&self) -> MutexGuard<'_, Place> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        place.values.retain(|_, slot| slot.expires.is_none_or(|expires| now < expires));
        place
    }

    /// The place, where it is there.
    pub(crate) fn place(&self, operation: Operation, key: Option<&Key>) -> Result<MutexGuard<'_, Place>> {
        let mut place = self.any_place();
        let is_missing = place.is_missing || (place.flaws.was_missing && self.has(Bug::StaysMissing));
        place.flaws.was_missing |= place.is_missing;
        if is_missing {
            return Err(self.error(ErrorKind::Unavailable, operation, key));
        }
        Ok(place)
    }

    /// What a read finds.
    pub(crate) fn find(&self, operation: Operation, key: &Key) -> Result<Bytes> {
        if self.has(Bug::NoPlaceIsNotFound) && self.any_place().is_missing {
            return Err(self.error(ErrorKind::NotFound, operation, Some(key)));
        }
        let mut place = self.place(operation, Some(key))?;
        place.flaws.reads += 1;
        let name = self.name(key);
        if self.has(Bug::LivesInHandle) {
            let local = self.local.lock().unwrap();
            return local
                .get(&name)
                .cloned()
                .ok_or_else(|| self.error(ErrorKind::NotFound, operation, Some(key)));
        }
        if self.has(Bug::DeletionLivesInHandle) && self.local.lock().unwrap().contains_key(&name) {
            return Err(self.error(ErrorKind::NotFound, operation, Some(key)));
        }
        if self.has(Bug::DeletedStaysDeleted) && place.flaws.deleted.contains(&name) {
            return Err(self.error(ErrorKind::NotFound, operation, Some(key)));
        }
        if self.has(Bug::FolderIsEmptyValue) && place.is_folder(key) {
            return Ok(Bytes::new());
        }
        if self.has(Bug::BelowValueIsOdd) && place.value_above(key).is_some() {
            return Err(self.error(ErrorKind::Other, operation, Some(key)));
        }
        let found = if self.has(Bug::FindsByFront) {
            place
                .values
                .range(name.clone()..)
                .find(|(other, _)| other.starts_with(&name))
                .map(|(_, slot)| slot)
        } else {
            place.values.get(&name)
        };
        let bytes = found.map(|slot| slot.bytes.clone());
        if self.has(Bug::ReadsOnce) {
            place.values.remove(&name);
        }
        bytes.ok_or_else(|| self.error(ErrorKind::NotFound, operation, Some(key)))
    }

    /// Takes a place in the pool; whether the operation ends or not, only [`leave`](Self::leave) gives it back.
    pub(crate) fn enter(&self, operation: Operation) -> Result<()> {
        let mut place = self.any_place();
        place.flaws.in_use += 1;
        if self.has(Bug::PoolRunsDry) && place.flaws.in_use > 30 {
            return Err(self.error(ErrorKind::Unavailable, operation, None));
        }
        Ok(())
    }

    pub(crate) fn leave(&self) {
        self.any_place().flaws.in_use -= 1;
    }

    /// Takes a lock that only [`unlock`](Self::unlock) gives back.
    pub(crate) fn lock(&self, operation: Operation) -> Result<()> {
        let mut place = self.any_place();
        if place.flaws.is_locked {
            return Err(self.error(ErrorKind::Other, operation, None));
        }
        place.flaws.is_locked = true;
        Ok(())
    }

    pub(crate) fn unlock(&self) {
        self.any_place().flaws.is_locked = false;
    }

    /// Between looking and writing: bugs that need others to come in between wait for them.
    pub(crate) async fn gap(&self) {
        match self.bug {
            Some(Bug::LooksThenCreates | Bug::LooksThenAppends | Bug::WritesEverythingBack) => {
                self.any_place().flaws.met += 1;
                self.wait_until(|place| place.flaws.met > 1).await;
                tokio::time::sleep(TICK).await;
            }
            Some(Bug::DeletesFirst) => self.wait_for_reader().await,
            Some(Bug::WritesHideKeys) => tokio::time::sleep(TICK * 3).await,
            _ => yield_now().await,
        }
    }

    /// Waits until somebody has read, if anybody does.
    pub(crate) async fn wait_for_reader(&self) {
        let reads = self.any_place().flaws.reads;
        self.wait_until(|place| place.flaws.reads > reads).await;
    }

    /// Waits until the others have done something, but not for long: there may be none.
    pub(crate) async fn wait_until(&self, is_done: impl Fn(&Place) -> bool) {
        for _ in 0..40 {
            yield_now().await;
            if is_done(&self.any_place()) {
                return;
            }
            tokio::time::sleep(TICK).await;
        }
    }
}

#[async_trait]
impl StorageBackend for Planted {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        let capability = Capability::MINIMAL
            .with_max_put(MAX_PUT)
            .with_create_only(true)
            .with_list(!self.has(Bug::UnsupportedIsEmpty))
            .with_expiry(self.has(Bug::TtlStays));
        let is_durable = self.has(Bug::CapabilityChanges) && self.any_place().flaws.puts > 0;
        capability.with_durable(is_durable)
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.enter(Operation::Put)?;
        self.any_place().flaws.writing += 1;
        let result = self.write(key, data, options).await;
        self.any_place().flaws.writing -= 1;
        self.leave();
        result
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.enter(Operation::Get)?;
        let result = self.read(key, max).await;
        self.leave();
        result
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        yield_now().await;
        let result = self.remove(key).await;
        yield_now().await;
        result
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        yield_now().await;
        let result = self.read_range(key, range).await;
        yield_now().await;
        result
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        yield_now().await;
        let name = self.name(key);
        let size = match self.find(Operation::Stat, key) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.has(Bug::SizeOfMissingIsZero) => 0,
            result => result?.len(),
        };
        let first = self.any_place().flaws.first.get(&name).map(Bytes::len);
        let size = first.filter(|_| self.has(Bug::SizeIsCached)).unwrap_or(size);
        Ok(Stat::new(size as u64 + u64::from(self.has(Bug::SizeIsOff))))
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        if self.has(Bug::ListKeepsLock) {
            self.lock(Operation::List)?;
        }
        yield_now().await;
        let result = self.page(prefix, cursor).await;
        self.unlock();
        result
    }

    async fn space(&self) -> Result<Space> {
        let free = if self.has(Bug::SpaceMakesNoSense) { 2000 } else { 500 };
        Ok(Space::new(Some(free), Some(1000)))
    }
}

impl fmt::Debug for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Planted");
        if self.has(Bug::DebugShowsValues) {
            debug.field(
                "values",
                &self.any_place().values.values().map(|slot| &slot.bytes).collect::<Vec<_>>(),
            );
        }
        debug.finish_non_exhaustive()
    }
}

impl Slot {
    pub(crate) fn new(key: &Key, bytes: Bytes, handle: usize) -> Self {
        Self { key: key.clone(), bytes, expires: None, is_created: false, handle, older: None }
    }
}
