//! What many tasks do at once, and what comes of it.

use super::super::prelude::*;
use crate::fixture::shorthand::MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use xstore_backend::{Error, StorageBackend};

/// Tasks that do the same at once.
pub(super) const TASKS: usize = 16;

/// Attempts after which an operation that says it is worth another one is given up.
const ATTEMPTS: usize = 50;

/// Between two of them.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// Counts looks, so that writers don't get done while nobody looks.
#[derive(Clone, Default)]
pub(super) struct Looks(Arc<AtomicUsize>);

impl Looks {
    /// Somebody has looked.
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until somebody has looked, but not for long: they may have found something and be gone.
    pub(super) async fn wait_for_one(&self) {
        let before = self.0.load(Ordering::SeqCst);
        for _ in 0..50 {
            tokio::time::sleep(PAUSE / 10).await;
            if self.0.load(Ordering::SeqCst) > before {
                return;
            }
        }
    }
}

/// A value that tells from each of its bytes which one it is, and so also how long it is.
pub(super) fn version(task: usize) -> Bytes {
    uniform(2000 + 3001 * (task % TASKS), u8::try_from(task % TASKS).unwrap_or(u8::MAX))
}

#[track_caller]
pub(super) fn expect_version(bytes: &[u8]) -> CaseResult {
    let Some(first) = bytes.first() else { return Err(Stop::fail("a replaced value is empty")) };
    check!(usize::from(*first) < TASKS, "a byte that is in none of the values");
    same(bytes, &version(usize::from(*first)), "a value that is replaced meanwhile")
}

/// Creates a value as the layers above do: after a failure that may have been none, equal bytes are one's own.
pub(super) async fn create(backend: &dyn StorageBackend, key: &Key, value: &Bytes) -> CaseResult<bool> {
    let mut is_doubtful = false;
    for _ in 0..ATTEMPTS {
        match backend.put(key, value.clone().into(), &PutOptions::create_only()).await {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_doubtful => {
                return Ok(patiently(|| backend.get(key, MAX)).await.is_ok_and(|bytes| bytes == *value));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(error) if error.is_retryable() => {
                is_doubtful = true;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Stop::fail(format!("a put failed {ATTEMPTS} times in a way that is said to pass")))
}

/// Tries again what is worth it: a backend under load may ask for that.
pub(super) async fn patiently<T, F>(mut operation: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for _ in 1..ATTEMPTS {
        match operation().await {
            Err(error) if error.is_retryable() => tokio::time::sleep(PAUSE).await,
            result => return result,
        }
    }
    operation().await
}

/// Waits for all; the first failure is the result, a panic goes on.
pub(super) async fn join<T: 'static>(mut tasks: JoinSet<CaseResult<T>>) -> CaseResult<Vec<T>> {
    let (mut results, mut failure) = (Vec::new(), None);
    while let Some(result) = tasks.join_next().await {
        match result {
            Ok(Ok(value)) => results.push(value),
            Ok(Err(stop)) => failure = failure.or(Some(stop)),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => return Err(Stop::fail("a task was cancelled")),
            },
        }
    }
    failure.map_or(Ok(results), Err)
}
