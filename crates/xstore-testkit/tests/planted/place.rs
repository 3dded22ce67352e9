//! Where the values of the planted backend are: shared by all its handles.

use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;
use xstore_backend::{Bytes, Key};

/// All that is shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// By stored name.
    pub(crate) values: BTreeMap<String, Slot>,
    /// Taken away from under the backend.
    pub(crate) is_missing: bool,
    /// What bugs need besides.
    pub(crate) flaws: Flaws,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) key: Key,
    pub(crate) bytes: Bytes,
    pub(crate) expires: Option<Instant>,
    pub(crate) is_created: bool,
    pub(crate) handle: usize,
    pub(crate) older: Option<Bytes>,
}

/// State that no right backend has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flaws {
    pub(crate) deleted: BTreeSet<String>,
    pub(crate) dead_folders: BTreeSet<String>,
    pub(crate) first: BTreeMap<String, Bytes>,
    pub(crate) used_cursors: BTreeSet<String>,
    pub(crate) position: String,
    pub(crate) is_locked: bool,
    pub(crate) in_use: usize,
    pub(crate) writing: usize,
    pub(crate) reading: usize,
    pub(crate) reads: usize,
    pub(crate) met: usize,
    pub(crate) puts: usize,
    pub(crate) was_missing: bool,
}

impl Place {
    /// Whether somewhere a key lies below this one.
    pub(crate) fn is_folder(&self, key: &Key) -> bool {
        let front = format!("{key}/");
        self.values.values().any(|slot| slot.key.as_str().starts_with(&front))
    }

    /// The value that this key lies below.
    pub(crate) fn value_above(&self, key: &Key) -> Option<String> {
        let is_above = |slot: &Slot| key.as_str().starts_with(&format!("{}/", slot.key));
        self.values.iter().find(|(_, slot)| is_above(slot)).map(|(name, _)| name.clone())
    }
}
