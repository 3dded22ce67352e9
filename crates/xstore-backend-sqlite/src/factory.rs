//! From a configuration to a backend.

use crate::backend::CAPABILITY;
use crate::client::blocking;
use crate::{Config, SqliteBackend};
use std::sync::Arc;
use xstore_backend::{
    Capability, Factory, OpenError, OpenRequest, Operation, Registry, StorageBackend, async_trait,
};

/// The URL schemes that [`SqliteFactory`] serves.
pub const SCHEMES: &[&str] = &["sqlite"];

/// Lets the registry open databases.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(SqliteFactory));
    }
}

/// Opens `sqlite:PATH` and `sqlite:///ABSOLUTE/PATH`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqliteFactory;

#[async_trait]
impl Factory for SqliteFactory {
    /// Cancel safe: nothing but an empty database may have been made.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::from_request(&request)?;
        let (id, create) = (request.id.clone(), request.create);
        let opening = blocking(move || {
            if create { SqliteBackend::create_with(id, config) } else { SqliteBackend::open_with(id, config) }
        });
        let opened = opening.await.map_err(|error| error.at(&request.id, Operation::Open, None))?;
        Ok(Arc::new(opened))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::from_request(request).map(drop)
    }

    fn capability(&self, _: &OpenRequest) -> Capability {
        CAPABILITY
    }
}
