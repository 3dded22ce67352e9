//! The wall clock, injected.

use std::fmt::Debug;
use xstore_manifest::Timestamp;

/// What time it is: for an object's date, its expiry, and a ticket's age. Durations are measured by tokio's clock.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Now. None where the time can't be told or is out of the range of timestamps; operations that need it fail.
    fn now(&self) -> Option<Timestamp>;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Option<Timestamp> {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()).ok()
    }
}

/// A clock that always shows the same time: for tests, and to read an object as of another time.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Option<Timestamp> {
        Some(self.0)
    }
}
