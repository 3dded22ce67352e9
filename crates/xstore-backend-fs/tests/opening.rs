//! Folders by URL, and futures without a runtime.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use xstore_backend::{
    BackendId, BackendUrl, ErrorKind, Key, OpenError, OpenRequest, PutOptions, Registry, Setting,
    SettingProblem, Settings, StorageBackend,
};
use xstore_backend_fs::{FsBackend, SCHEMES, register};

fn id() -> BackendId {
    BackendId::new("disk").unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    register(&mut registry);
    registry
}

fn request(url: &str, base: &Path) -> OpenRequest {
    OpenRequest::new(id(), BackendUrl::new(url).unwrap()).with_base(base)
}

#[tokio::test]
async fn a_url_opens_what_is_there_and_makes_only_what_it_should() {
    assert_eq!(registry().schemes().collect::<Vec<_>>(), SCHEMES);
    let folder = tempfile::tempdir().unwrap();
    let missing = registry().open(request("file:disk", folder.path())).await.unwrap_err();
    let OpenError::Backend(error) = missing else { panic!("{missing:?}") };
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    assert_eq!(error.backend(), Some(&id()));
    assert!(!folder.path().join("disk").exists());

    let made = registry().open(request("file:disk", folder.path()).creating()).await.unwrap();
    let key = Key::new("a/b").unwrap();
    made.put(&key, b"value".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    let again = registry().open(request("file:./disk", folder.path())).await.unwrap();
    assert_eq!(again.get(&key, 5).await.unwrap(), "value");
    assert_eq!(std::fs::read(folder.path().join("disk/a/b")).unwrap(), b"value");

    let nested = registry().open(request("file:no/such", folder.path()).creating()).await.unwrap_err();
    assert!(matches!(nested, OpenError::Backend(_)), "{nested:?}");
}

#[tokio::test]
async fn an_absolute_url_opens_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a b");
    std::fs::create_dir(&root).unwrap();
    let path = root.to_str().unwrap().replace('\\', "/").replace(' ', "%20");
    let url = format!("file:///{}", path.trim_start_matches('/'));
    registry().open(request(&url, Path::new("elsewhere"))).await.unwrap();
    let literal = registry().open(request("file:a%20b", folder.path())).await;
    assert!(literal.is_err(), "an escape is none in a path that is taken as it stands");
}

#[tokio::test]
async fn settings_reach_the_backend() {
    let folder = tempfile::tempdir().unwrap();
    let with = |settings| registry_open(folder.path().to_owned(), settings);
    let durable = with(Settings::new()).await.unwrap();
    assert_eq!(durable.capability().durable, cfg!(unix));
    let fast = with(Settings::new().with("durable", Setting::Flag(false))).await.unwrap();
    assert!(!fast.capability().durable);
    let unknown = with(Settings::new().with("password", Setting::Text("hunter2".into()))).await.unwrap_err();
    let OpenError::Setting(error) = &unknown else { panic!("{unknown:?}") };
    assert_eq!(error.problem, SettingProblem::Unknown);
    assert!(!format!("{unknown:?}").contains("hunter2"));
}

async fn registry_open(
    base: std::path::PathBuf,
    settings: Settings,
) -> Result<std::sync::Arc<dyn StorageBackend>, OpenError> {
    registry().open(request("file:.", &base).with_settings(settings)).await
}

#[test]
fn without_a_runtime_an_operation_fails_and_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let backend = FsBackend::open(id(), folder.path()).unwrap();
    let key = Key::new("a").unwrap();
    let mut get = pin!(backend.get(&key, 1));
    let Poll::Ready(result) = get.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn while_the_runtime_shuts_down_an_operation_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let backend = FsBackend::open(id(), folder.path()).unwrap();
    let key = Key::new("a").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let _inside = handle.enter();
    let options = PutOptions::create_only();
    let mut put = pin!(backend.put(&key, b"x".as_slice().into(), &options));
    let Poll::Ready(result) = put.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Unavailable, false));
    assert!(!folder.path().join("a").exists());
}

#[tokio::test]
async fn a_value_longer_than_any_file_is_refused_by_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let backend = FsBackend::open(id(), folder.path()).unwrap();
    let piece = bytes_of(64 << 20);
    let payload = xstore_backend::Payload::from_chunks(vec![piece; 64]);
    assert_eq!(payload.len() as u64, backend.capability().max_put + 1);
    let result = backend.put(&Key::new("a").unwrap(), payload, &PutOptions::create_only()).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(!folder.path().join("a").exists());
}

fn bytes_of(len: usize) -> xstore_backend::Bytes {
    vec![0; len].into()
}

#[test]
fn debug_shows_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let backend = FsBackend::open(id(), folder.path()).unwrap().with_durable(false);
    let text = format!("{backend:?}");
    assert!(text.contains("\"disk\"") && text.contains("durable: false"), "{text}");
}
