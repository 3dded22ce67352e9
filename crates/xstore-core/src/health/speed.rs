//! How fast a member is.

use std::time::Duration;

use tokio::time::Instant;

/// What is typical of a store behind a network: seconds of a request...
const TYPICAL_LATENCY: f64 = 0.05;
/// ... and seconds for each byte.
const TYPICAL_PACE: f64 = 1e-7;
/// How much of an error is learned from one sample at least.
const GAIN: f64 = 0.2;
/// A sample counts as taking at most so many times what was expected.
const CUT: f64 = 4.0;
/// An abandoned request counts as taking so many times what it was waited for.
const BEYOND: f64 = 2.0;
/// Nothing is faster than this, in seconds: what takes no time at all could never be seen to take more.
const SHORTEST: f64 = 1e-6;

/// How long until an unused estimate is halved.
const HOPE: Duration = Duration::from_secs(600);

/// An estimate becomes no more hopeful than after this time, so that what is left of it can still be compared.
const MOST_HOPE: Duration = Duration::from_secs(6000);

/// Estimates of latency and pace. See the [module](super) for how they are learned.
#[derive(Debug, Default)]
pub(super) struct Speed {
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    /// Seconds of a request, whatever its size.
    latency: f64,
    /// Seconds for each byte.
    pace: f64,
    samples: u32,
    /// Bytes of the last success.
    bytes: u64,
    /// When the last sample came.
    at: Instant,
    /// Whether there was a success.
    is_measured: bool,
}

impl Speed {
    /// A request on so many bytes took `elapsed`.
    pub(super) fn sample(&mut self, now: Instant, bytes: u64, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64().max(SHORTEST);
        match &mut self.known {
            Some(known) if known.is_measured => known.learn(bytes, seconds),
            known => {
                let scale = seconds / typical(bytes);
                let (latency, pace) = (TYPICAL_LATENCY * scale, TYPICAL_PACE * scale);
                *known = Some(Known { latency, pace, samples: 1, bytes, at: now, is_measured: true });
            }
        }
        if let Some(known) = &mut self.known {
            known.bytes = bytes;
            known.at = known.at.max(now);
        }
    }

    /// A request took longer than `waited`.
    pub(super) fn at_least(&mut self, now: Instant, waited: Duration) {
        let waited = waited.as_secs_f64().max(SHORTEST);
        match &mut self.known {
            Some(known) if waited > known.expected(known.bytes) => {
                known.learn(known.bytes, waited * BEYOND);
                known.at = known.at.max(now);
            }
            Some(_) => {}
            // Nothing is known of its size either.
            None if waited > TYPICAL_LATENCY => {
                let latency = waited * BEYOND;
                self.known = Some(Known {
                    latency,
                    pace: TYPICAL_PACE,
                    samples: 1,
                    bytes: 0,
                    at: now,
                    is_measured: false,
                });
            }
            None => {}
        }
    }

    /// Seconds that a request on so many bytes is expected to take.
    pub(super) fn expected(&self, bytes: u64) -> Option<f64> {
        self.measured().map(|known| known.expected(bytes))
    }

    /// Seconds that a request on so many bytes may take, by whatever is known, and the more hopeful the older that is.
    pub(super) fn suspected(&self, now: Instant, bytes: u64) -> f64 {
        self.known.as_ref().map_or_else(
            || typical(bytes),
            |known| {
                known.expected(bytes)
                    * half_lives(now.saturating_duration_since(known.at).min(MOST_HOPE), HOPE)
            },
        )
    }

    /// Seconds of a request without its bytes.
    pub(super) fn latency(&self) -> Option<f64> {
        self.measured().map(|known| known.latency)
    }

    /// Bytes per second.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as saturates, and nothing is negative"
    )]
    pub(super) fn throughput(&self) -> Option<u64> {
        self.measured().map(|known| (1.0 / known.pace) as u64)
    }

    fn measured(&self) -> Option<&Known> {
        self.known.as_ref().filter(|known| known.is_measured)
    }
}

impl Known {
    fn learn(&mut self, bytes: u64, seconds: f64) {
        let moving = self.pace * float(bytes);
        let expected = self.latency + moving;
        let error = seconds.min(expected * CUT) - expected;
        self.samples = self.samples.saturating_add(1);
        let gain = (1.0 / f64::from(self.samples)).max(GAIN);
        // What a part has of the expectation it takes of the error. Both stay above 0, since the error is
        // above -expected and the gain below 1.
        let relative = gain * error / expected;
        self.latency *= 1.0 + relative * self.latency / expected;
        self.pace *= 1.0 + relative * moving / expected;
    }

    fn expected(&self, bytes: u64) -> f64 {
        self.latency + self.pace * float(bytes)
    }
}

/// Seconds that are typical of a request on so many bytes.
pub(super) fn typical(bytes: u64) -> f64 {
    TYPICAL_LATENCY + TYPICAL_PACE * float(bytes)
}

/// What is left of 1 after this time, if it halves each `half_life`.
pub(super) fn half_lives(time: Duration, half_life: Duration) -> f64 {
    (-time.div_duration_f64(half_life)).exp2()
}

#[allow(clippy::cast_precision_loss, reason = "an estimate needs no more than 52 bits")]
fn float(bytes: u64) -> f64 {
    bytes as f64
}
