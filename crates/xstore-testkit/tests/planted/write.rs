//! Writing and deleting, with bugs.

use crate::backend::Planted;
use crate::bug::Bug;
use crate::place::{Place, Slot};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::Instant;
use xstore_backend::{Bytes, ErrorKind, Key, Operation, Payload, PutOptions, Result, StorageBackend};

const REFUSED: ErrorKind = ErrorKind::AlreadyExists;

impl Planted {
    pub(crate) async fn write(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        if self.has(Bug::PutKeepsLock) {
            self.lock(Operation::Put)?;
        }
        let bytes = self.taken(key, &data)?;
        if self.has(Bug::PutMakesPlace) {
            self.any_place().is_missing = false;
        }
        let temporary = Key::new(&format!("{key}.tmp")).ok();
        if let (Some(temporary), true) = (&temporary, self.has(Bug::PutLeavesName)) {
            let slot = Slot::new(temporary, bytes.clone(), self.handle);
            self.place(Operation::Put, Some(key))?.values.insert(temporary.to_string(), slot);
        }
        let (before, looked) = {
            let place = self.place(Operation::Put, Some(key))?;
            let before = self.has(Bug::WritesEverythingBack).then(|| place.clone());
            (before, self.exists(&place, key, &bytes, options))
        };
        if self.has(Bug::DeletesFirst) && !options.create_only {
            self.place(Operation::Put, Some(key))?.values.remove(&self.name(key));
        }
        self.gap().await;
        if let (Some(temporary), true) = (&temporary, self.has(Bug::PutLeavesName)) {
            self.any_place().values.remove(temporary.as_str());
        }
        let result = match self.commit(key, bytes, options, looked, before) {
            Ok(Some(rest)) => {
                self.wait_for_reader().await;
                self.write_rest(&self.name(key), &rest);
                Ok(())
            }
            result => result.map(drop),
        };
        yield_now().await;
        self.unlock();
        result
    }

    /// The bytes that are stored of what is put.
    fn taken(&self, key: &Key, data: &Payload) -> Result<Bytes> {
        let mut bytes = data.to_bytes();
        let max = self.capability().max_put;
        let is_too_long = match self.bug {
            Some(Bug::IgnoresMaxPut | Bug::TooLongIsCut) => false,
            Some(Bug::MaxPutIsExclusive) => bytes.len() as u64 >= max,
            _ => bytes.len() as u64 > max,
        };
        if is_too_long {
            if self.has(Bug::TooLongDeletes) {
                self.any_place().values.remove(&self.name(key));
            }
            return Err(self.error(ErrorKind::TooLarge, Operation::Put, Some(key)));
        }
        match self.bug {
            Some(Bug::TooLongIsCut) => bytes.truncate(usize::try_from(max).unwrap()),
            Some(Bug::Trims) => bytes = Bytes::copy_from_slice(bytes.trim_ascii()),
            // Nobody but readers shares it.
            Some(Bug::ReadersBlockWriters) => bytes = Bytes::copy_from_slice(&bytes),
            Some(Bug::FirstPieceOnly) => bytes = data.chunks().first().cloned().unwrap_or_default(),
            _ => {}
        }
        Ok(bytes)
    }

    /// Whether there is something that a put with these options must not touch.
    fn exists(&self, place: &Place, key: &Key, bytes: &Bytes, options: &PutOptions) -> bool {
        let name = self.name(key);
        let slot = place.values.get(&name);
        let is_there = match (self.bug, slot) {
            (Some(Bug::CreateOnlyIsIgnored), _) => false,
            (Some(Bug::TtlForgetsCreateOnly), _) if options.ttl.is_some() => false,
            (Some(Bug::EqualIsWelcome), Some(slot)) => slot.bytes != *bytes,
            (Some(Bug::EmptyDoesNotExist), Some(slot)) => !slot.bytes.is_empty(),
            (Some(Bug::PutDoesNotExist), Some(slot)) => slot.is_created,
            (Some(Bug::CreatesPerHandle), Some(slot)) => slot.handle == self.handle,
            (Some(Bug::DeletedExists), None) => place.flaws.deleted.contains(&name),
            (Some(Bug::ExistsLikeItsFront), None) => place.values.keys().any(|other| name.starts_with(other)),
            (_, slot) => slot.is_some(),
        };
        options.create_only && is_there
    }

    /// Takes effect; returns what is left to write.
    fn commit(
        &self,
        key: &Key,
        bytes: Bytes,
        options: &PutOptions,
        looked: bool,
        before: Option<Place>,
    ) -> Result<Option<Bytes>> {
        let name = self.name(key);
        let mut place = self.place(Operation::Put, Some(key))?;
        let is_refused = match self.bug {
            Some(Bug::LooksThenCreates | Bug::LooksThenAppends) => looked,
            _ => self.exists(&place, key, &bytes, options),
        };
        let is_blocked = self.is_blocked(&place, key, &bytes, options);
        if is_refused && !self.has(Bug::RefusesTooLate) {
            if self.has(Bug::RefusalLeavesName) {
                let temporary = Key::new(&format!("{key}.tmp")).unwrap();
                place.values.insert(temporary.to_string(), Slot::new(&temporary, bytes, self.handle));
            }
            return Err(self.error(REFUSED, Operation::Put, Some(key)));
        }
        if is_blocked {
            return Err(self.error(ErrorKind::Other, Operation::Put, Some(key)));
        }
        if let Some(before) = before {
            *place = before;
        }
        place.flaws.puts += 1;
        if self.has(Bug::SizeIsCached) {
            place.flaws.first.entry(name.clone()).or_insert_with(|| bytes.clone());
        }
        if self.has(Bug::PutTakesThePlace)
            && let Some(above) = place.value_above(key)
        {
            place.values.remove(&above);
        }
        if (options.create_only && self.has(Bug::CreatesNothing))
            || (bytes.is_empty() && self.has(Bug::EmptyIsNothing))
        {
            return Ok(None);
        }
        if self.has(Bug::DeletionLivesInHandle) {
            self.local.lock().unwrap().remove(&name);
        }
        if self.has(Bug::LivesInHandle) {
            self.local.lock().unwrap().insert(name, bytes);
            return Ok(None);
        }
        let rest = self.store(&mut place, key, bytes, options);
        if is_refused { Err(self.error(REFUSED, Operation::Put, Some(key))) } else { Ok(rest) }
    }

    /// Whether a bug forbids the put.
    fn is_blocked(&self, place: &Place, key: &Key, bytes: &Bytes, options: &PutOptions) -> bool {
        let old = place.values.get(&self.name(key));
        match self.bug {
            Some(Bug::ReadersBlockWriters) => old.is_some_and(|slot| !slot.bytes.is_unique()),
            Some(Bug::SameIsRefused) => old.is_some_and(|slot| slot.bytes == *bytes),
            Some(Bug::CreatedIsFixed) => old.is_some_and(|slot| slot.is_created),
            Some(Bug::TtlOverflows) => options.ttl.is_some_and(|ttl| ttl > Duration::from_secs(1 << 31)),
            Some(Bug::DepthIsLimited) => key.segments().count() > 64,
            Some(Bug::ReadKeepsLock) => place.flaws.is_locked,
            Some(Bug::FolderIsGone) => {
                place.flaws.dead_folders.iter().any(|folder| key.as_str().starts_with(folder))
            }
            _ => false,
        }
    }

    fn store(&self, place: &mut Place, key: &Key, bytes: Bytes, options: &PutOptions) -> Option<Bytes> {
        let name = self.name(key);
        let old = place.values.get(&name).cloned();
        let mut rest = None;
        let mut slot = Slot::new(key, bytes, self.handle);
        slot.is_created = options.create_only;
        slot.older = old.as_ref().map(|old| old.bytes.clone());
        let expires = options.ttl.and_then(|ttl| Instant::now().checked_add(ttl));
        match self.bug {
            Some(Bug::TtlStays) => slot.expires = expires.or(old.as_ref().and_then(|old| old.expires)),
            Some(Bug::TtlIsOver) => slot.expires = options.ttl.map(|_| Instant::now()),
            Some(Bug::KeepsTail) => {
                let tail = old.as_ref().and_then(|old| old.bytes.get(slot.bytes.len()..)).unwrap_or_default();
                slot.bytes = [&slot.bytes, tail].concat().into();
            }
            Some(Bug::LooksThenAppends) => {
                let front = old.as_ref().map(|old| old.bytes.clone()).unwrap_or_default();
                slot.bytes = [front, slot.bytes].concat().into();
            }
            Some(Bug::WritesInSteps) => {
                // The first half, and behind it whatever was there.
                let half = slot.bytes.len() / 2;
                rest = Some(slot.bytes.split_off(half));
                let tail = old.as_ref().and_then(|old| old.bytes.get(half..)).unwrap_or_default();
                slot.bytes = [&slot.bytes, tail].concat().into();
            }
            _ => {}
        }
        place.values.insert(name, slot);
        rest
    }

    /// Writes the second half over what is there by now.
    fn write_rest(&self, name: &str, rest: &[u8]) {
        let mut place = self.any_place();
        if let Some(slot) = place.values.get_mut(name) {
            // As long as the first one, give or take one.
            let front = slot.bytes.slice(..(rest.len() - rest.len() % 2).min(slot.bytes.len()));
            slot.bytes = [&front, rest].concat().into();
        }
    }

    pub(crate) async fn remove(&self, key: &Key) -> Result<()> {
        if self.begin_removal(key)? {
            yield_now().await;
            self.any_place().values.remove(&self.name(key));
        }
        Ok(())
    }

    /// Takes effect; whether something is left to do.
    fn begin_removal(&self, key: &Key) -> Result<bool> {
        if self.has(Bug::NoPlaceIsDeleted) && self.any_place().is_missing {
            return Ok(false);
        }
        let name = self.name(key);
        let mut place = self.place(Operation::Delete, Some(key))?;
        let Some(slot) = place.values.get(&name).cloned() else {
            if self.has(Bug::DeletesByFront) {
                place.values.retain(|other, _| !other.starts_with(&name));
            }
            self.local.lock().unwrap().remove(&name);
            return match self.bug {
                Some(Bug::DeleteNotFound) => {
                    Err(self.error(ErrorKind::NotFound, Operation::Delete, Some(key)))
                }
                _ => Ok(false),
            };
        };
        place.flaws.deleted.insert(name.clone());
        match (self.bug, slot.older) {
            (Some(Bug::DeletesNothing), _) => return Ok(false),
            (Some(Bug::DeletionLivesInHandle), _) => {
                self.local.lock().unwrap().insert(name, Bytes::new());
                return Ok(false);
            }
            (Some(Bug::DeletedIsEmpty), _) => {
                place.values.insert(name, Slot::new(key, Bytes::new(), self.handle));
                return Ok(false);
            }
            (Some(Bug::OlderComesBack), Some(older)) => {
                place.values.insert(name, Slot::new(key, older, self.handle));
                return Ok(false);
            }
            (Some(Bug::DeletesByFront), _) => place.values.retain(|other, _| !other.starts_with(&name)),
            (Some(Bug::EqualIsOne), _) => place.values.retain(|_, other| other.bytes != slot.bytes),
            (Some(Bug::DeletesInSteps), _) => {
                place.values.insert(name, Slot::new(key, Bytes::new(), self.handle));
                return Ok(true);
            }
            _ => {}
        }
        place.values.remove(&name);
        let folder = key.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        if !place.values.keys().any(|other| other.starts_with(folder)) {
            place.flaws.dead_folders.insert(format!("{folder}/"));
        }
        Ok(false)
    }
}
