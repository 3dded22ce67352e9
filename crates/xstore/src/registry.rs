//! The backends that a URL can name.

use xstore_core::backend::{Registry, memory};

/// A registry with all the adapters that the [features](crate#features) of this crate switch on.
///
/// ```
/// let mut registry = xstore::registry();
/// assert!(registry.schemes().any(|scheme| scheme == "mem"));
/// ```
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    memory::register(&mut registry);
    #[cfg(feature = "fs")]
    xstore_backend_fs::register(&mut registry);
    #[cfg(feature = "sqlite")]
    xstore_backend_sqlite::register(&mut registry);
    #[cfg(feature = "s3")]
    xstore_backend_s3::register(&mut registry);
    #[cfg(feature = "azure")]
    xstore_backend_azure::register(&mut registry);
    #[cfg(feature = "gcs")]
    xstore_backend_gcs::register(&mut registry);
    #[cfg(feature = "redis")]
    xstore_backend_redis::register(&mut registry);
    #[cfg(feature = "opendal")]
    xstore_backend_opendal::register(&mut registry);
    registry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_adds_its_schemes() {
        let schemes: Vec<_> = registry().schemes().collect();
        assert!(schemes.contains(&"mem"));
        assert_eq!(schemes.contains(&"file"), cfg!(feature = "fs"));
        assert_eq!(schemes.contains(&"sqlite"), cfg!(feature = "sqlite"));
    }
}
