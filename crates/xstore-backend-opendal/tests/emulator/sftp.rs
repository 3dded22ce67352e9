//! The suite over SFTP, and what is special about it.

use std::path::Path;
use std::sync::Arc;

use xstore_backend::{BackendId, ErrorKind, Key, OpenError, Prefix, PutOptions, StorageBackend};
use xstore_backend_opendal::{Config, OpendalBackend, Service};
use xstore_testkit::{Fixture, backend_conformance};

use crate::proxy::Proxy;
use crate::sshd::{SHARED, Sshd};
use crate::stacked::{PREFIX, stacked};

pub(crate) fn config(server: &Sshd, root: &Path, key: &str) -> Config {
    Config::new(Service::Sftp)
        .with_option("endpoint", format!("ssh://127.0.0.1:{}", server.port))
        .with_option("root", root.to_str().unwrap())
        .with_option("key", server.key(key).to_str().unwrap())
        .with_option("known_hosts_strategy", "accept")
}

fn id() -> BackendId {
    BackendId::new("ssh").unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

async fn open(config: Config) -> OpendalBackend {
    OpendalBackend::open(id(), config).await.unwrap()
}

async fn fixture(finish: fn(Arc<dyn StorageBackend>) -> Arc<dyn StorageBackend>) -> Fixture {
    let server = &*SHARED;
    let folder = tempfile::tempdir_in(server.folder()).unwrap();
    let (root, aside) = (folder.path().join("root"), folder.path().join("aside"));
    std::fs::create_dir(&root).unwrap();
    let config = config(server, &root, "user");
    let backend = finish(Arc::new(open(config.clone()).await));
    let (broken, mended) = ((root.clone(), aside.clone()), (root, aside));
    Fixture::new(backend)
        .refusing_by_length()
        .with_reopen(move || {
            let config = config.clone();
            async move { finish(Arc::new(open(config).await)) }
        })
        .with_break_root(move || {
            let (root, aside) = broken.clone();
            async move { std::fs::rename(root, aside).unwrap() }
        })
        .with_mend_root(move || {
            let (root, aside) = mended.clone();
            async move {
                // Somebody made it anew, otherwise.
                assert!(!root.exists());
                std::fs::rename(aside, root).unwrap();
            }
        })
        .with_guard(folder)
}

backend_conformance!(over_sftp, || fixture(|backend| backend));
backend_conformance!(over_sftp_as_a_store_does, || async {
    fixture(stacked).await.with_longest_key(Key::MAX_LEN - PREFIX.len() - 1)
});

#[tokio::test]
async fn a_wrong_key_is_refused_access() {
    let opened = OpendalBackend::open(id(), config(&SHARED, SHARED.folder(), "stranger")).await;
    let OpenError::Backend(error) = opened.unwrap_err() else { panic!() };
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, false), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_is_unavailable() {
    let server = Sshd::start();
    let config = config(&server, server.folder(), "user");
    drop(server);
    let OpenError::Backend(error) = OpendalBackend::open(id(), config).await.unwrap_err() else { panic!() };
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
}

/// A connection that breaks under an open backend, and nobody answers any more; and when somebody does again.
#[tokio::test]
async fn a_server_that_goes_away_is_unavailable_until_it_is_back() {
    let mut proxy = Proxy::start(&format!("127.0.0.1:{}", SHARED.port)).await;
    let root = tempfile::tempdir().unwrap();
    let config =
        config(&SHARED, root.path(), "user").with_option("endpoint", format!("ssh://{}", proxy.address()));
    let backend = open(config).await;
    backend.put(&key("a"), b"x".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    proxy.stop().await;
    let error = backend.get(&key("a"), 1).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
    let put = backend.put(&key("b"), b"x".as_slice().into(), &PutOptions::create_only()).await;
    let error = put.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Unavailable, false), "{error:?}");
    assert!(!root.path().join("b").exists());
    proxy.listen_again().await;
    assert_eq!(backend.get(&key("a"), 1).await.unwrap(), "x");
}

/// In the middle of a value, nothing of it is visible.
#[tokio::test]
async fn a_put_that_is_cut_off_leaves_no_part_of_a_value() {
    let proxy = Proxy::start(&format!("127.0.0.1:{}", SHARED.port)).await;
    let root = tempfile::tempdir().unwrap();
    let config =
        config(&SHARED, root.path(), "user").with_option("endpoint", format!("ssh://{}", proxy.address()));
    let backend = open(config).await;
    proxy.cut_up_after(500_000);
    let put = backend.put(&key("f/v"), vec![7; 4 << 20].into(), &PutOptions::create_only()).await;
    let error = put.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Unavailable, false), "{error:?}");
    proxy.mend();
    assert_eq!(backend.get(&key("f/v"), 4 << 20).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(backend.list(&Prefix::all(), None).await.unwrap().entries.is_empty());
    assert!(!root.path().join("f/v").exists());
}

/// The client of SFTP takes it for a broken answer, and OpenDAL's listing would panic over it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_that_is_no_text_is_an_error_and_no_panic() {
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir().unwrap();
    let backend = open(config(&SHARED, root.path(), "user")).await;
    backend.put(&key("a"), b"x".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    std::fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), b"").unwrap();
    let error = backend.list(&Prefix::all(), None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Other), "{error:?}");
    for _ in 0..3 {
        assert_eq!(backend.get(&key("a"), 1).await.unwrap(), "x");
    }
}
