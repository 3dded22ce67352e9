//! Bytes a second, in turns.

use std::num::NonZeroU64;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How far payments may run ahead of the rate. Timers fire up to a millisecond late, and what was lost by that is
/// caught up on within this time.
const AHEAD: Duration = Duration::from_millis(50);

/// Turns a second, at most.
const TURNS: u64 = 20;

/// Lets bytes through at a rate.
///
/// `due` is the moment up to which all bytes so far have used up the rate. Whoever is at the front of the queue for the
/// lock waits until that is no more than [`AHEAD`] of now, and moves it by the time that the bytes of its turn cost.
/// The lock is handed on in the order of asking, so that those who want many turns alternate.
#[derive(Debug)]
pub(super) struct Pacer {
    rate: NonZeroU64,
    due: Mutex<Option<Instant>>,
}

impl Pacer {
    pub(super) fn new(rate: NonZeroU64) -> Self {
        Self { rate, due: Mutex::new(None) }
    }

    /// Waits until so many bytes are paid for.
    pub(super) async fn pay(&self, bytes: u64) {
        let turn = (self.rate.get() / TURNS).max(1);
        let mut rest = bytes;
        while rest > 0 {
            let now = rest.min(turn);
            self.take_turn(now).await;
            rest -= now;
        }
    }

    async fn take_turn(&self, bytes: u64) {
        let mut due = self.due.lock().await;
        if let Some(time) = due.and_then(|due| due.checked_sub(AHEAD)) {
            tokio::time::sleep_until(time).await;
        }
        // From here on nothing waits: whoever is dropped before has paid nothing.
        let now = Instant::now();
        *due = Some(due.map_or(now, |due| due.max(now)) + self.cost(bytes));
    }

    /// Rounded up, so that the rate is never exceeded.
    fn cost(&self, bytes: u64) -> Duration {
        let nanos = (u128::from(bytes) * 1_000_000_000).div_ceil(u128::from(self.rate.get()));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
