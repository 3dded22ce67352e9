//! The suite that every backend passes: on the bucket itself, and as a store uses it.

use crate::proxy::Proxy;
use crate::server::{Bucket, endpoint, open};
use std::num::{NonZeroU16, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::layer::{Limited, Limiter, Limits, Prefixed, Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Key, Prefix, StorageBackend};
use xstore_backend_gcs::{Config, GcsBackend};
use xstore_testkit::{Fixture, backend_conformance};

/// Small pages, so that listings have several, and a prefix whose letters no key has.
fn config(bucket: &Bucket, endpoint: &str) -> Config {
    let config = bucket.config_at(endpoint).with_page_size(NonZeroU16::new(7).unwrap());
    config.with_prefix("Team~A/x=1").unwrap()
}

async fn fixture<F, B>(endpoint: &str, wrap: F) -> Fixture
where
    F: Fn(GcsBackend) -> B + Copy + Send + Sync + 'static,
    B: StorageBackend,
{
    let bucket = Arc::new(Bucket::make().await);
    let config = config(&bucket, endpoint);
    let backend = wrap(open(config.clone()).await);
    let (breaking, mending) = (bucket.clone(), bucket);
    Fixture::new(Arc::new(backend))
        .with_break_root(move || {
            let bucket = breaking.clone();
            async move { bucket.take_away().await }
        })
        .with_mend_root(move || {
            let bucket = mending.clone();
            async move { bucket.bring_back().await }
        })
        .with_reopen(move || {
            let config = config.clone();
            async move { Arc::new(wrap(open(config).await)) as Arc<dyn StorageBackend> }
        })
        .refusing_by_length()
}

async fn plain() -> Fixture {
    let proxy = Proxy::start().await;
    fixture(proxy.endpoint(), |backend| backend).await.with_guard(proxy)
}

backend_conformance!(on_gcs, plain);

const BELOW: &str = "store-1";

async fn decorated() -> Fixture {
    let wrap = |backend| {
        let limits = Limits::new(NonZeroUsize::new(4).unwrap());
        let backend = Prefixed::new(backend, Prefix::new(BELOW).unwrap());
        let backend = Limited::new(TimingOut::new(backend, Timeouts::default()), Limiter::new(limits));
        Retrying::new(backend, quick())
    };
    fixture(&endpoint(), wrap).await.with_longest_key(Key::MAX_LEN - BELOW.len() - 1)
}

/// As a store retries, in less time.
fn quick() -> RetryPolicy {
    let delay = Duration::from_millis(5);
    RetryPolicy::new(3, delay, 2, delay * 4).unwrap()
}

backend_conformance!(on_gcs_as_a_store_uses_it, decorated);
