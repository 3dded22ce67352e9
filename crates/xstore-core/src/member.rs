//! A backend in a store: with namespace, labels and what is known of its health.

use crate::health::Health;
use crate::placement::Labels;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use xstore_backend::layer::Limiter;
use xstore_backend::{BackendId, Capability, Key, StorageBackend};

/// The namespace of a member that was given none.
pub const DEFAULT_NAMESPACE: &str = "xstore";

/// A backend, and what a store has to know about it.
///
/// ```
/// use xstore_backend::{BackendId, memory::MemoryBackend};
/// use xstore_core::Member;
/// let backend = MemoryBackend::new(BackendId::new("red").unwrap());
/// let member = Member::new(backend).namespace("a1b2c3").label("site", "home").removable();
/// ```
#[derive(Debug, Clone)]
pub struct Member {
    pub(crate) backend: Arc<dyn StorageBackend>,
    pub(crate) namespace: Option<String>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) is_removable: bool,
    pub(crate) limiter: Option<Limiter>,
}

impl Member {
    /// A backend in the namespace [`DEFAULT_NAMESPACE`], which is marked with the first put.
    #[must_use]
    pub fn new(backend: impl StorageBackend) -> Self {
        Self::shared(Arc::new(backend))
    }

    /// As [`new`](Self::new), of a backend that is shared already.
    #[must_use]
    pub fn shared(backend: Arc<dyn StorageBackend>) -> Self {
        Self { backend, namespace: None, labels: Vec::new(), is_removable: false, limiter: None }
    }

    /// All keys begin with this: 1 to 64 of the characters `a-z 0-9 -`. It must have been marked by
    /// [`Store::initialise`](crate::Store::initialise): where the mark isn't found, the backend counts as unavailable,
    /// since an empty folder is what an unmounted disk looks like.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Adds a label for the placement rules, such as `provider`, `jurisdiction` or `site`.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// No more operations at once, and no more bytes a second, than these limits allow. What waits for its turn isn't
    /// timed: the store's timeouts count from when the backend is asked.
    #[must_use]
    pub fn limited(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// The backend is a medium that is often absent: its absence is worth a note, not an alarm.
    #[must_use]
    pub fn removable(mut self) -> Self {
        self.is_removable = true;
        self
    }
}

impl<B: StorageBackend> From<B> for Member {
    fn from(backend: B) -> Self {
        Self::new(backend)
    }
}

/// A member as the store sees it.
pub(crate) struct Seat {
    pub(crate) backend: Arc<dyn StorageBackend>,
    pub(crate) id: BackendId,
    pub(crate) name: xstore_manifest::BackendId,
    pub(crate) capability: Capability,
    pub(crate) namespace: String,
    /// Whether the mark must be there already.
    pub(crate) is_marked: bool,
    pub(crate) labels: Labels,
    pub(crate) is_removable: bool,
    pub(crate) health: Health,
    /// When the mark was last seen, and what it says.
    seen: Mutex<Option<(Instant, Box<str>)>>,
}

impl Seat {
    pub(crate) fn new(
        member: &Member,
        backend: Arc<dyn StorageBackend>,
        name: xstore_manifest::BackendId,
        labels: Labels,
        health: Health,
    ) -> Self {
        Self {
            id: backend.id().clone(),
            capability: backend.capability(),
            backend,
            name,
            namespace: member.namespace.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            is_marked: member.namespace.is_some(),
            labels,
            is_removable: member.is_removable,
            health,
            seen: Mutex::new(None),
        }
    }

    /// A key below the namespace; `rest` is one of ours.
    pub(crate) fn key(&self, rest: &str) -> Option<Key> {
        Key::new(&format!("{}/{rest}", self.namespace)).ok()
    }

    pub(crate) fn seen(&self) -> Option<(Instant, Box<str>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn see(&self, at: Instant, mark: &str) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, mark.into()));
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("backend", &self.backend)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
