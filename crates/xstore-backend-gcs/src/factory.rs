//! From a configuration to a backend.

use crate::backend::CAPABILITY;
use crate::{Config, GcsBackend};
use std::sync::Arc;
use xstore_backend::{Capability, Factory, OpenError, OpenRequest, Registry, StorageBackend, async_trait};

/// The URL schemes that [`GcsFactory`] serves.
pub const SCHEMES: &[&str] = &["gs"];

/// Lets the registry open buckets.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(GcsFactory));
    }
}

/// Opens `gs://BUCKET` and `gs://BUCKET/PREFIX`. It makes no bucket, also where the request says
/// [create](OpenRequest::create).
#[derive(Debug, Clone, Copy, Default)]
pub struct GcsFactory;

#[async_trait]
impl Factory for GcsFactory {
    /// Cancel safe: it only reads.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::from_request(&request)?;
        Ok(Arc::new(GcsBackend::open(request.id, config).await?))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::from_request(request).map(drop)
    }

    fn capability(&self, _: &OpenRequest) -> Capability {
        CAPABILITY
    }
}
