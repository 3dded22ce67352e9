//! The emulator, and what only its administrator does.

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use xstore_backend::{BackendId, Bytes};
use xstore_backend_gcs::{Config, GcsBackend};

pub(crate) fn endpoint() -> String {
    variable("XSTORE_ITEST_GCS_ENDPOINT")
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask itest gcs`"))
}

pub(crate) fn id() -> BackendId {
    BackendId::new("cloud").unwrap()
}

/// The bucket that is there for everybody, at another server than the emulator itself.
pub(crate) fn config_at(endpoint: &str) -> Config {
    let bucket = variable("XSTORE_ITEST_GCS_BUCKET");
    Config::new(&bucket).unwrap().with_endpoint(endpoint).unwrap().anonymous()
}

pub(crate) fn config() -> Config {
    config_at(&endpoint())
}

pub(crate) async fn open(config: Config) -> GcsBackend {
    GcsBackend::open(id(), config).await.unwrap()
}

/// A name that nobody else uses, with these letters in front.
pub(crate) fn fresh(what: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{what}-{:016x}-{}", fastrand::u64(..), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A bucket of a test's own, which can be taken away and brought back with all that is in it.
#[derive(Debug)]
pub(crate) struct Bucket {
    name: String,
    http: Client,
    kept: Mutex<Vec<(String, Bytes)>>,
}

impl Bucket {
    pub(crate) async fn make() -> Self {
        let bucket = Self { name: fresh("xstore"), http: Client::new(), kept: Mutex::default() };
        bucket.create().await;
        bucket
    }

    pub(crate) fn config(&self) -> Config {
        self.config_at(&endpoint())
    }

    pub(crate) fn config_at(&self, endpoint: &str) -> Config {
        Config::new(&self.name).unwrap().with_endpoint(endpoint).unwrap().anonymous()
    }

    /// Removes the bucket, and keeps its objects in memory.
    pub(crate) async fn take_away(&self) {
        for name in self.names().await {
            let object = format!("b/{}/o/{}", self.name, escaped(&name));
            let value =
                self.ask(Method::GET, &format!("{object}?alt=media"), None).await.bytes().await.unwrap();
            self.kept.lock().unwrap().push((name, value));
            self.ask(Method::DELETE, &object, None).await;
        }
        self.ask(Method::DELETE, &format!("b/{}", self.name), None).await;
    }

    /// Makes the bucket again, with what was in it.
    pub(crate) async fn bring_back(&self) {
        self.create().await;
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        for (name, value) in kept {
            let url = format!("{}/upload/storage/v1/b/{}/o", endpoint(), self.name);
            let upload = self.http.post(url).query(&[("uploadType", "media"), ("name", &*name)]).body(value);
            upload.send().await.unwrap().error_for_status().unwrap();
        }
    }

    /// The names of all objects, whatever they are.
    pub(crate) async fn names(&self) -> Vec<String> {
        let listing = self.ask(Method::GET, &format!("b/{}/o?maxResults=1000", self.name), None).await;
        let listing: Value = serde_json::from_slice(&listing.bytes().await.unwrap()).unwrap();
        assert!(listing.get("nextPageToken").is_none(), "more than a page of objects");
        let items = listing["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn create(&self) {
        self.ask(Method::POST, "b?project=test", Some(json!({ "name": self.name }))).await;
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let url = format!("{}/storage/v1/{path}", endpoint());
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap().error_for_status().unwrap()
    }
}

/// Another implementation than the adapter's: every byte is escaped.
fn escaped(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
