//! The only place that asks what time it is.

use std::time::{Duration, Instant};
use xstore_keys::Date;
use xstore_manifest::Timestamp;

/// Now, in milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Now, as manifests write it.
pub(crate) fn now() -> Option<Timestamp> {
    Timestamp::from_millis(now_ms()).ok()
}

/// Today in UTC.
pub(crate) fn today() -> Option<Date> {
    let date = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    Date::new(date.year(), date.month(), date.day()).ok()
}

/// A running stopwatch.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "time enters here")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
