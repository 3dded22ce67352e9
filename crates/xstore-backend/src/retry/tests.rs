use super::*;
use crate::scripted::{Scripted, Step};
use std::sync::Mutex;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn key() -> Key {
    Key::new("a/b").unwrap()
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "as told")
}

fn ours() -> Payload {
    Payload::from_chunks(vec![Bytes::from_static(b"our "), Bytes::from_static(b"value")])
}

fn four_attempts() -> RetryPolicy {
    RetryPolicy::new(4, SECOND, 2, 3 * SECOND).unwrap()
}

/// Stores a value behind the caller's back.
fn first_store(value: &'static [u8]) -> Step {
    Step::First(Box::new(move |memory| {
        let (key, options) = (key(), PutOptions::replace());
        futures_now(memory.put(&key, value.into(), &options)).unwrap();
    }))
}

fn first_clear() -> Step {
    Step::First(Box::new(|memory| memory.clear()))
}

/// The memory backend's futures are ready at once.
fn futures_now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the memory backend waits"),
    }
}

async fn put_with(backend: &Scripted, options: &PutOptions) -> Result<()> {
    put(backend, &key(), ours(), options, &four_attempts(), &silent).await
}

async fn create(backend: &Scripted) -> Result<()> {
    put_with(backend, &PutOptions::create_only()).await
}

#[tokio::test(start_paused = true)]
async fn every_kind_is_retried_if_the_error_says_so_and_only_then() {
    for kind in ErrorKind::ALL {
        for retryable in [None, Some(true), Some(false)] {
            let told = || match retryable {
                None => error(kind),
                Some(retryable) => error(kind).with_retryable(retryable),
            };
            let expected = retryable.unwrap_or(matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout));
            let backend = Scripted::new([Step::Fail(told()), first_store(b"x")]);
            let result = get(&backend, &key(), 9, &four_attempts(), &silent).await;
            assert_eq!(result.is_ok(), expected, "{kind:?} {retryable:?}");
            assert_eq!(backend.calls().len(), if expected { 2 } else { 1 });
            if !expected {
                assert_eq!(result.unwrap_err().kind(), kind);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_operations_are_retried() {
    let fails =
        || Scripted::new([Step::Fail(error(ErrorKind::Timeout)), Step::Fail(error(ErrorKind::Unavailable))]);
    let (policy, key, all) = (four_attempts(), key(), Prefix::all());
    let check = |backend: Scripted, name: &str, is_good: bool| {
        assert_eq!((backend.calls(), is_good), (vec![name; 3], true));
    };
    let backend = fails();
    let good = put(&backend, &key, ours(), &PutOptions::replace(), &policy, &silent).await;
    assert_eq!(backend.memory.raw(&key).unwrap(), "our value");
    check(backend, "put", good.is_ok());
    let backend = fails();
    let good = get_range(&backend, &key, 0..1, &policy, &silent).await;
    check(backend, "get_range", good.is_err_and(|error| error.kind() == ErrorKind::NotFound));
    let backend = fails();
    let good = delete(&backend, &key, &policy, &silent).await;
    check(backend, "delete", good.is_ok());
    let backend = fails();
    let good = stat(&backend, &key, &policy, &silent).await;
    check(backend, "stat", good.is_err_and(|error| error.kind() == ErrorKind::NotFound));
    let backend = fails();
    let good = list(&backend, &all, None, &policy, &silent).await;
    check(backend, "list", good.is_ok_and(|page| page.entries.is_empty()));
    let backend = fails();
    let good = space(&backend, &policy, &silent).await;
    check(backend, "space", good.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_last_error_comes_back_after_the_last_attempt() {
    let backend = Scripted::new([
        Step::Fail(error(ErrorKind::Timeout)),
        Step::Fail(error(ErrorKind::Unavailable)),
        Step::Fail(error(ErrorKind::Timeout)),
        Step::Fail(Error::new(ErrorKind::Unavailable, "the fourth")),
    ]);
    let result = get(&backend, &key(), 9, &four_attempts(), &silent).await;
    assert_eq!(result.unwrap_err().to_string(), "the fourth");
    assert_eq!(backend.calls().len(), 4);
    let backend = Scripted::new([Step::Fail(error(ErrorKind::Timeout))]);
    let result = get(&backend, &key(), 9, &RetryPolicy::ONCE, &silent).await;
    assert_eq!((result.unwrap_err().kind(), backend.calls().len()), (ErrorKind::Timeout, 1));
}

#[tokio::test(start_paused = true)]
async fn the_listener_hears_of_every_wait_before_it_happens() {
    let backend = Scripted::new([
        Step::Fail(error(ErrorKind::Timeout)),
        Step::Fail(error(ErrorKind::Unavailable).with_retry_after(7 * SECOND)),
        first_store(b"x"),
    ]);
    let heard = Mutex::new(Vec::new());
    let start = Instant::now();
    let listen = |retry: &Retry<'_>| {
        heard.lock().unwrap().push((retry.attempt, retry.error.kind(), retry.delay, start.elapsed()));
    };
    get(&backend, &key(), 9, &four_attempts(), &listen).await.unwrap();
    let heard = heard.into_inner().unwrap();
    let [(1, ErrorKind::Timeout, first, at), (2, ErrorKind::Unavailable, second, then)] = heard[..] else {
        panic!("{heard:?}")
    };
    assert!(first <= SECOND && (7 * SECOND..=9 * SECOND).contains(&second));
    assert_eq!(at, Duration::ZERO);
    // The clock of tokio's timers has whole milliseconds.
    let near = |time: Duration, expected: Duration| time.abs_diff(expected) <= Duration::from_millis(2);
    assert!(near(then, first) && near(start.elapsed(), first + second));
}

#[tokio::test(start_paused = true)]
async fn waits_depend_on_seed_backend_and_key_alone() {
    let delays = async |seed: u64, text: &str| {
        let backend = Scripted::new((0..3).map(|_| Step::Fail(error(ErrorKind::Timeout))));
        let heard = Mutex::new(Vec::new());
        let listen = |retry: &Retry<'_>| heard.lock().unwrap().push(retry.delay);
        let policy = four_attempts().with_seed(seed);
        delete(&backend, &Key::new(text).unwrap(), &policy, &listen).await.unwrap();
        heard.into_inner().unwrap()
    };
    let one = delays(1, "a").await;
    assert_eq!(one.len(), 3);
    assert_eq!(one, delays(1, "a").await);
    assert_ne!(one, delays(2, "a").await);
    assert_ne!(one, delays(1, "b").await);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_wants_long_peace_is_left_at_once() {
    let told = error(ErrorKind::Unavailable).with_retry_after(61 * SECOND);
    let backend = Scripted::new([Step::Fail(told)]);
    let start = Instant::now();
    let error = get(&backend, &key(), 9, &four_attempts(), &silent).await.unwrap_err();
    assert_eq!((error.retry_after(), start.elapsed()), (Some(61 * SECOND), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_wrote_counts() {
    let backend = Scripted::new([Step::Land(error(ErrorKind::Timeout))]);
    create(&backend).await.unwrap();
    assert_eq!(backend.calls(), ["put", "put", "get"]);
    // Also where it lands only later, and two attempts after that one.
    let backend = Scripted::new([
        Step::Fail(error(ErrorKind::Timeout)),
        Step::Fail(error(ErrorKind::Unavailable)),
        first_store(b"our value"),
    ]);
    create(&backend).await.unwrap();
    assert_eq!(backend.calls(), ["put", "put", "put", "get"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_the_first_attempt_does_not_count() {
    let backend = Scripted::new([first_store(b"our value")]);
    let error = create(&backend).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::AlreadyExists, false));
    assert_eq!(backend.calls(), ["put"]);
}

#[tokio::test(start_paused = true)]
async fn after_an_attempt_that_surely_wrote_nothing_it_does_not_count_either() {
    let refused = error(ErrorKind::Unavailable).with_may_have_written(false);
    let backend = Scripted::new([Step::Fail(refused), first_store(b"our value")]);
    let error = create(&backend).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::AlreadyExists, false));
    assert_eq!(backend.calls(), ["put", "put"]);
}

#[tokio::test(start_paused = true)]
async fn other_bytes_are_somebody_elses() {
    for other in [&b"our valuf"[..], b"our valu", b"our value!", b""] {
        let backend = Scripted::new([Step::Fail(error(ErrorKind::Timeout)), first_store(other)]);
        let error = create(&backend).await.unwrap_err();
        // The first attempt may still be on its way.
        assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::AlreadyExists, true));
        assert_eq!(backend.memory.raw(&key()).unwrap(), other);
        assert_eq!(backend.calls(), ["put", "put", "get"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_when_it_is_looked_at_is_put_again() {
    let backend = Scripted::new([Step::Land(error(ErrorKind::Timeout)), Step::Pass, first_clear()]);
    create(&backend).await.unwrap();
    assert_eq!(backend.calls(), ["put", "put", "get", "put"]);
    assert_eq!(backend.memory.raw(&key()).unwrap(), "our value");
}

#[tokio::test(start_paused = true)]
async fn what_comes_and_goes_ends_with_the_attempts() {
    let mut steps = vec![Step::Fail(error(ErrorKind::Timeout))];
    for _ in 0..3 {
        steps.extend([first_store(b"x"), first_clear()]);
    }
    let backend = Scripted::new(steps);
    let error = create(&backend).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Unavailable, true));
    assert_eq!(backend.calls(), ["put", "put", "get", "put", "get", "put", "get"]);
}

#[tokio::test(start_paused = true)]
async fn where_the_comparison_fails_it_is_no_success() {
    let backend = Scripted::new([
        Step::Land(error(ErrorKind::Timeout)),
        Step::Pass,
        Step::Fail(error(ErrorKind::Unavailable)),
    ]);
    create(&backend).await.unwrap();
    assert_eq!(backend.calls(), ["put", "put", "get", "put", "get"]);
    let backend = Scripted::new([
        Step::Land(error(ErrorKind::Timeout)),
        Step::Pass,
        Step::Fail(error(ErrorKind::AuthFailed)),
    ]);
    let error = create(&backend).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::AuthFailed, true));
}

#[tokio::test(start_paused = true)]
async fn a_replacing_put_never_reads() {
    let backend =
        Scripted::new([Step::Land(error(ErrorKind::Timeout)), Step::Fail(error(ErrorKind::AlreadyExists))]);
    let error = put_with(&backend, &PutOptions::replace()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(backend.calls(), ["put", "put"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_error_of_a_write_knows_of_the_earlier_attempts() {
    for kind in ErrorKind::ALL {
        let told = || error(kind).with_retryable(false);
        let alone = put_with(&Scripted::new([Step::Fail(told())]), &PutOptions::replace()).await.unwrap_err();
        assert_eq!(alone.may_have_written(), kind.usually_may_have_written());
        let backend = Scripted::new([Step::Fail(error(ErrorKind::Timeout)), Step::Fail(told())]);
        let later = put_with(&backend, &PutOptions::replace()).await.unwrap_err();
        assert_eq!((later.kind(), later.may_have_written()), (kind, true));
        let backend = Scripted::new([Step::Fail(error(ErrorKind::Timeout)), Step::Fail(told())]);
        let later = delete(&backend, &key(), &four_attempts(), &silent).await.unwrap_err();
        assert!(later.may_have_written());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_makes_no_further_attempt() {
    let backend = Scripted::new([Step::Fail(error(ErrorKind::Timeout).with_retry_after(10 * SECOND))]);
    let call = tokio::time::timeout(SECOND, create(&backend));
    assert!(call.await.is_err());
    tokio::time::advance(100 * SECOND).await;
    assert_eq!(backend.calls(), ["put"]);
}
