//! When an attempt is repeated, and after how long.

use crate::Error;
use std::fmt;
use std::time::Duration;

/// How often to try, and how long to wait between two attempts.
///
/// Before attempt number a + 1 the wait is random between nothing and `initial_delay * factor^(a - 1)`, but never more
/// than `max_delay` ("full jitter": clients that failed together don't come back together). Where the backend said how
/// long it wants to be left alone, that time comes on top.
///
/// The random part is drawn from the [seed](Self::with_seed), the backend's id and the key, so that a run can be
/// repeated. Processes that use the same keys of one backend should have different seeds.
///
/// ```
/// use std::time::Duration;
/// use xstore_backend::retry::RetryPolicy;
/// let policy = RetryPolicy::new(4, Duration::from_millis(100), 2, Duration::from_secs(5))?;
/// assert_eq!(policy.max_attempts(), 4);
/// # Ok::<(), xstore_backend::retry::InvalidRetryPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_delay: Duration,
    factor: u32,
    max_delay: Duration,
    max_retry_after: Duration,
    seed: u64,
}

/// Which number of a [`RetryPolicy`] is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRetryPolicy {
    /// Not 1 to 100 attempts.
    Attempts,
    /// Not a factor of 1 to 100.
    Factor,
    /// The first delay is under a millisecond or over the longest one, or the longest is over an hour.
    Delay,
}

impl RetryPolicy {
    /// One attempt and no more.
    pub const ONCE: Self = Self { max_attempts: 1, ..Self::DEFAULT };

    /// Covers an outage of about four seconds, eight at most: five attempts, and waits of up to 0.2, 0.6, 1.8 and
    /// 5.4 s between them. A store has other backends to turn to.
    const DEFAULT: Self = Self {
        max_attempts: 5,
        initial_delay: Duration::from_millis(200),
        factor: 3,
        max_delay: Duration::from_secs(10),
        max_retry_after: Duration::from_secs(60),
        seed: 0,
    };

    const LONGEST_DELAY: Duration = Duration::from_secs(3600);

    /// At most `max_attempts` attempts, the first one counted.
    ///
    /// # Errors
    /// [`InvalidRetryPolicy`] for fewer than 1 or more than 100 attempts, a factor that isn't 1 to 100, or delays that
    /// aren't `1 ms <= initial_delay <= max_delay <= 1 h`.
    pub fn new(
        max_attempts: u32,
        initial_delay: Duration,
        factor: u32,
        max_delay: Duration,
    ) -> Result<Self, InvalidRetryPolicy> {
        if !(1..=100).contains(&max_attempts) {
            return Err(InvalidRetryPolicy::Attempts);
        }
        if !(1..=100).contains(&factor) {
            return Err(InvalidRetryPolicy::Factor);
        }
        if !(Duration::from_millis(1)..=max_delay).contains(&initial_delay) || max_delay > Self::LONGEST_DELAY
        {
            return Err(InvalidRetryPolicy::Delay);
        }
        Ok(Self { max_attempts, initial_delay, factor, max_delay, ..Self::DEFAULT })
    }

    /// With another start of the random waits; 0 without this.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The longest time that a backend may ask to be left alone for; one minute without this. One that asks for more
    /// isn't waited for: the caller gets the error at once and turns to another backend.
    #[must_use]
    pub const fn with_max_retry_after(mut self, max_retry_after: Duration) -> Self {
        self.max_retry_after = max_retry_after;
        self
    }

    /// Attempts at most, the first one counted.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The longest wait before the second attempt.
    #[must_use]
    pub const fn initial_delay(&self) -> Duration {
        self.initial_delay
    }

    /// By how much that grows with each attempt.
    #[must_use]
    pub const fn factor(&self) -> u32 {
        self.factor
    }

    /// Where it stops growing.
    #[must_use]
    pub const fn max_delay(&self) -> Duration {
        self.max_delay
    }

    /// The longest time that a backend may ask to be left alone for.
    #[must_use]
    pub const fn max_retry_after(&self) -> Duration {
        self.max_retry_after
    }

    /// The start of the random waits.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How long to wait after attempt number `attempt` (from 1) failed with `error`; none where that is the end.
    pub(super) fn delay(&self, attempt: u32, error: &Error, random: &mut fastrand::Rng) -> Option<Duration> {
        let asked = error.retry_after().unwrap_or_default();
        if !error.is_retryable() || attempt >= self.max_attempts || asked > self.max_retry_after {
            return None;
        }
        let longest = u64::try_from(self.longest_delay(attempt).as_nanos()).unwrap_or(u64::MAX);
        Some(asked.saturating_add(Duration::from_nanos(random.u64(0..=longest))))
    }

    fn longest_delay(&self, attempt: u32) -> Duration {
        let grown = self.factor.checked_pow(attempt.saturating_sub(1));
        let delay = grown.and_then(|factor| self.initial_delay.checked_mul(factor));
        delay.map_or(self.max_delay, |delay| delay.min(self.max_delay))
    }
}

impl Default for RetryPolicy {
    /// Five attempts within about four seconds; see [`RetryPolicy`] for the way to others.
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for InvalidRetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempts => "there are 1 to 100 attempts",
            Self::Factor => "a delay grows by a factor of 1 to 100",
            Self::Delay => {
                "the first delay is at least a millisecond and at most the longest, and that is at most an hour"
            }
        })
    }
}

impl std::error::Error for InvalidRetryPolicy {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const MS: Duration = Duration::from_millis(1);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn numbers_are_checked() {
        let at_most = RetryPolicy::new(100, HOUR, 100, HOUR).unwrap();
        assert_eq!((at_most.factor(), at_most.initial_delay(), at_most.max_delay()), (100, HOUR, HOUR));
        assert!(RetryPolicy::new(1, MS, 1, MS).is_ok());
        let two = MS * 2;
        for (attempts, initial, factor, longest, why) in [
            (0, MS, 1, MS, InvalidRetryPolicy::Attempts),
            (101, MS, 1, MS, InvalidRetryPolicy::Attempts),
            (1, MS, 0, MS, InvalidRetryPolicy::Factor),
            (1, MS, 101, MS, InvalidRetryPolicy::Factor),
            (1, Duration::ZERO, 1, MS, InvalidRetryPolicy::Delay),
            (1, two, 1, MS, InvalidRetryPolicy::Delay),
            (1, MS, 1, HOUR + MS, InvalidRetryPolicy::Delay),
        ] {
            assert_eq!(RetryPolicy::new(attempts, initial, factor, longest), Err(why));
        }
        let default = RetryPolicy::default();
        let (initial, longest) = (default.initial_delay(), default.max_delay());
        assert_eq!(RetryPolicy::new(default.max_attempts(), initial, default.factor(), longest), Ok(default));
        assert_eq!(RetryPolicy::ONCE.max_attempts(), 1);
    }

    #[test]
    fn delays_grow_up_to_the_longest_and_use_all_of_the_room() {
        let policy = RetryPolicy::new(100, MS * 100, 3, MS * 2000).unwrap();
        let error = Error::new(ErrorKind::Unavailable, "");
        let mut random = fastrand::Rng::with_seed(7);
        for (attempt, longest) in [(1, 100), (2, 300), (3, 900), (4, 2000), (5, 2000), (99, 2000)] {
            let delays: Vec<_> =
                (0..1000).map(|_| policy.delay(attempt, &error, &mut random).unwrap()).collect();
            let longest = MS * longest;
            assert!(delays.iter().all(|delay| *delay <= longest));
            // A thousand draws leave neither end of the room empty.
            assert!(delays.iter().any(|delay| *delay < longest / 20));
            assert!(delays.iter().any(|delay| *delay > longest / 20 * 19));
        }
        assert_eq!(policy.delay(100, &error, &mut random), None);
    }

    #[test]
    fn what_the_backend_asks_for_comes_on_top() {
        let policy = RetryPolicy::new(3, MS * 100, 2, MS * 100).unwrap().with_max_retry_after(MS * 5000);
        let asks = |time| Error::new(ErrorKind::Unavailable, "").with_retry_after(time);
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..100 {
            let delay = policy.delay(1, &asks(MS * 5000), &mut random).unwrap();
            assert!((MS * 5000..=MS * 5100).contains(&delay));
        }
        assert_eq!(policy.delay(1, &asks(MS * 5001), &mut random), None);
        assert_eq!(policy.delay(1, &asks(MS).with_retryable(false), &mut random), None);
    }
}
