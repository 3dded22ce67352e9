//! The change of one part.

use super::scan::{Found, Held, look};
use super::send::{Delivery, NewShare, send};
use super::target::{Need, Places};
use super::{Change, Outcome, ShareRepair, Why};
use crate::error::{Attempt, Error, Result};
use crate::get::fetch::Context;
use crate::get::part::{OPEN_AT_ONCE, open_whole};
use crate::placement::Candidate;
use crate::store::Inner;
use crate::ticket::{Old, Stored, StoredShare};
use futures_util::{StreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xorida_core::ShareIndex;
use xstore_backend::BackendId;
use xstore_manifest::Share;
use xstore_share::{DecodeError, ExpectedPart, ExpectedShare, HEADER_LEN, Rebuilder, SegmentRun, TAG_LEN};

/// Shares of a part that are read at once.
const AT_ONCE: usize = 16;

/// What came of a part.
pub(super) struct Done {
    pub(super) shares: Vec<ShareRepair>,
    pub(super) good: usize,
    pub(super) read: u64,
    pub(super) written: u64,
    /// Payload bytes of the part, padding included.
    pub(super) bytes: u64,
}

/// A part that is being changed.
pub(super) struct PartChange<'a> {
    change: &'a Change<'a>,
    context: Context<'a>,
    found: BTreeMap<u8, Found>,
    read: u64,
}

impl<'a> PartChange<'a> {
    pub(super) fn new(change: &'a Change<'a>, number: u32) -> Result<Self> {
        let context = Context::new(change.inner, change.object, number, change.reporter)?;
        Ok(Self { change, context, found: BTreeMap::new(), read: 0 })
    }

    /// Looks at the part's shares, and mends or moves what has to be.
    pub(super) async fn run(mut self) -> Result<Done> {
        let (change, part) = (self.change, self.context.part);
        let all = || (0_u8..).zip(&part.shares).map(|(index, _)| index);
        let mut wanted: Vec<u8> = all().collect();
        if change.wishes.moving.is_some() {
            let moves = |index: &u8| self.share(*index).is_some_and(|share| change.wishes.moves(share));
            wanted.retain(moves);
        }
        self.look_at(&wanted).await?;
        let mut done = Done { shares: Vec::new(), good: 0, read: 0, written: 0, bytes: part.bytes };
        let mut needed = Vec::new();
        for &index in &wanted {
            match self.entry(index) {
                None => done.good += 1,
                Some((entry, is_needed)) => {
                    if is_needed {
                        needed.push(done.shares.len());
                    }
                    done.shares.push(entry);
                }
            }
        }
        if needed.iter().any(|&at| !self.is_good(done.shares[at].index)) {
            let rest: Vec<u8> = all().filter(|index| !self.found.contains_key(index)).collect();
            self.look_at(&rest).await?;
        }
        needed.retain(|&at| {
            let entry = &mut done.shares[at];
            let can_be_made = self.can_be_made(entry.index);
            if !can_be_made {
                entry.outcome = Outcome::NoSources;
                entry.attempts = self.troubles(entry.index);
            }
            can_be_made
        });
        self.place(&mut done, needed).await?;
        done.read += self.read;
        Ok(done)
    }

    fn share(&self, index: u8) -> Option<&'a Share> {
        self.context.part.shares.get(usize::from(index)).and_then(Option::as_ref)
    }

    async fn look_at(&mut self, indexes: &[u8]) -> Result<()> {
        let (change, context) = (self.change, &self.context);
        let looks = stream::iter(indexes.to_vec()).map(|index| look(change, context, index));
        let mut looks = looks.buffer_unordered(AT_ONCE);
        let mut all = Vec::with_capacity(indexes.len());
        while let Some(found) = looks.next().await {
            all.push(found?);
        }
        drop(looks);
        for found in all {
            self.read += found.read;
            self.found.insert(found.index, found);
        }
        Ok(())
    }

    fn is_good(&self, index: u8) -> bool {
        self.found.get(&index).is_some_and(|found| found.trouble.is_none())
    }

    /// What a report says of a share before anything was done, and whether something is to be done.
    fn entry(&self, index: u8) -> Option<(ShareRepair, bool)> {
        let share = self.share(index);
        let wishes = self.change.wishes;
        let (why, problem) = match &self.found.get(&index)?.trouble {
            Some((why, problem)) => (*why, problem.clone()),
            None if share.is_some_and(|share| wishes.moves(share)) => (Why::Moving, None),
            None => return None,
        };
        let may_come_back = matches!(why, Why::Unreachable | Why::KeyUnavailable);
        let is_needed = !may_come_back || share.is_some_and(|share| wishes.takes_for_lost(index, share));
        let entry = ShareRepair {
            part: self.context.number,
            index,
            from: share.and_then(|share| BackendId::new(share.backend.as_str()).ok()),
            why,
            problem,
            outcome: if is_needed { Outcome::NoPlace } else { Outcome::LeftAlone },
            to: None,
            attempts: Vec::new(),
            written: 0,
        };
        Some((entry, is_needed))
    }

    /// Whether each segment of a share is there still, or has k others that are good.
    fn can_be_made(&self, index: u8) -> bool {
        if self.is_good(index) {
            return true;
        }
        let k = usize::from(self.context.object.scheme.k());
        let held = self.found.values().filter_map(|found| Some((found.index, found.held.as_ref()?)));
        let (own, others): (Vec<_>, Vec<_>) = held.partition(|(other, _)| *other == index);
        let is_good = |held: &Held, m: u64| held.bad.binary_search(&m).is_err();
        let is_made = |m: u64| {
            own.iter().any(|(_, held)| is_good(held, m))
                || others.iter().filter(|(_, held)| is_good(held, m)).count() >= k
        };
        (0..=self.context.shape.data_segments()).all(is_made)
    }

    /// What is wrong with the other shares.
    fn troubles(&self, index: u8) -> Vec<Attempt> {
        let others = self.found.values().filter(|found| found.index != index);
        others.filter_map(|found| found.trouble.as_ref()?.1.clone()).collect()
    }

    /// Finds places for the shares that are needed, makes them and sends them there.
    async fn place(&self, done: &mut Done, mut needed: Vec<usize>) -> Result<()> {
        let change = self.change;
        let inner = change.inner;
        let candidates = inner.candidates();
        let mut places = self.places(inner, &candidates);
        let mut made: BTreeMap<u8, NewShare> = BTreeMap::new();
        while !needed.is_empty() {
            let needs: Vec<Need<'_>> = needed
                .iter()
                .map(|&at| done.shares[at].index)
                .map(|index| Need { index, share: self.share(index) })
                .collect();
            let assigned = places.assign(&needs, change.wishes);
            if change.wishes.is_dry_run {
                for (at, member) in needed.iter().zip(assigned) {
                    let entry = &mut done.shares[*at];
                    let Some(member) = member else { continue };
                    let would_copy = self.is_good(entry.index);
                    entry.outcome = if would_copy { Outcome::WouldCopy } else { Outcome::WouldRebuild };
                    entry.to = Some(inner.seats[member].id.clone());
                }
                return Ok(());
            }
            let first = assigned.iter().position(Option::is_some);
            let Some((turn, member)) = first.and_then(|turn| Some((turn, assigned[turn]?))) else { break };
            let entry = &mut done.shares[needed[turn]];
            let index = entry.index;
            if let std::collections::btree_map::Entry::Vacant(slot) = made.entry(index) {
                match self.make(index).await {
                    Ok(new) => drop(slot.insert(new)),
                    Err(Failure::Decode(error)) => {
                        entry.outcome = match error {
                            DecodeError::TooFewShares { .. } => Outcome::NoSources,
                            _ => Outcome::Inconsistent,
                        };
                        entry.attempts = self.troubles(index);
                        needed.remove(turn);
                        continue;
                    }
                    Err(Failure::Fatal(error)) => return Err(error.with_part(self.context.number)),
                }
            }
            let Some(new) = made.get(&index) else { break };
            let seat = &inner.seats[member];
            match send(change, &self.context, seat, new).await? {
                Delivery::Stored(share) => {
                    entry.outcome = if new.is_copy { Outcome::Copied } else { Outcome::Rebuilt };
                    entry.to = Some(seat.id.clone());
                    entry.written += new.bytes.len() as u64;
                    done.written += new.bytes.len() as u64;
                    done.read += new.bytes.len() as u64;
                    self.keep(share).await?;
                    places.seen.push((index, member));
                    made.remove(&index);
                    needed.remove(turn);
                }
                Delivery::Refused { attempt, was_reached } => {
                    entry.outcome = Outcome::Refused;
                    entry.attempts.push(attempt);
                    places.tried.insert((index, member));
                    if was_reached {
                        places.seen.push((index, member));
                    }
                }
            }
        }
        Ok(())
    }

    /// Keeps in the ticket that a share is stored, and which value isn't needed any more.
    async fn keep(&self, share: Share) -> Result<()> {
        let old = self.share(share.index);
        let old = old.map(|old| Old { backend: old.backend.clone(), key: old.key.clone() });
        let stored = Stored { sharing: self.context.part.sharing, shares: vec![StoredShare { share, old }] };
        self.change.record(move |ticket, keys| ticket.store(stored, keys)).await
    }

    fn places<'p>(&self, inner: &'p Inner, candidates: &'p [Candidate<'p>]) -> Places<'p> {
        let part = self.context.part;
        let length = self.context.shape.share_len();
        let stored = part.shares.iter().flatten().map(|share| (share.index, &share.backend));
        let past = part.past.iter().map(|past| (past.index, &past.backend));
        let member =
            |name: &xstore_manifest::BackendId| inner.seats.iter().position(|seat| seat.name == *name);
        let seen: Vec<(u8, usize)> =
            stored.chain(past).filter_map(|(index, name)| Some((index, member(name)?))).collect();
        let is_unfit = |at: &usize| {
            let seat = &inner.seats[*at];
            let was_used = seen.iter().any(|(_, member)| member == at);
            seat.capability.max_put < length
                || !(seat.capability.durable || inner.allow_volatile || was_used)
                || self.change.absences.is_absent(&seat.id)
                || self.change.refusals.is_absent(&seat.id)
        };
        Places {
            k: self.context.object.scheme.k(),
            placement: &inner.placement,
            candidates,
            unfit: (0..inner.seats.len()).filter(is_unfit).collect(),
            seen,
            tried: BTreeSet::new(),
        }
    }

    /// The share's bytes: as they are where they are good, else made again and verified.
    async fn make(&self, index: u8) -> Result<NewShare, Failure> {
        if let (true, Some(share)) = (self.is_good(index), self.share(index))
            && let Some(held) = self.found.get(&index).and_then(|found| found.held.as_ref())
        {
            return Ok(NewShare {
                index,
                bytes: held.value.clone(),
                hmac: share.hmac,
                key_id: share.key_id,
                is_copy: true,
            });
        }
        let scheme = self.context.object.scheme;
        let target = ShareIndex::new(index, scheme)
            .map_err(|_| Failure::Decode(DecodeError::Trailer("share index")))?;
        let inner = Arc::clone(self.change.inner);
        let part = self.context.expected();
        let held: Vec<Arc<Held>> = self.found.values().filter_map(|found| found.held.clone()).collect();
        let work = move || Ok(rebuild(&inner, part, target, &held));
        let made = if self.context.shape.padded() <= OPEN_AT_ONCE {
            work()
        } else {
            crate::compute::run(work).await
        };
        let new = made.map_err(Failure::Fatal)??;
        // Not before it is found good by itself does it leave.
        let expected = ExpectedShare { index: target, key_id: new.key_id, hmac: new.hmac };
        let verifier = open_whole(&self.context, &expected, &new.bytes);
        let bytes = new.bytes.clone();
        let check = move || Ok(verifier.and_then(|verifier| verifier.check(&bytes)));
        let checked = if self.context.shape.padded() <= OPEN_AT_ONCE {
            check()
        } else {
            crate::compute::run(check).await
        };
        match checked.map_err(Failure::Fatal)? {
            Ok(()) => Ok(new),
            Err(_) => Err(Failure::Decode(DecodeError::Inconsistent { segment: 0 })),
        }
    }
}

/// Why a share couldn't be made.
enum Failure {
    Decode(DecodeError),
    Fatal(Error),
}

/// Makes a share again from what is good of all shares, its own former one included.
fn rebuild(
    inner: &Inner,
    part: ExpectedPart,
    target: ShareIndex,
    held: &[Arc<Held>],
) -> Result<NewShare, Failure> {
    let keys = inner.keys().map_err(Failure::Fatal)?;
    let rebuilder = Rebuilder::by_segment(part, target, keys, &mut inner.entropy());
    let mut rebuilder = rebuilder.map_err(|error| Failure::Fatal(error.into()))?;
    let length = usize::try_from(part.shape.share_len()).unwrap_or(usize::MAX);
    let mut loan = inner.buffers.take(length);
    let out = loan.bytes_mut();
    let body = HEADER_LEN..length - TAG_LEN;
    out[..HEADER_LEN].copy_from_slice(rebuilder.header());
    let runs: Vec<SegmentRun<'_>> = held
        .iter()
        .map(|held| SegmentRun { share: &held.verifier, bytes: &held.value[body.clone()] })
        .collect();
    let count = part.shape.data_segments() + 1;
    rebuilder.run(count, &runs, &mut out[body]).result.map_err(Failure::Decode)?;
    let hmac = rebuilder.finish().map_err(Failure::Decode)?;
    out[length - TAG_LEN..].copy_from_slice(&hmac);
    Ok(NewShare { index: target.get(), bytes: loan.freeze(), hmac, key_id: keys.id(), is_copy: false })
}
