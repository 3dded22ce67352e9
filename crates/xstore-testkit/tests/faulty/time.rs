//! Answers that take their time, or never come.

use crate::{Faulty, faulty, get, key, kind, put};
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use xstore_backend::{ErrorKind, Operation, PutOptions, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Rule};

const SECOND: Duration = Duration::from_secs(1);

async fn time_of_get(backend: &Faulty) -> Duration {
    let begin = Instant::now();
    let _ = get(backend, "a").await;
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn delays_add_up_and_something_else_follows() {
    let backend = faulty(1);
    put(&backend, "a", "x").await.unwrap();
    backend.faults().set_rules([
        Rule::new(Behaviour::Slow(SECOND)),
        Rule::new(Behaviour::Auth).times(1),
        Rule::new(Behaviour::Slow(SECOND * 2)).on([Operation::Get]),
    ]);
    let begin = Instant::now();
    assert_eq!(kind(get(&backend, "a").await), ErrorKind::AuthFailed);
    assert_eq!(begin.elapsed(), SECOND * 3);
    assert_eq!(get(&backend, "a").await.unwrap(), "x");
    assert_eq!(begin.elapsed(), SECOND * 6);
    backend.stat(&key("a")).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 7);
}

#[tokio::test(start_paused = true)]
async fn delays_between_two_differ_by_the_seed_and_are_the_same_again() {
    let mut all = Vec::new();
    for seed in [1, 1, 2] {
        let backend = faulty(seed);
        backend.faults().set(Behaviour::SlowBetween(SECOND, SECOND * 3));
        let mut delays = Vec::new();
        for _ in 0..50 {
            delays.push(time_of_get(&backend).await);
        }
        assert!(delays.iter().all(|delay| (SECOND..=SECOND * 3 + SECOND / 100).contains(delay)));
        let halves = delays.iter().filter(|delay| **delay < SECOND * 2).count();
        assert!((10..40).contains(&halves), "{halves} of 50 in the lower half");
        all.push(delays);
    }
    assert_eq!(all[0], all[1]);
    assert_ne!(all[0], all[2]);
}

#[tokio::test(start_paused = true)]
async fn how_long_has_nothing_to_do_with_whether() {
    let backend = faulty(1);
    let slow = Rule::new(Behaviour::SlowBetween(SECOND, SECOND * 3)).with_probability(0.4);
    backend.faults().set_rules([slow]);
    let mut delays = Vec::new();
    for _ in 0..200 {
        delays.push(time_of_get(&backend).await);
    }
    delays.retain(|delay| !delay.is_zero());
    assert!((60..100).contains(&delays.len()), "{} of 200 at 0.4", delays.len());
    let long = delays.iter().filter(|delay| **delay > SECOND * 2).count();
    assert!((20..60).contains(&long), "{long} of {} in the upper half", delays.len());
}

#[tokio::test(start_paused = true)]
async fn bytes_trickle() {
    let backend = faulty(1);
    let rate = |bytes| Behaviour::Trickle { bytes_per_second: NonZeroU64::new(bytes).unwrap() };
    backend.faults().set_rules([Rule::new(rate(1000)), Rule::new(rate(100)).on([Operation::Get])]);
    let begin = Instant::now();
    backend.put(&key("a"), vec![0; 2000].into(), &PutOptions::replace()).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 2);
    backend.get(&key("a"), 2000).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 22);
    backend.get_range(&key("a"), 0..500).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 27);
    backend.delete(&key("a")).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 27);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_does_nothing_until_it_is_dropped() {
    let backend = faulty(1);
    backend.faults().set(Behaviour::Hang);
    assert!(timeout(SECOND * 10_000, put(&backend, "a", "x")).await.is_err());
    assert!(timeout(SECOND, backend.space()).await.is_err());
    assert!(backend.inner().is_empty());
    // What hangs goes on hanging, what begins now works.
    let mut hanging = Box::pin(get(&backend, "a"));
    assert!(timeout(SECOND, hanging.as_mut()).await.is_err());
    backend.faults().clear();
    assert!(timeout(SECOND, hanging.as_mut()).await.is_err());
    put(&backend, "a", "x").await.unwrap();
    assert_eq!(backend.faults().counts().in_flight, 1);
    drop(hanging);
    assert_eq!(backend.faults().counts().in_flight, 0);
}
