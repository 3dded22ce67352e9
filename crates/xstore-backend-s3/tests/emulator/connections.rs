//! Connections that can't be had, break or hang.

use crate::proxy::Proxy;
use crate::server::{backend, bucket, config, config_at, fresh_prefix, id, key, keys, value};
use crate::stub::{EMPTY_PAGE, Stub};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use xstore_backend::layer::{Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Error, ErrorKind, Payload, Prefix, PutOptions, StorageBackend};
use xstore_backend_s3::S3Backend;

const LEN: usize = 3 << 20;

/// Through the proxy, and past it.
async fn both(proxy: &Proxy) -> (S3Backend, S3Backend) {
    let prefix = fresh_prefix();
    let through = config_at(proxy.endpoint(), &bucket(), &prefix).with_keys(keys());
    let direct = S3Backend::open(id(), config(&bucket(), &prefix)).await.unwrap();
    (S3Backend::open(id(), through).await.unwrap(), direct)
}

fn unavailable(error: &Error, what: impl std::fmt::Debug) {
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{what:?}: {error:?}");
}

/// Every operation, each of which fails.
pub(crate) async fn every_operation(backend: &dyn StorageBackend) -> Vec<(&'static str, Error)> {
    let key = key("a/b");
    vec![
        ("create", backend.put(&key, value(LEN).into(), &PutOptions::create_only()).await.unwrap_err()),
        ("put", backend.put(&key, value(LEN).into(), &PutOptions::replace()).await.unwrap_err()),
        ("get", backend.get(&key, LEN).await.unwrap_err()),
        ("get_range", backend.get_range(&key, 0..10).await.unwrap_err()),
        ("stat", backend.stat(&key).await.unwrap_err()),
        ("delete", backend.delete(&key).await.unwrap_err()),
        ("list", backend.list(&Prefix::all(), None).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn nobody_listens() {
    let proxy = Proxy::start().await;
    let (backend, _) = both(&proxy).await;
    // The connection that is open goes, too.
    proxy.cut_down_after(0);
    let _ = backend.list(&Prefix::all(), None).await;
    let endpoint = proxy.stop().await;
    for (operation, error) in every_operation(&backend).await {
        unavailable(&error, operation);
        assert!(!error.may_have_written(), "{operation} sent nothing: {error:?}");
        assert!(error.to_string().ends_with(": the server can't be reached"), "{error}");
    }
    let opening = S3Backend::open(id(), config_at(&endpoint, &bucket(), "").with_keys(keys())).await;
    unavailable(&opening.unwrap_err(), "open");
}

#[tokio::test]
async fn a_put_that_is_cut_stores_nothing_and_can_be_repeated() {
    let proxy = Proxy::start().await;
    let (backend, direct) = both(&proxy).await;
    for (at, after) in [0, 100, 5000, LEN as i64 / 2, LEN as i64].into_iter().enumerate() {
        let key = key(&format!("a/{at}"));
        proxy.cut_up_after(after);
        let error = backend.put(&key, value(LEN).into(), &PutOptions::create_only()).await.unwrap_err();
        unavailable(&error, after);
        assert!(error.may_have_written(), "{after}");
        assert_eq!(direct.get(&key, LEN).await.unwrap_err().kind(), ErrorKind::NotFound, "{after}");
        proxy.mend();
        backend.put(&key, value(LEN).into(), &PutOptions::create_only()).await.unwrap();
        assert_eq!(direct.get(&key, LEN).await.unwrap(), value(LEN));
    }
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_may_have_written() {
    let proxy = Proxy::start().await;
    let (backend, direct) = both(&proxy).await;
    proxy.cut_down_after(0);
    let error = backend.put(&key("a"), value(LEN).into(), &PutOptions::create_only()).await.unwrap_err();
    unavailable(&error, "put");
    assert!(error.may_have_written());
    assert_eq!(direct.get(&key("a"), LEN).await.unwrap(), value(LEN));
}

#[tokio::test]
async fn a_get_that_is_cut_is_no_short_value() {
    let proxy = Proxy::start().await;
    let (backend, direct) = both(&proxy).await;
    direct.put(&key("a"), value(LEN).into(), &PutOptions::create_only()).await.unwrap();
    for after in [0, 10, 1000, LEN as i64 / 2, LEN as i64] {
        proxy.cut_down_after(after);
        unavailable(&backend.get(&key("a"), LEN).await.unwrap_err(), after);
        proxy.cut_down_after(after);
        unavailable(&backend.get_range(&key("a"), 0..LEN as u64).await.unwrap_err(), after);
        proxy.mend();
    }
    assert_eq!(backend.get(&key("a"), LEN).await.unwrap(), value(LEN));
}

#[tokio::test]
async fn what_was_cut_is_repeated_by_the_decorator_and_not_below_it() {
    let proxy = Arc::new(Proxy::start().await);
    let (backend, direct) = both(&proxy).await;
    direct.put(&key("a"), value(LEN).into(), &PutOptions::create_only()).await.unwrap();
    let delay = Duration::from_millis(5);
    let attempts = Arc::new(AtomicUsize::new(0));
    let (mending, seen) = (proxy.clone(), attempts.clone());
    let patient = Retrying::new(backend, RetryPolicy::new(2, delay, 1, delay).unwrap()).on_retry(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
        mending.mend();
    });
    proxy.cut_down_after(100_000);
    assert_eq!(patient.get(&key("a"), LEN).await.unwrap(), value(LEN));
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_range_transfers_the_range_and_a_refusal_nothing() {
    let proxy = Proxy::start().await;
    let (backend, direct) = both(&proxy).await;
    direct.put(&key("a"), value(LEN).into(), &PutOptions::create_only()).await.unwrap();
    let before = proxy.came_down();
    let range = backend.get_range(&key("a"), 1_000_000..1_010_000).await.unwrap();
    assert_eq!(range, value(LEN)[1_000_000..1_010_000]);
    let transferred = proxy.came_down() - before;
    assert!((10_000..12_000).contains(&transferred), "{transferred} bytes for a range of 10000");
    let (up, down) = (proxy.went_up(), proxy.came_down());
    let too_long = Payload::from_chunks(vec![value(1 << 20); 5 * 1024 + 1]);
    let error = backend.put(&key("b"), too_long, &PutOptions::replace()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::TooLarge, false));
    assert_eq!((proxy.went_up(), proxy.came_down()), (up, down));
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_on() {
    let stub = Stub::with_bucket(|_| Vec::new()).await;
    let timeouts = Timeouts::new(Duration::from_millis(200), NonZeroU64::new(1 << 30).unwrap());
    let backend = TimingOut::new(S3Backend::open(id(), stub.config()).await.unwrap(), timeouts);
    for (operation, error) in every_operation(&backend).await {
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Timeout, true),
            "{operation}: {error:?}"
        );
        assert!(error.may_have_written());
    }
}

/// The system accepts connections, and nobody reads from them.
#[tokio::test]
async fn a_frozen_server_holds_up_nobody_who_lets_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let opening = S3Backend::open(id(), config_at(&endpoint, &bucket(), "").with_keys(keys()));
    assert!(tokio::time::timeout(Duration::from_millis(300), opening).await.is_err());
}

/// An address that nobody has: packets are dropped, or refused where there is no way at all.
#[tokio::test]
async fn the_time_to_connect_is_limited() {
    let config = config_at("http://192.0.2.1:9", &bucket(), "").with_keys(keys());
    let begin = tokio::time::Instant::now();
    let opening = S3Backend::open(id(), config.with_connect_timeout(Duration::from_millis(300))).await;
    unavailable(&opening.unwrap_err(), "open");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

/// How slow is too slow is for the caller to say. The SDK's own idea of it would be 20 seconds without a byte.
#[tokio::test]
async fn a_slow_value_arrives() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for (body, seconds) in [(EMPTY_PAGE, 0), ("slow!", 25)] {
            let (mut client, _) = listener.accept().await.unwrap();
            let _ = client.read(&mut [0; 8192]).await.unwrap();
            let len = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\netag: x\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n");
            client.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            client.write_all(body.as_bytes()).await.unwrap();
        }
    });
    let config = config_at(&endpoint, "bucket", "").with_keys(keys());
    let backend = S3Backend::open(id(), config).await.unwrap();
    assert_eq!(backend.get(&key("a"), 10).await.unwrap(), "slow!");
}

#[tokio::test]
async fn many_at_once() {
    let backend = Arc::new(backend().await);
    let tasks: Vec<_> = (0..40)
        .map(|at| {
            let backend = backend.clone();
            tokio::spawn(async move {
                let key = key(&format!("a/{at}"));
                backend.put(&key, value(100_000 + at).into(), &PutOptions::create_only()).await.unwrap();
                assert_eq!(backend.get(&key, LEN).await.unwrap(), value(100_000 + at));
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
