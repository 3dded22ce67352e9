//! Backends by URL.

use std::sync::Arc;

use xstore_backend::{Capability, Factory, OpenError, OpenRequest, Registry, StorageBackend, async_trait};

use crate::backend::capability;
use crate::{Config, OpendalBackend};

/// The URL schemes that [`OpendalFactory`] serves.
pub const SCHEMES: &[&str] = &["opendal"];

/// Opens services by URL: `opendal:SERVICE`. See the [crate](crate).
#[derive(Debug, Clone, Copy, Default)]
pub struct OpendalFactory;

/// Lets the registry open what OpenDAL reaches.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(OpendalFactory));
    }
}

#[async_trait]
impl Factory for OpendalFactory {
    /// Cancel safe: nothing but an empty folder may have been made.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::from_request(&request)?;
        let opened = if request.create {
            OpendalBackend::create(request.id, config).await
        } else {
            OpendalBackend::open(request.id, config).await
        };
        Ok(Arc::new(opened?))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::from_request(request).map(drop)
    }

    fn capability(&self, request: &OpenRequest) -> Capability {
        Config::from_request(request).map_or(Capability::MINIMAL, |config| capability(&config))
    }
}
