//! From a URL to a bucket, and what is refused.

use crate::server::{
    OwnBucket, backend, bucket, config, config_at, endpoint, fresh_prefix, id, key, keys, raw, value,
};
use crate::stub::{EMPTY_PAGE, Stub, answer, asks_for_bucket, page};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use xstore_backend::{
    BackendUrl, Bytes, Error, ErrorKind, OpenError, OpenRequest, Operation, Prefix, PutOptions, Registry,
    Secret, Setting, Settings, StorageBackend,
};
use xstore_backend_s3::{Checksum, Keys, S3Backend, register};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

async fn refusal(keys: Keys) -> Error {
    S3Backend::open(id(), config(&bucket(), "").with_keys(keys)).await.unwrap_err()
}

#[tokio::test]
async fn a_registry_opens_buckets() {
    let mut registry = Registry::new();
    register(&mut registry);
    let request = |settings| {
        let url = BackendUrl::new(&format!("s3://{}/{}", bucket(), fresh_prefix())).unwrap();
        OpenRequest::new(id(), url).with_settings(settings)
    };
    let variable = |name| Setting::Secret(secret(&std::env::var(name).unwrap()));
    let settings = Settings::new()
        .with("endpoint", Setting::Text(endpoint()))
        .with("allow-http", Setting::Flag(true))
        .with("access-key-id", variable("XSTORE_ITEST_S3_ACCESS_KEY"))
        .with("secret-access-key", variable("XSTORE_ITEST_S3_SECRET_KEY"));
    let backend = registry.open(request(settings.clone())).await.unwrap();
    backend.put(&key("a/b"), value(1000).into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(backend.get(&key("a/b"), 1000).await.unwrap(), value(1000));
    assert_eq!(registry.capability(&request(settings.clone())), backend.capability());
    let wrong = settings.with("secret-access-key", Setting::Text("plain".into()));
    assert!(matches!(registry.open(request(wrong)).await, Err(OpenError::Setting(_))));
}

#[tokio::test]
async fn wrong_keys_are_said_to_be_wrong() {
    let wrong = refusal(Keys::new(secret("AKIAUNKNOWN"), secret("no"))).await;
    assert_eq!((wrong.kind(), wrong.is_retryable()), (ErrorKind::AuthFailed, false), "{wrong:?}");
    assert_eq!(wrong.to_string(), "bucket: open: the server doesn't know the access key");
    let id = std::env::var("XSTORE_ITEST_S3_ACCESS_KEY").unwrap();
    let wrong = refusal(Keys::new(secret(&id), secret("no"))).await;
    assert_eq!((wrong.kind(), wrong.is_retryable()), (ErrorKind::AuthFailed, false), "{wrong:?}");
    assert_eq!(wrong.to_string(), "bucket: open: the secret access key is wrong");
    assert!(!wrong.may_have_written());
    assert_eq!(wrong.operation(), Some(Operation::Open));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_made_only_when_asked_for() {
    let name = format!("made-{}", std::process::id());
    let missing = S3Backend::open(id(), config(&name, "")).await.unwrap_err();
    assert_eq!((missing.kind(), missing.is_retryable()), (ErrorKind::Unavailable, false), "{missing:?}");
    assert_eq!(missing.to_string(), "bucket: open: there is no such bucket");
    let made = S3Backend::create(id(), config(&name, "in/here")).await.unwrap();
    // The object that it was tried with is gone.
    let names = raw().list_objects_v2().bucket(&name).send().await.unwrap();
    assert!(names.contents().is_empty(), "{names:?}");
    made.put(&key("a"), value(10).into(), &PutOptions::create_only()).await.unwrap();
    let again = S3Backend::create(id(), config(&name, "in/here")).await.unwrap();
    assert_eq!(again.get(&key("a"), 10).await.unwrap(), value(10));
    made.delete(&key("a")).await.unwrap();
    raw().delete_bucket().bucket(&name).send().await.unwrap();
}

#[tokio::test]
async fn a_prefix_keeps_apart_what_is_in_one_bucket() {
    let prefix = fresh_prefix();
    let one = S3Backend::open(id(), config(&bucket(), &prefix)).await.unwrap();
    let longer = S3Backend::open(id(), config(&bucket(), &format!("{prefix}2"))).await.unwrap();
    one.put(&key("a"), value(10).into(), &PutOptions::create_only()).await.unwrap();
    assert!(longer.list(&Prefix::all(), None).await.unwrap().entries.is_empty());
    let got = raw().get_object().bucket(bucket()).key(format!("{prefix}/a")).send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), value(10));
}

#[tokio::test]
async fn names_that_are_no_keys_are_left_out() {
    let own = OwnBucket::make().await;
    let backend = S3Backend::open(id(), config(own.name(), "p")).await.unwrap();
    for name in
        ["p/UPPER", "p/a b", "p/%41", "p/a%2fb", "p/ü+x", "p/_x", "p", "q/z", "p/good/key", "p/a\u{7f}b"]
    {
        raw().put_object().bucket(own.name()).key(name).body(Bytes::from("x").into()).send().await.unwrap();
    }
    let page = backend.list(&Prefix::all(), None).await.unwrap();
    let names: Vec<_> = page.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!((names, page.next), (vec!["good/key"], None));
}

#[tokio::test]
async fn every_checksum_is_taken() {
    for checksum in [Checksum::Crc32, Checksum::Md5, Checksum::None] {
        let config = config(&bucket(), &fresh_prefix()).with_checksum(checksum);
        let backend = S3Backend::open(id(), config).await.unwrap();
        for len in [0, 1, 3_000_000] {
            let key = key(&format!("a/{len}"));
            backend.put(&key, value(len).into(), &PutOptions::create_only()).await.unwrap();
            assert_eq!(backend.get(&key, len).await.unwrap(), value(len));
        }
    }
}

/// What the server keeps is what it verified.
#[tokio::test]
async fn the_server_knows_the_checksum() {
    let prefix = fresh_prefix();
    let backend = S3Backend::open(id(), config(&bucket(), &prefix)).await.unwrap();
    backend.put(&key("a"), Bytes::from("123456789").into(), &PutOptions::create_only()).await.unwrap();
    let mode = aws_sdk_s3::types::ChecksumMode::Enabled;
    let head = raw().head_object().bucket(bucket()).key(format!("{prefix}/a")).checksum_mode(mode);
    // The check value of CRC-32/ISO-HDLC, 0xcbf43926.
    assert_eq!(head.send().await.unwrap().checksum_crc32(), Some("y/Q5Jg=="));
}

#[tokio::test]
async fn without_conditions_the_adapter_looks_first() {
    let config = config(&bucket(), &fresh_prefix()).with_conditional_writes(false);
    let backend = S3Backend::create(id(), config).await.unwrap();
    assert!(!backend.capability().create_only);
    backend.put(&key("a"), value(10).into(), &PutOptions::create_only()).await.unwrap();
    let refused = backend.put(&key("a"), value(20).into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.may_have_written()), (ErrorKind::AlreadyExists, false));
    backend.put(&key("a"), value(30).into(), &PutOptions::replace()).await.unwrap();
    assert_eq!(backend.get(&key("a"), 100).await.unwrap(), value(30));
}

/// One that overwrites although it was told not to, and one that knows no conditions at all.
#[tokio::test]
async fn a_server_without_conditions_is_noticed_when_a_store_is_made() {
    for refused in
        [answer(200, "etag: x\r\n", ""), crate::stub::refusal(501, "", "NotImplemented", "A header.")]
    {
        let puts = Arc::new(AtomicUsize::new(0));
        let seen = puts.clone();
        let stub = Stub::start(move |head| {
            if asks_for_bucket(head) {
                page(EMPTY_PAGE)
            } else if head.starts_with("PUT /bucket/_xstore-probe?") {
                assert!(head.contains("\r\nif-none-match: *\r\n"), "{head}");
                seen.fetch_add(1, Ordering::SeqCst);
                refused.clone()
            } else {
                assert!(head.starts_with("DELETE /bucket/_xstore-probe?"), "{head}");
                answer(204, "", "")
            }
        })
        .await;
        let error = S3Backend::create(id(), stub.config()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unsupported, false), "{error:?}");
        assert!(error.to_string().contains("conditional-writes = false"), "{error}");
        assert!(puts.load(Ordering::SeqCst) > 0);
        S3Backend::create(id(), stub.config().with_conditional_writes(false)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_printed_is_id_and_configuration() {
    let backend = backend().await;
    let expected =
        format!("S3Backend {{ id: \"bucket\", client: Client {{ config: {:?}, .. }} }}", backend.config());
    assert_eq!(format!("{backend:?}"), expected);
    assert!(expected.contains("secret_access_key: Secret(..)"), "{expected}");
}

#[tokio::test]
async fn without_a_region_nothing_is_guessed() {
    // Neither keys nor an endpoint: the chain of AWS would be asked, so a profile that isn't there.
    let url = BackendUrl::new("s3://bucket").unwrap();
    let config = xstore_backend_s3::Config::new(&url).unwrap().with_keys(keys());
    let error = S3Backend::open(id(), config).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error:?}");
    assert!(error.to_string().contains("set region"), "{error}");
}

/// No place to get credentials from: nothing is asked of the network, since a profile is named.
#[tokio::test]
async fn missing_credentials_are_said_to_be_missing() {
    let config = config_at(&endpoint(), &bucket(), "").with_profile("xstore-test-that-nobody-has");
    let error = S3Backend::open(id(), config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthFailed, "{error:?}");
    assert!(!error.may_have_written());
}
