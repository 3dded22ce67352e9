//! The suite over the reference backend, with different capabilities, and over each decorator around it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::layer::{Limited, Limiter, Limits, Prefixed, Retrying, Timeouts, TimingOut};
use xstore_backend::memory::MemoryBackend;
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{BackendId, Capability, Operation, Prefix, StorageBackend};
use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};
use xstore_testkit::{Fixture, Hook, backend_conformance};

const NO_ROOT: &str = "memory has no place that could be missing";

fn memory() -> MemoryBackend {
    let page = NonZeroUsize::new(4).unwrap();
    MemoryBackend::new(BackendId::new("memory").unwrap()).with_page_size(page)
}

/// A fixture whose handles are made around clones of the same memory.
fn over<B: StorageBackend>(memory: MemoryBackend, wrap: fn(MemoryBackend) -> B) -> Fixture {
    let first = Arc::new(wrap(memory.clone()));
    Fixture::new(first)
        .with_reopen(move || {
            let again = Arc::new(wrap(memory.clone()));
            async move { again as _ }
        })
        .without(Hook::BreakRoot, NO_ROOT)
        .without(Hook::MendRoot, NO_ROOT)
        .refusing_by_length()
}

fn limited<B: StorageBackend>(inner: B) -> Limited<B> {
    Limited::new(inner, Limiter::new(Limits::new(NonZeroUsize::new(3).unwrap())))
}

fn often() -> RetryPolicy {
    let soon = Duration::from_millis(1);
    RetryPolicy::new(60, soon, 1, soon).unwrap()
}

fn prefix() -> Prefix {
    Prefix::new("team-1/a.b").unwrap()
}

fn longest_below_prefix() -> usize {
    xstore_backend::Key::MAX_LEN - prefix().as_str().len() - 1
}

backend_conformance!(on_memory, async || over(memory(), |memory| memory));

// Nothing but the minimum, and room for less.
backend_conformance!(on_minimal, async || {
    let capability = Capability::MINIMAL.with_max_put((8 << 20) + 1);
    over(memory().with_capability(capability), |memory| memory)
});

// Too little for the large cases.
backend_conformance!(on_small, async || {
    let capability = MemoryBackend::CAPABILITY.with_max_put(400_000);
    over(memory().with_capability(capability), |memory| memory)
});

backend_conformance!(on_expiring, async || {
    let capability = MemoryBackend::CAPABILITY.with_expiry(true).with_durable(true);
    over(memory().with_capability(capability), |memory| memory)
});

backend_conformance!(on_shared_arc, async || {
    over(memory(), |memory| -> Arc<dyn StorageBackend> { Arc::new(memory) })
});

backend_conformance!(on_retrying, async || {
    over(memory(), |memory| Retrying::new(memory, RetryPolicy::default()))
});

backend_conformance!(on_timing_out, async || {
    over(memory(), |memory| TimingOut::new(memory, Timeouts::default()))
});

backend_conformance!(on_limited, async || over(memory(), limited));

backend_conformance!(on_prefixed, async || {
    over(memory(), |memory| Prefixed::new(memory, prefix())).with_longest_key(longest_below_prefix())
});

// In the order in which they should stand.
backend_conformance!(on_all_layers, async || {
    let wrap = |memory| {
        let below = TimingOut::new(Prefixed::new(memory, prefix()), Timeouts::default());
        Retrying::new(limited(below), RetryPolicy::default())
    };
    over(memory(), wrap).with_longest_key(longest_below_prefix())
});

// The faulty backend without a fault is none. A fault takes its place away, and so the cases about that run, too.
backend_conformance!(on_faulty, async || {
    let memory = memory();
    let backend = FaultyBackend::new(memory.clone(), 1);
    let (breaks, mends) = (backend.faults().clone(), backend.faults().clone());
    Fixture::new(Arc::new(backend))
        .with_reopen(move || {
            let again = Arc::new(FaultyBackend::new(memory.clone(), 2));
            async move { again as _ }
        })
        .with_break_root(move || {
            breaks.set(Behaviour::Down);
            std::future::ready(())
        })
        .with_mend_root(move || {
            mends.clear();
            std::future::ready(())
        })
        .refusing_by_length()
});

// All that a listing may do, it may do.
backend_conformance!(on_odd_pages, async || {
    over(memory(), |memory| {
        let backend = FaultyBackend::new(memory, 3);
        backend.faults().set(Behaviour::OddPages);
        backend
    })
});

// What fails now and then, and works when it is asked again, works when it is asked again. Puts don't fail: whether
// equal bytes were there before can't be known after that.
backend_conformance!(on_flaky, async || {
    over(memory(), |memory| {
        let backend = FaultyBackend::new(memory, 4);
        let reads = [Operation::Get, Operation::Stat, Operation::List, Operation::Delete, Operation::Space];
        // Not for a lock: a deletion that is repeated may meet the lock of the next one.
        let lost = Rule::new(Behaviour::LostAck).on([Operation::Delete]).with_probability(0.3);
        backend.faults().add(lost.for_keys(|key| !key.as_str().ends_with("/lock")));
        backend.faults().add(Rule::new(Behaviour::Timeout).on(reads).with_probability(0.3));
        backend.faults().add(Rule::new(Behaviour::SlowBetween(Duration::ZERO, Duration::from_micros(300))));
        Retrying::new(backend, often())
    })
});
