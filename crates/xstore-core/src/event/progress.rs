//! The way from an operation to its listener: bounded, and never waited for.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread;

use futures_util::Stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::Event;

/// How many events wait for a slow listener at most, besides the terminal one.
pub const LIMIT: usize = 4096;

/// Where an operation sends its events. Clones send to the same listener.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Mutex<Option<Line>>>>);

/// The events of one operation; see the [module](super) for what is guaranteed of them.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

/// The sending end, until the terminal event has gone through it.
struct Line {
    sender: mpsc::Sender<Event>,
    /// Room for the terminal event, kept from the beginning. None only if the channel gave none.
    last: Option<mpsc::OwnedPermit<Event>>,
    /// Events left out since the last one that was not.
    lagged: u64,
}

impl Progress {
    /// Nobody listens.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Calls `listener` with every event, one after the other, on a thread of its own. So it may block, and it may
    /// still be busy with the last events when the operation's result is there. The thread ends after the terminal
    /// event, or when all clones of this value are gone. If the listener panics, it is called no more; if the system
    /// has no thread to give, it never is: progress is no reason for an operation to fail.
    #[must_use]
    pub fn callback(mut listener: impl FnMut(Event) + Send + 'static) -> Self {
        let (progress, mut events) = Self::channel();
        let listen = move || {
            while let Some(event) = events.0.blocking_recv() {
                listener(event);
            }
        };
        // Without a thread `events` is dropped here, and sending finds nobody.
        let _ = thread::Builder::new().name("xstore-progress".to_owned()).spawn(listen);
        progress
    }

    /// A stream of the events.
    #[must_use]
    pub fn channel() -> (Self, Events) {
        let (sender, receiver) = mpsc::channel(LIMIT + 1);
        let last = sender.clone().try_reserve_owned().ok();
        let line = Line { sender, last, lagged: 0 };
        (Self(Some(Arc::new(Mutex::new(Some(line))))), Events(receiver))
    }

    /// Whether events go anywhere at all.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Sends an event, or leaves it out where too many wait; what [`Event::lagged`] says is overwritten. Never blocks
    /// but for the moment that another thread takes for the same, and never fails: a listener that is gone misses
    /// nothing.
    pub fn send(&self, mut event: Event) {
        let Some(line) = &self.0 else { return };
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        if event.terminal {
            if let Some(Line { sender, last, lagged }) = line.take() {
                event.lagged = lagged;
                match last {
                    Some(last) => drop(last.send(event)),
                    None => drop(sender.try_send(event)),
                }
            }
        } else if let Some(open) = line.as_mut() {
            event.lagged = open.lagged;
            match open.sender.try_send(event) {
                Ok(()) => open.lagged = 0,
                Err(TrySendError::Full(_)) => open.lagged = open.lagged.saturating_add(1),
                Err(TrySendError::Closed(_)) => *line = None,
            }
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Progress(none)" } else { "Progress(..)" })
    }
}

impl Events {
    /// The next event; none after the terminal one, and when all that could send one are gone.
    ///
    /// # Cancel safety
    /// A call that is dropped loses no event.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(context)
    }
}
