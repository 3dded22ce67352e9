//! Backends by URL.

use crate::backend::capability;
use crate::{Config, S3Backend};
use std::sync::Arc;
use xstore_backend::{Capability, Factory, OpenError, OpenRequest, Registry, StorageBackend, async_trait};

/// The URL schemes that [`S3Factory`] serves.
pub const SCHEMES: &[&str] = &["s3"];

/// Lets the registry open buckets.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(S3Factory));
    }
}

/// Opens `s3://BUCKET` and `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, Copy, Default)]
pub struct S3Factory;

#[async_trait]
impl Factory for S3Factory {
    /// Cancel safe: nothing but an empty bucket may have been made, and in it a small object `_xstore-probe`.
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::from_request(&request)?;
        let backend = if request.create {
            S3Backend::create(request.id, config).await?
        } else {
            S3Backend::open(request.id, config).await?
        };
        Ok(Arc::new(backend))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::from_request(request).map(drop)
    }

    /// What the settings say.
    fn capability(&self, request: &OpenRequest) -> Capability {
        Config::from_request(request).map_or(Capability::MINIMAL, |config| capability(&config))
    }
}
