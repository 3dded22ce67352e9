//! Backends by URL.

use std::sync::Arc;

use xstore_backend::{
    Capability, Factory, OpenError, OpenRequest, Operation, Registry, StorageBackend, async_trait,
};

use crate::FsBackend;
use crate::backend::{CAPABILITY, blocking};
use crate::config::Config;

/// The URL schemes that [`FsFactory`] serves.
pub const SCHEMES: &[&str] = &["file"];

/// Opens folders by URL: `file:PATH` and `file:///ABSOLUTE/PATH`. See the [crate](crate).
#[derive(Debug, Clone, Copy, Default)]
pub struct FsFactory;

/// Lets the registry open folders.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(FsFactory));
    }
}

#[async_trait]
impl Factory for FsFactory {
    /// Cancel safe: nothing but an empty folder may have been made.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::new(&request.url, request.settings, &request.base)?;
        let (id, create) = (request.id, request.create);
        let at = id.clone();
        let opened = blocking(move || {
            let opened =
                if create { FsBackend::create(id, &config.root) } else { FsBackend::open(id, &config.root) };
            opened.map(|backend| backend.with_durable(config.durable))
        });
        let backend = opened.await.map_err(|error| error.at(&at, Operation::Open, None))?;
        Ok(Arc::new(backend))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::new(&request.url, request.settings.clone(), &request.base).map(drop)
    }

    /// What the settings ask for. A file system that can't sync folders isn't known before it is opened.
    fn capability(&self, request: &OpenRequest) -> Capability {
        match Config::new(&request.url, request.settings.clone(), &request.base) {
            Ok(config) => CAPABILITY.with_durable(config.durable),
            Err(_) => Capability::MINIMAL,
        }
    }
}
