//! The shares of one part: which to ask for, in which order, and what came of it.

use crate::code::Code;
use crate::error::{Attempt, Error, Result};
use crate::event::{Reporter, ShareEvent, Status};
use crate::get::Object;
use crate::health::hedge_delay;
use crate::member::Seat;
use crate::quorum::{ReadQuorum, ReadVerdict};
use crate::store::Inner;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};
use xorida_core::ShareIndex;
use xstore_backend::{Bytes, Error as BackendError, ErrorKind, Key, Operation};
use xstore_manifest::{Part, Share};
use xstore_share::{
    DecodeError, ExpectedPart, ExpectedShare, Identity, PartShape, RunFault, ShareFault, ShareVerifier,
};

/// A part and what surrounds it.
pub(crate) struct Context<'a> {
    pub(crate) inner: &'a Arc<Inner>,
    pub(crate) object: &'a Object<'a>,
    pub(crate) part: &'a Part,
    pub(crate) number: u32,
    pub(crate) shape: PartShape,
    pub(crate) reporter: &'a Reporter,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        inner: &'a Arc<Inner>,
        object: &'a Object<'a>,
        number: u32,
        reporter: &'a Reporter,
    ) -> Result<Self> {
        let part = object.part(number)?;
        Ok(Self { inner, object, part, number, shape: object.shape(part)?, reporter })
    }

    pub(crate) fn expected(&self) -> ExpectedPart {
        ExpectedPart { shape: self.shape, sharing: self.part.sharing.to_bytes() }
    }

    pub(crate) fn identity(&self) -> Identity<'a> {
        let body = self.object.body();
        Identity {
            object: body.object.to_bytes(),
            generation: body.generation,
            part: self.number,
            last: self.number as usize + 1 == body.parts.len(),
            created: body.created.as_millis(),
            name: body.key.as_str(),
        }
    }

    pub(crate) fn decoding(&self, error: DecodeError) -> Error {
        Error::from(error).with_part(self.number)
    }
}

/// A share whose header is authentic, and the bytes of it that were asked for.
pub(crate) struct Fetched {
    pub(crate) verifier: ShareVerifier,
    pub(crate) bytes: Pieces,
}

/// Bytes of a share.
pub(crate) enum Pieces {
    /// All of them.
    Whole(Bytes),
    /// Some data segments, and the trailer segment.
    Range { segments: Bytes, trailer: Bytes },
}

/// How to get what is needed of a share.
pub(crate) trait Fetch: Sync {
    /// Bytes that it takes, to know how long it should.
    fn bytes(&self) -> u64;
    /// Gets and opens it.
    fn fetch<'s>(
        &'s self,
        context: &'s Context<'_>,
        seat: &'s Seat,
        key: &'s Key,
        expected: &'s ExpectedShare,
    ) -> BoxFuture<'s, Result<Fetched, Refusal>>;
}

/// Why a share is of no use.
#[derive(Debug)]
pub(crate) enum Refusal {
    Backend(BackendError),
    Fault(ShareFault),
}

impl From<BackendError> for Refusal {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl From<ShareFault> for Refusal {
    fn from(fault: ShareFault) -> Self {
        Self::Fault(fault)
    }
}

impl Refusal {
    pub(crate) fn code(&self) -> Code {
        match self {
            // A value that is longer than the share can't be the share.
            Self::Backend(error) if error.kind() == ErrorKind::TooLarge => Code::ShareIntegrityFailed,
            Self::Backend(error) => Code::of_backend(error.kind()),
            Self::Fault(fault) => Code::from_word(fault.code()).unwrap_or(Code::ShareIntegrityFailed),
        }
    }

    fn is_retryable(&self) -> bool {
        // What didn't answer for the whole of its time isn't waited for again.
        matches!(self, Self::Backend(error) if error.is_retryable() && error.kind() != ErrorKind::Timeout)
    }

    pub(crate) fn into_attempt(self, backend: xstore_backend::BackendId, share: u8, part: u32) -> Attempt {
        let code = self.code();
        match self {
            Self::Backend(error) => Attempt::new(backend, Some(share), Some(part), code, error),
            Self::Fault(fault) => Attempt::new(backend, Some(share), Some(part), code, fault),
        }
    }
}

/// No backend of that name is configured.
#[derive(Debug)]
pub(crate) struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no backend of that name is configured")
    }
}

impl std::error::Error for Unknown {}

struct Candidate<'a> {
    seat: &'a Arc<Seat>,
    share: &'a Share,
    key: Key,
    expected: ExpectedShare,
}

type Running<'a> = FuturesUnordered<BoxFuture<'a, (usize, Result<Fetched, Refusal>)>>;

/// Asks for the shares of one part until enough are there.
pub(crate) struct Gather<'a, F> {
    context: &'a Context<'a>,
    how: &'a F,
    candidates: &'a [CandidateRef<'a>],
    quorum: ReadQuorum,
    running: Running<'a>,
    begun: Vec<Option<Instant>>,
    /// How often each was asked.
    tries: Vec<u32>,
    /// Shares that came, with the candidate that each is of.
    pub(crate) fetched: Vec<Arc<Fetched>>,
    owners: Vec<usize>,
    attempts: Vec<Attempt>,
    retry: Vec<bool>,
}

/// A candidate, opaque to those that hold the list.
pub(crate) struct CandidateRef<'a>(Candidate<'a>);

/// The shares that a part may be read from, the best first, and what is wrong with the others.
pub(crate) fn candidates<'a>(context: &Context<'a>, bytes: u64) -> (Vec<CandidateRef<'a>>, Vec<Attempt>) {
    let (mut found, mut attempts) = (Vec::new(), Vec::new());
    let ring = &context.inner.ring;
    for share in context.part.shares.iter().flatten() {
        let index = ShareIndex::new(share.index, context.object.scheme);
        let (Ok(index), Ok(key)) = (index, Key::new(share.key.as_str())) else { continue };
        let of = |code, cause: Box<dyn std::error::Error + Send + Sync>| {
            let id = xstore_backend::BackendId::new(share.backend.as_str());
            id.ok().map(|id| Attempt::new(id, Some(share.index), Some(context.number), code, cause))
        };
        if let Err(error) = ring.verifying(&share.key_id) {
            attempts.extend(of(Code::KeyUnavailable, error.into()));
            continue;
        }
        match context.inner.seat(&share.backend) {
            Some(seat) => found.push(CandidateRef(Candidate {
                seat,
                share,
                key,
                expected: ExpectedShare { index, key_id: share.key_id, hmac: share.hmac },
            })),
            None => attempts.extend(of(Code::BackendUnavailable, Unknown.into())),
        }
    }
    let now = Instant::now();
    found.sort_by_key(|candidate| candidate.0.seat.health.score(now, bytes));
    // The first k are asked at once. Of a member that was left alone for a while one trial is made, not one for each
    // part that is being read.
    let wanted = usize::from(context.object.scheme.k());
    let mut refused = Vec::new();
    let mut at = 0;
    while at < wanted.min(found.len()) {
        if found[at].0.seat.health.admit(now) {
            at += 1;
        } else {
            refused.push(found.remove(at));
        }
    }
    found.extend(refused);
    (found, attempts)
}

impl<'a, F: Fetch> Gather<'a, F> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        how: &'a F,
        candidates: &'a [CandidateRef<'a>],
        attempts: Vec<Attempt>,
    ) -> Self {
        let k = usize::from(context.object.scheme.k());
        Self {
            context,
            how,
            candidates,
            quorum: ReadQuorum::new(k, candidates.len()),
            running: FuturesUnordered::new(),
            begun: vec![None; candidates.len()],
            tries: vec![0; candidates.len()],
            fetched: Vec::new(),
            owners: Vec::new(),
            attempts,
            retry: vec![false; candidates.len()],
        }
    }

    /// Waits until as many good shares are there as are wanted.
    ///
    /// # Errors
    /// [`Code::InsufficientShares`] with every backend's own failure.
    pub(crate) async fn enough(&mut self) -> Result<()> {
        let mut hedge = Instant::now() + self.patience();
        loop {
            while let Some(next) = self.quorum.ask() {
                self.ask(next);
                hedge = Instant::now() + self.patience();
            }
            match self.quorum.verdict() {
                ReadVerdict::Ready => {
                    self.abandon();
                    return Ok(());
                }
                ReadVerdict::Failed => {
                    if !self.another_round().await {
                        self.hear_the_rest().await;
                        return Err(self.insufficient());
                    }
                    continue;
                }
                ReadVerdict::Pending => {}
            }
            tokio::select! {
                biased;
                Some((candidate, result)) = self.running.next(), if !self.running.is_empty() => {
                    self.came(candidate, result);
                }
                () = sleep_until(hedge) => {
                    // Those that are asked are slow: another one may be faster.
                    if let Some(next) = self.quorum.ask_another() {
                        self.ask(next);
                    }
                    hedge = Instant::now() + self.patience();
                }
            }
        }
    }

    /// Some segments of the shares that are there are bad: one more share is wanted.
    pub(crate) fn want_more(&mut self) {
        self.quorum.want_more();
    }

    /// Notes what was found wrong with segments of the fetched shares.
    pub(crate) fn note(&mut self, faults: &[RunFault]) {
        for fault in faults {
            let Some(&owner) = self.owners.get(fault.run) else { continue };
            let candidate = &self.candidates[owner].0;
            let share = candidate.share.index;
            let known = self
                .attempts
                .iter()
                .any(|attempt| attempt.share == Some(share) && attempt.code == Code::ShareIntegrityFailed);
            if !known {
                candidate.seat.health.failed(Instant::now(), ErrorKind::Other);
                self.report(owner, Status::Failed, 0, Some(Code::ShareIntegrityFailed));
                let refusal = Refusal::Fault(fault.fault);
                self.attempts.push(refusal.into_attempt(
                    candidate.seat.id.clone(),
                    share,
                    self.context.number,
                ));
            }
        }
    }

    /// The part is read: the shares that came were good.
    pub(crate) fn done(&self) {
        for &owner in &self.owners {
            let index = self.candidates[owner].0.share.index;
            if self.attempts.iter().all(|attempt| attempt.share != Some(index)) {
                self.report(owner, Status::Complete, self.how.bytes(), None);
            }
        }
    }

    /// Too few shares, and why each of the others is missing.
    pub(crate) fn insufficient(&self) -> Error {
        let k = self.context.object.scheme.k();
        let missing_keys = self.attempts.iter().all(|attempt| attempt.code == Code::KeyUnavailable);
        if missing_keys && !self.attempts.is_empty() {
            return Error::new(
                Code::KeyUnavailable,
                "the keys that the shares were made with are missing or revoked",
            )
            .with_part(self.context.number)
            .with_attempts(self.attempts.clone());
        }
        let is_good = |owner: &&usize| {
            let index = self.candidates[**owner].0.share.index;
            self.attempts.iter().all(|attempt| attempt.share != Some(index))
        };
        let good = self.owners.iter().filter(is_good).count();
        let verb = if good == 1 { "is" } else { "are" };
        let message = format!("{k} good shares are needed, and only {good} {verb} left");
        Error::new(Code::InsufficientShares, message)
            .with_part(self.context.number)
            .with_attempts(self.attempts.clone())
    }

    fn ask(&mut self, next: usize) {
        let context = self.context;
        let how = self.how;
        let candidate: &'a Candidate<'a> = &self.candidates[next].0;
        self.begun[next] = Some(Instant::now());
        self.tries[next] += 1;
        let status = if self.tries[next] == 1 { Status::Downloading } else { Status::Retrying };
        self.report(next, status, 0, None);
        self.running.push(Box::pin(async move {
            let work = how.fetch(context, candidate.seat, &candidate.key, &candidate.expected);
            let result = match work.await {
                Err(Refusal::Backend(error)) if error.kind() == ErrorKind::NotFound => {
                    // Not there, or is the whole place not there?
                    match context.inner.attach(candidate.seat).await {
                        Ok(()) => Err(Refusal::Backend(error)),
                        Err(absent) => Err(Refusal::Backend(absent)),
                    }
                }
                result => result,
            };
            (next, result)
        }));
    }

    fn came(&mut self, candidate: usize, result: Result<Fetched, Refusal>) {
        let seat = self.candidates[candidate].0.seat;
        let begun = self.begun[candidate].take().unwrap_or_else(Instant::now);
        match result {
            Ok(fetched) => {
                let index = self.candidates[candidate].0.share.index;
                self.attempts.retain(|attempt| attempt.share != Some(index));
                seat.health.succeeded(Instant::now(), self.how.bytes(), begun.elapsed());
                self.report(candidate, Status::Verifying, self.how.bytes(), None);
                self.fetched.push(Arc::new(fetched));
                self.owners.push(candidate);
                self.quorum.good(candidate);
            }
            Err(refusal) => {
                let kind = match &refusal {
                    Refusal::Backend(error) => error.kind(),
                    Refusal::Fault(_) => ErrorKind::Other,
                };
                seat.health.failed(Instant::now(), kind);
                self.retry[candidate] = refusal.is_retryable();
                self.report(candidate, Status::Failed, 0, Some(refusal.code()));
                let index = self.candidates[candidate].0.share.index;
                self.attempts.retain(|attempt| attempt.share != Some(index));
                self.attempts.push(refusal.into_attempt(seat.id.clone(), index, self.context.number));
                self.quorum.bad(candidate);
            }
        }
    }

    /// Enough others were faster.
    fn abandon(&mut self) {
        let running = std::mem::take(&mut self.running);
        drop(running);
        let now = Instant::now();
        for (candidate, begun) in self.begun.iter_mut().enumerate() {
            if let Some(begun) = begun.take() {
                self.candidates[candidate].0.seat.health.abandoned(now, now.duration_since(begun));
                self.quorum.bad(candidate);
                self.retry[candidate] = true;
            }
        }
    }

    /// It won't be enough whatever the others say; but an operator wants to know what each of them says.
    async fn hear_the_rest(&mut self) {
        let end = Instant::now() + self.patience();
        while let Ok(Some((candidate, result))) = timeout_at(end, self.running.next()).await {
            self.came(candidate, result);
        }
        let silent: Vec<usize> = (0..self.begun.len()).filter(|at| self.begun[*at].is_some()).collect();
        for candidate in silent {
            let seat = self.candidates[candidate].0.seat;
            let error =
                BackendError::new(ErrorKind::Timeout, "no answer so far").at(&seat.id, Operation::Get, None);
            self.came(candidate, Err(error.into()));
        }
    }

    /// Everything was tried: after a while, what failed for a passing reason is tried again.
    async fn another_round(&mut self) -> bool {
        let policy = &self.context.inner.settings.retry;
        let worth_it =
            |candidate: &usize| self.retry[*candidate] && self.tries[*candidate] < policy.max_attempts();
        let again: Vec<usize> = (0..self.retry.len()).filter(worth_it).collect();
        let Some(tries) = again.iter().map(|candidate| self.tries[*candidate]).min() else { return false };
        let growth = policy.factor().saturating_pow(tries.saturating_sub(1));
        tokio::time::sleep(policy.initial_delay().saturating_mul(growth).min(policy.max_delay())).await;
        for candidate in again {
            self.retry[candidate] = false;
            self.quorum.again(candidate);
        }
        true
    }

    /// How long the slowest of those that were asked should take.
    fn patience(&self) -> Duration {
        let policy = &self.context.inner.settings.hedge;
        let bytes = self.how.bytes();
        let asked = self.begun.iter().zip(self.candidates).filter(|(begun, _)| begun.is_some());
        let delays = asked.map(|(_, candidate)| hedge_delay(policy, candidate.0.seat.health.expected(bytes)));
        delays.max().unwrap_or_else(|| hedge_delay(policy, None))
    }

    fn report(&self, candidate: usize, status: Status, bytes: u64, code: Option<Code>) {
        let candidate = &self.candidates[candidate].0;
        let share = ShareEvent {
            backend: candidate.seat.id.clone(),
            index: candidate.share.index,
            part: self.context.number,
        };
        self.context.reporter.share(&share, status, bytes, Some(self.how.bytes()), code.map(Code::as_str));
    }
}
