//! Reading, with bugs.

use crate::backend::{BUFFER, Planted};
use crate::bug::Bug;
use std::ops::Range;
use tokio::task::yield_now;
use xstore_backend::{Bytes, ErrorKind, Key, Operation, Result};

impl Planted {
    pub(crate) async fn read(&self, key: &Key, max: usize) -> Result<Bytes> {
        if self.has(Bug::ReadKeepsLock) {
            self.lock(Operation::Get)?;
        }
        yield_now().await;
        self.unlock();
        if self.has(Bug::FewReaders) {
            self.any_place().flaws.reading += 1;
            self.wait_until(|place| place.flaws.reading > 4).await;
            let readers = std::mem::replace(&mut self.any_place().flaws.reading, 0);
            if readers > 4 {
                return Err(self.error(ErrorKind::Other, Operation::Get, Some(key)));
            }
        }
        let found = self.find(Operation::Get, key);
        yield_now().await;
        let value = match found {
            Err(error) if error.kind() == ErrorKind::NotFound && self.has(Bug::MissingIsEmpty) => {
                Bytes::new()
            }
            found => found?,
        };
        if self.has(Bug::MaxOverflows) && max.checked_add(1).is_none() {
            return Err(self.error(ErrorKind::Other, Operation::Get, Some(key)));
        }
        let is_too_long = match self.bug {
            Some(Bug::IgnoresMax) => false,
            Some(Bug::MaxIsExclusive) => value.len() >= max,
            _ => value.len() > max,
        };
        if is_too_long {
            let error = self.error(ErrorKind::TooLarge, Operation::Get, Some(key));
            let shown = format!("{value:?}");
            return Err(if self.has(Bug::ErrorsShowValues) { error.with_source(shown) } else { error });
        }
        Ok(if self.has(Bug::ReadsOneBuffer) { value.slice(..value.len().min(BUFFER)) } else { value })
    }

    pub(crate) async fn read_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let value = match self.find(Operation::Get, key) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.has(Bug::RangeOfMissingIsEmpty) => {
                return Ok(Bytes::new());
            }
            found => found?,
        };
        let value = if self.has(Bug::RangeIsCached) {
            self.local.lock().unwrap().entry(self.name(key)).or_insert(value).clone()
        } else {
            value
        };
        let (mut start, mut end) = (range.start, range.end);
        match self.bug {
            Some(Bug::RangeEndIsInclusive) => end = end.saturating_add(1),
            Some(Bug::RangeEndIsShort) => end = u64::from(u32::try_from(end & 0xffff_ffff).unwrap()),
            Some(Bug::RangeIsTurned) if end < start => std::mem::swap(&mut start, &mut end),
            Some(Bug::RangeIsOneBuffer) => end = end.min(start.saturating_add(BUFFER as u64)),
            Some(Bug::RangeBeyondEndFails) if end > value.len() as u64 => {
                return Err(self.error(ErrorKind::Other, Operation::Get, Some(key)));
            }
            _ => {}
        }
        if self.has(Bug::ReadsInSteps) {
            let mut all = cut(&value, start, start + 1).to_vec();
            let puts = self.any_place().flaws.puts;
            self.wait_until(|place| place.flaws.puts > puts).await;
            all.extend_from_slice(&cut(&self.find(Operation::Get, key)?, start + 1, end));
            return Ok(all.into());
        }
        Ok(cut(&value, start, end))
    }
}

fn cut(value: &Bytes, start: u64, end: u64) -> Bytes {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(value.len());
    if start < end { value.slice(at(start)..at(end)) } else { Bytes::new() }
}
