//! The circuit breaker: when a failing member is left alone.

use std::time::Duration;

use tokio::time::Instant;

/// When a failing member is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row after which the circuit opens. 0 means the same as 1.
    pub threshold: u32,
    /// How long the member is left alone the first time. Each trial that fails doubles it.
    pub cool_down: Duration,
    /// How long it is left alone at most.
    pub max_cool_down: Duration,
}

impl Default for BreakerPolicy {
    /// 3 failures, 10 seconds, 5 minutes.
    fn default() -> Self {
        Self { threshold: 3, cool_down: Duration::from_secs(10), max_cool_down: Duration::from_secs(300) }
    }
}

/// Whether a member is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Circuit {
    /// It isn't.
    Closed,
    /// It is.
    Open {
        /// For how much longer.
        remaining: Duration,
    },
    /// It was, and the next request, or the one that is under way, is a trial.
    HalfOpen,
}

#[derive(Debug)]
pub(super) struct Breaker {
    policy: BreakerPolicy,
    /// Failures in a row.
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    /// Left alone until `cool_down` after `since`.
    Open {
        since: Instant,
        cool_down: Duration,
    },
    /// A trial was let through then. It has `cool_down` to come back: a future that was dropped never does.
    Trial {
        since: Instant,
        cool_down: Duration,
    },
}

impl Breaker {
    pub(super) const fn new(policy: BreakerPolicy) -> Self {
        Self { policy, failures: 0, state: State::Closed }
    }

    /// The member works.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
        self.state = State::Closed;
    }

    /// The member doesn't work; `for_sure` where another attempt won't show anything else.
    pub(super) fn failed(&mut self, now: Instant, for_sure: bool) {
        self.failures = self.failures.saturating_add(1);
        match self.state {
            State::Closed if for_sure || self.failures >= self.policy.threshold => {
                let cool_down = self.policy.cool_down.min(self.policy.max_cool_down);
                self.state = State::Open { since: now, cool_down };
            }
            State::Closed => {}
            // A request from before. What is known already is no reason to wait longer.
            State::Open { since, cool_down } if is_within(since, cool_down, now) => {}
            // The trial, or a request that was made without asking, which is as good as one.
            State::Open { cool_down, .. } | State::Trial { cool_down, .. } => {
                let cool_down = cool_down.saturating_mul(2).min(self.policy.max_cool_down);
                self.state = State::Open { since: now, cool_down };
            }
        }
    }

    /// A request was dropped before it was known whether the member works.
    pub(super) fn undecided(&mut self, now: Instant) {
        if let State::Trial { cool_down, .. } = self.state {
            self.state = State::Open { since: now, cool_down };
        }
    }

    pub(super) fn is_open(&self, now: Instant) -> bool {
        matches!(self.circuit(now), Circuit::Open { .. })
    }

    pub(super) fn admit(&mut self, now: Instant) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { since, cool_down } | State::Trial { since, cool_down } => {
                let is_due = !is_within(since, cool_down, now);
                if is_due {
                    self.state = State::Trial { since: now, cool_down };
                }
                is_due
            }
        }
    }

    pub(super) fn circuit(&self, now: Instant) -> Circuit {
        match self.state {
            State::Closed => Circuit::Closed,
            State::Open { since, cool_down } if is_within(since, cool_down, now) => {
                Circuit::Open { remaining: cool_down.saturating_sub(now.saturating_duration_since(since)) }
            }
            State::Open { .. } | State::Trial { .. } => Circuit::HalfOpen,
        }
    }

    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }
}

/// Whether less than `length` has passed since then.
fn is_within(since: Instant, length: Duration, now: Instant) -> bool {
    now.saturating_duration_since(since) < length
}
