//! Delete: what was removed for certain, and what that means for the object.

use crate::code::Code;
use crate::error::{Attempt, Error, Result};
use crate::event::{OperationKind, Progress, Reporter, ShareEvent, Status};
use crate::get::Object;
use crate::member::Seat;
use crate::store::{Inner, Store};
use futures_util::{StreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::{Instant, timeout};
use xstore_backend::{Error as BackendError, ErrorKind, Key, Operation, retry};
use xstore_manifest::{BackendId, Lane, Manifest, Part, ShareKey};

/// Values that are removed at once.
const AT_ONCE: usize = 16;

/// What came of a delete.
#[derive(Debug, Clone)]
#[must_use = "an object whose shares weren't all removed needs another delete"]
pub enum Deleted {
    /// Every share is gone.
    All,
    /// Fewer than k shares can be left of each part: nobody can read the object any more. Those that couldn't be
    /// removed are listed; delete again to remove them, too.
    Unreadable(Vec<Attempt>),
}

impl Deleted {
    /// What couldn't be removed.
    #[must_use]
    pub fn remaining(&self) -> &[Attempt] {
        match self {
            Self::All => &[],
            Self::Unreadable(remaining) => remaining,
        }
    }
}

/// A value that may stand somewhere.
struct Target {
    part: u32,
    index: u8,
    seat: Option<Arc<Seat>>,
    backend: BackendId,
    key: Option<Key>,
}

/// Deletes.
pub(crate) async fn delete(store: &Store, manifest: &Manifest, progress: Progress) -> Result<Deleted> {
    let inner = store.inner();
    let reporter = Reporter::new(progress, OperationKind::Delete, manifest.body().threshold.n, None);
    let done = work(inner, manifest, &reporter).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

async fn work(inner: &Arc<Inner>, manifest: &Manifest, reporter: &Reporter) -> Result<Deleted> {
    let object = Object::of(inner, manifest)?;
    let mut removals = stream::iter(targets(inner, manifest))
        .map(|target| async move {
            let failed = remove(inner, &target, reporter).await.err();
            (target, failed)
        })
        .buffer_unordered(AT_ONCE);
    let mut remaining: Vec<Attempt> = Vec::new();
    let mut left: BTreeMap<u32, BTreeSet<u8>> = BTreeMap::new();
    while let Some((target, failed)) = removals.next().await {
        if let Some(attempt) = failed {
            left.entry(target.part).or_default().insert(target.index);
            remaining.push(attempt);
        }
    }
    remaining.sort_by_key(|attempt| (attempt.part, attempt.share));
    let k = usize::from(object.scheme.k());
    if remaining.is_empty() {
        Ok(Deleted::All)
    } else if left.values().all(|indexes| indexes.len() < k) {
        Ok(Deleted::Unreadable(remaining))
    } else {
        let message = "too few shares could be removed: the object can still be read";
        Err(Error::new(Code::InsufficientBackends, message).with_attempts(remaining))
    }
}

/// All places of an object's shares, those that were only tried once included.
fn targets(inner: &Arc<Inner>, manifest: &Manifest) -> Vec<Target> {
    let body = manifest.body();
    (0..)
        .zip(&body.parts)
        .flat_map(|(number, part)| {
            let stored = part.shares.iter().flatten().map(move |share| Target {
                part: number,
                index: share.index,
                seat: inner.seat(&share.backend).cloned(),
                backend: share.backend.clone(),
                key: Key::new(share.key.as_str()).ok(),
            });
            stored.chain(past(inner, manifest, number, part))
        })
        .collect()
}

/// Where shares may have landed although the put turned elsewhere.
fn past<'a>(
    inner: &'a Arc<Inner>,
    manifest: &'a Manifest,
    number: u32,
    part: &'a Part,
) -> impl Iterator<Item = Target> + 'a {
    let key_id = part.shares.iter().flatten().map(|share| share.key_id).next().unwrap_or(manifest.key_id());
    part.past.iter().map(move |past| {
        let seat = inner.seat(&past.backend).cloned();
        let key = inner.ring.verifying(&key_id).ok().zip(seat.as_ref()).and_then(|(keys, seat)| {
            let lane = Lane::Manifest;
            let name =
                ShareKey::derive(&seat.namespace, lane, keys, part.sharing, past.index, 0, &past.backend)
                    .ok()?;
            Key::new(name.as_str()).ok()
        });
        Target { part: number, index: past.index, seat, backend: past.backend.clone(), key }
    })
}

async fn remove(inner: &Arc<Inner>, target: &Target, reporter: &Reporter) -> Result<(), Attempt> {
    let (index, part) = (Some(target.index), Some(target.part));
    let unknown = |message: &'static str| {
        // The names of backends in a manifest are checked by the same rule.
        let id = xstore_backend::BackendId::new(target.backend.as_str());
        let error = BackendError::new(ErrorKind::Unavailable, message);
        id.map(|id| Attempt::new(id, index, part, Code::BackendUnavailable, error))
    };
    let (Some(seat), Some(key)) = (&target.seat, &target.key) else {
        return unknown("no backend of that name is configured").map_or(Ok(()), Err);
    };
    let event = ShareEvent { backend: seat.id.clone(), index: target.index, part: target.part };
    reporter.share(&event, Status::Deleting, 0, None, None);
    let removed = remove_value(inner, seat, key).await;
    match removed {
        Ok(()) => {
            reporter.share(&event, Status::Complete, 0, None, None);
            Ok(())
        }
        Err(error) => {
            let code = Code::of_backend(error.kind());
            reporter.share(&event, Status::Failed, 0, None, Some(code.as_str()));
            Err(Attempt::new(seat.id.clone(), index, part, code, error))
        }
    }
}

/// Removes a value from a place that shows its mark: an unmounted disk would confirm everything.
pub(crate) async fn remove_value(inner: &Inner, seat: &Seat, key: &Key) -> Result<(), BackendError> {
    let settings = &inner.settings;
    let begun = Instant::now();
    let work = async {
        inner.attach(seat).await?;
        retry::delete(&*seat.backend, key, &settings.retry, &retry::silent).await
    };
    let removed = timeout(settings.share_deadline, work).await.unwrap_or_else(|_| {
        Err(BackendError::new(ErrorKind::Timeout, "").at(&seat.id, Operation::Delete, Some(key)))
    });
    match &removed {
        Ok(()) => seat.health.succeeded(Instant::now(), 0, begun.elapsed()),
        Err(error) => seat.health.failed(Instant::now(), error.kind()),
    }
    removed
}
