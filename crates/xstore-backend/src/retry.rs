//! Repeating what failed: the one place where that happens.
//!
//! Backends don't retry, and the retries of the libraries below them are switched off: else three attempts here of
//! three attempts there would be nine, and nobody could say how long an operation takes. [`Retrying`] wraps a backend
//! into these functions for callers who don't look at the single attempt.
//!
//! An error is retried if it [says so](Error::is_retryable), as long as the [`RetryPolicy`] has attempts left. The
//! error of the last attempt is returned. Where an earlier attempt of a put or delete may have landed,
//! [`Error::may_have_written`] of the returned error is true, whatever its kind.
//!
//! # Cancel safety
//! Every future here may be dropped at any time. What an attempt was doing then is "maybe", as the contract says, and
//! no further attempt is made.
//!
//! # Panics
//! Waiting needs a tokio runtime with its timers enabled. A panic of `on_retry` isn't caught.
//!
//! [`Retrying`]: crate::layer::Retrying

use crate::{
    Bytes, Cursor, Error, ErrorKind, Key, Operation, Page, Payload, Prefix, PutOptions, Result, Space, Stat,
    StorageBackend,
};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::time::Duration;

mod policy;
#[cfg(test)]
mod tests;

pub use policy::{InvalidRetryPolicy, RetryPolicy};

/// What is told before the wait for another attempt.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Retry<'a> {
    /// The number of the attempt that failed, from 1.
    pub attempt: u32,
    /// Attempts at most.
    pub max_attempts: u32,
    /// How long it will be until the next one begins.
    pub delay: Duration,
    /// Why it failed.
    pub error: &'a Error,
}

/// Who is told about every failed attempt that will be repeated: guaranteed once for each, before the wait.
pub type OnRetry<'a> = dyn Fn(&Retry<'_>) + Send + Sync + 'a;

/// Tells nobody.
pub fn silent(_: &Retry<'_>) {}

/// [`StorageBackend::put`], repeated.
///
/// With [`create_only`](PutOptions::create_only), an attempt that ended unclear may be the reason why the next one
/// finds the value there. Then the value is read: it counts as written if it has the same bytes. If it went away in
/// between, the attempt counts as failed with [`Unavailable`](ErrorKind::Unavailable), and another may follow.
///
/// # Errors
/// As for the put. [`AlreadyExists`](ErrorKind::AlreadyExists) where other bytes are there, or where the very first
/// attempt found any. Where the value can't be read for the comparison, the error of that read.
pub async fn put<B: StorageBackend + ?Sized>(
    backend: &B,
    key: &Key,
    data: Payload,
    options: &PutOptions,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<()> {
    let mut attempts = Attempts::new(backend, (Operation::Put, key), policy, on_retry);
    loop {
        let Err(mut error) = backend.put(key, data.clone(), options).await else { return Ok(()) };
        let may_be_ours = options.create_only && attempts.may_have_written;
        if may_be_ours && error.kind() == ErrorKind::AlreadyExists {
            match compare(backend, key, &data).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(error.with_may_have_written(true)),
                Err(why) => error = why,
            }
        }
        attempts.wait_after(error).await?;
    }
}

/// [`StorageBackend::get`], repeated.
///
/// # Errors
/// As for the get.
pub async fn get<B: StorageBackend + ?Sized>(
    backend: &B,
    key: &Key,
    max: usize,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<Bytes> {
    let mut attempts = Attempts::new(backend, (Operation::Get, key), policy, on_retry);
    loop {
        match backend.get(key, max).await {
            Ok(value) => return Ok(value),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

/// [`StorageBackend::get_range`], repeated.
///
/// # Errors
/// As for the get.
pub async fn get_range<B: StorageBackend + ?Sized>(
    backend: &B,
    key: &Key,
    range: Range<u64>,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<Bytes> {
    let mut attempts = Attempts::new(backend, (Operation::Get, key, &range), policy, on_retry);
    loop {
        match backend.get_range(key, range.clone()).await {
            Ok(value) => return Ok(value),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

/// [`StorageBackend::delete`], repeated.
///
/// # Errors
/// As for the delete.
pub async fn delete<B: StorageBackend + ?Sized>(
    backend: &B,
    key: &Key,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<()> {
    let mut attempts = Attempts::new(backend, (Operation::Delete, key), policy, on_retry);
    loop {
        match backend.delete(key).await {
            Ok(()) => return Ok(()),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

/// [`StorageBackend::stat`], repeated.
///
/// # Errors
/// As for the stat.
pub async fn stat<B: StorageBackend + ?Sized>(
    backend: &B,
    key: &Key,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<Stat> {
    let mut attempts = Attempts::new(backend, (Operation::Stat, key), policy, on_retry);
    loop {
        match backend.stat(key).await {
            Ok(stat) => return Ok(stat),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

/// [`StorageBackend::list`], repeated: one page.
///
/// # Errors
/// As for the list.
pub async fn list<B: StorageBackend + ?Sized>(
    backend: &B,
    prefix: &Prefix,
    cursor: Option<&Cursor>,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<Page> {
    let mut attempts = Attempts::new(backend, (Operation::List, prefix, cursor), policy, on_retry);
    loop {
        match backend.list(prefix, cursor).await {
            Ok(page) => return Ok(page),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

/// [`StorageBackend::space`], repeated.
///
/// # Errors
/// As for the space.
pub async fn space<B: StorageBackend + ?Sized>(
    backend: &B,
    policy: &RetryPolicy,
    on_retry: &OnRetry<'_>,
) -> Result<Space> {
    let mut attempts = Attempts::new(backend, Operation::Space, policy, on_retry);
    loop {
        match backend.space().await {
            Ok(space) => return Ok(space),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

/// Whether the value is `data`. Where there is none any more, nobody can tell whose it was: that is no answer.
async fn compare<B: StorageBackend + ?Sized>(backend: &B, key: &Key, data: &Payload) -> Result<bool> {
    match backend.get(key, data.len()).await {
        Ok(value) => Ok(data.equals(&value)),
        Err(error) if error.kind() == ErrorKind::TooLarge => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::new(
            ErrorKind::Unavailable,
            "what stood in the way of the value was gone a moment later",
        )
        .with_source(error)
        .at(backend.id(), Operation::Put, Some(key))),
        Err(error) => Err(error),
    }
}

/// The attempts of one call.
struct Attempts<'a> {
    policy: &'a RetryPolicy,
    on_retry: &'a OnRetry<'a>,
    random: fastrand::Rng,
    attempt: u32,
    may_have_written: bool,
}

impl<'a> Attempts<'a> {
    /// `what` tells this call from others at the same time, so that they don't wait for the same times.
    fn new<B: StorageBackend + ?Sized>(
        backend: &B,
        what: impl Hash,
        policy: &'a RetryPolicy,
        on_retry: &'a OnRetry<'a>,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        (policy.seed(), backend.id(), what).hash(&mut hasher);
        let random = fastrand::Rng::with_seed(hasher.finish());
        Self { policy, on_retry, random, attempt: 1, may_have_written: false }
    }

    /// Waits until it is time for another attempt; the error where there won't be one.
    async fn wait_after(&mut self, error: Error) -> Result<()> {
        self.may_have_written |= error.may_have_written();
        let Some(delay) = self.policy.delay(self.attempt, &error, &mut self.random) else {
            return Err(error.with_may_have_written(self.may_have_written));
        };
        tracing::debug!(attempt = self.attempt, ?delay, kind = ?error.kind(), %error, "retrying");
        let max_attempts = self.policy.max_attempts();
        (self.on_retry)(&Retry { attempt: self.attempt, max_attempts, delay, error: &error });
        drop(error);
        tokio::time::sleep(delay).await;
        self.attempt += 1;
        Ok(())
    }
}

impl fmt::Display for Retry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempt, max_attempts, delay, error } = self;
        write!(f, "attempt {attempt} of {max_attempts} failed, the next follows in {delay:.1?}: {error}")
    }
}
