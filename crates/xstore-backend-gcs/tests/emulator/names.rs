//! Names of objects, as others see them.

use crate::server::{Bucket, config, endpoint, fresh, id, open};
use xstore_backend::{
    BackendUrl, Bytes, ErrorKind, Key, OpenError, OpenRequest, Payload, Prefix, PutOptions, Registry,
    Setting, Settings, StorageBackend,
};

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

#[tokio::test]
async fn a_key_is_the_name_of_its_object() {
    let bucket = Bucket::make().await;
    for (prefix, names) in
        [("", ["dir", "dir/x", "a-_.b/0"]), ("T~/x=1", ["T~/x=1/dir", "T~/x=1/dir/x", "T~/x=1/a-_.b/0"])]
    {
        let backend = open(bucket.config().with_prefix(prefix).unwrap()).await;
        for (text, name) in ["dir", "dir/x", "a-_.b/0"].into_iter().zip(names) {
            backend
                .put(&key(text), text.as_bytes().to_vec().into(), &PutOptions::create_only())
                .await
                .unwrap();
            assert!(bucket.names().await.iter().any(|found| found == name), "{name}");
        }
        for text in ["dir", "dir/x", "a-_.b/0"] {
            assert_eq!(backend.get(&key(text), 100).await.unwrap(), text);
            assert_eq!(backend.stat(&key(text)).await.unwrap().size, text.len() as u64);
        }
        backend.delete(&key("dir")).await.unwrap();
        assert_eq!(backend.get(&key("dir"), 100).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(backend.get(&key("dir/x"), 100).await.unwrap(), "dir/x");
    }
}

#[tokio::test]
async fn prefixes_of_one_bucket_dont_see_each_other() {
    let bucket = Bucket::make().await;
    let at = |prefix: &str| bucket.config().with_prefix(prefix).unwrap();
    let (all, a, ab) = (open(at("")).await, open(at("a")).await, open(at("ab")).await);
    for backend in [&all, &a, &ab] {
        backend
            .put(&key("v"), backend.config().prefix().as_bytes().to_vec().into(), &PutOptions::create_only())
            .await
            .unwrap();
    }
    for backend in [&a, &ab] {
        let page = backend.list(&Prefix::all(), None).await.unwrap();
        let keys: Vec<_> = page.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!((keys.as_slice(), page.next), (&["v"][..], None));
        assert_eq!(backend.get(&key("v"), 10).await.unwrap(), backend.config().prefix());
    }
}

#[tokio::test]
async fn a_registry_opens_what_exists_and_makes_nothing() {
    let mut registry = Registry::new();
    xstore_backend_gcs::register(&mut registry);
    let settings = Settings::new()
        .with("endpoint", Setting::Text(endpoint()))
        .with("anonymous", Setting::Flag(true))
        .with("connect-timeout", Setting::Integer(2000));
    let request = |url: &str| {
        let url = BackendUrl::new(url).unwrap();
        OpenRequest::new(id(), url).with_settings(settings.clone()).creating()
    };
    let there = request(&format!("gs://{}/{}/", config().bucket(), fresh("by-url")));
    let backend = registry.open(there.clone()).await.unwrap();
    assert_eq!(registry.capability(&there), backend.capability());
    backend.put(&key("a/b"), b"a share".to_vec().into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(backend.get(&key("a/b"), 7).await.unwrap(), "a share");
    backend.delete(&key("a/b")).await.unwrap();

    let missing = fresh("missing");
    for _ in 0..2 {
        let Err(OpenError::Backend(error)) = registry.open(request(&format!("gs://{missing}"))).await else {
            panic!("a bucket that isn't there was opened");
        };
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
        assert!(error.to_string().contains(&format!("there is no bucket {missing}")), "{error}");
    }
}

#[tokio::test]
async fn when_it_was_made_is_known() {
    let backend = open(Bucket::make().await.config()).await;
    backend.put(&key("v"), vec![1; 5].into(), &PutOptions::replace()).await.unwrap();
    let made = backend.stat(&key("v")).await.unwrap().modified.unwrap();
    assert!(made.elapsed().unwrap().as_secs() < 3600, "{made:?}");
    let listed = backend.list(&Prefix::all(), None).await.unwrap().entries.remove(0);
    assert_eq!(listed.stat.modified, Some(made));
}

/// As long as the longest share.
#[tokio::test]
async fn eighty_mebibytes_in_pieces() {
    let backend = open(config()).await;
    let (name, len) = (fresh("t/large"), 80 << 20);
    let piece = Bytes::from(
        (0..1_000_003u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect::<Vec<_>>(),
    );
    let mut pieces = Vec::new();
    let mut left = len;
    while left > 0 {
        pieces.push(piece.slice(..left.min(piece.len())));
        left -= left.min(piece.len());
    }
    let payload = Payload::from_chunks(pieces);
    backend.put(&key(&name), payload.clone(), &PutOptions::create_only()).await.unwrap();
    let value = backend.get(&key(&name), len).await.unwrap();
    assert!(payload.equals(&value));
    assert_eq!(backend.get(&key(&name), len - 1).await.unwrap_err().kind(), ErrorKind::TooLarge);
    backend.delete(&key(&name)).await.unwrap();
}
