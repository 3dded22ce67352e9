//! The suite over a WebDAV server, and what is special about WebDAV.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Client, Method, StatusCode};
use xstore_backend::{BackendId, Error, ErrorKind, Key, OpenError, Prefix, PutOptions, StorageBackend};
use xstore_backend_opendal::{Config, OpendalBackend, Service};
use xstore_testkit::{Fixture, backend_conformance};

/// The server, without a slash at its end.
pub(crate) fn url() -> String {
    let url = std::env::var("XSTORE_ITEST_WEBDAV_URL");
    url.expect("run `cargo xtask itest opendal`").trim_end_matches('/').to_owned()
}

/// A folder of its own on the server, which goes with it.
pub(crate) struct Folder {
    pub(crate) name: String,
}

impl Folder {
    pub(crate) async fn new() -> Self {
        let folder = Self { name: fresh() };
        assert_eq!(send("MKCOL", &folder.name, &[]).await, StatusCode::CREATED);
        folder
    }

    pub(crate) fn config(&self) -> Config {
        self.config_at(&url())
    }

    pub(crate) fn config_at(&self, endpoint: &str) -> Config {
        Config::new(Service::Webdav).with_option("endpoint", endpoint).with_option("root", &self.name)
    }

    /// The same under another name: to the backend it is gone.
    pub(crate) async fn rename(&self, to: &str) {
        move_to(&self.name, to).await;
    }
}

/// A name that no other test has, in this run or an earlier one.
pub(crate) fn fresh() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let time = tempfile::tempdir().unwrap().path().file_name().unwrap().to_str().unwrap().to_lowercase();
    format!("t{}-{}", COUNT.fetch_add(1, Ordering::SeqCst), time.trim_start_matches('.'))
}

pub(crate) async fn send(method: &str, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request =
        Client::new().request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}/{path}", url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status()
}

async fn move_to(from: &str, to: &str) {
    let to = format!("{}/{to}", url());
    let status = send("MOVE", from, &[("Destination", &to), ("Overwrite", "F")]).await;
    assert_eq!(status, StatusCode::CREATED, "{from} to {to}");
}

pub(crate) async fn open(config: Config) -> OpendalBackend {
    OpendalBackend::open(id(), config).await.unwrap()
}

pub(crate) fn id() -> BackendId {
    BackendId::new("dav").unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

async fn fixture(finish: fn(Arc<dyn StorageBackend>) -> Arc<dyn StorageBackend>) -> Fixture {
    let folder = Folder::new().await;
    let (config, name) = (folder.config(), folder.name.clone());
    let aside = format!("{name}-aside");
    let backend = finish(Arc::new(open(config.clone()).await));
    let (broken, mended) = ((name.clone(), aside.clone()), (aside, name));
    Fixture::new(backend)
        .refusing_by_length()
        .with_reopen(move || {
            let config = config.clone();
            async move { finish(Arc::new(open(config).await)) }
        })
        .with_break_root(move || {
            let (name, aside) = broken.clone();
            async move { move_to(&name, &aside).await }
        })
        .with_mend_root(move || {
            let (aside, name) = mended.clone();
            async move { move_to(&aside, &name).await }
        })
}

backend_conformance!(over_webdav, || fixture(|backend| backend));

#[tokio::test]
async fn a_folder_is_made_when_asked_for_but_not_its_parent() {
    let folder = Folder::new().await;
    let inner = |root: &str| folder.config().with_option("root", format!("{}/{root}", folder.name));
    let missing = OpendalBackend::open(id(), inner("in")).await.unwrap_err();
    let OpenError::Backend(error) = &missing else { panic!("{missing:?}") };
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    let nested = OpendalBackend::create(id(), inner("no/such")).await.unwrap_err();
    assert!(matches!(nested, OpenError::Backend(_)), "{nested:?}");
    for _ in 0..2 {
        let made = OpendalBackend::create(id(), inner("in")).await.unwrap();
        made.put(&key("a/b"), b"x".as_slice().into(), &PutOptions::replace()).await.unwrap();
    }
    let all = open(folder.config()).await.list(&Prefix::all(), None).await.unwrap();
    let keys: Vec<&str> = all.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["in/a/b"]);
}

/// What a server says about a folder that it also shows to browsers is no value, and a folder isn't deleted as one.
#[tokio::test]
async fn a_folder_is_neither_read_nor_deleted_nor_replaced() {
    let folder = Folder::new().await;
    let backend = open(folder.config()).await;
    backend.put(&key("a/b/c"), b"x".as_slice().into(), &PutOptions::replace()).await.unwrap();
    for front in ["a", "a/b"] {
        assert_eq!(backend.get(&key(front), 10_000).await.unwrap_err().kind(), ErrorKind::NotFound);
        backend.delete(&key(front)).await.unwrap();
        let put = backend.put(&key(front), b"y".as_slice().into(), &PutOptions::replace()).await;
        let error = put.unwrap_err();
        assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Other, false));
    }
    assert_eq!(backend.get(&key("a/b/c"), 10).await.unwrap(), "x");
}

/// The moment in which a MOVE has taken the old value away, made to last: the new one is there nevertheless.
#[tokio::test]
async fn a_replacement_that_was_interrupted_is_the_value() {
    let folder = Folder::new().await;
    let backend = open(folder.config()).await;
    let (name, replace) = (key("f/v"), PutOptions::replace());
    let put = |value: &'static str| backend.put(&name, value.as_bytes().into(), &replace);
    put("new").await.unwrap();
    let (place, beside) = (format!("{}/f/v", folder.name), format!("{}/f/.xstore-new-v", folder.name));
    move_to(&place, &beside).await;

    assert_eq!(backend.get(&name, 10).await.unwrap(), "new");
    assert_eq!(backend.get_range(&name, 1..9).await.unwrap(), "ew");
    assert_eq!(backend.stat(&name).await.unwrap().size, 3);
    let page = backend.list(&Prefix::all(), None).await.unwrap();
    let listed: Vec<_> = page.entries.iter().map(|entry| (entry.key.as_str(), entry.stat.size)).collect();
    assert_eq!(listed, [("f/v", 3)]);
    let created = backend.put(&name, b"other".as_slice().into(), &PutOptions::create_only()).await;
    assert_eq!(created.unwrap_err().kind(), ErrorKind::AlreadyExists);
    put("newer").await.unwrap();
    assert_eq!(backend.get(&name, 10).await.unwrap(), "newer");
    assert_eq!(send("PROPFIND", &beside, &[("Depth", "0")]).await, StatusCode::NOT_FOUND);

    move_to(&place, &beside).await;
    backend.delete(&name).await.unwrap();
    assert_eq!(backend.get(&name, 10).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(backend.list(&Prefix::all(), None).await.unwrap().entries.is_empty());
}

/// One that was left behind before it took the old value away: what comes next is there nevertheless, after a moment.
#[tokio::test]
async fn a_successor_that_was_left_behind_stops_nobody() {
    let folder = Folder::new().await;
    let backend = open(folder.config()).await;
    let replace = PutOptions::replace();
    for (name, value) in [("f/v", "old"), ("f/w", "left behind")] {
        backend.put(&key(name), value.as_bytes().into(), &replace).await.unwrap();
    }
    move_to(&format!("{}/f/w", folder.name), &format!("{}/f/.xstore-new-v", folder.name)).await;
    assert_eq!(backend.get(&key("f/v"), 100).await.unwrap(), "old");
    backend.put(&key("f/v"), b"new".as_slice().into(), &replace).await.unwrap();
    assert_eq!(backend.get(&key("f/v"), 100).await.unwrap(), "new");
    let listed = listing(&format!("{}/f", folder.name)).await;
    assert!(!listed.contains(".xstore-"), "{listed}");
}

/// What a put wrote under another name goes when the put is dropped.
#[tokio::test]
async fn a_dropped_put_is_cleaned_up() {
    let folder = Folder::new().await;
    let backend = open(folder.config()).await;
    let value = vec![7; 300_000];
    for polls in 1..40 {
        let name = key(&format!("f/v{polls}"));
        let options = PutOptions::replace();
        let put = backend.put(&name, value.clone().into(), &options);
        xstore_testkit::poll_times(put, polls).await.transpose().unwrap();
    }
    for _ in 0..100 {
        let listed = listing(&format!("{}/f", folder.name)).await;
        if !listed.contains(".xstore-tmp-") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("temporary values are left");
}

/// What a server lists in a folder, as it says it.
async fn listing(path: &str) -> String {
    let method = Method::from_bytes(b"PROPFIND").unwrap();
    let request = Client::new().request(method, format!("{}/{path}", url())).header("Depth", "1");
    request.send().await.unwrap().text().await.unwrap()
}

/// Decorated errors keep what they say.
#[tokio::test]
async fn a_missing_folder_is_unavailable_for_each_operation() {
    let folder = Folder::new().await;
    let backend = open(folder.config()).await;
    folder.rename(&fresh()).await;
    let a = key("a");
    let options = PutOptions::replace();
    let put = backend.put(&a, b"x".as_slice().into(), &options);
    let results: [Result<(), Error>; 5] = [
        put.await,
        backend.get(&a, 1).await.map(drop),
        backend.stat(&a).await.map(drop),
        backend.delete(&a).await,
        backend.list(&Prefix::all(), None).await.map(drop),
    ];
    for result in results {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}
