//! What came through a faulty backend, version by version.

use std::collections::HashMap;
use xstore_backend::{Key, Payload, Prefix};

/// A moment in the history of a faulty backend; see [`Faults::mark`](crate::faulty::Faults::mark).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// All values that were put and deleted. They share their bytes with what was put, but are kept as long as this.
#[derive(Debug, Default)]
pub(crate) struct History {
    now: u64,
    versions: HashMap<Key, Vec<Version>>,
}

#[derive(Debug)]
struct Version {
    at: u64,
    /// None where it was deleted.
    value: Option<Payload>,
}

impl History {
    pub(crate) const fn mark(&self) -> Mark {
        Mark(self.now)
    }

    /// Notes a put, or a deletion.
    pub(crate) fn record(&mut self, key: &Key, value: Option<Payload>) {
        self.now += 1;
        self.versions.entry(key.clone()).or_default().push(Version { at: self.now, value });
    }

    /// The value that was there so many versions ago.
    pub(crate) fn before(&self, key: &Key, versions: usize) -> Option<Payload> {
        let all = self.versions.get(key)?;
        let at = all.len().checked_sub(versions.checked_add(1)?)?;
        all[at].value.clone()
    }

    /// The value that was there at the mark.
    pub(crate) fn at(&self, key: &Key, mark: Mark) -> Option<Payload> {
        let all = self.versions.get(key)?;
        all.iter().rev().find(|version| version.at <= mark.0)?.value.clone()
    }

    /// What was below the prefix at the mark, in order, with its length.
    pub(crate) fn below(&self, prefix: &Prefix, mark: Mark) -> Vec<(Key, usize)> {
        let keys = self.versions.keys().filter(|key| key.is_below(prefix));
        let mut found: Vec<(Key, usize)> =
            keys.filter_map(|key| Some((key.clone(), self.at(key, mark)?.len()))).collect();
        found.sort();
        found
    }
}
