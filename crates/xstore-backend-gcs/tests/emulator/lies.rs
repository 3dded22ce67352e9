//! Answers that can't be the service's own, or can't be true.

use crate::answers::key;
use crate::connections::every_operation;
use crate::server::{id, open};
use crate::stub::{EMPTY_PAGE, Stub, answer, page};
use xstore_backend::{ErrorKind, Prefix, PutOptions, StorageBackend};
use xstore_backend_gcs::GcsBackend;

/// The headers of a good answer for `hello`, whose checksum is mnG7TA==.
const HEADERS: &str = "x-goog-generation: 1\r\nx-goog-hash: crc32c=mnG7TA==\r\n";

async fn reading(bytes: Vec<u8>) -> (Stub, GcsBackend) {
    let stub = Stub::with_bucket(move |_| bytes.clone()).await;
    let backend = open(stub.config()).await;
    (stub, backend)
}

#[tokio::test]
async fn a_flipped_bit_on_the_way_down_is_an_error() {
    let (_stub, backend) = reading(answer(200, HEADERS, "hello")).await;
    assert_eq!(backend.get(&key(), 5).await.unwrap(), "hello");
    for size in ["", "x-goog-stored-content-length: 5\r\n"] {
        let (_stub, backend) = reading(answer(200, &format!("{HEADERS}{size}"), "hellp")).await;
        let error = backend.get(&key(), 5).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
        assert!(error.to_string().contains("checksum"), "{error}");
    }
}

#[tokio::test]
async fn lengths_that_lie_are_errors() {
    let raw = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\n{HEADERS}connection: close\r\n\r\n{body}").into_bytes()
    };
    for bytes in [
        raw("200 OK\r\ncontent-length: 9", "hello"),
        raw("200 OK\r\ncontent-length: 99999999999999", "hello"),
        raw("200 OK\r\ncontent-length: 5\r\nx-goog-stored-content-length: 9", "hello"),
        raw("200 OK\r\nx-goog-stored-content-length: 9", "hello"),
        raw("200 OK\r\ntransfer-encoding: chunked\r\nx-goog-stored-content-length: 5", "5\r\nhello\r\n"),
        raw(
            "206 Some\r\ncontent-length: 4\r\ncontent-range: bytes 0-3/5\r\nx-goog-stored-content-length: 5",
            "hell",
        ),
        raw("206 Partial Content\r\ncontent-length: 9\r\ncontent-range: bytes 0-8/9", "hello"),
    ] {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let (_stub, backend) = reading(bytes).await;
        let error = backend.get(&key(), usize::MAX).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{text}: {error:?}");
    }
}

#[tokio::test]
async fn more_than_the_reader_wants_is_refused_before_it_comes() {
    // Not one byte of the bodies that are announced here ever comes.
    let raw = |head: &str| format!("HTTP/1.1 200 OK\r\n{HEADERS}{head}\r\n\r\n").into_bytes();
    let (_stub, backend) =
        reading(raw("content-length: 1000000\r\nx-goog-stored-content-length: 1000000")).await;
    assert_eq!(backend.get(&key(), 999_999).await.unwrap_err().kind(), ErrorKind::TooLarge);
    // Where the length isn't said, or a lie, reading stops.
    let endless =
        format!("HTTP/1.1 200 OK\r\n{HEADERS}x-goog-stored-content-length: 5\r\n\r\n{}", "z".repeat(100_000));
    let (_stub, backend) = reading(endless.into_bytes()).await;
    let error = backend.get(&key(), 50_000).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Unavailable), "{error:?}");
}

#[tokio::test]
async fn a_range_that_is_ignored_is_noticed() {
    let size = "x-goog-stored-content-length: 5\r\n";
    let (_stub, backend) = reading(answer(200, &format!("{HEADERS}{size}"), "hello")).await;
    assert_eq!(backend.get_range(&key(), 0..5).await.unwrap(), "hello");
    for range in [1..3, 1..5, 3..100] {
        assert!(backend.get_range(&key(), range).await.is_err());
    }
}

#[tokio::test]
async fn answers_of_strangers_make_no_sense() {
    for bytes in [
        answer(302, "location: http://127.0.0.1:9/elsewhere\r\n", ""),
        answer(307, "location: http://127.0.0.1:9/elsewhere\r\n", ""),
        answer(418, "", "teapot"),
    ] {
        let stub = Stub::with_bucket(move |_| bytes.clone()).await;
        let backend = open(stub.config()).await;
        let asked = stub.heads().len();
        for (operation, error) in every_operation(&backend, &key()).await {
            assert_eq!(error.kind(), ErrorKind::Other, "{operation}: {error:?}");
        }
        assert_eq!(stub.heads().len() - asked, 6, "redirections aren't followed");
    }
    for bytes in [
        answer(200, "content-type: text/html\r\n", "<html>Please log in</html>"),
        page("{}"),
        page(r#"{"name": "a/b", "size": "7"}"#),
        page(r#"{"error": {"code": 503}}"#),
    ] {
        let (_stub, backend) = reading(bytes.clone()).await;
        let said = String::from_utf8_lossy(&bytes).into_owned();
        for error in [
            backend.put(&key(), vec![1].into(), &PutOptions::replace()).await.unwrap_err(),
            backend.get(&key(), 1000).await.unwrap_err(),
            backend.get_range(&key(), 0..10).await.unwrap_err(),
            backend.delete(&key()).await.unwrap_err(),
            backend.list(&Prefix::all(), None).await.unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.may_have_written()),
                (ErrorKind::Other, true),
                "{said} {error:?}"
            );
        }
        // That isn't a bucket, and nothing is missing in it.
        let stub = Stub::start(move |_| bytes.clone()).await;
        assert_eq!(
            GcsBackend::open(id(), stub.config()).await.unwrap_err().kind(),
            ErrorKind::Other,
            "{said}"
        );
    }
    let (_stub, backend) = reading(answer(200, "", "<html>")).await;
    assert_eq!(backend.stat(&key()).await.unwrap_err().kind(), ErrorKind::Other);
}

#[tokio::test]
async fn nothing_is_missing_from_what_is_no_bucket() {
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let stub = Stub::start(move |head| match head.contains("/o/") {
        true => answer(404, "", "Not Found"),
        false if is_first.swap(false, std::sync::atomic::Ordering::SeqCst) => page(EMPTY_PAGE),
        false => answer(200, "", "<html>Please log in</html>"),
    });
    let stub = stub.await;
    let backend = open(stub.config()).await;
    for error in [
        backend.get(&key(), 10).await.unwrap_err(),
        backend.stat(&key()).await.unwrap_err(),
        backend.delete(&key()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Other, "{error:?}");
    }
}

#[tokio::test]
async fn a_range_that_is_refused_is_empty_only_behind_the_end() {
    for (size, is_good) in [("5", true), ("6", false)] {
        let stub = Stub::with_bucket(move |head| match head.contains("alt=media") {
            true => answer(416, "", ""),
            false => page(&format!(r#"{{"size": "{size}"}}"#)),
        });
        let stub = stub.await;
        let backend = open(stub.config()).await;
        let got = backend.get_range(&key(), 5..9).await;
        assert_eq!(got.is_ok(), is_good, "{got:?}");
    }
}

#[tokio::test]
async fn answers_without_end_are_not_kept() {
    let endless =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{{\"x\": \"{}\"}}", "z".repeat(17 << 20));
    let stub = Stub::with_bucket(move |_| endless.clone().into_bytes()).await;
    let backend = open(stub.config()).await;
    assert_eq!(backend.stat(&key()).await.unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(backend.list(&Prefix::all(), None).await.unwrap_err().kind(), ErrorKind::Other);
}
