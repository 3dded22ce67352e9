//! Backends around other backends.
//!
//! Each is a [`StorageBackend`](crate::StorageBackend) over any other one, `Arc<dyn StorageBackend>` too, and passes
//! its id and its capability on. The crate's page says in which order they should stand, and why.

mod limit;
mod prefix;
mod retry;
#[cfg(test)]
mod tests;
mod timeout;

pub use limit::{Limited, Limiter, Limits};
pub use prefix::Prefixed;
pub use retry::Retrying;
pub use timeout::{Timeouts, TimingOut};
