//! Delete: what was removed for certain, and what that means for the object.

use crate::change::attempts;
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

/// A place where values of a share may stand.
struct Target {
    part: u32,
    index: u8,
    seat: Option<Arc<Seat>>,
    backend: BackendId,
    /// What they may be called.
    keys: Vec<Key>,
    /// Whether they may have other names, under keys that are missing: then nothing can be confirmed.
    has_unknown: bool,
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

/// All places of an object's shares, and all that they may have been called there: in attempts that failed, in puts
/// that turned elsewhere, and before a change.
fn targets(inner: &Arc<Inner>, manifest: &Manifest) -> Vec<Target> {
    let body = manifest.body();
    let attempts = attempts::of(body, manifest.key_id());
    let has_unknown = attempts.iter().any(|attempt| inner.ring.verifying(&attempt.key).is_err());
    // One attempt, which made the shares themselves, is all there was unless the object was changed.
    let is_changed = attempts.len() > 1;
    let mut targets = Vec::new();
    for (number, part) in (0..).zip(&body.parts) {
        let target = |index, backend: &BackendId, keys, has_unknown| Target {
            part: number,
            index,
            seat: inner.seat(backend).cloned(),
            backend: backend.clone(),
            keys,
            has_unknown,
        };
        for share in part.shares.iter().flatten() {
            let mut keys: Vec<Key> = Key::new(share.key.as_str()).into_iter().collect();
            if is_changed {
                let earlier = names(inner, part, share.index, &share.backend, &attempts);
                keys.extend(earlier.filter(|key| key.as_str() != share.key.as_str()));
            }
            targets.push(target(share.index, &share.backend, keys, is_changed && has_unknown));
        }
        for past in &part.past {
            let keys = names(inner, part, past.index, &past.backend, &attempts).collect();
            targets.push(target(past.index, &past.backend, keys, has_unknown));
        }
    }
    targets
}

/// What the share may have been called on a backend in each attempt.
fn names<'a>(
    inner: &'a Inner,
    part: &'a Part,
    index: u8,
    backend: &'a BackendId,
    attempts: &'a [attempts::Attempt],
) -> impl Iterator<Item = Key> + 'a {
    let seat = inner.seat(backend);
    attempts.iter().filter_map(move |attempt| {
        let keys = inner.ring.verifying(&attempt.key).ok()?;
        let (namespace, lane) = (&seat?.namespace, Lane::Manifest);
        let name =
            ShareKey::derive(namespace, lane, keys, part.sharing, index, attempt.number, backend).ok()?;
        Key::new(name.as_str()).ok()
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
    let Some(seat) = &target.seat else {
        return unknown("no backend of that name is configured").map_or(Ok(()), Err);
    };
    let event = ShareEvent { backend: seat.id.clone(), index: target.index, part: target.part };
    reporter.share(&event, Status::Deleting, 0, None, None);
    let mut removed = Ok(());
    for key in &target.keys {
        removed = removed.and(remove_value(inner, seat, key).await);
    }
    if target.has_unknown {
        let message = "what it was named under a key that is missing or revoked can't be found";
        removed = removed.and(Err(BackendError::new(ErrorKind::Other, message)));
    }
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
