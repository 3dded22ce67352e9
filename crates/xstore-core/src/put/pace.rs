//! How long the slowest share of a part is waited for while there is another place for it.

use crate::health::{HedgePolicy, hedge_delay};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// No share is given up sooner after the others: a disk that syncs, a connection that recovers.
const LEAST: Duration = Duration::from_secs(2);
/// Writes vary more than reads, and giving one up costs another one.
const LENIENCE: u32 = 4;

/// The shares of one part that are on their way.
pub(super) struct Pace {
    begun: Instant,
    /// Tells the sender of a share that it is given up.
    signals: Vec<Option<oneshot::Sender<()>>>,
    /// When the last of those that are done was done, and how long it took.
    slowest: Option<(Instant, Duration)>,
    done: usize,
}

impl Pace {
    pub(super) fn new(n: usize) -> Self {
        Self { begun: Instant::now(), signals: (0..n).map(|_| None).collect(), slowest: None, done: 0 }
    }

    /// A share is sent; the sender listens to what is returned.
    pub(super) fn begin(&mut self, index: usize) -> oneshot::Receiver<()> {
        let (signal, listener) = oneshot::channel();
        if let Some(slot) = self.signals.get_mut(index) {
            *slot = Some(signal);
        }
        listener
    }

    /// It came to an end.
    pub(super) fn end(&mut self, index: usize) {
        if let Some(slot) = self.signals.get_mut(index) {
            *slot = None;
        }
        self.done += 1;
        self.slowest = Some((Instant::now(), self.begun.elapsed()));
    }

    /// Its sender is told to stop.
    pub(super) fn give_up(&mut self, index: usize) {
        if let Some(signal) = self.signals.get_mut(index).and_then(Option::take) {
            // A sender that just came to its end doesn't listen any more.
            let _ = signal.send(());
        }
    }

    /// The shares that are on their way and weren't given up.
    pub(super) fn on_their_way(&self) -> impl Iterator<Item = usize> + '_ {
        self.signals.iter().enumerate().filter(|(_, signal)| signal.is_some()).map(|(index, _)| index)
    }

    /// Until when those that are on their way are waited for, once more than half are done.
    pub(super) fn patience(&self, policy: &HedgePolicy) -> Option<Instant> {
        let (last, took) = self.slowest?;
        let waiting = self.on_their_way().count();
        let delay = hedge_delay(policy, Some(took)).saturating_mul(LENIENCE).max(LEAST);
        (waiting > 0 && self.done >= waiting).then(|| last + delay)
    }
}
