//! What a command shows of an operation on the store while it runs, and what it remembers of it.
//!
//! Everything here happens on the progress thread of the operation: a terminal that stands still doesn't hold up a
//! transfer.

mod bars;
mod lines;

use crate::output::Output;
use crate::trouble::{Trouble, Troubles};
use bars::Bars;
use indicatif::ProgressBar;
use lines::Lines;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use xstore::Progress;

/// Watches the operations of one command.
pub(crate) struct Watch {
    shown: Arc<Mutex<Shown>>,
    total: ProgressBar,
    listening: Vec<oneshot::Receiver<()>>,
}

/// What listeners share.
struct Shown {
    out: Output,
    bars: Bars,
    lines: Lines,
    troubles: Troubles,
}

impl Watch {
    /// Begins; `what` is done to `total` bytes, where that is known.
    pub(crate) fn new(out: Output, what: &'static str, total: Option<u64>) -> Self {
        let bars = Bars::new(out, what, total);
        let total = bars.total();
        let shown = Shown { out, bars, lines: Lines::default(), troubles: Troubles::default() };
        Self { shown: Arc::new(Mutex::new(shown)), total, listening: Vec::new() }
    }

    /// A listener for one operation.
    pub(crate) fn progress(&mut self) -> Progress {
        let (done, listening) = oneshot::channel::<()>();
        self.listening.push(listening);
        let shown = Arc::clone(&self.shown);
        Progress::callback(move |event| {
            // Goes with the closure, behind the last event.
            let _done = &done;
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let Shown { out, bars, lines, troubles } = &mut *shown;
            troubles.note(&event);
            bars.show(&event);
            lines.tell(*out, &event);
        })
    }

    /// The bar of the payload: whoever moves bytes of it moves the bar.
    pub(crate) fn total(&self) -> ProgressBar {
        self.total.clone()
    }

    /// Waits until every event of the operations that have ended was handled.
    pub(crate) async fn settled(&mut self) {
        for listening in self.listening.drain(..) {
            // Never sent: it ends when the listener goes.
            let _ = listening.await;
        }
    }

    /// Takes the bars away and tells what failed on the way, also where the operation succeeded.
    pub(crate) fn finish(self) -> Vec<Trouble> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.bars.clear();
        std::mem::take(&mut shown.troubles).into_list()
    }
}

/// A command that is left in the middle leaves no bars behind.
impl Drop for Watch {
    fn drop(&mut self) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).bars.clear();
    }
}
