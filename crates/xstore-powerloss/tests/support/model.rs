//! What a backend may hold: what it acknowledged, and what it perhaps did.

use std::collections::BTreeMap;

use xstore_backend::{Bytes, ErrorKind, Key, Result, StorageBackend};

use crate::script::Step;

/// No value of a test is longer.
const MAX: usize = 1 << 20;

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    keys: BTreeMap<Key, State>,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// What the last call that was acknowledged left.
    acknowledged: Option<Bytes>,
    /// What the calls since then would have left.
    maybe: Vec<Option<Bytes>>,
    /// All values that the key was ever to have.
    ever: Vec<Bytes>,
}

/// What is found under a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// What was acknowledged.
    Old,
    /// What was perhaps done.
    New,
    /// An acknowledged value isn't there, or an acknowledged delete is undone.
    Lost(String),
    /// Bytes that nobody wrote like that, or an error.
    Wrong(String),
}

impl Model {
    /// Notes a call and what came of it; says what can't be.
    pub(crate) fn note(&mut self, step: &Step, result: &Result<()>) -> std::result::Result<(), String> {
        let state = self.keys.entry(step.key().clone()).or_default();
        let create_only = matches!(step, Step::Put { create_only: true, .. });
        let (can_exist, can_miss) =
            (state.allowed().any(Option::is_some), state.allowed().any(Option::is_none));
        state.ever.extend(step.effect());
        match result {
            Ok(()) if create_only && !can_miss => return Err(format!("{step} replaced a value")),
            Ok(()) => {
                state.acknowledged = step.effect();
                state.maybe.clear();
            }
            Err(error) => {
                let is_nonsense = match error.kind() {
                    ErrorKind::AlreadyExists => !create_only || !can_exist,
                    kind => kind == ErrorKind::NotFound,
                };
                if is_nonsense {
                    return Err(format!("{step}: {error:?}"));
                }
                if error.may_have_written() {
                    state.maybe.push(step.effect());
                }
            }
        }
        Ok(())
    }

    /// Notes that the value is known to be this one, from a caller who found it and relies on it.
    pub(crate) fn rely_on(&mut self, key: &Key, value: &Bytes) {
        let state = self.keys.entry(key.clone()).or_default();
        state.acknowledged = Some(value.clone());
        state.maybe.clear();
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.keys()
    }

    pub(crate) fn judge(&self, key: &Key, found: &std::result::Result<Option<Bytes>, String>) -> Verdict {
        let none = State::default();
        let state = self.keys.get(key).unwrap_or(&none);
        match found {
            Ok(found) if *found == state.acknowledged => Verdict::Old,
            Ok(found) if state.maybe.contains(found) => Verdict::New,
            Ok(None) => Verdict::Lost(format!("{key} is gone")),
            Ok(Some(found)) if state.ever.contains(found) => {
                Verdict::Lost(format!("{key} is an older value"))
            }
            Ok(Some(found)) => Verdict::Wrong(format!("{key} has {} bytes that nobody wrote", found.len())),
            Err(error) => Verdict::Wrong(format!("{key}: {error}")),
        }
    }
}

impl State {
    fn allowed(&self) -> impl Iterator<Item = &Option<Bytes>> {
        std::iter::once(&self.acknowledged).chain(&self.maybe)
    }
}

/// What a key holds.
pub(crate) async fn find(
    backend: &dyn StorageBackend,
    key: &Key,
) -> std::result::Result<Option<Bytes>, String> {
    match backend.get(key, MAX).await {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{error:?}")),
    }
}

/// All keys of a backend, in order.
pub(crate) async fn list(backend: &dyn StorageBackend) -> std::result::Result<Vec<Key>, String> {
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = backend.list(&xstore_backend::Prefix::all(), cursor.as_ref()).await;
        let page = page.map_err(|error| format!("{error:?}"))?;
        keys.extend(page.entries.into_iter().map(|entry| entry.key));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    keys.sort();
    keys.dedup();
    Ok(keys)
}
