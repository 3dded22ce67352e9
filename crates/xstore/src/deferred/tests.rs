//! Tests with a backend that is opened when the test says so.

use super::*;
use std::num::NonZeroUsize;
use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::yield_now;
use xstore_core::backend::memory::MemoryBackend;
use xstore_core::backend::{BackendUrl, Factory};
use xstore_testkit::{Fixture, Hook, backend_conformance};

/// What the next opening comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Next {
    Open,
    Fail(ErrorKind),
    Hang,
    Weak,
}

#[derive(Debug, Clone)]
struct Door(Arc<State>);

#[derive(Debug)]
struct State {
    next: Lock<Next>,
    attempts: AtomicUsize,
    is_busy: AtomicBool,
    memory: MemoryBackend,
}

#[async_trait]
impl Factory for Door {
    async fn open(&self, _: OpenRequest) -> std::result::Result<Arc<dyn StorageBackend>, OpenError> {
        self.0.attempts.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.is_busy.swap(true, Ordering::SeqCst), "one attempt at a time");
        let busy = Busy(&self.0.is_busy);
        yield_now().await;
        let next = *self.0.next.lock().unwrap();
        let opened: std::result::Result<Arc<dyn StorageBackend>, _> = match next {
            Next::Open => Ok(Arc::new(self.0.memory.clone())),
            Next::Fail(kind) => Err(OpenError::Backend(Error::new(kind, "shut"))),
            Next::Hang => std::future::pending().await,
            Next::Weak => Ok(Arc::new(self.0.memory.clone().with_capability(Capability::MINIMAL))),
        };
        drop(busy);
        opened
    }

    fn capability(&self, _: &OpenRequest) -> Capability {
        MemoryBackend::CAPABILITY
    }
}

/// Also when the attempt is dropped.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

const LIMIT: Duration = Duration::from_secs(30);

fn deferred(first: Error) -> (Door, Deferred) {
    let id = BackendId::new("red").unwrap();
    let door = Door(Arc::new(State {
        next: Lock::new(Next::Fail(ErrorKind::Unavailable)),
        attempts: AtomicUsize::new(0),
        is_busy: AtomicBool::new(false),
        // Small pages, so that the suite sees more than one.
        memory: MemoryBackend::new(id.clone()).with_page_size(NonZeroUsize::MIN.saturating_add(3)),
    }));
    let mut registry = Registry::new();
    registry.register("door", Arc::new(door.clone()));
    let request = OpenRequest::new(id, BackendUrl::new("door:").unwrap());
    (door, Deferred::new(registry, request, LIMIT, first))
}

fn shut() -> Error {
    Error::new(ErrorKind::Unavailable, "shut")
}

impl Door {
    fn next(&self, next: Next) {
        *self.0.next.lock().unwrap() = next;
    }

    fn attempts(&self) -> usize {
        self.0.attempts.load(Ordering::SeqCst)
    }
}

fn key() -> Key {
    Key::new("a/b").unwrap()
}

async fn put(backend: &Deferred) -> Result<()> {
    backend.put(&key(), b"value"[..].into(), &PutOptions::create_only()).await
}

#[tokio::test(start_paused = true)]
async fn it_comes_back_by_itself() {
    let (door, backend) = deferred(shut());
    let error = put(&backend).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_written()),
        (ErrorKind::Unavailable, true, false)
    );
    assert_eq!(error.to_string(), "red: put a/b: it can't be opened");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "shut");
    // The failure that it was made with is still fresh.
    assert_eq!(door.attempts(), 0);

    tokio::time::advance(REMEMBERED).await;
    put(&backend).await.unwrap_err();
    put(&backend).await.unwrap_err();
    assert_eq!(door.attempts(), 1);

    door.next(Next::Open);
    tokio::time::advance(REMEMBERED - Duration::from_millis(1)).await;
    put(&backend).await.unwrap_err();
    tokio::time::advance(Duration::from_millis(1)).await;
    put(&backend).await.unwrap();
    assert_eq!(door.0.memory.raw(&key()).unwrap(), b"value"[..]);

    // It stays open.
    door.next(Next::Fail(ErrorKind::Unavailable));
    tokio::time::advance(REMEMBERED).await;
    assert_eq!(backend.get(&key(), 5).await.unwrap(), b"value"[..]);
    assert_eq!(door.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn every_operation_arrives_once_it_is_open_and_none_before() {
    let (door, backend) = deferred(shut());
    let all = Prefix::all();
    for open in [false, true] {
        if open {
            door.next(Next::Open);
            tokio::time::advance(REMEMBERED).await;
        }
        let failed = [
            (Operation::Put, put(&backend).await.err()),
            (Operation::Get, backend.get(&key(), 9).await.err()),
            (Operation::Get, backend.get_range(&key(), 1..3).await.err()),
            (Operation::Stat, backend.stat(&key()).await.err()),
            (Operation::List, backend.list(&all, None).await.err()),
            (Operation::Space, backend.space().await.err()),
            (Operation::Delete, backend.delete(&key()).await.err()),
        ];
        for (operation, error) in failed {
            match error {
                None => assert!(open, "{operation}"),
                Some(error) => {
                    assert!(!open, "{error}");
                    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some(operation)));
                }
            }
        }
    }
    assert!(door.0.memory.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_of_the_failure_s_kind_but_never_not_found() {
    for kind in ErrorKind::ALL {
        let first = Error::new(kind, "").with_retryable(true).with_retry_after(Duration::from_secs(7));
        let (_, backend) = deferred(first);
        let error = backend.get(&key(), 9).await.unwrap_err();
        let expected = match kind {
            ErrorKind::AuthFailed | ErrorKind::QuotaExceeded | ErrorKind::Timeout | ErrorKind::Other => kind,
            _ => ErrorKind::Unavailable,
        };
        assert_eq!(error.kind(), expected);
        assert!(error.is_retryable() && error.retry_after() == Some(Duration::from_secs(7)));
    }
}

#[tokio::test(start_paused = true)]
async fn one_attempt_at_a_time_and_its_failure_is_everybodys() {
    let (door, backend) = deferred(shut());
    tokio::time::advance(REMEMBERED).await;
    let key = key();
    let results = futures_util::future::join_all((0..20).map(|_| backend.get(&key, 9))).await;
    assert!(results.iter().all(std::result::Result::is_err));
    assert_eq!(door.attempts(), 1);
    door.next(Next::Open);
    tokio::time::advance(REMEMBERED).await;
    let results = futures_util::future::join_all((0..20).map(|_| backend.get(&key, 9))).await;
    // Open, and without the value.
    assert!(
        results.iter().all(|result| result.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound))
    );
    assert_eq!(door.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_ends_and_one_that_is_dropped_has_no_outcome() {
    let (door, backend) = deferred(shut());
    door.next(Next::Hang);
    tokio::time::advance(REMEMBERED).await;
    let begun = Instant::now();
    let error = put(&backend).await.unwrap_err();
    assert_eq!((error.kind(), begun.elapsed()), (ErrorKind::Timeout, LIMIT));

    tokio::time::advance(REMEMBERED).await;
    timeout(Duration::from_secs(1), put(&backend)).await.unwrap_err();
    door.next(Next::Open);
    put(&backend).await.unwrap();
    assert_eq!(door.attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_that_can_do_less_than_was_promised_stays_shut() {
    let (door, backend) = deferred(shut());
    assert_eq!((backend.id().as_str(), backend.capability()), ("red", MemoryBackend::CAPABILITY));
    door.next(Next::Weak);
    tokio::time::advance(REMEMBERED).await;
    let error = put(&backend).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    assert!(door.0.memory.is_empty());

    let promised = MemoryBackend::CAPABILITY;
    assert!(keeps(promised, promised) && keeps(promised.with_durable(true).with_max_put(u64::MAX), promised));
    for weaker in [
        promised.with_max_put(1),
        promised.with_create_only(false),
        promised.with_list(false),
        promised.with_range(false),
        promised.with_late_writes(true),
    ] {
        assert!(!keeps(weaker, promised), "{weaker:?}");
    }
    assert!(!keeps(promised, promised.with_durable(true)) && !keeps(promised, promised.with_expiry(true)));
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_has_no_settings() {
    use xstore_core::backend::{Setting, Settings};
    let (_, mut backend) = deferred(shut());
    backend.request.settings = Settings::new().with("key", Setting::Text("hunter2".into()));
    assert!(!format!("{backend:?}").contains("hunter2"));
}

/// One that is opened by the first operation of the case, whatever that is.
async fn opened_late() -> Fixture {
    let (door, backend) = deferred(shut());
    door.next(Next::Open);
    backend.failure.lock().await.at -= REMEMBERED;
    let memory = door.0.memory.clone();
    Fixture::new(Arc::new(backend))
        .with_reopen(move || {
            let again = memory.clone();
            async move { Arc::new(again) as _ }
        })
        .without(Hook::BreakRoot, "memory has no place that could be missing")
        .without(Hook::MendRoot, "memory has no place that could be missing")
        .refusing_by_length()
}

backend_conformance!(conformance, opened_late);
