//! The suite that every backend passes.

use crate::support::{Emulator, everything, id};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xstore_backend::layer::{Limited, Limiter, Limits, Prefixed, Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Prefix, PutOptions, StorageBackend};
use xstore_backend_azure::{AzureBackend, Config};
use xstore_testkit::{Fixture, backend_conformance};

/// A container for one case: it is taken away with all that is in it, and made anew from a copy.
async fn over<B: StorageBackend>(
    stack: impl Fn(AzureBackend) -> B + Clone + Send + Sync + 'static,
) -> Fixture {
    let emulator = Emulator::running();
    let container = emulator.fresh_container().await;
    let config = emulator.config(&container).with_prefix(Prefix::new("a/store").unwrap()).unwrap();
    let open = |config: Config| async { AzureBackend::open(id(), config).await.unwrap() };
    let plain = Arc::new(open(config.clone()).await);
    let copy = Arc::new(Mutex::new(Vec::new()));

    let (copied, from, broken, name) = (copy.clone(), plain.clone(), emulator.clone(), container.clone());
    let break_root = move || {
        let (copied, from, broken, name) = (copied.clone(), from.clone(), broken.clone(), name.clone());
        async move {
            let all = everything(&from).await;
            *copied.lock().unwrap() = all;
            broken.drop_container(&name).await;
        }
    };
    let mend_root = move || {
        let (copy, to, emulator, container) =
            (copy.clone(), plain.clone(), emulator.clone(), container.clone());
        async move {
            emulator.make_container(&container).await;
            let all = std::mem::take(&mut *copy.lock().unwrap());
            for (key, value) in all {
                to.put(&key, value, &PutOptions::create_only()).await.unwrap();
            }
        }
    };
    let again = (config.clone(), stack.clone());
    let reopen = move || {
        let (config, stack) = again.clone();
        async move { Arc::new(stack(open(config).await)) as Arc<dyn StorageBackend> }
    };
    Fixture::new(Arc::new(stack(open(config).await)))
        .with_reopen(reopen)
        .with_break_root(break_root)
        .with_mend_root(mend_root)
        .refusing_by_length()
}

async fn azure() -> Fixture {
    over(|backend| backend).await
}

backend_conformance!(on_azure, azure);

/// The layers that a store puts around a backend, with short waits.
async fn in_a_store() -> Fixture {
    const PREFIX: &str = "lane/s";
    let stack = |backend| {
        let prefixed = Prefixed::new(backend, Prefix::new(PREFIX).unwrap());
        let timing_out = TimingOut::new(prefixed, Timeouts::default());
        let limits = Limits::new(NonZeroUsize::new(8).unwrap());
        let limited = Limited::new(timing_out, Limiter::new(limits));
        let millis = Duration::from_millis;
        Retrying::new(limited, RetryPolicy::new(3, millis(1), 2, millis(5)).unwrap())
    };
    over(stack).await.with_longest_key(512 - PREFIX.len() - 1)
}

backend_conformance!(in_a_store_on_azure, in_a_store);
