//! When to stop waiting for a slow member alone.

use std::time::Duration;

/// When a request that isn't answered is backed by one to another member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HedgePolicy {
    /// After this time, where nothing is known about the member.
    pub initial: Duration,
    /// Never before, where something is known: it guards against doubling the load over small numbers.
    pub min: Duration,
    /// Never later, where something is known. Wins over `min`.
    pub max: Duration,
    /// After so many times the time that is expected. What isn't a number above 0 means `max`.
    pub factor: f64,
}

impl Default for HedgePolicy {
    /// 250 ms, 20 ms, 5 s, 3 times.
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(250),
            min: Duration::from_millis(20),
            max: Duration::from_secs(5),
            factor: 3.0,
        }
    }
}

/// How long to wait for a request before another member is asked as well, given what it is
/// [expected](super::Health::expected) to take: `expected * factor`, at least `min` and at most `max`.
#[must_use]
pub fn hedge_delay(policy: &HedgePolicy, expected: Option<Duration>) -> Duration {
    let Some(expected) = expected else { return policy.initial };
    let seconds = if policy.factor > 0.0 { expected.as_secs_f64() * policy.factor } else { f64::INFINITY };
    super::duration(seconds).max(policy.min).min(policy.max)
}
