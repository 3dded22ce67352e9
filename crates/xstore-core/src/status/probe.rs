//! A small value that is written, read, listed and removed, and what killed runs left of theirs.

use crate::status::{Step, StepKind, Tries};
use crate::store::Inner;
use std::time::{Duration, SystemTime};
use xstore_backend::{Entry, Error as BackendError, ErrorKind, Key, Operation, Payload, Prefix, PutOptions};

/// What a probe writes.
const VALUE: &[u8] = b"xStore probe\n";
/// The folder of probes below a namespace.
const FOLDER: &str = "probe";
/// Pages of a listing that are looked at: nobody leaves thousands of probes behind.
const MAX_PAGES: usize = 8;
/// Leftovers that one status removes.
const MAX_REMOVED: usize = 64;
/// Steps of a probe, each of which may take the time of an attempt.
const STEPS: u32 = 5;

/// A probe of one member.
pub(super) struct Probe<'a> {
    inner: &'a Inner,
    tries: &'a Tries<'a>,
    pub(super) steps: Vec<Step>,
    pub(super) leftovers: usize,
}

impl<'a> Probe<'a> {
    pub(super) fn new(inner: &'a Inner, tries: &'a Tries<'a>) -> Self {
        Self { inner, tries, steps: Vec::new(), leftovers: 0 }
    }

    /// Writes, reads, lists and removes a value under a name that nothing else uses.
    pub(super) async fn run(&mut self) {
        let backend = &self.tries.seat.backend;
        let key = match self.key() {
            Ok(key) => key,
            Err(error) => {
                let step =
                    self.tries.step(StepKind::Put, Operation::Put, async { Err::<(), _>(error) }).await;
                return self.steps.push(step);
            }
        };
        let options = PutOptions::create_only().with_ttl(Some(self.old()));
        let put = backend.put(&key, Payload::from(VALUE), &options);
        let put = self.tries.step(StepKind::Put, Operation::Put, put).await;
        let is_written = put.result.is_ok();
        self.steps.push(put);
        if is_written {
            let get = async {
                match backend.get(&key, VALUE.len()).await {
                    Ok(value) if value == VALUE => Ok(()),
                    Ok(_) => Err(self.other("what was read isn't what was written", Operation::Get)),
                    Err(error) => Err(error),
                }
            };
            let get = self.tries.step(StepKind::Get, Operation::Get, get).await;
            self.steps.push(get);
        }
        let mut found = Vec::new();
        if self.tries.seat.capability.list {
            let list = async {
                found = self.list().await?;
                match is_written && !found.iter().any(|entry| entry.key == key) {
                    true => Err(self.other("the listing lacks what was just written", Operation::List)),
                    false => Ok(()),
                }
            };
            let list = self.tries.step(StepKind::List, Operation::List, list).await;
            self.steps.push(list);
        }
        // Also after a failure: the write may have landed.
        let delete = self.tries.step(StepKind::Delete, Operation::Delete, backend.delete(&key)).await;
        let may_delete = delete.result.is_ok();
        self.steps.push(delete);
        if may_delete {
            self.remove(&key, &found).await;
        }
    }

    /// Removes probes that are older than any run takes, by the backend's own clock: that of this probe.
    async fn remove(&mut self, own: &Key, found: &[Entry]) {
        let now = found.iter().find(|entry| entry.key == *own).and_then(|entry| entry.stat.modified);
        let Some(before) = now.and_then(|now| now.checked_sub(self.old())) else { return };
        let is_old = |entry: &&Entry| is_leftover(entry, before);
        for entry in found.iter().filter(is_old).take(MAX_REMOVED) {
            let removed = self.tries.seat.backend.delete(&entry.key);
            let removed = self.tries.step(StepKind::Delete, Operation::Delete, removed).await;
            self.leftovers += usize::from(removed.result.is_ok());
        }
    }

    /// All probes.
    async fn list(&self) -> Result<Vec<Entry>, BackendError> {
        let seat = self.tries.seat;
        let prefix = Prefix::new(&format!("{}/{FOLDER}", seat.namespace)).map_err(|error| {
            self.other("the folder of probes has no name", Operation::List).with_source(error)
        })?;
        let (mut found, mut cursor) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = seat.backend.list(&prefix, cursor.as_ref()).await?;
            found.extend(page.entries);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn key(&self) -> Result<Key, BackendError> {
        let name = self
            .inner
            .fresh_name()
            .map_err(|error| self.other("no random name for the probe", Operation::Put).with_source(error))?;
        let key = self.tries.seat.key(&format!("{FOLDER}/{name}"));
        key.ok_or_else(|| self.other("the probe's name is no key", Operation::Put))
    }

    /// From which age on a probe is nobody's any more: its run has ended, and nothing of it can land.
    fn old(&self) -> Duration {
        self.inner.settings.grace.max(self.tries.limit.saturating_mul(2 * STEPS))
    }

    fn other(&self, message: &'static str, operation: Operation) -> BackendError {
        BackendError::new(ErrorKind::Other, message).at(&self.tries.seat.id, operation, None)
    }
}

/// Whether it is a probe, by its name and its length, that was written before this time.
fn is_leftover(entry: &Entry, before: SystemTime) -> bool {
    let name = entry.key.segments().next_back().unwrap_or_default();
    let is_name = name.len() == 26 && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
    is_name
        && entry.key.segments().count() == 3
        && entry.stat.size == VALUE.len() as u64
        && entry.stat.modified.is_some_and(|modified| modified < before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xstore_backend::Stat;

    #[test]
    fn only_old_probes_are_leftovers() {
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let entry = |key: &str, size, seconds: Option<u64>| {
            let modified = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            Entry::new(Key::new(key).unwrap(), Stat::new(size).with_modified(modified))
        };
        let name = "abcdefghijklmnopqrstuvwxyz";
        let good = format!("ns/probe/{name}");
        assert!(is_leftover(&entry(&good, 13, Some(999)), before));
        for (key, size, seconds) in [
            (good.clone(), 13, Some(1000)),
            (good.clone(), 13, None),
            (good, 14, Some(0)),
            (format!("ns/probe/x/{name}"), 13, Some(0)),
            ("ns/probe/abc".to_owned(), 13, Some(0)),
            (format!("ns/probe/{}1", &name[1..]), 13, Some(0)),
        ] {
            assert!(!is_leftover(&entry(&key, size, seconds), before), "{key}");
        }
    }
}
