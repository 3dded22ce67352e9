//! What a store knows about one member from its answers: whether it works, how fast it is, and when to stop waiting
//! for it. Pure: every time is given.
//!
//! # Speed
//! A request on `b` bytes is expected to take `latency + pace * b`. Both are learned together from whole requests,
//! since nobody sees the two parts alone. With the error `e` between what a request took and what was expected, each
//! part takes of `e` what it has of the expectation: `latency` grows by `gain * e * latency / expected`, `pace * b` by
//! `gain * e * pace * b / expected`. So a small request teaches about latency, a large one about pace, and neither
//! forgets the other.
//! - `gain` is 1/2 for the second sample, 1/3 for the third, and 1/5 from the fifth on: the first ones, which open
//!   connections, are soon outvoted.
//! - `e` is cut to three times the expectation. From the fifth sample on one request that hung raises an estimate by
//!   60 % at most; five in a row can bring it up tenfold.
//! - The first sample scales what is typical of a store behind a network: 50 ms, and 10 MB in a second.
//! - A request that was [abandoned](Health::abandoned) is known to take longer than it was waited for. It counts as
//!   one that took twice as long, but only if it was waited for longer than expected. Before the first success that
//!   makes a score worse, and nothing is expected yet.
//!
//! # Failures
//! After some failures in a row a circuit opens, and the member is to be left alone for a while, longer each time; then
//! one trial decides. See [`BreakerPolicy`]. A member that answers "no such value", "exists already", "too large" or
//! "can't do that" has answered: that closes the circuit as a success does.
//!
//! # Scores
//! [`Health::score`] is what a read is likely to cost: the time expected, and what recent failures make of it. A failure
//! counts half as much every 30 seconds and after each success. With `f` such failures the cost is `1 + f` times the
//! time expected, plus `f` times 250 ms, since a failure costs another request. An estimate that isn't used is
//! halved every 10 minutes, ten times at most, so that a member that was slow once gets another chance; members that
//! rest together keep their order. One of which nothing is known is taken for typical. Open circuits come last.

mod breaker;
mod hedge;
mod speed;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use xstore_backend::ErrorKind;

use breaker::Breaker;
use speed::{Speed, half_lives};

pub use breaker::{BreakerPolicy, Circuit};
pub use hedge::{HedgePolicy, hedge_delay};

/// How long until a failure counts half.
const FORGIVE: Duration = Duration::from_secs(30);
/// What a failure costs besides, in seconds.
const FAILURE: f64 = 0.25;

/// What is known about one member. All methods take a moment and none waits; they may be called from any thread, with
/// moments in any order.
pub struct Health(Mutex<State>);

struct State {
    breaker: Breaker,
    speed: Speed,
    /// Failures, weighed as of `blamed_at`.
    blame: f64,
    blamed_at: Option<Instant>,
    last_failure: Option<ErrorKind>,
}

/// How much a read from a member is likely to cost: the smaller the better. Only good for comparing, and only scores
/// of one moment and one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    // The order of the fields is the order of scores.
    is_open: bool,
    cost: Duration,
}

/// What is known about a member, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthSnapshot {
    /// Whether the member is left alone.
    pub circuit: Circuit,
    /// What a request is expected to take besides its bytes. None before the first success.
    pub latency: Option<Duration>,
    /// Bytes per second that are expected after that. None before the first success.
    pub throughput: Option<u64>,
    /// Failures since the member answered last.
    pub consecutive_failures: u32,
    /// The kind of the last failure, however long ago. What counts as an answer counts here too.
    pub last_failure: Option<ErrorKind>,
}

impl Health {
    /// Of a member of which nothing is known.
    #[must_use]
    pub fn new(policy: BreakerPolicy) -> Self {
        Self(Mutex::new(State {
            breaker: Breaker::new(policy),
            speed: Speed::default(),
            blame: 0.0,
            blamed_at: None,
            last_failure: None,
        }))
    }

    /// A request on so many bytes succeeded after `elapsed`.
    pub fn succeeded(&self, now: Instant, bytes: u64, elapsed: Duration) {
        let mut state = self.state();
        state.breaker.answered();
        state.blame /= 2.0;
        state.speed.sample(now, bytes, elapsed);
    }

    /// A request failed. The kinds that are answers (see the [module](self)) close the circuit;
    /// [`ErrorKind::AuthFailed`] opens it at once, since no other request will fare better.
    pub fn failed(&self, now: Instant, kind: ErrorKind) {
        let mut state = self.state();
        state.last_failure = Some(kind);
        match kind {
            ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::TooLarge | ErrorKind::Unsupported => {
                state.breaker.answered();
            }
            _ => {
                state.breaker.failed(now, kind == ErrorKind::AuthFailed);
                state.blame = state.blame(now) + 1.0;
                state.blamed_at = state.blamed_at.max(Some(now));
            }
        }
    }

    /// Others were faster, and a request was dropped after `waited`. Its size is taken for that of the last success.
    /// A wait that is shorter than expected says nothing. A trial that is abandoned leaves the member alone once more,
    /// as long as before.
    pub fn abandoned(&self, now: Instant, waited: Duration) {
        let mut state = self.state();
        state.breaker.undecided(now);
        state.speed.at_least(now, waited);
    }

    /// Whether the member is to be left alone now. Not so when its time is over, before and after
    /// [`admit`](Self::admit) let the trial through.
    #[must_use]
    pub fn is_open(&self, now: Instant) -> bool {
        self.state().breaker.is_open(now)
    }

    /// Whether a request may be made now. After a time of being left alone exactly one caller is told so, for a trial,
    /// until it is known how that went; or for as long as the member was left alone, should the trial vanish without a
    /// word. Who is told so has to make a request.
    #[must_use = "a trial that is admitted but not made keeps others away"]
    pub fn admit(&self, now: Instant) -> bool {
        self.state().breaker.admit(now)
    }

    /// What a request on so many bytes is expected to take. None before the first success.
    #[must_use]
    pub fn expected(&self, bytes: u64) -> Option<Duration> {
        self.state().speed.expected(bytes).map(duration)
    }

    /// What a read of so many bytes is likely to cost; see the [module](self).
    #[must_use]
    pub fn score(&self, now: Instant, bytes: u64) -> Score {
        let state = self.state();
        let expected = state.speed.suspected(now, bytes);
        let blame = state.blame(now);
        Score {
            is_open: state.breaker.is_open(now),
            cost: duration(expected * (1.0 + blame) + FAILURE * blame),
        }
    }

    /// What is known, to be shown.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> HealthSnapshot {
        let state = self.state();
        HealthSnapshot {
            circuit: state.breaker.circuit(now),
            latency: state.speed.latency().map(duration),
            throughput: state.speed.throughput(),
            consecutive_failures: state.breaker.failures(),
            last_failure: state.last_failure,
        }
    }

    /// The state, also after a panic elsewhere: no method leaves it half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn blame(&self, now: Instant) -> f64 {
        let age = self.blamed_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.blame * half_lives(age, FORGIVE)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new(BreakerPolicy::default())
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Health")
            .field("breaker", &state.breaker)
            .field("speed", &state.speed)
            .field("last_failure", &state.last_failure)
            .finish_non_exhaustive()
    }
}

impl Score {
    /// Whether the member is to be left alone.
    #[must_use]
    pub const fn is_open(self) -> bool {
        self.is_open
    }

    /// The time that a read is likely to cost.
    #[must_use]
    pub const fn cost(self) -> Duration {
        self.cost
    }
}

/// Seconds as a duration; the longest one there is for what is longer.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
