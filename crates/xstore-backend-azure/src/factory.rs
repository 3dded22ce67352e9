//! From a configuration to a backend.

use crate::backend::CAPABILITY;
use crate::{AzureBackend, Config};
use std::sync::Arc;
use xstore_backend::{Capability, Factory, OpenError, OpenRequest, Registry, StorageBackend, async_trait};

/// The URL schemes that [`AzureFactory`] serves.
pub const SCHEMES: &[&str] = &["azblob"];

/// Lets the registry open containers.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(AzureFactory));
    }
}

/// Opens `azblob://ACCOUNT/CONTAINER` and `azblob://ACCOUNT/CONTAINER/PREFIX`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AzureFactory;

#[async_trait]
impl Factory for AzureFactory {
    /// Cancel safe: nothing but an empty container may have been made.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::from_request(&request)?;
        let (id, create) = (request.id, request.create);
        let opened = if create {
            AzureBackend::create(id, config).await
        } else {
            AzureBackend::open(id, config).await
        };
        Ok(Arc::new(opened?))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::from_request(request).map(drop)
    }

    fn capability(&self, _: &OpenRequest) -> Capability {
        CAPABILITY
    }
}
