//! From the system's errors to kinds: one table.

use std::io;
use std::path::Path;

use xstore_backend::{Error, ErrorKind};

#[cfg(not(unix))]
mod portable;
#[cfg(not(unix))]
use portable as system;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as system;

#[cfg(test)]
mod tests;

/// What an error of the system means to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) kind: ErrorKind,
    pub(crate) is_retryable: bool,
    pub(crate) words: &'static str,
}

/// What isn't in the table.
const UNKNOWN: Class =
    Class { kind: ErrorKind::Other, is_retryable: false, words: "the system reports an unexpected error" };

/// The step failed ("can't STEP: ...").
pub(crate) fn failed(step: &str, cause: impl Into<io::Error>) -> Error {
    let cause = cause.into();
    of(step, classify(&cause), cause)
}

/// The step failed after a value had got its name or lost it. So no kind that promises that nothing was written.
pub(crate) fn failed_late(step: &str, cause: impl Into<io::Error>) -> Error {
    let cause = cause.into();
    let mut class = classify(&cause);
    if !matches!(class.kind, ErrorKind::Unavailable | ErrorKind::QuotaExceeded | ErrorKind::Other) {
        class = Class { kind: ErrorKind::Unavailable, is_retryable: false, ..class };
    }
    of(step, class, cause)
}

/// Of a write that failed before a value could get its name or lose it.
pub(crate) fn nothing_written(error: Error) -> Error {
    error.with_may_have_written(false)
}

/// The root isn't what it was, or isn't there. Another attempt is of no use until somebody brings it back.
pub(crate) fn root(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the folder {} {what}", path.display())).with_retryable(false)
}

/// Something below the root isn't what a store keeps there.
pub(crate) fn refused(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Other, what)
}

/// There is no value.
pub(crate) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "")
}

/// There is a value already.
pub(crate) fn already_exists() -> Error {
    Error::new(ErrorKind::AlreadyExists, "")
}

/// The value is longer than the caller, the memory or the backend takes.
pub(crate) fn too_large(what: &'static str) -> Error {
    Error::new(ErrorKind::TooLarge, what)
}

/// Whether the system says that it can't do this at all, as opposed to now or here.
pub(crate) fn is_unsupported(cause: &io::Error) -> bool {
    system::is_unsupported(cause)
}

fn classify(cause: &io::Error) -> Class {
    system::classify(cause).unwrap_or(UNKNOWN)
}

fn of(step: &str, class: Class, cause: io::Error) -> Error {
    Error::new(class.kind, format!("can't {step}: {}", class.words))
        .with_retryable(class.is_retryable)
        .with_source(cause)
}
