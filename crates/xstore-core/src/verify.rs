//! Verify: reads every share and says which are good, without computing the plaintext.

use crate::code::Code;
use crate::error::{Attempt, Error, Result};
use crate::event::{OperationKind, Progress, Reporter, ShareEvent, Status};
use crate::get::Object;
use crate::get::fetch::{Context, Refusal};
use crate::member::Seat;
use crate::store::{Inner, Store};
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::{Instant, timeout};
use xorida_core::ShareIndex;
use xstore_backend::{BackendId, Bytes, Error as BackendError, ErrorKind, Key, Operation, retry};
use xstore_manifest::{Manifest, Share};
use xstore_share::{ExpectedShare, ShareFault};

/// Bytes of shares that are read at once, and how many shares in any case and at most.
const AT_ONCE_BYTES: u64 = 20 << 20;
const AT_ONCE: std::ops::RangeInclusive<u64> = 2..=16;

/// How thorough a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Depth {
    /// Every byte of every share is read, and its tags are checked.
    #[default]
    Full,
    /// Every share is asked for its length only: finds what is missing or cut, costs next to nothing, and says
    /// nothing about the bytes.
    Presence,
}

/// What is known of an object's shares.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// One entry for each share of each part, by part, then by index.
    pub shares: Vec<ShareReport>,
    /// Shares that it takes to read a part.
    pub k: u8,
    /// Parts of the object.
    pub parts: usize,
}

/// What is known of one share.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShareReport {
    /// The part.
    pub part: u32,
    /// The share.
    pub index: u8,
    /// Where it is, or None where it was never stored (the object is degraded).
    pub backend: Option<BackendId>,
    /// What is wrong, or None where it is good.
    pub problem: Option<Attempt>,
    /// Whether the backend is a medium that may be absent.
    pub is_removable: bool,
}

impl ShareReport {
    /// Whether the share is there and good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.backend.is_some() && self.problem.is_none()
    }
}

impl Report {
    /// Good shares of the part that has the fewest.
    #[must_use]
    pub fn fewest_good(&self) -> usize {
        let mut good: BTreeMap<u32, usize> = BTreeMap::new();
        for share in &self.shares {
            *good.entry(share.part).or_default() += usize::from(share.is_good());
        }
        good.into_values().min().unwrap_or(0)
    }

    /// How many more shares of any part may be lost before the object can't be read; negative where it can't be now.
    #[must_use]
    pub fn redundancy(&self) -> i64 {
        i64::try_from(self.fewest_good()).unwrap_or(i64::MAX) - i64::from(self.k)
    }

    /// Whether every share is there and good.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shares.iter().all(ShareReport::is_good)
    }
}

/// Verifies.
pub(crate) async fn verify(
    store: &Store,
    manifest: &Manifest,
    depth: Depth,
    progress: Progress,
) -> Result<Report> {
    let inner = store.inner();
    let _open = inner.buffers.open();
    let n = manifest.body().threshold.n;
    let reporter = Reporter::new(progress, OperationKind::Verify, n, None);
    let done = work(inner, manifest, depth, &reporter).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

/// Whether the shares are there, with a reporter that begins and ends elsewhere and hears nothing of it.
pub(crate) async fn presence(inner: &Arc<Inner>, manifest: &Manifest) -> Result<Report> {
    let n = manifest.body().threshold.n;
    let silent = Reporter::new(Progress::none(), OperationKind::Verify, n, None);
    work(inner, manifest, Depth::Presence, &silent).await
}

async fn work(inner: &Arc<Inner>, manifest: &Manifest, depth: Depth, reporter: &Reporter) -> Result<Report> {
    let object = Object::of(inner, manifest)?;
    let body = object.body();
    let object = &object;
    let mut jobs = Vec::new();
    for (number, part) in (0_u32..).zip(&body.parts) {
        jobs.extend((0_u8..).zip(&part.shares).map(|(index, _)| (number, index)));
    }
    let shares = stream::iter(jobs)
        .map(|(number, index)| async move {
            let context = Context::new(inner, object, number, reporter)?;
            Ok::<_, Error>(one(&context, index, depth).await)
        })
        .buffered(at_once(object)?);
    let shares: Vec<Result<ShareReport>> = shares.collect().await;
    let shares = shares.into_iter().collect::<Result<Vec<ShareReport>>>()?;
    Ok(Report { shares, k: object.scheme.k(), parts: body.parts.len() })
}

/// Shares that are read at once: many small ones, few large ones.
fn at_once(object: &Object<'_>) -> Result<usize> {
    let mut longest = 1;
    for part in &object.body().parts {
        longest = longest.max(object.shape(part)?.share_len());
    }
    let count = (AT_ONCE_BYTES / longest).clamp(*AT_ONCE.start(), *AT_ONCE.end());
    Ok(usize::try_from(count).unwrap_or(1))
}

async fn one(context: &Context<'_>, index: u8, depth: Depth) -> ShareReport {
    let part = context.number;
    let mut report = ShareReport { part, index, backend: None, problem: None, is_removable: false };
    let Some(Some(share)) = context.part.shares.get(usize::from(index)) else { return report };
    let Ok(id) = BackendId::new(share.backend.as_str()) else { return report };
    report.backend = Some(id.clone());
    let Some(seat) = context.inner.seat(&share.backend) else {
        let error = BackendError::new(ErrorKind::Unavailable, "no backend of that name is configured");
        report.problem = Some(Attempt::new(id, Some(index), Some(part), Code::BackendUnavailable, error));
        return report;
    };
    report.is_removable = seat.is_removable;
    let event = ShareEvent { backend: id.clone(), index, part };
    let length = context.shape.share_len();
    context.reporter.share(&event, Status::Downloading, 0, Some(length), None);
    let begun = Instant::now();
    let limit = context.inner.settings.share_deadline;
    let checked = timeout(limit, check(context, seat, share, depth)).await.unwrap_or_else(|_| {
        Err(BackendError::new(ErrorKind::Timeout, "").at(&seat.id, Operation::Get, None).into())
    });
    match checked {
        Ok(()) => {
            let moved = if depth == Depth::Full { length } else { 0 };
            seat.health.succeeded(Instant::now(), moved, begun.elapsed());
            context.reporter.share(&event, Status::Complete, moved, Some(length), None);
        }
        Err(refusal) => {
            if let Refusal::Backend(error) = &refusal {
                seat.health.failed(Instant::now(), error.kind());
            }
            context.reporter.share(&event, Status::Failed, 0, Some(length), Some(refusal.code().as_str()));
            report.problem = Some(refusal.into_attempt(id, index, part));
        }
    }
    report
}

async fn check(context: &Context<'_>, seat: &Seat, share: &Share, depth: Depth) -> Result<(), Refusal> {
    let inner = context.inner;
    let settings = &inner.settings;
    inner.attach(seat).await?;
    let index =
        ShareIndex::new(share.index, context.object.scheme).map_err(|_| ShareFault::HeaderField("index"))?;
    let key = Key::new(share.key.as_str()).map_err(|error| {
        BackendError::new(ErrorKind::Other, "the share's name is no key").with_source(error).at(
            &seat.id,
            Operation::Get,
            None,
        )
    })?;
    let length = context.shape.share_len();
    if depth == Depth::Presence {
        let stat = retry::stat(&*seat.backend, &key, &settings.retry, &retry::silent).await?;
        return if stat.size == length {
            Ok(())
        } else {
            Err(ShareFault::Length { expected: length, actual: stat.size }.into())
        };
    }
    let max = usize::try_from(length).unwrap_or(usize::MAX);
    let value = retry::get(&*seat.backend, &key, max, &settings.retry, &retry::silent).await?;
    let expected = ExpectedShare { index, key_id: share.key_id, hmac: share.hmac };
    let verifier = crate::get::part::open_whole(context, &expected, &value)?;
    bodies(context, verifier, value).await
}

/// Checks the tag of every segment.
async fn bodies(
    context: &Context<'_>,
    verifier: xstore_share::ShareVerifier,
    value: Bytes,
) -> Result<(), Refusal> {
    let shape = context.shape;
    let work = move || Ok(verifier.check(&value));
    let found = if shape.padded() <= crate::get::part::OPEN_AT_ONCE {
        work()
    } else {
        crate::compute::run(work).await
    };
    match found {
        Ok(result) => result.map_err(Refusal::from),
        Err(error) => {
            Err(BackendError::new(ErrorKind::Other, "the check was stopped").with_source(error).into())
        }
    }
}
