//! A backend below the decorators, as a store uses it.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use xstore_backend::layer::{Limited, Limiter, Limits, Prefixed, Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Prefix, StorageBackend};

/// What the decorators put in front of each key.
pub(crate) const PREFIX: &str = "team/a";

/// Retrying > limited > timing out > prefixed > the backend.
pub(crate) fn stacked(backend: Arc<dyn StorageBackend>) -> Arc<dyn StorageBackend> {
    let backend = Prefixed::new(backend, Prefix::new(PREFIX).unwrap());
    let timeouts = Timeouts::new(Duration::from_secs(60), NonZeroU64::new(64 << 10).unwrap());
    let backend = TimingOut::new(backend, timeouts);
    let limits = Limits::new(NonZeroUsize::new(16).unwrap());
    let backend = Limited::new(backend, Limiter::new(limits));
    Arc::new(Retrying::new(backend, RetryPolicy::default()))
}
