//! What goes wrong on the way.

use crate::proxy::Proxy;
use crate::stub::{Stub, answer, refusal};
use crate::support::{Emulator, fresh_key, id, key, noise, put, soon};
use std::num::NonZeroU64;
use std::time::Duration;
use xstore_backend::layer::{Timeouts, TimingOut};
use xstore_backend::{Error, ErrorKind, OpenError, Payload, Prefix, PutOptions, StorageBackend};
use xstore_backend_azure::AzureBackend;

/// What is worth another attempt.
#[track_caller]
pub(crate) fn passing<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
    error
}

/// A value, its key, and two ways to it: the direct one, and one that can be disturbed.
async fn disturbed() -> (AzureBackend, AzureBackend, Proxy) {
    let emulator = Emulator::running();
    let proxy = Proxy::to(emulator.address()).await;
    let direct = emulator.open().await;
    let through = emulator.through(proxy.address()).open().await;
    (direct, through, proxy)
}

#[tokio::test]
async fn nobody_listens() {
    let (_, backend, mut proxy) = disturbed().await;
    proxy.stop().await;
    let key = fresh_key();
    let put = backend.put(&key, b"value"[..].into(), &PutOptions::create_only()).await;
    assert!(!passing(put).may_have_written());
    assert!(!passing(backend.delete(&key).await).may_have_written());
    passing(backend.get(&key, 10).await);
    passing(backend.stat(&key).await);
    passing(backend.list(&Prefix::all(), None).await);
    let opened = AzureBackend::open(id(), backend.config().clone()).await.unwrap_err();
    let OpenError::Backend(error) = opened else { panic!("{opened:?}") };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_put_that_is_cut_lands_whole_or_not_at_all() {
    let (direct, backend, proxy) = disturbed().await;
    let value = noise(3 << 20);
    for (up, down) in [(100, i64::MAX), (2000, i64::MAX), (1 << 20, i64::MAX), (i64::MAX, 0), (i64::MAX, 20)]
    {
        let key = fresh_key();
        proxy.up.cut_after(up);
        proxy.down.cut_after(down);
        let result = backend.put(&key, value.clone().into(), &PutOptions::create_only()).await;
        assert!(passing(result).may_have_written());
        proxy.up.mend();
        proxy.down.mend();
        match direct.get(&key, usize::MAX).await {
            Ok(landed) => assert!(up == i64::MAX && landed == value),
            Err(error) => assert!(up < i64::MAX && error.kind() == ErrorKind::NotFound, "{error:?}"),
        }
        // The same backend goes on.
        let again = backend.put(&key, value.clone().into(), &PutOptions::create_only()).await;
        assert_eq!(again.is_ok(), up < i64::MAX);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_no_short_value() {
    let (direct, backend, proxy) = disturbed().await;
    let (key, value) = (fresh_key(), noise(3 << 20));
    put(&direct, &key, &value).await;
    for after in [0, 50, 2000, 1 << 20] {
        proxy.down.cut_after(after);
        passing(backend.get(&key, usize::MAX).await);
        proxy.down.cut_after(after.min(1000));
        passing(backend.get_range(&key, 5..100_000).await);
        proxy.down.mend();
    }
    assert!(backend.get(&key, usize::MAX).await.unwrap() == value);
}

#[tokio::test]
async fn a_bit_that_flips_on_the_way_is_noticed() {
    let (direct, backend, proxy) = disturbed().await;
    let (key, value) = (fresh_key(), noise(3 << 20));
    put(&direct, &key, &value).await;

    proxy.down.flip_after(2 << 20);
    passing(backend.get(&key, usize::MAX).await);
    proxy.down.flip_after(100_000);
    passing(backend.get_range(&key, 17..500_000).await);
    proxy.down.mend();

    let other = fresh_key();
    proxy.up.flip_after(2 << 20);
    let refused = backend.put(&other, value.clone().into(), &PutOptions::create_only()).await.unwrap_err();
    assert!(!refused.may_have_written(), "{refused:?}");
    proxy.up.mend();
    assert_eq!(direct.stat(&other).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_range_transfers_the_range_and_a_value_too_long_nothing_much() {
    let (direct, backend, proxy) = disturbed().await;
    let (key, value) = (fresh_key(), noise(8 << 20));
    put(&direct, &key, &value).await;
    let before = proxy.down.passed();
    assert_eq!(
        backend.get_range(&key, 1 << 20..(1 << 20) + 1000).await.unwrap(),
        value[1 << 20..(1 << 20) + 1000]
    );
    assert!(proxy.down.passed() - before < 4000);
    let before = proxy.down.passed();
    let refused = backend.get(&key, 1000).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
    assert!(proxy.down.passed() - before < 4000);
}

#[tokio::test]
async fn a_frozen_server_is_left() {
    let stub = Stub::start(|_| Vec::new()).await;
    let backend = stub.open().await;
    let key = key("k");
    let waits = tokio::time::timeout(Duration::from_millis(200), backend.get(&key, 10)).await;
    assert!(waits.is_err());
    let timeouts = Timeouts::new(Duration::from_millis(200), NonZeroU64::MAX);
    let backend = TimingOut::new(backend, timeouts);
    let put = soon(backend.put(&key, b"value"[..].into(), &PutOptions::create_only())).await.unwrap_err();
    assert_eq!((put.kind(), put.may_have_written()), (ErrorKind::Timeout, true));
    assert_eq!(soon(backend.get(&key, 10)).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(soon(backend.list(&Prefix::all(), None)).await.unwrap_err().kind(), ErrorKind::Timeout);
}

/// By the service's own code or by the status alone, and nothing is tried twice.
#[tokio::test]
async fn refusals_of_a_busy_or_broken_service() {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, Timeout, TooLarge, Unavailable};
    let rows = [
        (503, "ServerBusy", Unavailable, true, true),
        (500, "InternalError", Unavailable, true, true),
        (500, "OperationTimedOut", Timeout, true, true),
        (502, "", Unavailable, true, true),
        (504, "", Timeout, true, true),
        (429, "", Unavailable, true, false),
        (507, "", QuotaExceeded, true, true),
        (400, "Md5Mismatch", Unavailable, true, false),
        (413, "RequestBodyTooLarge", TooLarge, false, false),
        (401, "NoAuthenticationInformation", AuthFailed, false, false),
        (403, "AccountIsDisabled", AuthFailed, false, false),
        (403, "", AuthFailed, false, false),
        (409, "BlobImmutableDueToPolicy", AuthFailed, false, false),
        (409, "ContainerBeingDeleted", Unavailable, true, false),
        (404, "", Unavailable, false, false),
        (404, "ContainerNotFound", Unavailable, false, false),
        (400, "NobodyKnows", Other, false, false),
        (302, "", Unavailable, false, false),
    ];
    for (status, code, kind, is_retryable, may_have_written) in rows {
        let refuses =
            move |_: &str| if code.is_empty() { answer(status, "", b"no") } else { refusal(status, code) };
        let stub = Stub::start(refuses).await;
        let backend = stub.open().await;
        let key = key("k");
        let put = backend.put(&key, b"value"[..].into(), &PutOptions::replace()).await.unwrap_err();
        let seen = (put.kind(), put.is_retryable(), put.may_have_written());
        assert_eq!(seen, (kind, is_retryable, may_have_written), "{status} {code}: {put:?}");
        for error in [
            backend.get(&key, 10).await.unwrap_err(),
            backend.stat(&key).await.unwrap_err(),
            backend.delete(&key).await.unwrap_err(),
            backend.list(&Prefix::all(), None).await.unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.is_retryable()),
                (kind, is_retryable),
                "{status} {code}: {error:?}"
            );
        }
        assert_eq!(stub.heads().len(), 5, "{status} {code}");
    }
}

#[tokio::test]
async fn the_service_asks_to_be_left_alone() {
    let waits = [
        ("retry-after: 7\r\n", Some(7_000)),
        ("x-ms-retry-after-ms: 250\r\nretry-after: 7\r\n", Some(250)),
        ("retry-after: 99999999999\r\n", Some(3_600_000)),
        ("retry-after: Fri, 31 Dec 2999 23:59:59 GMT\r\n", Some(3_600_000)),
        ("retry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n", None),
        ("retry-after: soon\r\n", None),
        ("", None),
    ];
    for (headers, millis) in waits {
        let stub = Stub::start(move |_| answer(503, headers, b"")).await;
        let error = stub.open().await.delete(&key("k")).await.unwrap_err();
        assert_eq!(error.retry_after(), millis.map(Duration::from_millis), "{headers:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::start(|_| answer(200, "", b"")).await;
    let target = format!("location: http://{}/account/container/k\r\n", elsewhere.address());
    let stub = Stub::start(move |_| answer(307, &target, b"")).await;
    let error = stub.open().await.get(&key("k"), 10).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    assert!(elsewhere.heads().is_empty());
}

/// As large as a share can be: one request, with a checksum for both to compare.
#[tokio::test]
async fn a_put_is_one_request() {
    let stub = Stub::start(|_| answer(201, "", b"")).await;
    let backend = stub.open().await;
    let piece = xstore_backend::Bytes::from(vec![7; 8 << 20]);
    let value = Payload::from_chunks(vec![piece; 10]);
    soon(backend.put(&key("k"), value, &PutOptions::create_only())).await.unwrap();
    let [head] = &stub.heads()[..] else { panic!("{:?}", stub.heads()) };
    for line in
        ["content-length: 83886080", "if-none-match: *", "x-ms-blob-type: BlockBlob", "\r\ncontent-md5: "]
    {
        assert!(head.contains(line), "{line} in {head}");
    }
}
