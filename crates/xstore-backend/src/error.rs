//! Errors, classified where they arise.

use crate::{BackendId, Key};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What a backend operation comes to.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What kind of failure it is. A kind exists where a caller acts differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not reachable, not there (an unmounted disk, a missing bucket), overloaded, or broken.
    Unavailable,
    /// Full, or over a quota.
    QuotaExceeded,
    /// Credentials or permissions are missing, wrong or expired.
    AuthFailed,
    /// No answer in time. A write may have landed.
    Timeout,
    /// There is no value under this key; the place where it would be is in order.
    NotFound,
    /// There is a value under this key already.
    AlreadyExists,
    /// The value is longer than the backend takes, or than the caller wants.
    TooLarge,
    /// The backend can't do this.
    Unsupported,
    /// Anything else: a bug, or an answer that makes no sense.
    Other,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Unavailable,
        Self::QuotaExceeded,
        Self::AuthFailed,
        Self::Timeout,
        Self::NotFound,
        Self::AlreadyExists,
        Self::TooLarge,
        Self::Unsupported,
        Self::Other,
    ];

    /// Whether a failure of this kind is worth another attempt unless the adapter knows better.
    #[must_use]
    pub const fn is_usually_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout)
    }

    /// Whether a write that failed in this way may have landed or still land, unless the adapter knows better.
    #[must_use]
    pub const fn usually_may_have_written(self) -> bool {
        !matches!(self, Self::AlreadyExists | Self::AuthFailed | Self::TooLarge | Self::Unsupported)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::QuotaExceeded => "full or over its quota",
            Self::AuthFailed => "access refused",
            Self::Timeout => "no answer in time",
            Self::NotFound => "no such value",
            Self::AlreadyExists => "the value exists already",
            Self::TooLarge => "the value is too large",
            Self::Unsupported => "not supported",
            Self::Other => "failed",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was asked of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening it.
    Open,
    /// Writing a value.
    Put,
    /// Reading a value or a range of it.
    Get,
    /// Removing a value.
    Delete,
    /// Asking for a value's size.
    Stat,
    /// Listing keys.
    List,
    /// Asking for free space.
    Space,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Put => "put",
            Self::Get => "get",
            Self::Delete => "delete",
            Self::Stat => "stat",
            Self::List => "list",
            Self::Space => "space",
        })
    }
}

/// Why a backend operation failed: kind, context, and the cause with its type kept.
///
/// No credential, URL with credentials or stored byte may be in the message; adapters are responsible for what
/// their causes print.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    is_retryable: bool,
    may_have_written: bool,
    retry_after: Option<Duration>,
    backend: Option<BackendId>,
    operation: Option<Operation>,
    key: Option<Key>,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of this kind. The message says what happened, in a few words of lower case; empty for the kind's
    /// own words.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            is_retryable: kind.is_usually_retryable(),
            may_have_written: kind.usually_may_have_written(),
            retry_after: None,
            backend: None,
            operation: None,
            key: None,
            message: message.into(),
            source: None,
        }))
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says whether another attempt makes sense, where that differs from what is usual for the kind.
    #[must_use]
    pub fn with_retryable(mut self, is_retryable: bool) -> Self {
        self.0.is_retryable = is_retryable;
        self
    }

    /// Says whether a write that failed with this may have landed or still land, where that differs from what is
    /// usual for the kind: false where not a byte was sent, true where an earlier attempt of the same write ended
    /// unclear.
    #[must_use]
    pub fn with_may_have_written(mut self, may_have_written: bool) -> Self {
        self.0.may_have_written = may_have_written;
        self
    }

    /// Adds how long the backend wants to be left alone before the next attempt.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Adds where it happened. What is known already stays: the innermost context is the most exact.
    #[must_use]
    pub fn at(mut self, backend: &BackendId, operation: Operation, key: Option<&Key>) -> Self {
        self.0.backend.get_or_insert_with(|| backend.clone());
        self.0.operation.get_or_insert(operation);
        if self.0.key.is_none() {
            self.0.key = key.cloned();
        }
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether another attempt makes sense.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// Whether a put or delete that failed with this may have landed or still land. Means nothing for a read.
    #[must_use]
    pub fn may_have_written(&self) -> bool {
        self.0.may_have_written
    }

    /// How long to wait at least before the next attempt, where the backend said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The backend, where it was added.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendId> {
        self.0.backend.as_ref()
    }

    /// The operation, where it was added.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The key, where it was added.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        self.0.key.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(backend) = &inner.backend {
            write!(f, "{backend}: ")?;
        }
        if let Some(operation) = &inner.operation {
            write!(f, "{operation}")?;
            if let Some(key) = &inner.key {
                write!(f, " {key}")?;
            }
            f.write_str(": ")?;
        }
        if inner.message.is_empty() { inner.kind.fmt(f) } else { f.write_str(&inner.message) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("retryable", &inner.is_retryable)
            .field("may_have_written", &inner.may_have_written)
            .field("backend", &inner.backend)
            .field("operation", &inner.operation)
            .field("key", &inner.key)
            .field("message", &inner.message)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_context_stays() {
        let id = |text: &str| BackendId::new(text).unwrap();
        let key = Key::new("a/b").unwrap();
        let error = Error::new(ErrorKind::QuotaExceeded, "the disk is full")
            .at(&id("inner"), Operation::Put, Some(&key))
            .at(&id("outer"), Operation::Get, None)
            .with_source(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(error.to_string(), "inner: put a/b: the disk is full");
        assert!(error.source().is_some_and(|source| source.is::<std::io::Error>()));
        assert!(!error.is_retryable());
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn only_some_kinds_say_that_nothing_was_written() {
        let nothing =
            [ErrorKind::AlreadyExists, ErrorKind::AuthFailed, ErrorKind::TooLarge, ErrorKind::Unsupported];
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "");
            assert_eq!(error.may_have_written(), !nothing.contains(&kind), "{kind:?}");
            let usual = error.may_have_written();
            assert_ne!(error.with_may_have_written(!usual).may_have_written(), usual);
        }
    }

    #[test]
    fn kinds_have_words_and_a_usual_answer_to_retry() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "");
            assert_eq!(error.to_string(), kind.to_string());
            assert_eq!(error.is_retryable(), matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout));
            assert_ne!(
                error.is_retryable(),
                error.with_retryable(!kind.is_usually_retryable()).is_retryable()
            );
        }
    }
}
