//! From a checked configuration to a store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};
use xstore_core::backend::layer::Limiter;
use xstore_core::backend::{
    BackendId, Error as BackendError, ErrorKind, OpenError, OpenRequest, Operation, Registry, SettingProblem,
    StorageBackend,
};
use xstore_core::keys::{KeyRing, file};
use xstore_core::{Code, Error, Member, Store, StoreBuilder};

use crate::config::error::{ConfigError, ConfigErrors, Problem};
use crate::config::walk::{shown, similar};
use crate::config::{Backend, Config};
use crate::deferred::Deferred;

/// What a backend gets at least when k others are there already.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why no store could be made of a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// Mistakes that only the adapters could find.
    #[error(transparent)]
    Config(ConfigErrors),
    /// The key file can't be read.
    #[error("the integrity keys can't be had")]
    Keys(#[source] Box<file::FileError>),
    /// Backends couldn't be made; see [`Config::create`].
    #[error("{}", backends(.0))]
    Backends(Vec<Unopened>),
    /// The parts don't make a store.
    #[error(transparent)]
    Store(Error),
    /// The runtime is shutting down.
    #[error("the runtime is shutting down")]
    Stopped,
}

/// A backend that couldn't be opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unopened {
    /// Its name.
    pub backend: BackendId,
    /// Why.
    pub error: BackendError,
}

fn backends(unopened: &[Unopened]) -> String {
    let lines: Vec<_> = unopened.iter().map(Unopened::to_string).collect();
    lines.join("; ")
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.backend, Code::of_backend(self.error.kind()), self.error)?;
        let mut next = std::error::Error::source(&self.error);
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl OpenStoreError {
    /// The machine code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Config(errors) => errors.code(),
            Self::Keys(_) => Code::KeyUnavailable,
            Self::Backends(unopened) => {
                let first = unopened.first().map(|first| Code::of_backend(first.error.kind()));
                first.unwrap_or(Code::BackendUnavailable)
            }
            Self::Store(error) => error.code(),
            Self::Stopped => Code::Cancelled,
        }
    }
}

impl Config {
    /// Reads the keys, opens the backends and makes the store.
    ///
    /// A backend that can't be opened now, such as a disk that isn't mounted, doesn't stop the others: it takes part
    /// and answers with what is wrong, and each use of it, though not more than one in a second, tries to open it
    /// again. Only mistakes end the opening. Nothing is made that isn't there; for that see [`create`](Self::create).
    ///
    /// # Errors
    /// [`OpenStoreError`].
    ///
    /// # Cancel safety
    /// Nothing was changed.
    ///
    /// # Panics
    /// Needs a tokio runtime with its timers enabled.
    pub async fn open(&self, registry: &Registry) -> Result<Store, OpenStoreError> {
        self.builder(registry).await?.build().map_err(OpenStoreError::Store)
    }

    /// As [`open`](Self::open), up to the last step, so that something can be changed: the clock, the keys.
    ///
    /// # Errors
    /// [`OpenStoreError`].
    ///
    /// # Cancel safety
    /// As of [`open`](Self::open).
    ///
    /// # Panics
    /// As [`open`](Self::open).
    pub async fn builder(&self, registry: &Registry) -> Result<StoreBuilder, OpenStoreError> {
        // The first one that fails doesn't hide the mistakes of the others.
        let (keys, opened) = futures_util::join!(self.keys(), self.open_all(registry));
        let mut members = Vec::with_capacity(opened.len());
        let mut mistakes = Vec::new();
        for opened in opened {
            match opened {
                Ok(member) => members.push(member),
                Err(of_backend) => mistakes.extend(of_backend),
            }
        }
        if !mistakes.is_empty() {
            return Err(OpenStoreError::Config(self.errors(mistakes)));
        }
        Ok(self.assemble(members, keys?))
    }

    /// Makes what is missing, such as folders and database files, and marks each backend's namespace: what a new store
    /// needs once. Every backend has to be there.
    ///
    /// # Errors
    /// [`OpenStoreError`]; [`OpenStoreError::Store`] also where a backend can't be marked, and where two are one place.
    ///
    /// # Cancel safety
    /// Some may have been made or marked; it can be called again.
    ///
    /// # Panics
    /// As [`open`](Self::open).
    pub async fn create(&self, registry: &Registry) -> Result<Store, OpenStoreError> {
        let keys = self.keys().await?;
        let mut members = Vec::with_capacity(self.backends.len());
        let (mut mistakes, mut unopened) = (Vec::new(), Vec::new());
        for backend in &self.backends {
            match self.attempt(registry, backend.request(self).creating()).await {
                Ok(opened) => members.push(self.member(backend, opened)),
                Err(error) => match backend.sort(error, registry) {
                    Sorted::Mistake(mistake) => {
                        mistakes.extend(backend.all_mistakes(mistake, self, registry));
                    }
                    Sorted::Failure(error) => {
                        unopened.push(Unopened { backend: backend.id.clone(), error });
                    }
                },
            }
        }
        if !mistakes.is_empty() {
            return Err(OpenStoreError::Config(self.errors(mistakes)));
        }
        if !unopened.is_empty() {
            return Err(OpenStoreError::Backends(unopened));
        }
        let store = self.assemble(members, keys).build().map_err(OpenStoreError::Store)?;
        store.initialise().await.map_err(OpenStoreError::Store)?;
        Ok(store)
    }

    async fn keys(&self) -> Result<KeyRing, OpenStoreError> {
        let path = self.key_file.clone();
        match spawn_blocking(move || file::load(&path)).await {
            Ok(ring) => ring.map_err(|error| OpenStoreError::Keys(Box::new(error))),
            Err(_) => Err(OpenStoreError::Stopped),
        }
    }

    /// Opens a backend within the time that an attempt may take.
    async fn attempt(
        &self,
        registry: &Registry,
        request: OpenRequest,
    ) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let limit = self.settings.timeouts.of(0);
        let late = |_| Err(OpenError::Backend(BackendError::new(ErrorKind::Timeout, "")));
        timeout(limit, registry.open(request)).await.unwrap_or_else(late)
    }

    /// Opens all backends at once. When k of them have answered, the others get as long again, and a second at least:
    /// whoever hasn't answered then is opened when it is needed, where others can take over.
    async fn open_all(&self, registry: &Registry) -> Vec<Result<Member, Vec<ConfigError>>> {
        let begun = Instant::now();
        let mut opened: Vec<Option<Result<Member, _>>> = self.backends.iter().map(|_| None).collect();
        let opening = self.backends.iter().enumerate();
        let opening = opening.map(|(at, backend)| async move { (at, self.backend(backend, registry).await) });
        let mut opening: FuturesUnordered<_> = opening.collect();
        let (mut there, mut deadline) = (0, None);
        loop {
            let next = match deadline {
                None => opening.next().await,
                Some(deadline) => timeout_at(deadline, opening.next()).await.unwrap_or(None),
            };
            let Some((at, result)) = next else { break };
            there += usize::from(result.is_ok());
            opened[at] = Some(result);
            if deadline.is_none() && there >= usize::from(self.threshold.k()) {
                let now = Instant::now();
                deadline = Some(now + (now - begun).max(PATIENCE));
            }
        }
        let late = |(backend, opened): (&Backend, Option<_>)| {
            opened.unwrap_or_else(|| {
                tracing::debug!(backend = %backend.id, "slower than the others, so opened when it is needed");
                let late = BackendError::new(ErrorKind::Timeout, "");
                Ok(self.member(backend, self.deferred(backend.request(self), registry, late)))
            })
        };
        self.backends.iter().zip(opened).map(late).collect()
    }

    fn deferred(
        &self,
        request: OpenRequest,
        registry: &Registry,
        error: BackendError,
    ) -> Arc<dyn StorageBackend> {
        let limit = self.settings.timeouts.of(0);
        Arc::new(Deferred::new(registry.clone(), request, limit, error))
    }

    async fn backend(&self, backend: &Backend, registry: &Registry) -> Result<Member, Vec<ConfigError>> {
        let request = backend.request(self);
        let opened = match self.attempt(registry, request.clone()).await {
            Ok(opened) => opened,
            Err(error) => match backend.sort(error, registry) {
                Sorted::Mistake(mistake) => return Err(backend.all_mistakes(mistake, self, registry)),
                Sorted::Failure(error) => {
                    tracing::debug!(backend = %backend.id, %error, "not opened for now");
                    self.deferred(request, registry, error)
                }
            },
        };
        Ok(self.member(backend, opened))
    }

    pub(super) fn member(&self, backend: &Backend, opened: Arc<dyn StorageBackend>) -> Member {
        let mut member = Member::shared(opened);
        if let Some(limits) = self.limits {
            member = member.limited(Limiter::new(limits));
        }
        if let Some(namespace) = &backend.namespace {
            member = member.namespace(namespace);
        }
        for (name, value) in backend.labels.iter() {
            member = member.label(name, value);
        }
        if backend.is_removable { member.removable() } else { member }
    }

    pub(super) fn assemble(&self, members: Vec<Member>, keys: KeyRing) -> StoreBuilder {
        let settings = self.settings.clone();
        let (k, n) = (self.threshold.k(), self.threshold.n());
        let mut builder =
            Store::builder().threshold(k, n).keys(keys).placement(self.placement.clone()).settings(settings);
        for member in members {
            builder = builder.backend(member);
        }
        if let Some(quorum) = self.write_quorum {
            builder = builder.write_quorum(quorum);
        }
        if let Some(ttl) = self.ttl {
            builder = builder.ttl(ttl);
        }
        if self.allow_volatile { builder.allow_volatile() } else { builder }
    }

    pub(super) fn errors(&self, errors: Vec<ConfigError>) -> ConfigErrors {
        let errors = ConfigErrors::new(errors);
        match &self.file {
            Some(file) => errors.in_file(file),
            None => errors,
        }
    }
}

/// What an adapter said: that the configuration is wrong, or that the backend doesn't work.
pub(super) enum Sorted {
    Mistake(ConfigError),
    Failure(BackendError),
}

impl Backend {
    pub(super) fn request(&self, config: &Config) -> OpenRequest {
        OpenRequest::new(self.id.clone(), self.url.clone())
            .with_settings(self.settings.clone())
            .with_base(&config.base)
    }

    pub(super) fn sort(&self, error: OpenError, registry: &Registry) -> Sorted {
        let at = self.places.at;
        let mistake = |position, field, problem| Sorted::Mistake(ConfigError { position, field, problem });
        let url = |problem| mistake(self.places.url, format!("backend[{at}].url"), problem);
        match error {
            OpenError::Backend(error) => Sorted::Failure(error.at(&self.id, Operation::Open, None)),
            OpenError::UnknownScheme { scheme, known } => {
                let all: Vec<_> = registry.schemes().collect();
                let similar = similar(&scheme, &all);
                url(Problem::Scheme { scheme, known, similar })
            }
            OpenError::Url(reason) => url(Problem::Url(reason)),
            OpenError::Setting(error) => {
                let position = self.places.settings.get(&error.name).map(|place| match error.problem {
                    SettingProblem::Unknown => place.name,
                    _ => place.value,
                });
                let field = format!("backend[{at}].settings.{}", shown(&error.name));
                mistake(position.unwrap_or(self.places.entry), field, Problem::Setting(error.problem))
            }
            other => mistake(self.places.entry, format!("backend[{at}]"), Problem::Value(other.to_string())),
        }
    }
}
