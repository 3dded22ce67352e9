//! Connections that break, and servers that don't answer.

use std::num::NonZeroU64;
use std::time::Duration;

use xstore_backend::layer::{Timeouts, TimingOut};
use xstore_backend::{ErrorKind, OpenError, Prefix, PutOptions, StorageBackend};
use xstore_backend_opendal::OpendalBackend;
use xstore_testkit::poll_times;

use crate::proxy::Proxy;
use crate::stub::Stub;
use crate::webdav::{Folder, id, key, open, url};

fn target() -> String {
    url().trim_start_matches("http://").to_owned()
}

async fn behind(proxy: &Proxy) -> (Folder, OpendalBackend) {
    let folder = Folder::new().await;
    let backend = open(folder.config_at(&format!("http://{}", proxy.address()))).await;
    (folder, backend)
}

#[tokio::test]
async fn a_server_that_stops_is_unavailable_until_it_is_back() {
    let mut proxy = Proxy::start(&target()).await;
    let (folder, backend) = behind(&proxy).await;
    let a = key("a");
    backend.put(&a, b"x".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    proxy.stop().await;
    for _ in 0..2 {
        let put = backend.put(&key("b"), b"x".as_slice().into(), &PutOptions::replace()).await;
        let errors = [
            backend.get(&a, 1).await.unwrap_err(),
            backend.stat(&a).await.unwrap_err(),
            backend.list(&Prefix::all(), None).await.unwrap_err(),
            backend.delete(&a).await.unwrap_err(),
            put.unwrap_err(),
        ];
        for error in &errors {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
        }
        assert!(!errors[4].may_have_written());
    }
    let opened = OpendalBackend::open(id(), folder.config_at(&format!("http://{}", proxy.address()))).await;
    assert!(matches!(opened.unwrap_err(), OpenError::Backend(error) if error.is_retryable()));
    proxy.listen_again().await;
    assert_eq!(backend.get(&a, 1).await.unwrap(), "x");
}

/// Wherever it is cut, there is no part of a value, and the error says what may be.
#[tokio::test]
async fn a_put_that_is_cut_off_leaves_the_old_value_or_the_new() {
    let proxy = Proxy::start(&target()).await;
    let (_folder, backend) = behind(&proxy).await;
    let (old, new) = (vec![1; 1000], vec![2; 2 << 20]);
    let mut outcomes = [0; 2];
    for (round, cut) in
        [100, 2000, 4000, 100_000, 1 << 20, (2 << 20) + 1500, (2 << 20) + 4000].into_iter().enumerate()
    {
        let name = key(&format!("f/v{round}"));
        backend.put(&name, old.clone().into(), &PutOptions::create_only()).await.unwrap();
        proxy.cut_up_after(cut);
        let put = backend.put(&name, new.clone().into(), &PutOptions::replace()).await;
        proxy.mend();
        // What was already sent may still be at work.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let value = backend.get(&name, 4 << 20).await.unwrap();
        assert!(value == old || value == new, "{} bytes", value.len());
        outcomes[usize::from(value == new)] += 1;
        match put {
            Ok(()) => assert_eq!(value, new),
            Err(error) => {
                assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
                assert!(error.may_have_written() || value == old);
            }
        }
    }
    assert!(outcomes[0] > 0, "{outcomes:?}");
    let keys = backend.list(&Prefix::all(), None).await.unwrap().entries;
    assert!(keys.iter().all(|entry| [1000, 2 << 20].contains(&entry.stat.size)), "{keys:?}");
}

#[tokio::test]
async fn a_get_that_is_cut_off_is_no_short_value() {
    let proxy = Proxy::start(&target()).await;
    let (_folder, backend) = behind(&proxy).await;
    let (name, value) = (key("v"), vec![3; 1 << 20]);
    backend.put(&name, value.clone().into(), &PutOptions::create_only()).await.unwrap();
    for cut in [10, 2000, 10_000, 1 << 19, 1 << 20] {
        proxy.cut_down_after(cut);
        let error = backend.get(&name, 2 << 20).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{cut}: {error:?}");
        proxy.cut_down_after(cut);
        let error = backend.get_range(&name, 1..(1 << 20)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{cut}: {error:?}");
        proxy.mend();
    }
    assert_eq!(backend.get(&name, 2 << 20).await.unwrap(), value);
}

/// One that takes requests and says nothing: the future can be dropped, and a timeout of the store's ends it.
#[tokio::test]
async fn a_server_that_never_answers_ends_with_the_timeout() {
    let silent = Stub::start(|_| Vec::new()).await;
    let opening = OpendalBackend::open(id(), silent.config());
    assert!(tokio::time::timeout(Duration::from_millis(300), opening).await.is_err());

    let silent = Stub::with_value(|_| Vec::new()).await;
    let backend = open(silent.config()).await;
    assert!(poll_times(backend.get(&key("v"), 5), 3).await.is_none());
    let timeouts = Timeouts::new(Duration::from_millis(300), NonZeroU64::new(1 << 20).unwrap());
    let timed = TimingOut::new(backend, timeouts);
    assert_eq!(timed.get(&key("v"), 5).await.unwrap_err().kind(), ErrorKind::Timeout);
    let put = timed.put(&key("w"), b"x".as_slice().into(), &PutOptions::replace()).await;
    assert_eq!(put.unwrap_err().kind(), ErrorKind::Timeout);
}
