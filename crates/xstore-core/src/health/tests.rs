use std::time::Duration;

use tokio::time::Instant;
use xstore_backend::ErrorKind;

use super::{BreakerPolicy, Circuit, Health, HedgePolicy, hedge_delay};

mod circuit;
mod speeds;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A moment, and moments after it.
struct Time(Instant);

impl Time {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn at(&self, seconds: u64) -> Instant {
        self.0 + secs(seconds)
    }
}

#[test]
fn a_hedge_waits_a_multiple_of_what_is_expected_within_bounds() {
    let policy = HedgePolicy::default();
    assert_eq!(hedge_delay(&policy, None), ms(250));
    assert_eq!(hedge_delay(&policy, Some(ms(100))), ms(300));
    assert_eq!(hedge_delay(&policy, Some(ms(1))), ms(20));
    assert_eq!(hedge_delay(&policy, Some(secs(2))), secs(5));
    assert_eq!(hedge_delay(&policy, Some(Duration::MAX)), secs(5));
    assert_eq!(hedge_delay(&policy, Some(Duration::ZERO)), ms(20));
    for factor in [f64::NAN, -1.0, 0.0, f64::INFINITY] {
        assert_eq!(hedge_delay(&HedgePolicy { factor, ..policy }, Some(Duration::ZERO)), secs(5), "{factor}");
    }
    let crossed = HedgePolicy { min: secs(9), max: secs(1), ..policy };
    assert_eq!(hedge_delay(&crossed, Some(ms(1))), secs(1));
}

#[test]
fn a_snapshot_tells_what_is_known() {
    let time = Time::new();
    let health = Health::default();
    let nothing = health.snapshot(time.at(0));
    assert_eq!((nothing.circuit, nothing.latency, nothing.throughput), (Circuit::Closed, None, None));
    assert_eq!((nothing.consecutive_failures, nothing.last_failure), (0, None));
    health.succeeded(time.at(0), 0, ms(50));
    health.failed(time.at(1), ErrorKind::Timeout);
    health.failed(time.at(2), ErrorKind::Unavailable);
    let known = health.snapshot(time.at(3));
    assert_eq!((known.circuit, known.consecutive_failures), (Circuit::Closed, 2));
    assert_eq!(known.last_failure, Some(ErrorKind::Unavailable));
    assert_eq!((known.latency, known.throughput), (Some(ms(50)), Some(10_000_000)));
    health.failed(time.at(4), ErrorKind::Other);
    assert_eq!(health.snapshot(time.at(6)).circuit, Circuit::Open { remaining: secs(8) });
    assert_eq!(health.snapshot(time.at(14)).circuit, Circuit::HalfOpen);
    health.failed(time.at(14), ErrorKind::NotFound);
    let answered = health.snapshot(time.at(14));
    assert_eq!((answered.circuit, answered.consecutive_failures), (Circuit::Closed, 0));
    assert_eq!(answered.last_failure, Some(ErrorKind::NotFound));
    assert!(format!("{health:?}").contains("NotFound"));
}

#[test]
fn extremes_do_no_harm() {
    let time = Time::new();
    let policy = BreakerPolicy { threshold: 0, cool_down: Duration::MAX, max_cool_down: Duration::MAX };
    let health = Health::new(policy);
    health.abandoned(time.at(0), Duration::MAX);
    for (bytes, elapsed) in [
        (0, Duration::ZERO),
        (u64::MAX, Duration::ZERO),
        (0, Duration::MAX),
        (u64::MAX, Duration::MAX),
        (1, ms(1)),
    ] {
        for _ in 0..100 {
            health.succeeded(time.at(1), bytes, elapsed);
            health.abandoned(time.at(0), elapsed);
            assert!(health.expected(bytes).is_some());
        }
    }
    for _ in 0..5 {
        health.failed(time.at(2), ErrorKind::Timeout);
    }
    assert!(health.is_open(time.at(1_000_000)));
    assert!(health.is_open(time.at(0)), "a moment before is no reason to panic");
    assert_eq!(health.snapshot(time.at(3)).circuit, Circuit::Open { remaining: Duration::MAX - secs(1) });
    let _ = health.score(time.at(1_000_000_000), u64::MAX);
}
