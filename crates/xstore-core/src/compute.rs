//! Computing off the async threads.

use crate::code::Code;
use crate::error::{Error, Result};

/// Runs `work` on the blocking pool.
///
/// Dropping the future doesn't stop work that has begun; it has no effects beside its result.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(Error::new(Code::Cancelled, "the runtime is shutting down").with_source(error)),
    }
}
