//! Status: is every backend there, and what may be done with it.

mod probe;

use crate::code::Code;
use crate::error::Attempt;
use crate::health::HealthSnapshot;
use crate::member::Seat;
use crate::placement::Labels;
use crate::store::Inner;
use futures_util::future::join_all;
use probe::Probe;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use xstore_backend::{BackendId, Capability, Error as BackendError, ErrorKind, Operation, Space};

/// What was found out about a backend, by five small requests: its mark was read, and a value of 13 bytes written,
/// read, listed where the backend can list, and removed. Only the reading of the mark is repeated, once, where it fails
/// in a way that may pass.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackendStatus {
    /// The backend.
    pub backend: BackendId,
    /// What it can do.
    pub capability: Capability,
    /// Its labels.
    pub labels: Labels,
    /// Whether it answers and shows its mark, or why not.
    pub reachable: Result<(), Attempt>,
    /// Whether a value could be written, read back and removed, or why not. None where it isn't reachable.
    pub writable: Option<Result<(), Attempt>>,
    /// Each thing that was tried, in its order, so that a missing permission has a name. What had no point after an
    /// earlier failure isn't there.
    pub steps: Vec<Step>,
    /// How long the read of that value took.
    pub latency: Option<Duration>,
    /// Probes of earlier runs that were killed, which were found and removed now.
    pub leftovers: usize,
    /// Room, as far as it is known.
    pub space: Space,
    /// Whether it is a medium that may be absent.
    pub is_removable: bool,
    /// What this store has seen of it so far.
    pub health: HealthSnapshot,
}

/// One thing that was tried with a backend.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Step {
    /// What.
    pub kind: StepKind,
    /// How long it took, or why it failed.
    pub result: Result<Duration, Attempt>,
}

/// What is tried with a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Opening it, and reading the mark of its namespace. A namespace that needs no mark yet is marked.
    Mark,
    /// Writing a value.
    Put,
    /// Reading it back.
    Get,
    /// Finding it in a listing; only where the backend [can list](Capability::list). No object needs that: it only
    /// finds what was left behind.
    List,
    /// Removing it.
    Delete,
}

impl StepKind {
    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Put => "put",
            Self::Get => "get",
            Self::List => "list",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl BackendStatus {
    /// Whether it can be read from and written to. A listing that fails doesn't change that.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.reachable.is_ok() && matches!(self.writable, Some(Ok(())))
    }
}

/// Asks all members at once.
pub(crate) async fn status(inner: &Inner) -> Vec<BackendStatus> {
    join_all(inner.seats.iter().map(|seat| one(inner, seat))).await
}

async fn one(inner: &Inner, seat: &Seat) -> BackendStatus {
    let mut status = BackendStatus {
        backend: seat.id.clone(),
        capability: seat.capability,
        labels: seat.labels.clone(),
        reachable: Ok(()),
        writable: None,
        steps: Vec::new(),
        latency: None,
        leftovers: 0,
        space: Space::default(),
        is_removable: seat.is_removable,
        health: seat.health.snapshot(Instant::now()),
    };
    let tries = Tries { seat, limit: inner.settings.timeouts.of(0) };
    let marked = tries.step(StepKind::Mark, Operation::Open, inner.attach(seat)).await;
    status.reachable = marked.result.as_ref().map(|_| ()).map_err(Clone::clone);
    status.steps.push(marked);
    if status.reachable.is_err() {
        return status;
    }
    let mut probe = Probe::new(inner, &tries);
    probe.run().await;
    let (steps, leftovers) = (probe.steps, probe.leftovers);
    let of = |kind: StepKind| steps.iter().find(|step| step.kind == kind);
    status.latency = of(StepKind::Get).and_then(|step| step.result.as_ref().ok().copied());
    let failed = steps.iter().filter(|step| step.kind != StepKind::List);
    let failed = failed.filter_map(|step| step.result.as_ref().err()).next();
    status.writable = Some(failed.cloned().map_or(Ok(()), Err));
    status.leftovers = leftovers;
    status.steps.extend(steps);
    // Unknown room is no fault.
    let space = timeout(tries.limit, seat.backend.space()).await;
    status.space = space.ok().and_then(Result::ok).unwrap_or_default();
    status
}

/// What is tried with one member, each within the time of an attempt.
struct Tries<'a> {
    seat: &'a Seat,
    limit: Duration,
}

impl Tries<'_> {
    async fn step<T>(
        &self,
        kind: StepKind,
        operation: Operation,
        work: impl Future<Output = Result<T, BackendError>>,
    ) -> Step {
        let begun = Instant::now();
        let done = timeout(self.limit, work).await.unwrap_or_else(|_| {
            Err(BackendError::new(ErrorKind::Timeout, "").at(&self.seat.id, operation, None))
        });
        let result = done.map(|_| begun.elapsed()).map_err(|error| {
            let code = match error.kind() {
                // It isn't about a share.
                ErrorKind::NotFound => Code::BackendUnavailable,
                kind => Code::of_backend(kind),
            };
            Attempt::new(self.seat.id.clone(), None, None, code, error)
        });
        Step { kind, result }
    }
}
