//! Sweep: removes whatever a put that didn't succeed may have stored, and what a change has replaced or left.

use crate::code::Code;
use crate::delete::remove_value;
use crate::error::{Attempt, Error, Result};
use crate::event::{OperationKind, Progress, Reporter, ShareEvent, Status};
use crate::store::{Inner, Store};
use crate::ticket::{Deeds, Made, Place, Sent, Ticket};
use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::sync::Arc;
use xstore_backend::{Error as BackendError, ErrorKind, Key};
use xstore_keys::Keys;
use xstore_manifest::{Lane, Manifest, ShareKey, Timestamp};

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

/// Sweeps; what `kept` names stays.
pub(crate) async fn sweep(
    store: &Store,
    ticket: &Ticket,
    kept: Option<&Manifest>,
    progress: Progress,
) -> Result<Swept> {
    let inner = store.inner();
    let reporter = Reporter::new(progress, OperationKind::Sweep, inner.scheme.n(), None);
    let done = work(inner, ticket, kept, &reporter).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

async fn work(
    inner: &Arc<Inner>,
    ticket: &Ticket,
    kept: Option<&Manifest>,
    reporter: &Reporter,
) -> Result<Swept> {
    let keys = inner.ring.verifying(&ticket.key()).map_err(|error| {
        Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error)
    })?;
    ticket.complete();
    let deeds = ticket.deeds();
    if kept.is_some_and(|kept| kept.object != deeds.head.object) {
        return Err(crate::builder::config("the manifest that is to be kept is of another object"));
    }
    if !ticket.is_change() {
        if ticket.is_committed() {
            return Err(crate::builder::config(
                "the put under this ticket succeeded: delete the object by its manifest",
            ));
        }
    } else if let Some(made) = &deeds.made {
        may_be_swept(inner, ticket, &deeds, made, kept).await?;
    } else {
        give_up(inner, ticket).await?;
    }
    let jobs = jobs(inner, keys, &deeds, kept);
    // What the kept manifest names has landed.
    let open: HashSet<u32> = jobs.iter().map(|job| job.at).collect();
    let sent: Vec<&Sent> =
        (0_u32..).zip(&deeds.sent).filter(|(at, _)| open.contains(at)).map(|(_, sent)| sent).collect();
    let mut removals = stream::iter(jobs).map(|job| remove(inner, job, reporter)).buffer_unordered(AT_ONCE);
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

/// Refuses to sweep a change whose manifest may be the one that the object is found by.
async fn may_be_swept(
    inner: &Arc<Inner>,
    ticket: &Ticket,
    deeds: &Deeds,
    made: &Made,
    kept: Option<&Manifest>,
) -> Result<()> {
    let refuse = |message: &'static str| Err(crate::builder::config(message));
    let Some(kept) = kept else {
        return refuse("the change under this ticket made a manifest: say which manifest is in use");
    };
    if kept.hmac() == &made.hmac && !ticket.is_committed() {
        return refuse(
            "the manifest isn't committed: keep it and commit the ticket before old values are removed",
        );
    }
    if kept.revision >= made.revision {
        return Ok(());
    }
    let is_reshare = deeds.sent.iter().all(|sent| kept.parts.iter().all(|part| part.sharing != sent.sharing));
    if !is_reshare || ticket.is_committed() {
        return refuse(
            "the manifest is older than the one that the change made: finish the change, or use the newer one",
        );
    }
    // The manifest of a reshare doesn't follow from its ticket. Where the older one is really in use, it is whole.
    let report = crate::verify::presence(inner, kept).await?;
    if report.redundancy() < 0 {
        return refuse("the older manifest can't be read any more, so the newer one seems to be in use");
    }
    Ok(())
}

/// Keeps that what was stored counts no more, before it is removed.
async fn give_up(inner: &Arc<Inner>, ticket: &Ticket) -> Result<()> {
    let (inner, ticket) = (Arc::clone(inner), ticket.clone());
    let work = move || {
        let keys = inner.ring.verifying(&ticket.key()).map_err(|error| {
            Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error)
        })?;
        ticket.give_up(keys)
    };
    crate::compute::run(work).await
}

/// Every value that the ticket names and the manifest doesn't.
fn jobs(inner: &Inner, keys: &Keys, deeds: &Deeds, kept: Option<&Manifest>) -> Vec<Job> {
    let named: HashSet<(&str, &str)> = kept
        .iter()
        .flat_map(|kept| kept.parts.iter().flat_map(|part| part.shares.iter().flatten()))
        .map(|share| (share.backend.as_str(), share.key.as_str()))
        .collect();
    let mut jobs = Vec::new();
    let mut at = 0_u32;
    for sent in &deeds.sent {
        for place in &sent.places {
            let key = inner.seat(&place.backend).and_then(|seat| {
                let (sharing, index, attempt) = (sent.sharing, place.index, place.attempt);
                let lane = Lane::Manifest;
                ShareKey::derive(&seat.namespace, lane, keys, sharing, index, attempt, &place.backend).ok()
            });
            jobs.push(Job { at, index: place.index, backend: place.backend.clone(), key });
        }
        at += 1;
    }
    // What was replaced isn't needed any more when the manifest that replaced it is kept, or another one that
    // doesn't name it either.
    let replaced = deeds.stored.iter().filter(|_| deeds.made.is_some());
    for stored in replaced {
        for share in &stored.shares {
            let Some(old) = &share.old else { continue };
            let (backend, key) = (old.backend.clone(), Some(old.key.clone()));
            jobs.push(Job { at, index: share.share.index, backend, key });
        }
        at += 1;
    }
    jobs.retain(|job| {
        let key = job.key.as_ref().map(ShareKey::as_str);
        key.is_none_or(|key| !named.contains(&(job.backend.as_str(), key)))
    });
    jobs
}

/// When the last write that may still be on its way can't land any more.
fn again_after(inner: &Inner, ticket: &Ticket, sent: &[&Sent]) -> Result<Option<Timestamp>> {
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
    /// Tells jobs on one backend apart.
    at: u32,
    index: u8,
    backend: xstore_manifest::BackendId,
    /// None where the backend isn't configured.
    key: Option<ShareKey>,
}

async fn remove(inner: &Arc<Inner>, job: Job, reporter: &Reporter) -> Result<(), Attempt> {
    let Job { at, index, backend, key } = job;
    let id = match xstore_backend::BackendId::new(backend.as_str()) {
        Ok(id) => id,
        // The names of backends in a ticket are checked by the same rule.
        Err(_) => return Ok(()),
    };
    let event = ShareEvent { backend: id.clone(), index, part: at };
    reporter.share(&event, Status::Deleting, 0, None, None);
    let key = key.and_then(|key| Key::new(key.as_str()).ok());
    let removed = match (inner.seat(&backend), key) {
        (Some(seat), Some(key)) => remove_value(inner, seat, &key).await,
        (Some(_), None) => Ok(()),
        (None, _) => Err(BackendError::new(ErrorKind::Unavailable, "no backend of that name is configured")),
    };
    match removed {
        Ok(()) => {
            reporter.share(&event, Status::Complete, 0, None, None);
            Ok(())
        }
        Err(error) => {
            let code = Code::of_backend(error.kind());
            reporter.share(&event, Status::Failed, 0, None, Some(code.as_str()));
            Err(Attempt::new(id, Some(index), None, code, error))
        }
    }
}
