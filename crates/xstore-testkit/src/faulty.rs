//! A backend that goes wrong as it is told to, the same way each time.
//!
//! ```
//! use std::time::Duration;
//! use xstore_backend::{BackendId, ErrorKind, Key, PutOptions, StorageBackend, memory::MemoryBackend};
//! use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let memory = MemoryBackend::new(BackendId::new("m1")?);
//! let backend = FaultyBackend::new(memory, 42);
//! let faults = backend.faults();
//! let key = Key::new("a/b")?;
//! backend.put(&key, b"value"[..].into(), &PutOptions::create_only()).await?;
//!
//! faults.set(Behaviour::BitFlip { at: Some(0) });
//! assert_eq!(backend.get(&key, 100).await?, b"walue"[..]);
//!
//! faults.set(Behaviour::Slow(Duration::from_secs(5)));
//! faults.add(Rule::new(Behaviour::Down).times(1));
//! let begin = tokio::time::Instant::now();
//! assert_eq!(backend.get(&key, 100).await.unwrap_err().kind(), ErrorKind::Unavailable);
//! assert_eq!(begin.elapsed(), Duration::from_secs(5));
//! assert_eq!(faults.counts().failed, 1);
//! # Ok(())
//! # }
//! ```

mod behaviour;
mod body;
mod faults;
mod history;
mod late;
mod listing;
mod record;
mod rule;

pub use behaviour::Behaviour;
pub use faults::Faults;
pub use history::Mark;
pub use record::{Call, Counts};
pub use rule::Rule;

pub(crate) use faults::Plan;

use faults::{Subject, whole};
use late::{Write, land, write_through};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix,
    PutOptions, Result, Space, Stat, StorageBackend, async_trait,
};

/// A backend that goes wrong as its [`Faults`] tell it to; without any, it is the backend below.
///
/// What goes wrong is decided when an operation begins, from the rules and the seed. The chance of an operation
/// depends on the seed, the kind of operation, its key, and how often that was asked before; so it is the same in
/// each run, whatever else is going on. Time is tokio's, which a test can pause.
///
/// It keeps all values that were put, for as long as it lives, since it may have to answer with an old one.
///
/// # Panics
/// [`Behaviour::Late`] needs a tokio runtime, delays one with its timers.
pub struct FaultyBackend<B> {
    inner: Arc<B>,
    faults: Faults,
}

impl<B: StorageBackend> FaultyBackend<B> {
    /// `inner`, with nothing wrong yet.
    #[must_use]
    pub fn new(inner: B, seed: u64) -> Self {
        Self { inner: Arc::new(inner), faults: Faults::new(seed) }
    }

    /// The handle that tells what to do wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The backend below, with which nothing goes wrong.
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.inner
    }

    fn error(&self, kind: ErrorKind, operation: Operation, key: Option<&Key>) -> Error {
        Error::new(kind, "").at(self.id(), operation, key)
    }

    /// What goes wrong before anything is done.
    async fn first(&self, plan: &Plan, operation: Operation, key: Option<&Key>) -> Result<()> {
        if !plan.delay.is_zero() {
            tokio::time::sleep(plan.delay).await;
        }
        match plan.behaviour() {
            Some(Behaviour::Down | Behaviour::ListError { .. }) => {
                Err(self.error(ErrorKind::Unavailable, operation, key))
            }
            Some(Behaviour::Auth) => Err(self.error(ErrorKind::AuthFailed, operation, key)),
            Some(Behaviour::Quota) => Err(self.error(ErrorKind::QuotaExceeded, operation, key)),
            Some(Behaviour::Timeout) => Err(self.error(ErrorKind::Timeout, operation, key)),
            Some(Behaviour::ServerError { retry_after, .. }) => {
                let error = self.error(ErrorKind::Unavailable, operation, key).with_retryable(true);
                Err(match *retry_after {
                    Some(delay) => error.with_retry_after(delay),
                    None => error,
                })
            }
            Some(Behaviour::Hang) => std::future::pending().await,
            _ => Ok(()),
        }
    }

    /// A put or a deletion, with what goes wrong in it.
    async fn write(&self, key: &Key, write: Write, plan: &Plan, operation: Operation) -> Result<()> {
        self.first(plan, operation, Some(key)).await?;
        if let Write::Put(data, _) = &write {
            trickle(plan, data.len()).await;
        }
        match plan.behaviour() {
            Some(Behaviour::Ghost) => return Ok(()),
            Some(Behaviour::Late { after, unless_deleted }) => {
                let (inner, faults) = (Arc::clone(&self.inner), self.faults.clone());
                land(inner, faults, key.clone(), write, *after, *unless_deleted);
                return Err(self.error(ErrorKind::Timeout, operation, Some(key)));
            }
            _ => {}
        }
        if matches!(write, Write::Delete) {
            self.faults.state().late.withdraw(key);
            self.faults.wake_settled();
        }
        let result = write_through(&*self.inner, &self.faults, key, write).await;
        match plan.behaviour() {
            Some(Behaviour::HangAfter) => std::future::pending().await,
            Some(Behaviour::LostAck) if result.is_ok() => {
                Err(self.error(ErrorKind::Timeout, operation, Some(key)))
            }
            _ => result,
        }
    }

    /// What takes the place of the stored value: none, or a value, or that there is none.
    fn other(&self, key: &Key, plan: &Plan) -> Option<Option<Bytes>> {
        match plan.behaviour()? {
            Behaviour::NotFound => Some(None),
            Behaviour::Answer(value) => Some(Some(value.to_bytes())),
            Behaviour::Stale { versions } => Some(whole(self.faults.state().history.before(key, *versions))),
            Behaviour::RolledBack(mark) => Some(whole(self.faults.state().history.at(key, *mark))),
            _ => None,
        }
    }

    /// Whose value is read.
    fn read_key<'a>(key: &'a Key, plan: &'a Plan) -> &'a Key {
        match plan.behaviour() {
            Some(Behaviour::Swapped(other)) => other,
            _ => key,
        }
    }

    async fn read(&self, key: &Key, max: usize, plan: &mut Plan) -> Result<Bytes> {
        self.first(plan, Operation::Get, Some(key)).await?;
        let value = match self.other(key, plan) {
            Some(value) => value.ok_or_else(|| self.error(ErrorKind::NotFound, Operation::Get, Some(key)))?,
            None => self.inner.get(Self::read_key(key, plan), max).await?,
        };
        let value = self.spoil(value, 0, plan);
        if value.len() > max {
            return Err(self.error(ErrorKind::TooLarge, Operation::Get, Some(key)));
        }
        trickle(plan, value.len()).await;
        Ok(value)
    }

    async fn read_range(&self, key: &Key, range: Range<u64>, plan: &mut Plan) -> Result<Bytes> {
        self.first(plan, Operation::Get, Some(key)).await?;
        let start = range.start;
        let value = match self.other(key, plan) {
            Some(value) => {
                let value =
                    value.ok_or_else(|| self.error(ErrorKind::NotFound, Operation::Get, Some(key)))?;
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(value.len());
                let (start, end) = (at(range.start), at(range.end));
                if start < end { value.slice(start..end) } else { Bytes::new() }
            }
            None => self.inner.get_range(Self::read_key(key, plan), range).await?,
        };
        let value = self.spoil(value, start, plan);
        trickle(plan, value.len()).await;
        Ok(value)
    }

    fn spoil(&self, value: Bytes, start: u64, plan: &mut Plan) -> Bytes {
        let Plan { rule, random, .. } = plan;
        body::spoiled(value, start, rule.as_ref().map(|rule| &rule.behaviour), random)
    }

    async fn size(&self, key: &Key, plan: &Plan) -> Result<Stat> {
        self.first(plan, Operation::Stat, Some(key)).await?;
        let mut stat = match self.other(key, plan) {
            Some(Some(value)) => Stat::new(value.len() as u64),
            Some(None) => return Err(self.error(ErrorKind::NotFound, Operation::Stat, Some(key))),
            None => self.inner.stat(Self::read_key(key, plan)).await?,
        };
        stat.size = body::spoiled_size(stat.size, plan.behaviour());
        Ok(stat)
    }

    fn begin(&self, operation: Operation, subject: Subject<'_>) -> (Running<'_>, Plan) {
        let plan = self.faults.begin(operation, subject);
        (Running { faults: &self.faults, is_over: false }, plan)
    }
}

/// The time that so many bytes take.
async fn trickle(plan: &Plan, bytes: usize) {
    if let Some(rate) = plan.rate {
        let nanos = bytes as u128 * 1_000_000_000 / u128::from(rate.get());
        tokio::time::sleep(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))).await;
    }
}

/// An operation that is going on; noted as dropped where it is.
struct Running<'a> {
    faults: &'a Faults,
    is_over: bool,
}

impl Running<'_> {
    fn end<T>(mut self, result: Result<T>, bytes_out: usize) -> Result<T> {
        self.is_over = true;
        let mut state = self.faults.state();
        state.counts.failed += u64::from(result.is_err());
        state.counts.bytes_out += bytes_out as u64;
        drop(state);
        result
    }

    fn end_read(self, result: Result<Bytes>) -> Result<Bytes> {
        let bytes = result.as_ref().map_or(0, Bytes::len);
        self.end(result, bytes)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.faults.state();
        state.counts.in_flight -= 1;
        state.counts.dropped += u64::from(!self.is_over);
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<B: StorageBackend> StorageBackend for FaultyBackend<B> {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let (running, mut plan) = self.begin(Operation::Put, Subject::Key(key));
        self.faults.state().counts.bytes_in += data.len() as u64;
        let Plan { rule, random, .. } = &mut plan;
        let data = body::spoiled_payload(data, rule.as_ref().map(|rule| &rule.behaviour), random);
        let result = self.write(key, Write::Put(data, *options), &plan, Operation::Put).await;
        running.end(result, 0)
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let (running, mut plan) = self.begin(Operation::Get, Subject::Key(key));
        let result = self.read(key, max, &mut plan).await;
        running.end_read(result)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let (running, plan) = self.begin(Operation::Delete, Subject::Key(key));
        let result = self.write(key, Write::Delete, &plan, Operation::Delete).await;
        running.end(result, 0)
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let (running, mut plan) = self.begin(Operation::Get, Subject::Key(key));
        let result = self.read_range(key, range, &mut plan).await;
        running.end_read(result)
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        let (running, plan) = self.begin(Operation::Stat, Subject::Key(key));
        let result = self.size(key, &plan).await;
        running.end(result, 0)
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let (running, plan) = self.begin(Operation::List, Subject::List(prefix, cursor));
        let result = match self.first(&plan, Operation::List, None).await {
            Ok(()) => self.page(prefix, cursor, &plan).await,
            Err(error) => Err(error),
        };
        running.end(result, 0)
    }

    async fn space(&self) -> Result<Space> {
        let (running, plan) = self.begin(Operation::Space, Subject::Nothing);
        let result = match self.first(&plan, Operation::Space, None).await {
            Ok(()) => self.inner.space().await,
            Err(error) => Err(error),
        };
        running.end(result, 0)
    }
}

impl<B: StorageBackend> fmt::Debug for FaultyBackend<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyBackend").field("inner", &self.inner).finish_non_exhaustive()
    }
}
