//! From a URL to a backend.

use crate::RedbBackend;
use crate::backend::CAPABILITY;
use std::path::PathBuf;
use std::sync::Arc;
use xstore_backend::{Capability, Factory, OpenError, OpenRequest, Registry, StorageBackend, async_trait};

/// Lets the registry open databases.
pub fn register(registry: &mut Registry) {
    registry.register("redb", Arc::new(RedbFactory));
}

/// Opens `redb:PATH`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RedbFactory;

/// What a request names. Settings are taken one by one, of which there are none here; what is left over is refused.
fn path_of(request: &OpenRequest) -> Result<PathBuf, OpenError> {
    request.settings.clone().finish()?;
    let path = request.url.rest();
    if path.is_empty() || path.starts_with("//") {
        return Err(OpenError::Url("the database is a file of this machine: write redb:PATH".to_owned()));
    }
    Ok(request.base.join(path))
}

#[async_trait]
impl Factory for RedbFactory {
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        Ok(Arc::new(RedbBackend::open(request.id.clone(), path_of(&request)?, request.create).await?))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        path_of(request).map(drop)
    }

    fn capability(&self, _: &OpenRequest) -> Capability {
        CAPABILITY
    }
}
