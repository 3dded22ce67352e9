//! What a case works with.

use crate::{CaseResult, Skip, Stop};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use xstore_backend::{Key, Prefix, StorageBackend};

pub(crate) mod shorthand;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Reopen = Box<dyn Fn() -> BoxFuture<Arc<dyn StorageBackend>> + Send + Sync>;
type Step = Box<dyn Fn() -> BoxFuture<()> + Send + Sync>;

/// Something that the suite can only do with the fixture's help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hook {
    /// [`Fixture::with_reopen`].
    Reopen,
    /// [`Fixture::with_break_root`].
    BreakRoot,
    /// [`Fixture::with_mend_root`].
    MendRoot,
}

impl Hook {
    const fn noun(self) -> &'static str {
        match self {
            Self::Reopen => "opening the same place twice",
            Self::BreakRoot => "taking the place away",
            Self::MendRoot => "bringing the place back",
        }
    }
}

/// A backend for one case, the part of it that belongs to the case, and what the suite can do to it.
///
/// Without a hook, the cases that need it are skipped, and where everything is [required](crate::REQUIRE) they fail,
/// unless the fixture [says why](Self::without) there can't be one.
///
/// ```
/// use std::sync::Arc;
/// use xstore_backend::{BackendId, memory::MemoryBackend};
/// use xstore_testkit::{Fixture, Hook};
///
/// async fn fixture() -> Fixture {
///     let memory = MemoryBackend::new(BackendId::new("memory").unwrap());
///     Fixture::new(Arc::new(memory.clone()))
///         .with_reopen(move || {
///             let again = memory.clone();
///             async move { Arc::new(again) as _ }
///         })
///         .without(Hook::BreakRoot, "memory has no place that could be missing")
///         .without(Hook::MendRoot, "memory has no place that could be missing")
/// }
/// ```
pub struct Fixture {
    backend: Arc<dyn StorageBackend>,
    namespace: Prefix,
    longest_key: usize,
    is_length_checked_first: bool,
    reopen: Option<Reopen>,
    break_root: Option<Step>,
    mend_root: Option<Step>,
    excuses: BTreeMap<Hook, &'static str>,
    /// Kept until the case has ended. In a mutex, so that what can't be shared can still be kept.
    guards: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl Fixture {
    /// A backend, with a namespace that no other fixture has.
    #[must_use]
    pub fn new(backend: Arc<dyn StorageBackend>) -> Self {
        Self {
            backend,
            namespace: crate::namespace::fresh(),
            longest_key: Key::MAX_LEN,
            is_length_checked_first: false,
            reopen: None,
            break_root: None,
            mend_root: None,
            excuses: BTreeMap::new(),
            guards: Mutex::default(),
        }
    }

    /// The case stays below this prefix, which must be empty and its own. It may only read besides, to list
    /// everything. Up to 64 bytes leave room for all cases.
    #[must_use]
    pub fn with_namespace(mut self, namespace: Prefix) -> Self {
        self.namespace = namespace;
        self
    }

    /// Bytes of the longest key that the backend takes, where it isn't [`Key::MAX_LEN`], as below a decorator that
    /// puts something in front of every key. At least 256.
    #[must_use]
    pub const fn with_longest_key(mut self, bytes: usize) -> Self {
        self.longest_key = bytes;
        self
    }

    /// The backend refuses a value that is too long by its length, without looking at it. Only then is it offered
    /// one of more than 128 MiB (made of pieces that share their memory).
    #[must_use]
    pub const fn refusing_by_length(mut self) -> Self {
        self.is_length_checked_first = true;
        self
    }

    /// How to open the same place once more, as another process would: a second handle beside the first, or after
    /// it. It panics where that fails.
    #[must_use]
    pub fn with_reopen<F, Fut>(mut self, reopen: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Arc<dyn StorageBackend>> + Send + 'static,
    {
        self.reopen = Some(Box::new(move || Box::pin(reopen())));
        self
    }

    /// How to take the place away from under the open backend: move the folder, drop the bucket or table, unmount
    /// the disk. It panics where that fails.
    #[must_use]
    pub fn with_break_root<F, Fut>(mut self, break_root: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.break_root = Some(Box::new(move || Box::pin(break_root())));
        self
    }

    /// How to bring back what was taken away, with its values. It panics where that fails.
    #[must_use]
    pub fn with_mend_root<F, Fut>(mut self, mend_root: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.mend_root = Some(Box::new(move || Box::pin(mend_root())));
        self
    }

    /// Why there can be no such hook.
    #[must_use]
    pub fn without(mut self, hook: Hook, reason: &'static str) -> Self {
        self.excuses.insert(hook, reason);
        self
    }

    /// Keeps something until the case has ended: a folder that is removed then, a server that is stopped.
    #[must_use]
    pub fn with_guard(self, guard: impl Any + Send) -> Self {
        self.guards.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(Box::new(guard));
        self
    }

    /// The backend.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn StorageBackend> {
        &self.backend
    }

    /// What the case stays below.
    #[must_use]
    pub fn namespace(&self) -> &Prefix {
        &self.namespace
    }

    /// Another handle of the same place.
    ///
    /// # Errors
    /// [`Stop::Skip`] without the hook.
    pub async fn reopen(&self) -> CaseResult<Arc<dyn StorageBackend>> {
        match &self.reopen {
            Some(reopen) => Ok(reopen().await),
            None => Err(self.no(Hook::Reopen)),
        }
    }

    /// Lets go of the backend, and then opens the place anew.
    ///
    /// # Errors
    /// [`Stop::Skip`] without the hook.
    pub async fn close_and_reopen(mut self) -> CaseResult<Self> {
        let Some(reopen) = &self.reopen else { return Err(self.no(Hook::Reopen)) };
        // Gone before the other one is opened, as far as the fixture's own hooks don't hold it.
        drop(self.backend);
        self.backend = reopen().await;
        Ok(self)
    }

    /// Takes the place away.
    ///
    /// # Errors
    /// [`Stop::Skip`] without the hook.
    pub async fn break_root(&self) -> CaseResult {
        match &self.break_root {
            Some(break_root) => {
                break_root().await;
                Ok(())
            }
            None => Err(self.no(Hook::BreakRoot)),
        }
    }

    /// Brings the place back.
    ///
    /// # Errors
    /// [`Stop::Skip`] without the hook.
    pub async fn mend_root(&self) -> CaseResult {
        match &self.mend_root {
            Some(mend_root) => {
                mend_root().await;
                Ok(())
            }
            None => Err(self.no(Hook::MendRoot)),
        }
    }

    fn no(&self, hook: Hook) -> Stop {
        match self.excuses.get(&hook) {
            Some(reason) => Skip::pointless(*reason).into(),
            None => Skip::missing(format!("the fixture has no hook for {}", hook.noun())).into(),
        }
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("backend", &self.backend)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// What a factory of fixtures returns: a fixture, or the reason why there is none.
pub trait IntoFixture {
    /// The fixture.
    ///
    /// # Errors
    /// Why there is none: the case is skipped.
    fn into_fixture(self) -> Result<Fixture, Skip>;
}

impl IntoFixture for Fixture {
    fn into_fixture(self) -> Result<Fixture, Skip> {
        Ok(self)
    }
}

impl IntoFixture for Result<Fixture, Skip> {
    fn into_fixture(self) -> Result<Fixture, Skip> {
        self
    }
}
