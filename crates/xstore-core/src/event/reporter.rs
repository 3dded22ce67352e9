//! What an operation uses to tell of itself, so that its events come in their order.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use xstore_backend::BackendId;

use super::{Event, OperationKind, Progress, Status};

/// The code of an operation that was dropped.
const CANCELLED: &str = "CANCELLED";

/// Shares whose attempts are counted at once. Only those that failed need to be.
const COUNTED: usize = 4096;

/// Tells of one operation: that it began, when it is made; what happens to shares; and that it ended, with
/// [`finish`](Self::finish), or as failed with the code `CANCELLED`, when the last clone is dropped without.
/// Nothing here blocks or fails, whatever the listener does.
#[derive(Clone)]
pub struct Reporter(Arc<Operation>);

/// A share of a part on a backend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareEvent {
    /// The part, from 0.
    pub part: u32,
    /// The share, from 0.
    pub index: u8,
    /// The backend.
    pub backend: BackendId,
}

struct Operation {
    progress: Progress,
    kind: OperationKind,
    total_shares: u8,
    total_bytes: Option<u64>,
    began: Instant,
    /// Payload bytes so far.
    moved: AtomicU64,
    tries: Mutex<BTreeMap<ShareEvent, Tries>>,
}

/// The attempts on a share, where there was more than one or the first one failed.
struct Tries {
    attempt: u32,
    has_failed: bool,
}

impl Reporter {
    /// Begins, and says so. `total_shares` is the number of shares of each part, `total_bytes` the length of the
    /// payload, as far as it is known.
    #[must_use]
    pub fn new(
        progress: Progress,
        operation: OperationKind,
        total_shares: u8,
        total_bytes: Option<u64>,
    ) -> Self {
        let reporter = Self(Arc::new(Operation {
            progress,
            kind: operation,
            total_shares,
            total_bytes,
            began: Instant::now(),
            moved: AtomicU64::new(0),
            tries: Mutex::default(),
        }));
        reporter.0.send(Status::Pending, None);
        reporter
    }

    /// Tells what happens to a share: with `bytes` of `total_bytes` transferred in this attempt, and the code of a
    /// failure. Attempts are counted here.
    pub fn share(
        &self,
        share: &ShareEvent,
        status: Status,
        bytes: u64,
        total_bytes: Option<u64>,
        code: Option<&'static str>,
    ) {
        let operation = &*self.0;
        if operation.progress.is_none() {
            return;
        }
        operation.progress.send(Event {
            backend: Some(share.backend.clone()),
            share_index: Some(share.index),
            part: Some(share.part),
            bytes,
            total_bytes,
            attempt: operation.attempt(share, status),
            ..operation.event(status, code)
        });
    }

    /// Tells that so many more bytes of the payload have been stored or read.
    pub fn advance(&self, bytes: u64) {
        let operation = &*self.0;
        operation.moved.fetch_add(bytes, Ordering::Relaxed);
        operation.send(operation.kind.work(), None);
    }

    /// Ends: without a code as complete, else as failed. Whatever clones tell afterwards goes nowhere.
    pub fn finish(self, code: Option<&'static str>) {
        self.0.finish(code);
    }
}

impl Operation {
    /// Ends, unless it has ended: then the listener takes nothing any more.
    fn finish(&self, code: Option<&'static str>) {
        let status = if code.is_none() { Status::Complete } else { Status::Failed };
        self.progress.send(Event { terminal: true, ..self.event(status, code) });
    }

    fn send(&self, status: Status, code: Option<&'static str>) {
        if !self.progress.is_none() {
            self.progress.send(self.event(status, code));
        }
    }

    fn event(&self, status: Status, code: Option<&'static str>) -> Event {
        Event {
            operation: self.kind,
            backend: None,
            share_index: None,
            total_shares: self.total_shares,
            part: None,
            status,
            bytes: self.moved.load(Ordering::Relaxed),
            total_bytes: self.total_bytes,
            elapsed: self.began.elapsed(),
            attempt: 1,
            code,
            terminal: false,
            lagged: 0,
        }
    }

    /// Which attempt it is, now that this happens.
    fn attempt(&self, share: &ShareEvent, status: Status) -> u32 {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        match status {
            Status::Complete => tries.remove(share).map_or(1, |known| known.attempt),
            Status::Failed | Status::Retrying => {
                let known = tries.entry(share.clone()).or_insert(Tries { attempt: 1, has_failed: false });
                if status == Status::Retrying {
                    known.attempt = known.attempt.saturating_add(1);
                }
                known.has_failed = status == Status::Failed;
                let attempt = known.attempt;
                // The parts that come first are done first.
                if tries.len() > COUNTED {
                    tries.pop_first();
                }
                attempt
            }
            _ => tries.get_mut(share).map_or(1, |known| {
                if std::mem::take(&mut known.has_failed) {
                    known.attempt = known.attempt.saturating_add(1);
                }
                known.attempt
            }),
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.finish(Some(CANCELLED));
    }
}

impl OperationKind {
    /// What is told of the operation as a whole while it goes on.
    const fn work(self) -> Status {
        match self {
            Self::Put | Self::Repair | Self::Migrate | Self::Reshare => Status::Uploading,
            Self::Get => Status::Downloading,
            Self::Verify => Status::Verifying,
            Self::Delete | Self::Sweep => Status::Deleting,
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").field("operation", &self.0.kind).finish_non_exhaustive()
    }
}
