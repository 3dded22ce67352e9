//! What servers answer that this one can't be brought to say.

use crate::connections::every_operation;
use crate::server::{id, key, value};
use crate::stub::{Stub, answer, page, refusal};
use std::error::Error as _;
use std::time::Duration;
use xstore_backend::{Error, ErrorKind, PutOptions, StorageBackend};
use xstore_backend_s3::{Checksum, S3Backend};

/// Answers everything in this way, but that the bucket is there.
pub(crate) async fn answering(bytes: Vec<u8>) -> (Stub, S3Backend) {
    let stub = Stub::with_bucket(move |_| bytes.clone()).await;
    let backend = S3Backend::open(id(), stub.config()).await.unwrap();
    (stub, backend)
}

pub(crate) async fn get(head_and_body: &str, max: usize) -> Result<xstore_backend::Bytes, Error> {
    answering(head_and_body.as_bytes().to_vec()).await.1.get(&key("a"), max).await
}

#[tokio::test]
async fn load_is_unavailable_and_says_when_to_come_back() {
    for (status, code) in [(503, "SlowDown"), (429, "TooManyRequests"), (500, "InternalError"), (502, "x")] {
        let (_stub, backend) = answering(refusal(status, "retry-after: 7\r\n", code, "Please wait.")).await;
        for (operation, error) in every_operation(&backend).await {
            assert_eq!(
                (error.kind(), error.is_retryable()),
                (ErrorKind::Unavailable, true),
                "{operation}: {error:?}"
            );
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "{operation}");
        }
    }
    let (_stub, backend) = answering(refusal(503, "retry-after: 99999999\r\n", "SlowDown", "")).await;
    let error = backend.delete(&key("a")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn each_attempt_is_one_request() {
    let (stub, backend) = answering(refusal(503, "", "SlowDown", "")).await;
    let before = stub.heads().len();
    let failed = every_operation(&backend).await.len();
    assert_eq!(stub.heads().len() - before, failed);
}

#[tokio::test]
async fn expired_credentials_are_expired_also_where_the_answer_can_t_say_so() {
    let expired = || refusal(400, "", "ExpiredToken", "The provided token has expired.");
    let stub = Stub::start(move |_| expired()).await;
    let error = S3Backend::open(id(), stub.config()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, false));
    // Good when it was opened.
    let is_new = std::sync::atomic::AtomicBool::new(true);
    let stub = Stub::start(move |head| {
        let was_new = is_new.swap(false, std::sync::atomic::Ordering::SeqCst);
        match (was_new, head.starts_with("HEAD")) {
            (true, _) => page(crate::stub::EMPTY_PAGE),
            (_, true) => answer(400, "", ""),
            _ => expired(),
        }
    })
    .await;
    let backend = S3Backend::open(id(), stub.config()).await.unwrap();
    for (operation, error) in every_operation(&backend).await {
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::AuthFailed, false),
            "{operation}: {error:?}"
        );
        assert!(error.to_string().ends_with(": the credentials have expired"), "{error}");
        assert!(!error.may_have_written());
    }
}

#[tokio::test]
async fn another_region_is_named() {
    let moved = refusal(
        301,
        "x-amz-bucket-region: eu-west-1\r\nlocation: http://127.0.0.1:9/\r\n",
        "PermanentRedirect",
        "",
    );
    let stub = Stub::start(move |_| moved.clone()).await;
    let error = S3Backend::open(id(), stub.config()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    assert_eq!(error.to_string(), "bucket: open: the bucket is in the region eu-west-1: set region");
    assert_eq!(stub.heads().len(), 1, "nothing is followed");
}

#[tokio::test]
async fn no_room_is_no_room() {
    for (status, code) in [(507, "XMinioStorageFull"), (403, "QuotaExceeded"), (507, "x")] {
        let (_stub, backend) = answering(refusal(status, "", code, "")).await;
        let error = backend.put(&key("a"), value(10).into(), &PutOptions::replace()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::QuotaExceeded, false), "{error:?}");
    }
}

#[tokio::test]
async fn a_conflict_is_worth_another_attempt() {
    let (_stub, backend) = answering(refusal(409, "", "ConditionalRequestConflict", "")).await;
    let error = backend.put(&key("a"), value(10).into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
    assert!(error.may_have_written());
}

/// A server that doesn't say which of the two isn't there is asked for the bucket.
#[tokio::test]
async fn not_found_is_believed_only_with_the_bucket() {
    let (_stub, backend) = answering(refusal(404, "", "NoSuchKey", "")).await;
    assert_eq!(backend.get(&key("a"), 10).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(backend.get_range(&key("a"), 0..1).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(backend.stat(&key("a")).await.unwrap_err().kind(), ErrorKind::NotFound);
    backend.delete(&key("a")).await.unwrap();
    for code in ["NoSuchKey", "NotFound", "NoSuchBucket", "Whatever"] {
        let is_new = std::sync::atomic::AtomicBool::new(true);
        let stub = Stub::start(move |head| match is_new.swap(false, std::sync::atomic::Ordering::SeqCst) {
            true => page(crate::stub::EMPTY_PAGE),
            false if crate::stub::asks_for_bucket(head) => refusal(404, "", "NoSuchBucket", ""),
            false => refusal(404, "", code, ""),
        })
        .await;
        let backend = S3Backend::open(id(), stub.config()).await.unwrap();
        for (operation, error) in every_operation(&backend).await {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{operation} {code}: {error:?}");
        }
    }
}

#[tokio::test]
async fn only_a_condition_can_fail() {
    let found = || answer(200, "etag: x\r\n", "");
    let failed = || refusal(412, "", "PreconditionFailed", "");
    let stub = Stub::with_bucket(move |head| if head.starts_with("PUT") { failed() } else { found() }).await;
    let backend = S3Backend::open(id(), stub.config()).await.unwrap();
    for (options, kind) in
        [(PutOptions::create_only(), ErrorKind::AlreadyExists), (PutOptions::replace(), ErrorKind::Other)]
    {
        let error = backend.put(&key("a"), value(10).into(), &options).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_written()), (kind, false), "{error:?}");
    }
}

#[tokio::test]
async fn a_flipped_bit_is_noticed() {
    let answer = "HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 9\r\nx-amz-checksum-crc32: y/Q5Jg==\r\n\r\n";
    assert_eq!(get(&format!("{answer}123456789"), 9).await.unwrap(), "123456789");
    let flipped = get(&format!("{answer}123456788"), 9).await.unwrap_err();
    assert_eq!((flipped.kind(), flipped.is_retryable()), (ErrorKind::Unavailable, true), "{flipped:?}");
    assert!(flipped.to_string().contains("checksum"), "{flipped}");
    // A range has none, whatever the server says.
    let range = "HTTP/1.1 206 Some\r\netag: x\r\ncontent-length: 2\r\ncontent-range: bytes 1-2/9\r\nx-amz-checksum-crc32: y/Q5Jg==\r\n\r\n23";
    let (_stub, backend) = answering(range.as_bytes().to_vec()).await;
    assert_eq!(backend.get_range(&key("a"), 1..3).await.unwrap(), "23");
}

#[tokio::test]
async fn checksums_are_sent_as_headers_and_nothing_is_wrapped() {
    for (checksum, header) in [
        (Checksum::Crc32, Some("x-amz-checksum-crc32: y/Q5Jg==")),
        (Checksum::Md5, Some("content-md5: JfnnlDI7RTiF9RgfG2JNCw==")),
        (Checksum::None, None),
    ] {
        let stub = Stub::with_bucket(|_| answer(200, "etag: x\r\n", "")).await;
        let backend = S3Backend::open(id(), stub.config().with_checksum(checksum)).await.unwrap();
        let payload = xstore_backend::Payload::from_chunks(["1234", "", "56789"].map(Into::into).to_vec());
        backend.put(&key("a"), payload, &PutOptions::create_only()).await.unwrap();
        let head = stub.heads().pop().unwrap();
        let has = |text: &str| head.lines().any(|line| line == text);
        assert!(has("content-length: 9") && has("if-none-match: *"), "{head}");
        for all in ["x-amz-checksum-crc32: y/Q5Jg==", "content-md5: JfnnlDI7RTiF9RgfG2JNCw=="] {
            assert_eq!(has(all), header == Some(all), "{head}");
        }
        assert!(
            !head.contains("aws-chunked") && !head.contains("trailer") && !head.contains("transfer-encoding"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn what_the_server_said_is_the_cause() {
    let (_stub, backend) = answering(refusal(
        403,
        "x-amz-request-id: 4442587FB7D0A2F9\r\n",
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/x may not s3:PutObject, token FwoGZXIvYXdzEBYaDHqa0AP1",
    ))
    .await;
    let error = backend.put(&key("a"), value(10).into(), &PutOptions::replace()).await.unwrap_err();
    assert_eq!(error.to_string(), "bucket: put a: these credentials don't allow it");
    let expected = "the server answered 403 AccessDenied to the request 4442587FB7D0A2F9: User: \
                    arn:aws:iam::123456789012:user/x may not s3:PutObject, token ...";
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some(expected));
}
