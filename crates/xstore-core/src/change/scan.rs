//! What each share of a part is worth.

use super::{Change, Why};
use crate::code::Code;
use crate::error::{Attempt, Result};
use crate::event::{ShareEvent, Status};
use crate::get::fetch::{Context, Refusal, Unknown};
use crate::get::part::{OPEN_AT_ONCE, open_whole};
use crate::member::Seat;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use xorida_core::ShareIndex;
use xstore_backend::{BackendId, Bytes, Error as BackendError, ErrorKind, Key, Operation, retry};
use xstore_manifest::Share;
use xstore_share::{ExpectedShare, ShareFault, ShareVerifier};

/// A backend that couldn't be reached so often in a row isn't asked for a while.
const GIVE_UP_AFTER: u32 = 2;
const LEAVE_ALONE: Duration = Duration::from_secs(60);

/// A share whose tags are those that the manifest pins.
pub(super) struct Held {
    pub(super) verifier: ShareVerifier,
    pub(super) value: Bytes,
    /// Segments that don't match their tags.
    pub(super) bad: Vec<u64>,
}

/// What was found out about a share.
pub(super) struct Found {
    pub(super) index: u8,
    /// Its bytes, where some of them are of use.
    pub(super) held: Option<Arc<Held>>,
    /// What is wrong with it, and how it shows. None where it is good.
    pub(super) trouble: Option<(Why, Option<Attempt>)>,
    /// Bytes that were read.
    pub(super) read: u64,
}

/// Backends that couldn't be reached while a change was running: an object has many parts, and each would wait anew.
#[derive(Default)]
pub(crate) struct Absences(Mutex<HashMap<BackendId, (u32, Instant)>>);

impl Absences {
    pub(super) fn is_absent(&self, id: &BackendId) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).is_some_and(|(times, last)| *times >= GIVE_UP_AFTER && last.elapsed() < LEAVE_ALONE)
    }

    pub(super) fn note(&self, id: &BackendId, is_there: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_there {
            known.remove(id);
        } else {
            let (times, last) = known.entry(id.clone()).or_insert((0, Instant::now()));
            (*times, *last) = (times.saturating_add(1), Instant::now());
        }
    }
}

/// Reads and checks one share; an entry that is null is never stored.
pub(super) async fn look(change: &Change<'_>, context: &Context<'_>, index: u8) -> Result<Found> {
    let mut found = Found { index, held: None, trouble: None, read: 0 };
    let Some(Some(share)) = context.part.shares.get(usize::from(index)) else {
        found.trouble = Some((Why::NotStored, None));
        return Ok(found);
    };
    let id = BackendId::new(share.backend.as_str())
        .map_err(|error| crate::builder::config("a backend's name is refused").with_source(error))?;
    let attempt = |code, cause: Box<dyn std::error::Error + Send + Sync>| {
        Some(Attempt::new(id.clone(), Some(index), Some(context.number), code, cause))
    };
    if let Err(error) = context.inner.ring.verifying(&share.key_id) {
        found.trouble = Some((Why::KeyUnavailable, attempt(Code::KeyUnavailable, error.into())));
        return Ok(found);
    }
    let Some(seat) = context.inner.seat(&share.backend) else {
        found.trouble = Some((Why::Unreachable, attempt(Code::BackendUnavailable, Unknown.into())));
        return Ok(found);
    };
    let event = ShareEvent { backend: id.clone(), index, part: context.number };
    let length = context.shape.share_len();
    context.reporter.share(&event, Status::Downloading, 0, Some(length), None);
    let looked = if change.absences.is_absent(&seat.id) {
        let message = "it couldn't be reached a moment ago, and isn't asked again for a while";
        Err(BackendError::new(ErrorKind::Unavailable, message).at(&seat.id, Operation::Get, None).into())
    } else {
        read(context, seat, share).await
    };
    match looked {
        Ok(held) => {
            change.absences.note(&seat.id, true);
            found.read = length;
            if let Some(first) = held.bad.first() {
                let code = Code::ShareIntegrityFailed;
                context.reporter.share(&event, Status::Failed, 0, Some(length), Some(code.as_str()));
                let fault = ShareFault::Segment(*first);
                found.trouble = Some((Why::Damaged, attempt(code, fault.into())));
            } else {
                context.reporter.share(&event, Status::Complete, length, Some(length), None);
            }
            found.held = Some(Arc::new(held));
        }
        Err(refusal) => {
            let code = refusal.code();
            let why = why(&refusal);
            // A place that shows its mark although a value can't be read may give others.
            change.absences.note(&seat.id, why != Why::Unreachable || context.inner.is_attached(seat));
            context.reporter.share(&event, Status::Failed, 0, Some(length), Some(code.as_str()));
            found.trouble = Some((why, Some(refusal.into_attempt(id, index, context.number))));
        }
    }
    Ok(found)
}

/// What a refusal says of the share.
fn why(refusal: &Refusal) -> Why {
    match refusal {
        Refusal::Fault(ShareFault::UnknownKey(_) | ShareFault::RevokedKey(_)) => Why::KeyUnavailable,
        Refusal::Fault(_) => Why::Damaged,
        Refusal::Backend(error) => match error.kind() {
            ErrorKind::NotFound => Why::Missing,
            // What is longer than the share isn't the share.
            ErrorKind::TooLarge => Why::Damaged,
            _ => Why::Unreachable,
        },
    }
}

/// Gets all of a share and checks all of it.
async fn read(context: &Context<'_>, seat: &Seat, share: &Share) -> Result<Held, Refusal> {
    let limit = context.inner.settings.share_deadline;
    let late = || BackendError::new(ErrorKind::Timeout, "").at(&seat.id, Operation::Get, None);
    let begun = Instant::now();
    let value = match timeout(limit, value(context, seat, share)).await.unwrap_or_else(|_| Err(late())) {
        Ok(value) => {
            seat.health.succeeded(Instant::now(), value.len() as u64, begun.elapsed());
            value
        }
        Err(error) => {
            if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::AuthFailed) {
                seat.forget();
            }
            seat.health.failed(Instant::now(), error.kind());
            return Err(error.into());
        }
    };
    let index =
        ShareIndex::new(share.index, context.object.scheme).map_err(|_| ShareFault::HeaderField("index"))?;
    let expected = ExpectedShare { index, key_id: share.key_id, hmac: share.hmac };
    let verifier = open_whole(context, &expected, &value)?;
    let work = move || {
        let bad = verifier.bad_segments(&value);
        Ok(bad.map(|bad| Held { verifier, value, bad }))
    };
    let checked =
        if context.shape.padded() <= OPEN_AT_ONCE { work() } else { crate::compute::run(work).await };
    match checked {
        Ok(held) => held.map_err(Refusal::from),
        Err(error) => {
            Err(BackendError::new(ErrorKind::Other, "the check was stopped").with_source(error).into())
        }
    }
}

async fn value(context: &Context<'_>, seat: &Seat, share: &Share) -> Result<Bytes, BackendError> {
    let inner = context.inner;
    inner.attach(seat).await?;
    let key = key_of(seat, share)?;
    let max = usize::try_from(context.shape.share_len()).unwrap_or(usize::MAX);
    match retry::get(&*seat.backend, &key, max, &inner.settings.retry, &retry::silent).await {
        Ok(value) => Ok(value),
        Err(error) => {
            // A mark that was seen some seconds ago isn't good enough for what is done to a share that is gone. What
            // didn't answer in time isn't waited for again.
            if !matches!(error.kind(), ErrorKind::Timeout | ErrorKind::AuthFailed | ErrorKind::TooLarge) {
                inner.attach_anew(seat).await?;
            }
            Err(error)
        }
    }
}

fn key_of(seat: &Seat, share: &Share) -> Result<Key, BackendError> {
    Key::new(share.key.as_str()).map_err(|error| {
        BackendError::new(ErrorKind::Other, "the share's name is no key").with_source(error).at(
            &seat.id,
            Operation::Get,
            None,
        )
    })
}
