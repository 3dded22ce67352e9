//! What the service is documented to answer, and what nobody should.

use crate::connections::every_operation;
use crate::server::{id, open};
use crate::stub::{EMPTY_PAGE, Stub, answer, page, refusal};
use std::time::Duration;
use xstore_backend::{ErrorKind, Key, PutOptions, StorageBackend};
use xstore_backend_gcs::GcsBackend;

pub(crate) fn key() -> Key {
    Key::new("a/b").unwrap()
}

async fn refusing(
    status: u16,
    headers: &'static str,
    reason: &'static str,
    message: &'static str,
) -> (Stub, GcsBackend) {
    let stub = Stub::with_bucket(move |_| refusal(status, headers, reason, message)).await;
    let backend = open(stub.config()).await;
    (stub, backend)
}

#[tokio::test]
async fn every_operation_knows_every_refusal_and_asks_once() {
    use ErrorKind::*;
    for (status, reason, kind, is_retryable, may_have_written) in [
        (401, "authError", AuthFailed, false, false),
        (403, "forbidden", AuthFailed, false, false),
        (403, "rateLimitExceeded", Unavailable, true, false),
        (403, "storageQuotaExceeded", QuotaExceeded, false, false),
        (403, "retentionPolicyNotMet", Unsupported, false, false),
        (408, "requestTimeout", Timeout, true, true),
        (429, "rateLimitExceeded", Unavailable, true, false),
        (500, "backendError", Unavailable, true, true),
        (503, "backendError", Unavailable, true, true),
    ] {
        let (stub, backend) = refusing(status, "retry-after: 7\r\n", reason, "In their words.").await;
        let asked = stub.heads().len();
        for (operation, error) in every_operation(&backend, &key()).await {
            assert_eq!(error.kind(), kind, "{status} {reason} {operation}: {error:?}");
            assert_eq!(error.is_retryable(), is_retryable, "{status} {reason} {operation}");
            assert_eq!(error.may_have_written(), may_have_written, "{status} {reason} {operation}");
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "{status} {reason} {operation}");
            let words = std::error::Error::source(&error).unwrap().to_string();
            assert!(words.contains("In their words.") && words.contains(reason), "{operation}: {words}");
        }
        assert_eq!(stub.heads().len() - asked, 6, "{status} {reason}: it was asked more than once");
    }
}

#[tokio::test]
async fn a_refusal_at_opening_is_the_refusal() {
    for (status, kind) in [
        (401, ErrorKind::AuthFailed),
        (403, ErrorKind::AuthFailed),
        (404, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
    ] {
        let stub = Stub::start(move |_| refusal(status, "", "reason", "Words.")).await;
        let error = GcsBackend::open(id(), stub.config()).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_written()), (kind, false), "{error:?}");
        assert_eq!(stub.heads().len(), 1);
    }
}

#[tokio::test]
async fn what_is_missing_is_told_by_the_services_words_without_another_request() {
    let (stub, backend) = refusing(404, "", "notFound", "No such object: bucket/a/b").await;
    let asked = stub.heads().len();
    assert_eq!(backend.get(&key(), 10).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(backend.get_range(&key(), 0..1).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(backend.stat(&key()).await.unwrap_err().kind(), ErrorKind::NotFound);
    backend.delete(&key()).await.unwrap();
    assert_eq!(stub.heads().len() - asked, 4);

    let (stub, backend) = refusing(404, "", "notFound", "The specified bucket does not exist.").await;
    let asked = stub.heads().len();
    for (operation, error) in every_operation(&backend, &key()).await {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{operation}");
        assert!(
            error.to_string().contains("there is no bucket bucket") && !error.may_have_written(),
            "{error}"
        );
    }
    assert_eq!(stub.heads().len() - asked, 6);
}

#[tokio::test]
async fn where_the_bucket_cant_be_looked_for_nothing_is_said_to_be_missing() {
    let stub = Stub::start(|head| {
        if head.contains("/o/") {
            answer(404, "", "Not Found")
        } else {
            refusal(503, "", "backendError", "x")
        }
    });
    let stub = stub.await;
    // It can't be opened in this state.
    assert_eq!(GcsBackend::open(id(), stub.config()).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let stub = Stub::start(move |head| match head.contains("/o/") {
        true => answer(404, "", "Not Found"),
        false if is_first.swap(false, std::sync::atomic::Ordering::SeqCst) => page(EMPTY_PAGE),
        false => refusal(503, "", "backendError", "x"),
    });
    let stub = stub.await;
    let backend = open(stub.config()).await;
    for error in [
        backend.get(&key(), 10).await.unwrap_err(),
        backend.stat(&key()).await.unwrap_err(),
        backend.delete(&key()).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
    }
}

#[tokio::test]
async fn conditions() {
    let (stub, backend) =
        refusing(412, "", "conditionNotMet", "At least one of the pre-conditions ...").await;
    let put = backend.put(&key(), vec![1].into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!((put.kind(), put.may_have_written()), (ErrorKind::AlreadyExists, false));
    let put = backend.put(&key(), vec![1].into(), &PutOptions::replace()).await.unwrap_err();
    assert_eq!(put.kind(), ErrorKind::Other);
    let heads = stub.heads();
    assert!(heads[1].contains("ifGenerationMatch=0") && !heads[2].contains("ifGenerationMatch"), "{heads:?}");
    assert!(heads[1].contains("uploadType=multipart") && heads[1].contains("name=a%2Fb"), "{heads:?}");

    let (_stub, backend) = refusing(412, "", "orgPolicyConstraintFailed", "x").await;
    for options in [PutOptions::create_only(), PutOptions::replace()] {
        let put = backend.put(&key(), vec![1].into(), &options).await.unwrap_err();
        assert_eq!((put.kind(), put.may_have_written()), (ErrorKind::AuthFailed, false));
    }
}

#[tokio::test]
async fn the_service_finds_a_wrong_checksum() {
    let message = "Provided CRC32C \\\"AAAAAA==\\\" doesn't match calculated CRC32C \\\"Nks/tw==\\\".";
    let (_stub, backend) = refusing(400, "", "invalid", message).await;
    let put = backend.put(&key(), vec![1].into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!(
        (put.kind(), put.is_retryable(), put.may_have_written()),
        (ErrorKind::Unavailable, true, false)
    );
}

#[tokio::test]
async fn a_stored_checksum_that_isnt_ours_is_noticed() {
    let stub = Stub::with_bucket(|_| {
        page(
            r#"{"name": "a/b", "bucket": "bucket", "generation": "1", "metageneration": "1", "size": "3", "crc32c": "AAAAAA=="}"#,
        )
    });
    let stub = stub.await;
    let backend = open(stub.config()).await;
    let put = backend.put(&key(), b"abc".to_vec().into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!(
        (put.kind(), put.is_retryable(), put.may_have_written()),
        (ErrorKind::Unavailable, true, true)
    );
}

#[tokio::test]
async fn the_project_that_pays_is_named_in_every_request() {
    let stub = Stub::with_bucket(|_| refusal(503, "", "backendError", "x")).await;
    let backend = open(stub.config().with_quota_project("payer-1").unwrap()).await;
    every_operation(&backend, &key()).await;
    let heads = stub.heads();
    assert_eq!(heads.len(), 7);
    for head in heads {
        let named = head.lines().filter(|line| line.eq_ignore_ascii_case("x-goog-user-project: payer-1"));
        assert_eq!(named.count(), 1, "{head}");
        assert!(!head.to_ascii_lowercase().contains("authorization"), "{head}");
    }
}
