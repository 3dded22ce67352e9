//! One part's shares on their way to n backends, with spares for those that fail.

use crate::code::Code;
use crate::error::{Attempt, Error, Result};
use crate::event::{Reporter, ShareEvent, Status};
use crate::member::Seat;
use crate::placement::Candidate;
use crate::put::pace::Pace;
use crate::put::seal::SealedPart;
use crate::quorum::{WriteQuorum, WriteRule, WriteVerdict};
use crate::store::Inner;
use crate::ticket::{Place, Sent, Ticket};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use xstore_backend::{Error as BackendError, ErrorKind, Key, Operation, Payload, PutOptions, retry};
use xstore_keys::Keys;
use xstore_manifest::{Lane, Part, Past, Share, ShareKey, SharingId};

/// Which member holds which index, from part to part: what fails is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment(pub(crate) Vec<Option<usize>>);

/// A part that is stored.
pub(crate) struct Uploaded {
    pub(crate) number: u32,
    pub(crate) entry: Part,
    /// Where its shares are in the end.
    pub(crate) places: Assignment,
    /// Shares that are missing.
    pub(crate) missing: usize,
}

/// A share that a place didn't take.
struct Refused {
    attempt: Attempt,
    /// Whether the place was there: it showed its mark, and is in the ticket.
    was_reached: bool,
}

/// Why a share isn't stored.
enum Trouble {
    /// The place didn't take it.
    Place(BackendError),
    /// The ticket can't be kept, so nothing may be sent any more.
    Ticket(Error),
}

impl From<BackendError> for Trouble {
    fn from(error: BackendError) -> Self {
        Self::Place(error)
    }
}

/// What all parts of a put share.
pub(crate) struct Upload {
    pub(crate) store: Arc<Inner>,
    pub(crate) ticket: Ticket,
    pub(crate) reporter: Reporter,
    pub(crate) rule: WriteRule,
    pub(crate) trailer: u32,
    /// Seconds until what is stored isn't needed any more.
    pub(crate) expires_in: Option<u64>,
}

impl Upload {
    /// Stores a part's shares.
    ///
    /// # Errors
    /// [`Code::ShareUploadFailed`] where fewer than the write quorum could be stored, [`Code::InsufficientBackends`]
    /// where that is so because backends weren't there at all, [`Code::SinkFailed`] where the
    /// ticket's journal failed.
    pub(crate) async fn part(&self, part: SealedPart, mut places: Assignment) -> Result<Uploaded> {
        let keys = self
            .store
            .ring
            .current()
            .map_err(|error| Error::new(Code::KeyUnavailable, "no key is current").with_source(error))?;
        let sharing = SharingId::from_bytes(part.sharing);
        let n = part.shares.len();
        let mut quorum = WriteQuorum::new(self.rule, n);
        let mut names: Vec<Option<ShareKey>> = vec![None; n];
        let mut running = FuturesUnordered::new();
        let mut tried: Vec<(u8, usize)> =
            (0..).zip(&places.0).filter_map(|(i, at)| Some((i, (*at)?))).collect();
        let mut failures = Vec::new();
        let mut past = Vec::new();
        // Whether any of those that failed was there at all.
        let mut was_reached = false;

        let first: Vec<(usize, usize)> = places
            .0
            .iter()
            .enumerate()
            .filter_map(|(index, place)| place.map(|member| (index, member)))
            .collect();
        let there = self.attached(&first).await;
        self.keep(sharing, &there).await?;
        let mut pace = Pace::new(n);
        for &(index, member) in &first {
            quorum.sending(index, self.seat(member).capability.durable);
            let is_kept = there.contains(&(index, member));
            running.push(self.send(keys, &part, (index, member), is_kept, pace.begin(index)));
        }
        let verdict = loop {
            match quorum.verdict() {
                WriteVerdict::Pending => {}
                verdict => break verdict,
            }
            let patience = pace
                .patience(&self.store.settings.hedge)
                .filter(|_| self.slow(&pace, &places, &tried).is_some());
            let next = match patience {
                Some(end) => timeout_at(end, running.next()).await,
                None => Ok(running.next().await),
            };
            let Ok(next) = next else {
                // The others were done long ago, and there is another place for what is left.
                if let Some(index) = self.slow(&pace, &places, &tried) {
                    pace.give_up(index);
                }
                continue;
            };
            let Some((index, member, sent)) = next else { break WriteVerdict::Failed };
            pace.end(index);
            match sent? {
                Ok(key) => {
                    quorum.stored(index);
                    names[index] = Some(key);
                }
                Err(refused) => {
                    was_reached |= refused.was_reached;
                    failures.push(refused.attempt);
                    if refused.was_reached {
                        past.push(Past { index: to_u8(index), backend: self.seat(member).name.clone() });
                    }
                    places.0[index] = None;
                    match self.admitted_spare(&places, index, &tried) {
                        Some(spare) => {
                            tried.push((to_u8(index), spare));
                            places.0[index] = Some(spare);
                            quorum.sending(index, self.seat(spare).capability.durable);
                            running.push(self.send(keys, &part, (index, spare), false, pace.begin(index)));
                        }
                        None => quorum.given_up(index),
                    }
                }
            }
        };
        drop(running);
        if verdict == WriteVerdict::Failed {
            let (code, what) = if was_reached {
                (Code::ShareUploadFailed, "too few of its shares could be stored")
            } else {
                (Code::InsufficientBackends, "too few backends can be used")
            };
            let message = format!("part {}: {what}", part.number);
            return Err(Error::new(code, message).with_part(part.number).with_attempts(failures));
        }
        past.sort();
        let shares: Vec<Option<Share>> = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| {
                let member = places.0[index]?;
                Some(Share {
                    backend: self.seat(member).name.clone(),
                    hmac: part.ends[index],
                    index: to_u8(index),
                    key: name?,
                    key_id: keys.id(),
                })
            })
            .collect();
        let missing = shares.iter().filter(|share| share.is_none()).count();
        self.reporter.advance(part.length);
        let entry = Part { bytes: part.padded, past, sharing, shares, trailer: self.trailer };
        Ok(Uploaded { number: part.number, entry, places, missing })
    }

    /// A share that is still on its way, and for which there is another place.
    fn slow(&self, pace: &Pace, places: &Assignment, tried: &[(u8, usize)]) -> Option<usize> {
        pace.on_their_way().find(|&index| {
            let mut others = places.clone();
            others.0[index] = None;
            self.spare(&others, index, tried, &[]).is_some()
        })
    }

    /// The places that show their marks within a short while. The others aren't waited for; each is kept in the
    /// ticket when it turns up, so that the ticket names no place that was never there.
    async fn attached(&self, places: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let is_there = |place: &&(usize, usize)| self.store.is_attached(self.seat(place.1));
        let missing = places.iter().filter(|place| !is_there(place));
        let marks = join_all(missing.map(|&(_, member)| self.store.attach(self.seat(member))));
        // Who is done by then has been seen; what failed is asked again by its share, and told there.
        let _ = timeout(self.store.settings.hedge.initial, marks).await;
        places.iter().filter(is_there).copied().collect()
    }

    fn seat(&self, member: usize) -> &Arc<Seat> {
        &self.store.seats[member]
    }

    /// Stores one share in one place. The outer error ends the put.
    async fn send(
        &self,
        keys: &Keys,
        part: &SealedPart,
        (index, member): (usize, usize),
        is_kept: bool,
        given_up: oneshot::Receiver<()>,
    ) -> (usize, usize, Result<Result<ShareKey, Refused>>) {
        let seat = self.seat(member);
        let begun = Instant::now();
        let share = ShareEvent { backend: seat.id.clone(), index: to_u8(index), part: part.number };
        let total = part.shares[index].len() as u64;
        self.reporter.share(&share, Status::Uploading, 0, Some(total), None);
        let (mut was_reached, mut was_abandoned) = (false, false);
        let sent = tokio::select! {
            biased;
            sent = self.try_send(keys, part, (index, member), is_kept, &share, &mut was_reached) => sent,
            Ok(()) = given_up => {
                was_abandoned = true;
                seat.health.abandoned(Instant::now(), begun.elapsed());
                Err(BackendError::new(ErrorKind::Timeout, "much slower than the others; another place took over")
                    .at(&seat.id, Operation::Put, None)
                    .into())
            }
        };
        let sent = match sent {
            Ok(key) => {
                seat.health.succeeded(Instant::now(), total, begun.elapsed());
                self.reporter.share(&share, Status::Complete, total, Some(total), None);
                Ok(Ok(key))
            }
            Err(Trouble::Ticket(error)) => Err(error),
            Err(Trouble::Place(error)) => {
                if !was_abandoned {
                    seat.health.failed(Instant::now(), error.kind());
                }
                let code = match error.kind() {
                    ErrorKind::NotFound => Code::BackendUnavailable,
                    kind => Code::of_backend(kind),
                };
                self.reporter.share(&share, Status::Failed, 0, Some(total), Some(code.as_str()));
                let attempt =
                    Attempt::new(seat.id.clone(), Some(share.index), Some(part.number), code, error);
                Ok(Err(Refused { attempt, was_reached }))
            }
        };
        (index, member, sent)
    }

    async fn try_send(
        &self,
        keys: &Keys,
        part: &SealedPart,
        (index, member): (usize, usize),
        is_kept: bool,
        share: &ShareEvent,
        was_reached: &mut bool,
    ) -> Result<ShareKey, Trouble> {
        let seat = self.seat(member);
        let settings = &self.store.settings;
        let value = part.shares[index].clone();
        let length = value.len() as u64;
        // A spare can take over at once; without one there is nothing better to do than to try again.
        let deadline =
            if self.has_spare(seat) { settings.timeouts.of(length) } else { settings.share_deadline };
        let work = async {
            self.store.attach(seat).await?;
            if !is_kept {
                let sharing = SharingId::from_bytes(part.sharing);
                self.keep(sharing, &[(index, member)]).await.map_err(Trouble::Ticket)?;
            }
            *was_reached = true;
            let name = share_key(keys, seat, part.sharing, to_u8(index))?;
            let key = Key::new(name.as_str()).map_err(|error| {
                BackendError::new(ErrorKind::Other, "the share's name is no key").with_source(error)
            })?;
            let options = PutOptions::create_only().with_ttl(self.expires_in.map(Duration::from_secs));
            let on_retry =
                |_: &retry::Retry<'_>| self.reporter.share(share, Status::Retrying, 0, Some(length), None);
            retry::put(&*seat.backend, &key, Payload::from(value), &options, &settings.retry, &on_retry)
                .await?;
            Ok(name)
        };
        timeout(deadline, work).await.unwrap_or_else(|_| {
            Err(BackendError::new(ErrorKind::Timeout, "").at(&seat.id, Operation::Put, None).into())
        })
    }

    fn has_spare(&self, seat: &Seat) -> bool {
        let now = Instant::now();
        let n = usize::from(self.store.scheme.n());
        let usable = |other: &&Arc<Seat>| other.id != seat.id && !other.health.is_open(now);
        self.store.seats.iter().filter(usable).count() >= n
    }

    /// Another place for a share: one that holds and was sent nothing of this part, under a label value that has not
    /// seen too much of it.
    fn spare(
        &self,
        places: &Assignment,
        index: usize,
        tried: &[(u8, usize)],
        refused: &[usize],
    ) -> Option<usize> {
        let now = Instant::now();
        let (k, number) = (self.store.scheme.k(), to_u8(index));
        let placement = &self.store.placement;
        let candidates: Vec<Candidate<'_>> = self.store.candidates();
        let left_out = |member: &usize| {
            self.seat(*member).health.is_open(now)
                || tried.iter().any(|(_, other)| other == member)
                || placement.admits(k, number, *member, tried, &candidates).is_err()
        };
        let out = (0..self.store.seats.len()).filter(left_out);
        let excluded: Vec<usize> = out.chain(refused.iter().copied()).collect();
        placement.replace(k, &places.0, number, &excluded, &candidates)
    }

    /// As [`spare`](Self::spare), one that may be asked now: of a place that was left alone for a while one trial is
    /// made.
    fn admitted_spare(&self, places: &Assignment, index: usize, tried: &[(u8, usize)]) -> Option<usize> {
        let mut refused = Vec::new();
        loop {
            let spare = self.spare(places, index, tried, &refused)?;
            if self.seat(spare).health.admit(Instant::now()) {
                return Some(spare);
            }
            refused.push(spare);
        }
    }

    /// Keeps in the ticket what is about to be sent, before it is.
    async fn keep(&self, sharing: SharingId, places: &[(usize, usize)]) -> Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        let places = places.iter().map(|&(index, member)| Place {
            index: to_u8(index),
            attempt: 0,
            backend: self.seat(member).name.clone(),
        });
        let sent = Sent { sharing, at: self.store.now()?, places: places.collect() };
        if !self.ticket.has_journal() {
            return self.ticket.keep(sent, self.store.keys()?);
        }
        let (ticket, ring) = (self.ticket.clone(), Arc::clone(&self.store.ring));
        let kept = tokio::task::spawn_blocking(move || match ring.current() {
            Ok(keys) => ticket.keep(sent, keys),
            Err(error) => Err(Error::new(Code::KeyUnavailable, "no key is current").with_source(error)),
        });
        kept.await.unwrap_or_else(|_| Err(Error::new(Code::SinkFailed, "the ticket's journal panicked")))
    }
}

/// The key of a share that a put makes.
fn share_key(keys: &Keys, seat: &Seat, sharing: [u8; 16], index: u8) -> Result<ShareKey, BackendError> {
    let sharing = SharingId::from_bytes(sharing);
    ShareKey::derive(&seat.namespace, Lane::Manifest, keys, sharing, index, 0, &seat.name)
        .map_err(|error| BackendError::new(ErrorKind::Other, "the share can't be named").with_source(error))
}

/// Indexes are below 64.
fn to_u8(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
