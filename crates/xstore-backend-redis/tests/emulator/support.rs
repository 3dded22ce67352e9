//! What the tests share.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use xstore_backend::{BackendId, Bytes, Error, Key, Prefix, PutOptions, StorageBackend};
use xstore_backend_redis::{Config, RedisBackend};

/// What `cargo xtask itest` sets.
pub(crate) fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} isn't set: run `cargo xtask itest redis`"))
}

/// The server that is there already and that all tests share.
pub(crate) fn shared() -> Config {
    let url = env("XSTORE_ITEST_REDIS_URL");
    let address = url.strip_prefix("redis://").and_then(|address| address.split_once(':'));
    let (host, port) = address.expect("XSTORE_ITEST_REDIS_URL is redis://HOST:PORT");
    Config::tcp(host, port.trim_end_matches('/').parse().unwrap())
}

pub(crate) fn id() -> BackendId {
    BackendId::new("redis").unwrap()
}

pub(crate) fn key(text: impl AsRef<str>) -> Key {
    Key::new(text.as_ref()).unwrap()
}

pub(crate) async fn open(config: Config) -> RedisBackend {
    RedisBackend::open(id(), config).await.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// Bytes that look random and are the same for the same seed.
pub(crate) fn value(seed: u64, len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes.into()
}

pub(crate) async fn put(backend: &dyn StorageBackend, name: &str, value: Bytes) -> Result<(), Error> {
    backend.put(&key(name), value.into(), &PutOptions::replace()).await
}

pub(crate) async fn get(backend: &dyn StorageBackend, name: &str) -> Result<Bytes, Error> {
    backend.get(&key(name), usize::MAX).await
}

/// All keys of the backend.
pub(crate) async fn names(backend: &dyn StorageBackend) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = backend.list(&Prefix::all(), cursor.as_ref()).await.unwrap();
        names.extend(page.entries.iter().map(|entry| entry.key.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            return names;
        }
    }
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
