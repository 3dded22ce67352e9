//! Status: is every backend there, and can it be written to.

use crate::code::Code;
use crate::error::Attempt;
use crate::health::HealthSnapshot;
use crate::member::Seat;
use crate::store::Inner;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use xstore_backend::{
    BackendId, Capability, Error as BackendError, ErrorKind, Operation, Payload, PutOptions, Space,
};

/// What a probe writes.
const PROBE: &[u8] = b"xStore probe\n";

/// What was found out about a backend.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackendStatus {
    /// The backend.
    pub backend: BackendId,
    /// What it can do.
    pub capability: Capability,
    /// Whether it answers and shows its mark, or why not.
    pub reachable: Result<(), Attempt>,
    /// Whether a value could be written, read back and removed, or why not. None where it isn't reachable.
    pub writable: Option<Result<(), Attempt>>,
    /// How long the read of that value took.
    pub latency: Option<Duration>,
    /// Room, as far as it is known.
    pub space: Space,
    /// Whether it is a medium that may be absent.
    pub is_removable: bool,
    /// What this store has seen of it so far.
    pub health: HealthSnapshot,
}

impl BackendStatus {
    /// Whether it can be read from and written to.
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
    let attempt = |error: BackendError| {
        let code = match error.kind() {
            // It isn't about a share.
            ErrorKind::NotFound => Code::BackendUnavailable,
            kind => Code::of_backend(kind),
        };
        Attempt::new(seat.id.clone(), None, None, code, error)
    };
    let mut status = BackendStatus {
        backend: seat.id.clone(),
        capability: seat.capability,
        reachable: Ok(()),
        writable: None,
        latency: None,
        space: Space::default(),
        is_removable: seat.is_removable,
        health: seat.health.snapshot(Instant::now()),
    };
    let limit = inner.settings.timeouts.of(0);
    let late = |operation| BackendError::new(ErrorKind::Timeout, "").at(&seat.id, operation, None);
    let attached = timeout(limit, inner.attach(seat)).await.unwrap_or_else(|_| Err(late(Operation::Open)));
    if let Err(error) = attached {
        status.reachable = Err(attempt(error));
        return status;
    }
    let probed = timeout(limit, probe(inner, seat)).await.unwrap_or_else(|_| Err(late(Operation::Put)));
    match probed {
        Ok(latency) => {
            status.latency = Some(latency);
            status.writable = Some(Ok(()));
        }
        Err(error) => status.writable = Some(Err(attempt(error))),
    }
    // Unknown room is no fault.
    let space = timeout(limit, seat.backend.space()).await;
    status.space = space.ok().and_then(Result::ok).unwrap_or_default();
    status
}

/// Writes, reads and removes a value under a name that nothing else uses; returns how long the read took.
async fn probe(inner: &Inner, seat: &Seat) -> Result<Duration, BackendError> {
    let other = |message: &'static str| {
        BackendError::new(ErrorKind::Other, message).at(&seat.id, Operation::Put, None)
    };
    let name =
        inner.fresh_name().map_err(|error| other("no random name for the probe").with_source(error))?;
    let key = seat.key(&format!("probe/{name}")).ok_or_else(|| other("the probe's name is no key"))?;
    let written = seat.backend.put(&key, Payload::from(PROBE), &PutOptions::create_only()).await;
    let read = match written {
        Ok(()) => {
            let begun = Instant::now();
            match seat.backend.get(&key, PROBE.len()).await {
                Ok(value) if value == PROBE => Ok(begun.elapsed()),
                Ok(_) => Err(other("what was read isn't what was written")),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    // Also after a failure: the write may have landed.
    let removed = seat.backend.delete(&key).await;
    let latency = read?;
    removed.map(|()| latency)
}
