//! For tests of this crate: a backend that does as it is told.

use crate::{
    BackendId, Bytes, Capability, Cursor, Error, Key, Page, Payload, Prefix, PutOptions, Result, Space, Stat,
    StorageBackend, memory::MemoryBackend,
};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the next operation does.
pub(crate) enum Step {
    /// What it should.
    Pass,
    /// Nothing but fail.
    Fail(Error),
    /// What it should, and then says that it failed.
    Land(Error),
    /// This first, and then what it should.
    First(Box<dyn FnOnce(&MemoryBackend) + Send>),
    /// Waits, and then does what it should.
    Wait(Duration),
    /// Waits for ever.
    Hang,
}

/// Values in memory, operations by script. A clone shares all.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) memory: MemoryBackend,
    latency: Duration,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    steps: Mutex<VecDeque<Step>>,
    calls: Mutex<Vec<&'static str>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let memory = MemoryBackend::new(BackendId::new("m1").unwrap());
        let shared = Shared { steps: Mutex::new(steps.into_iter().collect()), ..Shared::default() };
        Self { memory, latency: Duration::ZERO, shared: Arc::new(shared) }
    }

    /// Every operation without a step takes so long.
    pub(crate) fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    pub(crate) fn with_capability(mut self, capability: Capability) -> Self {
        self.memory = self.memory.with_capability(capability);
        self
    }

    /// The operations so far.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.shared.calls.lock().unwrap().clone()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }

    async fn step<T>(&self, name: &'static str, operation: impl Future<Output = Result<T>>) -> Result<T> {
        self.shared.calls.lock().unwrap().push(name);
        let now = self.shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let _flight = Flight(&self.shared.in_flight);
        let step = self.shared.steps.lock().unwrap().pop_front();
        match step {
            None => tokio::time::sleep(self.latency).await,
            Some(Step::Pass) => {}
            Some(Step::Fail(error)) => return Err(error),
            Some(Step::Land(error)) => {
                operation.await?;
                return Err(error);
            }
            Some(Step::First(first)) => first(&self.memory),
            Some(Step::Wait(time)) => tokio::time::sleep(time).await,
            Some(Step::Hang) => std::future::pending().await,
        }
        operation.await
    }
}

struct Flight<'a>(&'a AtomicUsize);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl StorageBackend for Scripted {
    fn id(&self) -> &BackendId {
        self.memory.id()
    }

    fn capability(&self) -> Capability {
        self.memory.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.step("put", self.memory.put(key, data, options)).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.step("get", self.memory.get(key, max)).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.step("delete", self.memory.delete(key)).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.step("get_range", self.memory.get_range(key, range)).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.step("stat", self.memory.stat(key)).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.step("list", self.memory.list(prefix, cursor)).await
    }

    async fn space(&self) -> Result<Space> {
        self.step("space", self.memory.space()).await
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("memory", &self.memory).finish_non_exhaustive()
    }
}

/// Calls every operation once, with these keys.
pub(crate) async fn call_all(
    backend: &dyn StorageBackend,
    key: &Key,
    value: &'static str,
) -> Vec<Result<String>> {
    let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    let data = Bytes::from_static(value.as_bytes()).into();
    vec![
        backend.put(key, data, &PutOptions::create_only()).await.map(|()| String::new()),
        backend.get(key, value.len()).await.map(text),
        backend.get_range(key, 1..3).await.map(text),
        backend.stat(key).await.map(|stat| stat.size.to_string()),
        backend.list(&Prefix::all(), None).await.map(|page| format!("{page:?}")),
        backend.space().await.map(|space| format!("{space:?}")),
        backend.delete(key).await.map(|()| String::new()),
    ]
}
