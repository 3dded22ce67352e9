//! One share on its way to its new place, and back again to see that it got there.

use super::Change;
use crate::code::Code;
use crate::error::{Attempt, Error, Result};
use crate::event::{ShareEvent, Status};
use crate::get::fetch::Context;
use crate::member::Seat;
use crate::ticket::{Place, Sent};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use xstore_backend::{Bytes, Error as BackendError, ErrorKind, Key, Operation, Payload, PutOptions, retry};
use xstore_keys::KeyId;
use xstore_manifest::{Lane, Share, ShareKey};

/// A share that was made again or copied, verified in memory.
pub(super) struct NewShare {
    pub(super) index: u8,
    pub(super) bytes: Bytes,
    pub(super) hmac: [u8; 32],
    pub(super) key_id: KeyId,
    /// Whether the bytes are those of the old share.
    pub(super) is_copy: bool,
}

/// What came of sending a share to a place.
pub(super) enum Delivery {
    /// It is there, and was read back.
    Stored(Share),
    /// It isn't. The place may have been sent bytes of it where it was reached.
    Refused { attempt: Attempt, was_reached: bool },
}

/// What was read back isn't what was written.
#[derive(Debug)]
struct ReadBack;

impl fmt::Display for ReadBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was read back isn't what was written")
    }
}

impl std::error::Error for ReadBack {}

/// Sends a share to a place under a name of its own. What is about to be sent is in the ticket before it is.
pub(super) async fn send(
    change: &Change<'_>,
    context: &Context<'_>,
    seat: &Arc<Seat>,
    new: &NewShare,
) -> Result<Delivery> {
    let event = ShareEvent { backend: seat.id.clone(), index: new.index, part: context.number };
    let length = new.bytes.len() as u64;
    let settings = &context.inner.settings;
    let reporter = context.reporter;
    let refused = |error: BackendError, was_reached| {
        let code = match error.kind() {
            ErrorKind::NotFound => Code::BackendUnavailable,
            kind => Code::of_backend(kind),
        };
        seat.health.failed(Instant::now(), error.kind());
        change.refusals.note(&seat.id, false);
        reporter.share(&event, Status::Failed, 0, Some(length), Some(code.as_str()));
        let attempt = Attempt::new(seat.id.clone(), Some(new.index), Some(context.number), code, error);
        Delivery::Refused { attempt, was_reached }
    };
    let late = |operation| BackendError::new(ErrorKind::Timeout, "").at(&seat.id, operation, None);

    reporter.share(&event, Status::Uploading, 0, Some(length), None);
    let attached = timeout(settings.share_deadline, context.inner.attach(seat)).await;
    if let Err(error) = attached.unwrap_or_else(|_| Err(late(Operation::Open))) {
        return Ok(refused(error, false));
    }
    let name = name(change, context, seat, new.index)?;
    let key = Key::new(name.as_str())
        .map_err(|error| crate::builder::config("the share's name is no key").with_source(error))?;
    keep(change, context, seat, new.index).await?;

    let begun = Instant::now();
    let options = PutOptions::create_only().with_ttl(change.expires_in.map(Duration::from_secs));
    let on_retry = |_: &retry::Retry<'_>| reporter.share(&event, Status::Retrying, 0, Some(length), None);
    let value = Payload::from(new.bytes.clone());
    let put = retry::put(&*seat.backend, &key, value, &options, &settings.retry, &on_retry);
    let put = timeout(settings.share_deadline, put).await.unwrap_or_else(|_| Err(late(Operation::Put)));
    if let Err(error) = put {
        return Ok(refused(error, true));
    }
    seat.health.succeeded(Instant::now(), length, begun.elapsed());
    change.refusals.note(&seat.id, true);
    reporter.share(&event, Status::Verifying, length, Some(length), None);
    let max = new.bytes.len();
    let get = retry::get(&*seat.backend, &key, max, &settings.retry, &retry::silent);
    match timeout(settings.share_deadline, get).await.unwrap_or_else(|_| Err(late(Operation::Get))) {
        Ok(back) if back == new.bytes => {
            reporter.share(&event, Status::Complete, length, Some(length), None);
            let backend = seat.name.clone();
            let (hmac, index, key_id) = (new.hmac, new.index, new.key_id);
            Ok(Delivery::Stored(Share { backend, hmac, index, key: name, key_id }))
        }
        Ok(_) => {
            let code = Code::ShareIntegrityFailed;
            reporter.share(&event, Status::Failed, 0, Some(length), Some(code.as_str()));
            let attempt =
                Attempt::new(seat.id.clone(), Some(new.index), Some(context.number), code, ReadBack);
            Ok(Delivery::Refused { attempt, was_reached: true })
        }
        Err(error) => Ok(refused(error, true)),
    }
}

/// The name of what this change writes to a place.
fn name(change: &Change<'_>, context: &Context<'_>, seat: &Seat, index: u8) -> Result<ShareKey> {
    let keys = change.inner.keys()?;
    ShareKey::derive(
        &seat.namespace,
        Lane::Manifest,
        keys,
        context.part.sharing,
        index,
        change.attempt,
        &seat.name,
    )
    .map_err(|error| crate::builder::config("the share can't be named").with_source(error))
}

/// Keeps in the ticket what is about to be sent.
async fn keep(change: &Change<'_>, context: &Context<'_>, seat: &Seat, index: u8) -> Result<(), Error> {
    let place = Place { index, attempt: change.attempt, backend: seat.name.clone() };
    let sent = Sent { sharing: context.part.sharing, at: change.inner.now()?, places: vec![place] };
    change.record(move |ticket, keys| ticket.keep(sent, keys)).await
}
