//! The server that the tests run on, and buckets on it.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xstore_backend::{BackendId, BackendUrl, Bytes, Key, Secret};
use xstore_backend_s3::{Config, Keys, S3Backend};

pub(crate) fn endpoint() -> String {
    variable("XSTORE_ITEST_S3_ENDPOINT")
}

/// A bucket that all tests share, each below a prefix of its own.
pub(crate) fn bucket() -> String {
    variable("XSTORE_ITEST_S3_BUCKET")
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask itest s3`"))
}

pub(crate) fn keys() -> Keys {
    let secret = |name| Secret::new(variable(name));
    Keys::new(secret("XSTORE_ITEST_S3_ACCESS_KEY"), secret("XSTORE_ITEST_S3_SECRET_KEY"))
}

/// A place of the server, with good keys. Plain http, since a bridge to a container has another address than this
/// machine.
pub(crate) fn config(bucket: &str, prefix: &str) -> Config {
    config_at(&endpoint(), bucket, prefix).with_keys(keys())
}

pub(crate) fn config_at(endpoint: &str, bucket: &str, prefix: &str) -> Config {
    let url = BackendUrl::new(&format!("s3://{bucket}/{prefix}")).unwrap();
    Config::new(&url).unwrap().with_http_endpoint(endpoint).unwrap()
}

/// A prefix in the shared bucket that nobody else has.
pub(crate) fn fresh_prefix() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let run = std::process::id();
    format!("Test-{run}.{}/in_here", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A backend below a prefix of its own in the shared bucket.
pub(crate) async fn backend() -> S3Backend {
    S3Backend::open(id(), config(&bucket(), &fresh_prefix())).await.unwrap()
}

pub(crate) fn id() -> BackendId {
    BackendId::new("bucket").unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// Bytes in which a place is recognised.
pub(crate) fn value(len: usize) -> Bytes {
    (0u32..).flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()).take(len).collect()
}

/// The server without the adapter.
pub(crate) fn raw() -> Client {
    let id = variable("XSTORE_ITEST_S3_ACCESS_KEY");
    let secret = variable("XSTORE_ITEST_S3_SECRET_KEY");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new(id, secret, None, None, "test"))
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint())
        .force_path_style(true);
    Client::from_conf(config.build())
}

/// A bucket of one test, gone with it.
pub(crate) struct OwnBucket {
    name: String,
    raw: Client,
    /// What was in it while it is taken away.
    away: tokio::sync::Mutex<Vec<(String, Bytes)>>,
}

impl OwnBucket {
    pub(crate) async fn make() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("own-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let raw = raw();
        raw.create_bucket().bucket(&name).send().await.unwrap();
        Arc::new(Self { name, raw, away: tokio::sync::Mutex::default() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Removes the bucket and keeps what was in it.
    pub(crate) async fn take_away(&self) {
        let mut away = self.away.lock().await;
        for name in self.names().await {
            let got = self.raw.get_object().bucket(&self.name).key(&name).send().await.unwrap();
            away.push((name.clone(), got.body.collect().await.unwrap().into_bytes()));
        }
        drop(away);
        self.remove().await;
    }

    /// Makes it anew, with what was in it.
    pub(crate) async fn bring_back(&self) {
        self.raw.create_bucket().bucket(&self.name).send().await.unwrap();
        for (name, value) in self.away.lock().await.drain(..) {
            self.raw.put_object().bucket(&self.name).key(name).body(value.into()).send().await.unwrap();
        }
    }

    pub(crate) async fn remove(&self) {
        for name in self.names().await {
            self.raw.delete_object().bucket(&self.name).key(name).send().await.unwrap();
        }
        self.raw.delete_bucket().bucket(&self.name).send().await.unwrap();
    }

    async fn names(&self) -> Vec<String> {
        let page = self.raw.list_objects_v2().bucket(&self.name).send().await.unwrap();
        page.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }
}

impl Drop for OwnBucket {
    /// Also where a test failed; the test's own runtime may be ending.
    fn drop(&mut self) {
        let name = self.name.clone();
        let clean = async move {
            let raw = raw();
            let Ok(page) = raw.list_objects_v2().bucket(&name).send().await else { return };
            for object in page.contents() {
                let _ = raw.delete_object().bucket(&name).key(object.key().unwrap_or_default()).send().await;
            }
            let _ = raw.delete_bucket().bucket(&name).send().await;
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _ = std::thread::spawn(move || runtime.block_on(clean)).join();
    }
}
