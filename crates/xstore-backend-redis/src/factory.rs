//! From a configuration to a backend.

use crate::backend::capability;
use crate::{Config, RedisBackend};
use std::sync::Arc;
use xstore_backend::{Capability, Factory, OpenError, OpenRequest, Registry, StorageBackend, async_trait};

/// The URL schemes that [`RedisFactory`] serves.
pub const SCHEMES: &[&str] = &["redis", "rediss", "redis+unix"];

/// Lets the registry open servers.
pub fn register(registry: &mut Registry) {
    for scheme in SCHEMES {
        registry.register(scheme, Arc::new(RedisFactory));
    }
}

/// Opens `redis://HOST[:PORT][/DATABASE]`, `rediss://` for TLS, and `redis+unix:PATH`.
///
/// There is nothing to create: a database of a server is there as soon as the server is, and
/// [`create`](OpenRequest::create) makes no difference.
#[derive(Debug, Clone, Copy, Default)]
pub struct RedisFactory;

#[async_trait]
impl Factory for RedisFactory {
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let config = Config::from_request(&request)?;
        Ok(Arc::new(RedisBackend::open(request.id, config).await?))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        Config::from_request(request).map(drop)
    }

    /// Durability is the server's to tell.
    fn capability(&self, request: &OpenRequest) -> Capability {
        let config = Config::from_request(request);
        config.map_or(Capability::MINIMAL, |config| capability(false, config.expiry()))
    }
}
