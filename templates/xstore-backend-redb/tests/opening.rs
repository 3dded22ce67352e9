//! What opens, and what is refused.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::path::Path;
use std::sync::Arc;
use xstore_backend::{
    BackendId, BackendUrl, Error, ErrorKind, OpenError, OpenRequest, Registry, Setting, Settings,
    StorageBackend,
};

async fn open(url: &str, base: &Path, create: bool) -> Result<Arc<dyn StorageBackend>, OpenError> {
    let request =
        OpenRequest::new(BackendId::new("r").unwrap(), BackendUrl::new(url).unwrap()).with_base(base);
    let mut registry = Registry::new();
    xstore_backend_redb::register(&mut registry);
    registry.open(if create { request.creating() } else { request }).await
}

async fn refused(folder: &Path, create: bool) -> Error {
    match open("redb:x", folder, create).await {
        Err(OpenError::Backend(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_not_there_is_made_only_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), false).await;
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    assert!(!folder.path().join("x").exists());
    let first = open("redb:x", folder.path(), true).await.unwrap();
    assert!(first.capability().durable);
    let error = refused(folder.path(), false).await;
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
    drop(first);
    open("redb:x", folder.path(), false).await.unwrap();
    assert_eq!(refused(&folder.path().join("none"), true).await.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_file_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = "not a database, but long enough to be looked at. ".repeat(1000);
    std::fs::write(folder.path().join("x"), &text).unwrap();
    for create in [false, true] {
        let error = refused(folder.path(), create).await;
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error:?}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("x")).unwrap(), text);
}

#[tokio::test]
async fn urls_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["redb:", "redb://host/x", "redb:///x"] {
        assert!(matches!(open(url, folder.path(), true).await, Err(OpenError::Url(_))), "{url}");
    }
    let mut registry = Registry::new();
    xstore_backend_redb::register(&mut registry);
    for (settings, is_good) in
        [(Settings::new(), true), (Settings::new().with("cache", Setting::Integer(1)), false)]
    {
        let url = BackendUrl::new("redb:y").unwrap();
        let request = OpenRequest::new(BackendId::new("r").unwrap(), url).with_base(folder.path()).creating();
        let request = request.with_settings(settings);
        assert_eq!(registry.check(&request).is_ok(), is_good);
        assert_eq!(registry.open(request).await.is_ok(), is_good);
    }
}
