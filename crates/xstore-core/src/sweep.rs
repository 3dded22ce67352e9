//! Sweep: removes whatever a put that didn't succeed may have stored.

use crate::code::Code;
use crate::delete::remove_value;
use crate::error::{Attempt, Error, Result};
use crate::event::{OperationKind, Progress, Reporter, ShareEvent, Status};
use crate::store::{Inner, Store};
use crate::ticket::{Place, Sent, Ticket};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use xstore_backend::{Error as BackendError, ErrorKind, Key};
use xstore_keys::Keys;
use xstore_manifest::{Lane, ShareKey, SharingId, Timestamp};

/// Values that are removed at once.
const AT_ONCE: usize = 16;

/// What came of a sweep.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Swept {
    /// Places that are confirmed to be empty.
    pub removed: usize,
    /// Places that couldn't be asked: sweep again when they are back.
    pub unconfirmed: Vec<Attempt>,
    /// A write that was on its way may still land until then: sweep again after it. None where none can.
    pub again_after: Option<Timestamp>,
}

impl Swept {
    /// Whether nothing is left and nothing can come any more: the ticket may be thrown away.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.unconfirmed.is_empty() && self.again_after.is_none()
    }
}

/// Sweeps.
pub(crate) async fn sweep(store: &Store, ticket: &Ticket, progress: Progress) -> Result<Swept> {
    let inner = store.inner();
    let reporter = Reporter::new(progress, OperationKind::Sweep, inner.scheme.n(), None);
    let done = work(inner, ticket, &reporter).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

async fn work(inner: &Arc<Inner>, ticket: &Ticket, reporter: &Reporter) -> Result<Swept> {
    let keys = inner.ring.verifying(&ticket.key()).map_err(|error| {
        Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error)
    })?;
    if ticket.is_committed() {
        return Err(crate::builder::config(
            "the put under this ticket succeeded: delete the object by its manifest",
        ));
    }
    // Nothing may be put under it from now on.
    let _ = ticket.claim();
    let sent = ticket.sent();
    let mut jobs: Vec<Job> = Vec::new();
    for (at, sent) in (0_u32..).zip(&sent) {
        jobs.extend(sent.places.iter().map(|place| Job { at, sharing: sent.sharing, place: place.clone() }));
    }
    let mut removals =
        stream::iter(jobs).map(|job| remove(inner, keys, job, reporter)).buffer_unordered(AT_ONCE);
    let mut swept = Swept { removed: 0, unconfirmed: Vec::new(), again_after: None };
    while let Some(removed) = removals.next().await {
        match removed {
            Ok(()) => swept.removed += 1,
            Err(attempt) => swept.unconfirmed.push(attempt),
        }
    }
    drop(removals);
    swept.again_after = again_after(inner, ticket, &sent)?;
    Ok(swept)
}

/// When the last write that may still be on its way can't land any more.
fn again_after(inner: &Inner, ticket: &Ticket, sent: &[Sent]) -> Result<Option<Timestamp>> {
    let lands_late = |place: &Place| {
        // Writes of this process may wait in its blocking pool, whatever the backend.
        ticket.is_live() || inner.seat(&place.backend).is_none_or(|seat| seat.capability.late_writes)
    };
    let last = sent.iter().filter(|sent| sent.places.iter().any(lands_late)).map(|sent| sent.at).max();
    let Some(last) = last else { return Ok(None) };
    let end = last.checked_add_seconds(inner.settings.grace.as_secs());
    let now = inner.now()?;
    Ok(end.filter(|end| now < *end))
}

/// One place to be emptied.
struct Job {
    at: u32,
    sharing: SharingId,
    place: Place,
}

async fn remove(inner: &Arc<Inner>, keys: &Keys, job: Job, reporter: &Reporter) -> Result<(), Attempt> {
    let Job { at, sharing, place } = job;
    let id = match xstore_backend::BackendId::new(place.backend.as_str()) {
        Ok(id) => id,
        // The names of backends in a ticket are checked by the same rule.
        Err(_) => return Ok(()),
    };
    let event = ShareEvent { backend: id.clone(), index: place.index, part: at };
    reporter.share(&event, Status::Deleting, 0, None, None);
    let removed = match inner.seat(&place.backend) {
        Some(seat) => {
            let name = ShareKey::derive(
                &seat.namespace,
                Lane::Manifest,
                keys,
                sharing,
                place.index,
                place.attempt,
                &place.backend,
            );
            match name.ok().and_then(|name| Key::new(name.as_str()).ok()) {
                Some(key) => remove_value(inner, seat, &key).await,
                None => Ok(()),
            }
        }
        None => Err(BackendError::new(ErrorKind::Unavailable, "no backend of that name is configured")),
    };
    match removed {
        Ok(()) => {
            reporter.share(&event, Status::Complete, 0, None, None);
            Ok(())
        }
        Err(error) => {
            let code = Code::of_backend(error.kind());
            reporter.share(&event, Status::Failed, 0, None, Some(code.as_str()));
            Err(Attempt::new(id, Some(place.index), None, code, error))
        }
    }
}
