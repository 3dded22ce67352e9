//! The suite that every backend passes, bare and below what a store puts around a backend.

use crate::server::{OwnBucket, bucket, config, fresh_prefix, id};
use std::num::NonZeroUsize;
use std::sync::Arc;
use xstore_backend::layer::{Limited, Limiter, Limits, Prefixed, Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Prefix, StorageBackend};
use xstore_backend_s3::{Config, S3Backend};
use xstore_testkit::{Fixture, Hook, backend_conformance};

type Wrap = fn(S3Backend) -> Arc<dyn StorageBackend>;

async fn bare() -> Fixture {
    fixture(|backend| Arc::new(backend)).await
}

async fn stacked() -> Fixture {
    // What Prefixed puts in front, and a slash.
    fixture(stack).await.with_longest_key(xstore_backend::Key::MAX_LEN - "deep/down/".len())
}

fn stack(backend: S3Backend) -> Arc<dyn StorageBackend> {
    let prefixed = Prefixed::new(backend, Prefix::new("deep/down").unwrap());
    let timing = TimingOut::new(prefixed, Timeouts::default());
    let limiter = Limiter::new(Limits::new(NonZeroUsize::new(8).unwrap()));
    Arc::new(Retrying::new(Limited::new(timing, limiter), RetryPolicy::default()))
}

async fn fixture(wrap: Wrap) -> Fixture {
    // A bucket is dear: those cases have one of their own that take it away.
    if std::thread::current().name().is_some_and(|test| test.contains("::root::")) {
        return with_own_bucket(wrap).await;
    }
    const REASON: &str = "other cases use the same bucket";
    let config = config(&bucket(), &fresh_prefix());
    opened(config, wrap).await.without(Hook::BreakRoot, REASON).without(Hook::MendRoot, REASON)
}

async fn with_own_bucket(wrap: Wrap) -> Fixture {
    let own = OwnBucket::make().await;
    let (broken, mended) = (Arc::clone(&own), Arc::clone(&own));
    opened(config(own.name(), ""), wrap)
        .await
        .with_break_root(move || {
            let own = Arc::clone(&broken);
            async move { own.take_away().await }
        })
        .with_mend_root(move || {
            let own = Arc::clone(&mended);
            async move { own.bring_back().await }
        })
        .with_guard(own)
}

async fn opened(config: Config, wrap: Wrap) -> Fixture {
    let backend = S3Backend::open(id(), config.clone()).await.unwrap();
    Fixture::new(wrap(backend)).refusing_by_length().with_reopen(move || {
        let config = config.clone();
        async move { wrap(S3Backend::open(id(), config).await.unwrap()) }
    })
}

backend_conformance!(on_s3, bare);
backend_conformance!(on_s3_as_a_store_uses_it, stacked);
