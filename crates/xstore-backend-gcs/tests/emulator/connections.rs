//! Connections that can't be had, break or hang.

use crate::proxy::Proxy;
use crate::server::{self, config_at, fresh, id, open};
use crate::stub::Stub;
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::net::TcpListener;
use xstore_backend::layer::{Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Error, ErrorKind, Key, Payload, Prefix, PutOptions, StorageBackend};
use xstore_backend_gcs::GcsBackend;
use xstore_testkit::poll_times;

const LEN: usize = 3 << 20;

fn key() -> Key {
    Key::new(&fresh("t/connections")).unwrap()
}

fn value() -> Vec<u8> {
    (0u32..).take(LEN).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

async fn through(proxy: &Proxy) -> GcsBackend {
    open(config_at(proxy.endpoint())).await
}

/// Every operation, each ending in the same way.
pub(crate) async fn every_operation(backend: &dyn StorageBackend, key: &Key) -> Vec<(&'static str, Error)> {
    vec![
        ("put", backend.put(key, value().into(), &PutOptions::create_only()).await.unwrap_err()),
        ("get", backend.get(key, LEN).await.unwrap_err()),
        ("get_range", backend.get_range(key, 0..10).await.unwrap_err()),
        ("stat", backend.stat(key).await.unwrap_err()),
        ("delete", backend.delete(key).await.unwrap_err()),
        ("list", backend.list(&Prefix::all(), None).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn nobody_listens() {
    let proxy = Proxy::start().await;
    let backend = through(&proxy).await;
    let endpoint = proxy.stop().await;
    // Connections that are open stay open after the listener is gone.
    let fresh = GcsBackend::open(id(), config_at(&endpoint)).await.unwrap_err();
    assert_eq!((fresh.kind(), fresh.is_retryable()), (ErrorKind::Unavailable, true));
    drop(backend);
}

#[tokio::test]
async fn the_server_is_stopped() {
    let proxy = Proxy::start().await;
    let backend = through(&proxy).await;
    proxy.cut_down_after(0);
    let _ = backend.list(&Prefix::all(), None).await;
    let _ = proxy.stop().await;
    for (operation, error) in every_operation(&backend, &key()).await {
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Unavailable, true),
            "{operation}: {error:?}"
        );
        assert!(!error.may_have_written(), "{operation} sent nothing: {error:?}");
    }
}

#[tokio::test]
async fn a_put_that_is_cut_stores_nothing_and_can_be_repeated() {
    let proxy = Proxy::start().await;
    let (backend, direct) = (through(&proxy).await, open(server::config()).await);
    for after in [0, 100, 5000, LEN as i64 / 2, LEN as i64] {
        let key = key();
        proxy.cut_up_after(after);
        let error = backend.put(&key, value().into(), &PutOptions::create_only()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Unavailable, true),
            "{after}: {error:?}"
        );
        assert!(error.may_have_written(), "{after}");
        assert_eq!(direct.get(&key, LEN).await.unwrap_err().kind(), ErrorKind::NotFound, "{after}");
        proxy.mend();
        backend.put(&key, value().into(), &PutOptions::create_only()).await.unwrap();
        assert_eq!(direct.get(&key, LEN).await.unwrap(), value());
    }
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_may_have_written() {
    let proxy = Proxy::start().await;
    let (backend, direct, key) = (through(&proxy).await, open(server::config()).await, key());
    proxy.cut_down_after(0);
    let error = backend.put(&key, value().into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Unavailable, true), "{error:?}");
    assert_eq!(direct.get(&key, LEN).await.unwrap(), value());
}

#[tokio::test]
async fn a_get_that_is_cut_is_no_short_value() {
    let proxy = Proxy::start().await;
    let (backend, key) = (through(&proxy).await, key());
    backend.put(&key, value().into(), &PutOptions::create_only()).await.unwrap();
    for after in [0, 10, 1000, LEN as i64 / 2, LEN as i64] {
        proxy.cut_down_after(after);
        let error = backend.get(&key, LEN).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Unavailable, true),
            "{after}: {error:?}"
        );
        proxy.cut_down_after(after);
        let error = backend.get_range(&key, 0..LEN as u64).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Unavailable, true),
            "{after}: {error:?}"
        );
        proxy.mend();
    }
    assert_eq!(backend.get(&key, LEN).await.unwrap(), value());
}

#[tokio::test]
async fn what_was_cut_is_repeated_by_the_decorator_and_not_below_it() {
    let proxy = Proxy::start().await;
    let (backend, key) = (through(&proxy).await, key());
    backend.put(&key, value().into(), &PutOptions::create_only()).await.unwrap();
    let delay = Duration::from_millis(5);
    let policy = RetryPolicy::new(2, delay, 1, delay).unwrap();
    let attempts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (proxy, seen) = (std::sync::Arc::new(proxy), attempts.clone());
    let mending = proxy.clone();
    let patient = Retrying::new(backend, policy).on_retry(move |_| {
        seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        mending.mend();
    });
    proxy.cut_down_after(100_000);
    assert_eq!(patient.get(&key, LEN).await.unwrap(), value());
    assert_eq!(attempts.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_range_transfers_the_range_and_a_refused_get_nothing() {
    let proxy = Proxy::start().await;
    let (backend, key) = (through(&proxy).await, key());
    backend.put(&key, value().into(), &PutOptions::create_only()).await.unwrap();
    let before = proxy.came_down();
    let range = backend.get_range(&key, 1_000_000..1_010_000).await.unwrap();
    assert_eq!(range, value()[1_000_000..1_010_000]);
    let transferred = proxy.came_down() - before;
    assert!((10_000..15_000).contains(&transferred), "{transferred} bytes for a range of 10000");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_on() {
    let stub = Stub::with_bucket(|_| Vec::new()).await;
    let rate = NonZeroU64::new(1 << 30).unwrap();
    let timeouts = Timeouts::new(Duration::from_millis(200), rate);
    let backend = TimingOut::new(open(stub.config()).await, timeouts);
    for (operation, error) in every_operation(&backend, &key()).await {
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Timeout, true),
            "{operation}: {error:?}"
        );
        assert!(error.may_have_written());
    }
}

/// Connections are accepted by the system, and nobody reads from them.
#[tokio::test]
async fn a_frozen_server_holds_up_nobody_who_lets_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let opening =
        tokio::time::timeout(Duration::from_millis(300), GcsBackend::open(id(), config_at(&endpoint)));
    assert!(opening.await.is_err());
}

#[tokio::test]
async fn futures_are_dropped_at_each_await() {
    let backend = open(server::config()).await;
    for polls in 0..20 {
        let key = key();
        let payload = Payload::from(value());
        let _ = poll_times(backend.put(&key, payload.clone(), &PutOptions::replace()), polls).await;
        let _ = poll_times(backend.get(&key, LEN), polls).await;
        let _ = poll_times(backend.list(&Prefix::all(), None), polls).await;
        let _ = poll_times(backend.delete(&key), polls).await;
        backend.put(&key, payload, &PutOptions::replace()).await.unwrap();
        assert_eq!(backend.get(&key, LEN).await.unwrap(), value());
        backend.delete(&key).await.unwrap();
    }
}
