//! Changes: repair, migrate and reshare, which end in another manifest of the same object.
//!
//! A repair or a migration looks at the shares of each part, makes or copies what has to be elsewhere, and writes it
//! under names of its own, so that nothing is overwritten and the manifest that it began with stays good. What it
//! stores stands in its ticket, and the new manifest follows from the old one and the ticket alone: that is how what
//! was cut short can be [finished](finish).

pub(crate) mod attempts;
pub(crate) mod finish;
mod part;
mod report;
mod reshare;
mod scan;
mod send;
mod target;
mod wishes;

use crate::builder::config;
use crate::code::Code;
use crate::error::{Error, Result, random};
use crate::event::{OperationKind, Progress, Reporter};
use crate::get::Object;
use crate::store::{Inner, Store};
use crate::ticket::{Base, Head, Journal, Ticket};
use futures_util::{StreamExt, stream};
use part::PartChange;
pub use report::{Outcome, RepairReport, Repaired, Reshared, ShareRepair, Why};
pub(crate) use reshare::{ReshareRequest, reshare};
use scan::Absences;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
pub use wishes::Placing;
pub(crate) use wishes::Wishes;
use xstore_keys::Keys;
use xstore_manifest::{Manifest, ObjectId};

/// Bytes of shares that the parts in flight may take; with large parts or a large n one part is changed at a time.
const MEMORY: u64 = 256 << 20;

/// What a repair or a migration was asked to do.
pub(crate) struct Request<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) wishes: Wishes,
    pub(crate) progress: Progress,
    pub(crate) deadline: Option<Duration>,
}

/// What all parts of a change share.
pub(crate) struct Change<'a> {
    pub(crate) inner: &'a Arc<Inner>,
    pub(crate) object: &'a Object<'a>,
    pub(crate) wishes: &'a Wishes,
    pub(crate) ticket: &'a Ticket,
    pub(crate) reporter: &'a Reporter,
    /// Of the ticket: names everything that the change writes.
    pub(crate) attempt: u32,
    /// Seconds until the object expires.
    pub(crate) expires_in: Option<u64>,
    pub(crate) absences: Absences,
    /// The same for what backends were to store: one that is full can still be read.
    pub(crate) refusals: Absences,
}

/// Repairs or migrates.
pub(crate) async fn change(store: &Store, request: Request<'_>) -> Result<Repaired> {
    let Request { manifest, ticket, wishes, progress, deadline } = request;
    let kind = if wishes.moving.is_some() { OperationKind::Migrate } else { OperationKind::Repair };
    let reporter = Reporter::new(progress, kind, manifest.threshold.n, Some(manifest.length()));
    let done = run(store, manifest, ticket, &wishes, deadline, &reporter).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

async fn run(
    store: &Store,
    manifest: &Manifest,
    given: Option<Ticket>,
    wishes: &Wishes,
    deadline: Option<Duration>,
    reporter: &Reporter,
) -> Result<Repaired> {
    let inner = store.inner();
    let object = Object::open(inner, manifest, None)?;
    wishes.check(inner, object.body())?;
    let (ticket, base) = inner.ticket_of(manifest, given.as_ref())?;
    let _alone = inner.alone(manifest.object)?;
    ticket.claim()?;
    let _open = inner.buffers.open();
    let change = Change {
        inner,
        object: &object,
        wishes,
        ticket: &ticket,
        reporter,
        attempt: base.attempt,
        expires_in: inner.expires_in(manifest)?,
        absences: Absences::default(),
        refusals: Absences::default(),
    };
    let done = match deadline {
        None => parts(&change).await,
        Some(limit) => {
            timeout(limit, parts(&change)).await.unwrap_or_else(|_| Err(crate::put::too_late(limit)))
        }
    };
    let made = match done {
        Ok(report) => make(&change).await.map(|made| (report, made)),
        Err(error) => Err(error),
    };
    match made {
        Ok((report, made)) => {
            let manifest = made.unwrap_or_else(|| manifest.clone());
            Ok(Repaired { manifest, ticket, report })
        }
        // Nobody else holds the ticket, so nobody else can clean up.
        Err(error) if given.is_none() && !ticket.is_empty() => {
            Err(crate::put::swept(store, &ticket, error).await)
        }
        Err(error) => Err(error),
    }
}

/// Changes all parts, a few at a time.
async fn parts(change: &Change<'_>) -> Result<RepairReport> {
    let body = change.object.body();
    let mut report = RepairReport {
        shares: Vec::new(),
        good: 0,
        k: body.threshold.k,
        n: body.threshold.n,
        parts: body.parts.len(),
        read: 0,
        written: 0,
        is_dry_run: change.wishes.is_dry_run,
    };
    let count = u32::try_from(body.parts.len()).unwrap_or(u32::MAX);
    let mut parts = stream::iter(0..count)
        .map(|number| async move { PartChange::new(change, number)?.run().await })
        .buffered(at_once(change)?);
    while let Some(part) = parts.next().await {
        let part = part?;
        change.reporter.advance(part.bytes);
        report.shares.extend(part.shares);
        report.good += part.good;
        report.read += part.read;
        report.written += part.written;
    }
    Ok(report)
}

/// How many parts are changed at once: of each, all shares are held, and those that are made again.
fn at_once(change: &Change<'_>) -> Result<usize> {
    let mut longest = 0;
    for part in &change.object.body().parts {
        longest = longest.max(change.object.shape(part)?.share_len());
    }
    let held = longest.saturating_mul(u64::from(change.object.body().threshold.n) + 2);
    Ok(if held * 2 <= MEMORY { 2 } else { 1 })
}

/// Makes the next manifest and keeps in the ticket that there is one; None where nothing was sent.
async fn make(change: &Change<'_>) -> Result<Option<Manifest>> {
    if change.ticket.is_empty() {
        return Ok(None);
    }
    let (inner, ticket) = (Arc::clone(change.inner), change.ticket.clone());
    let manifest = change.object.manifest.clone();
    let work = move || finish::make(&inner, &manifest, &ticket);
    Ok(Some(crate::compute::run(work).await?))
}

impl Inner {
    /// A ticket for a change of this object.
    pub(crate) fn begin_change(
        &self,
        manifest: &Manifest,
        journal: Option<Box<dyn Journal>>,
    ) -> Result<Ticket> {
        let keys = self.keys()?;
        let mut attempt = 0;
        // Number 0 is that of puts.
        while attempt == 0 {
            attempt = u32::from_le_bytes(self.entropy().array().map_err(random)?);
        }
        let base = Base { revision: manifest.revision, hmac: *manifest.hmac(), attempt };
        let head = Head {
            object: manifest.object,
            name: manifest.key.clone(),
            created: manifest.created,
            key: keys.id(),
            base: Some(base),
        };
        Ticket::begin(head, keys, journal)
    }

    /// The ticket that was given, if it is one for a change of this manifest, or another one.
    fn ticket_of(&self, manifest: &Manifest, given: Option<&Ticket>) -> Result<(Ticket, Base)> {
        let ticket = match given {
            Some(ticket) => ticket.clone(),
            None => self.begin_change(manifest, None)?,
        };
        let base = ticket.base().filter(|base| {
            base.hmac == *manifest.hmac()
                && base.revision == manifest.revision
                && ticket.object() == manifest.object
        });
        let Some(base) = base else {
            return Err(config("the ticket wasn't begun for a change of this manifest"));
        };
        if ticket.key() != self.keys()?.id() {
            return Err(config("another key is current since the ticket was begun: begin another one"));
        }
        Ok((ticket, base))
    }

    /// The only change of an object in this store, until it is dropped: two at once could send one backend two
    /// indexes, and only one of their manifests can be kept.
    fn alone(&self, object: ObjectId) -> Result<Alone<'_>> {
        let mut changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if changing.insert(object) {
            Ok(Alone(self, object))
        } else {
            Err(config("another change of this object is running"))
        }
    }

    /// Seconds until an object expires, at least 1; None for never.
    pub(crate) fn expires_in(&self, manifest: &Manifest) -> Result<Option<u64>> {
        let end = manifest.ttl.and_then(|ttl| manifest.created.checked_add_seconds(ttl));
        let Some(end) = end else { return Ok(None) };
        let left = end.as_millis().saturating_sub(self.now()?.as_millis());
        Ok(Some(u64::try_from(left).unwrap_or(0).div_ceil(1000).max(1)))
    }
}

struct Alone<'a>(&'a Inner, ObjectId);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.changing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Change<'_> {
    /// Appends to the ticket, on the blocking pool where it has a journal.
    pub(crate) async fn record(
        &self,
        append: impl FnOnce(&Ticket, &Keys) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        if !self.ticket.has_journal() {
            return append(self.ticket, self.inner.keys()?);
        }
        let (inner, ticket) = (Arc::clone(self.inner), self.ticket.clone());
        let kept = tokio::task::spawn_blocking(move || append(&ticket, inner.keys()?));
        kept.await.unwrap_or_else(|_| Err(Error::new(Code::SinkFailed, "the ticket's journal panicked")))
    }
}
