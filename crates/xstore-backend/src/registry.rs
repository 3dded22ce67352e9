//! From URLs to backends: a plain value, filled by explicit registration.

use crate::{BackendId, BackendUrl, Capability, Error, SettingError, Settings, StorageBackend};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What a factory is given.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The configured name.
    pub id: BackendId,
    /// Where it is.
    pub url: BackendUrl,
    /// What the adapter needs besides.
    pub settings: Settings,
    /// Make what is missing: a folder, a database file, a bucket. Without it, what is missing is
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    pub create: bool,
    /// Relative paths are relative to this.
    pub base: PathBuf,
}

impl OpenRequest {
    /// Opens what exists, without settings, with paths relative to the current directory.
    #[must_use]
    pub fn new(id: BackendId, url: BackendUrl) -> Self {
        Self { id, url, settings: Settings::new(), create: false, base: PathBuf::new() }
    }

    /// With these settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Makes what is missing.
    #[must_use]
    pub const fn creating(mut self) -> Self {
        self.create = true;
        self
    }

    /// With paths relative to this folder.
    #[must_use]
    pub fn with_base(mut self, base: impl Into<PathBuf>) -> Self {
        self.base = base.into();
        self
    }
}

/// Why a backend couldn't be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// No factory is registered for the scheme; these schemes are known.
    UnknownScheme {
        /// The scheme of the URL.
        scheme: String,
        /// Those that are registered.
        known: Vec<&'static str>,
    },
    /// The URL means nothing to the adapter, with the reason.
    Url(String),
    /// A setting is wrong.
    Setting(SettingError),
    /// The backend itself refused or wasn't there.
    Backend(Error),
}

impl From<SettingError> for OpenError {
    fn from(error: SettingError) -> Self {
        Self::Setting(error)
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Backend(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme { scheme, known } => {
                write!(f, "no backend is known for {scheme}:, only for ")?;
                for (at, scheme) in known.iter().enumerate() {
                    write!(f, "{}{scheme}:", if at == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Url(reason) => write!(f, "the URL is refused: {reason}"),
            Self::Setting(_) => f.write_str("a setting is refused"),
            Self::Backend(_) => f.write_str("the backend can't be opened"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Setting(error) => Some(error),
            Self::Backend(error) => Some(error),
            Self::UnknownScheme { .. } | Self::Url(_) => None,
        }
    }
}

/// Opens backends of one kind.
#[async_trait]
pub trait Factory: fmt::Debug + Send + Sync + 'static {
    /// Opens what the request names.
    ///
    /// # Errors
    /// [`OpenError`]; credentials appear in none.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError>;

    /// Checks the URL and the settings as [`open`](Self::open) does, without opening anything and without asking
    /// anybody: no file, no network. An adapter that doesn't has its mistakes found when a backend is opened.
    ///
    /// # Errors
    /// [`OpenError::Url`], [`OpenError::Setting`] with the first setting that is wrong.
    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        let _ = request;
        Ok(())
    }

    /// What a backend that is opened by this request will be able to do at least, known without opening it: so that a
    /// store can begin its work while one of its backends isn't there. What nobody can know beforehand isn't promised;
    /// neither is anything for a request that will be refused.
    fn capability(&self, request: &OpenRequest) -> Capability {
        let _ = request;
        Capability::MINIMAL
    }
}

/// Which factory serves which URL scheme.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    factories: BTreeMap<&'static str, Arc<dyn Factory>>,
}

impl Registry {
    /// Knows no scheme.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `factory` serve `scheme`; returns the one that did before.
    pub fn register(&mut self, scheme: &'static str, factory: Arc<dyn Factory>) -> Option<Arc<dyn Factory>> {
        self.factories.insert(scheme, factory)
    }

    /// The schemes in order.
    pub fn schemes(&self) -> impl Iterator<Item = &'static str> {
        self.factories.keys().copied()
    }

    /// Opens a backend.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        self.factory(&request)?.open(request).await
    }

    /// Checks a request without opening anything: see [`Factory::check`].
    ///
    /// # Errors
    /// [`OpenError::UnknownScheme`], [`OpenError::Url`], [`OpenError::Setting`].
    pub fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        self.factory(request)?.check(request)
    }

    /// What the backend will be able to do at least: see [`Factory::capability`]. [`Capability::MINIMAL`] where no
    /// factory is known.
    #[must_use]
    pub fn capability(&self, request: &OpenRequest) -> Capability {
        let factory = self.factories.get(request.url.scheme());
        factory.map_or(Capability::MINIMAL, |factory| factory.capability(request))
    }

    fn factory(&self, request: &OpenRequest) -> Result<&Arc<dyn Factory>, OpenError> {
        self.factories.get(request.url.scheme()).ok_or_else(|| OpenError::UnknownScheme {
            scheme: request.url.scheme().to_owned(),
            known: self.schemes().collect(),
        })
    }
}
