//! From what OpenDAL reports to kinds of errors: one table, by its kinds and by the statuses of HTTP.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use opendal_core::ErrorKind as Theirs;
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// What was being done: the same report means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Looking for a value, or reading it.
    Reading,
    /// Writing, renaming, deleting, listing: nothing that can be "not found".
    Else,
}

/// Kind, whether another attempt makes sense, and what to say. No words are the kind's own.
type Row = (ErrorKind, bool, &'static str);

/// The error for the caller.
pub(crate) fn classify(error: opendal_core::Error, doing: Doing) -> Error {
    let refusal = find::<Refusal>(&error);
    let (kind, is_retryable, message) = match refusal {
        Some(refusal) => of_refusal(refusal),
        None => of_report(&error, doing),
    };
    let mut classified = Error::new(kind, message).with_retryable(is_retryable);
    if let Some(delay) = refusal.and_then(|refusal| refusal.retry_after) {
        classified = classified.with_retry_after(delay);
    }
    if was_never_sent(&error) {
        classified = classified.with_may_have_written(false);
    }
    classified.with_source(Cause(error))
}

/// An error while opening. What OpenDAL says about the options is its own words, not the service's.
pub(crate) fn classify_options(error: opendal_core::Error) -> Error {
    if error.kind() == Theirs::ConfigInvalid {
        let message = format!("OpenDAL refuses the options: {}", error.message());
        return Error::new(ErrorKind::Other, message).with_may_have_written(false);
    }
    classify(error, Doing::Else).with_may_have_written(false)
}

const CONTRADICTION: &str = "the service gave an answer that makes no sense";
const MISPLACED: &str = "there is a folder in a value's place, or a value in a folder's";
const UNREACHABLE: &str = "the service can't be reached, or doesn't work";

/// What OpenDAL's kinds mean, where no status of HTTP says it better.
fn of_report(error: &opendal_core::Error, doing: Doing) -> Row {
    use ErrorKind::{AlreadyExists, AuthFailed, NotFound, Other, Unavailable, Unsupported};
    match error.kind() {
        Theirs::NotFound | Theirs::IsADirectory | Theirs::NotADirectory if doing == Doing::Reading => {
            (NotFound, false, "")
        }
        Theirs::NotFound => (Unavailable, true, "what was there a moment ago is gone"),
        Theirs::IsADirectory | Theirs::NotADirectory => (Other, false, MISPLACED),
        Theirs::PermissionDenied => (AuthFailed, false, ""),
        Theirs::ConditionNotMatch => (AlreadyExists, false, ""),
        Theirs::Conflict => (Unavailable, true, "the service is busy with the same value"),
        Theirs::RateLimited => (Unavailable, true, SLOW_DOWN),
        Theirs::Unsupported => (Unsupported, false, ""),
        Theirs::ConfigInvalid => (Other, false, "OpenDAL refuses its options"),
        // B2's own word, which OpenDAL repeats.
        Theirs::Unexpected if error.message().contains("bad_bucket_id") => {
            (Unavailable, false, "the bucket isn't there")
        }
        Theirs::Unexpected => match find::<io::Error>(error) {
            Some(io) => of_io(io, doing),
            None if error.is_temporary() => (Unavailable, true, UNREACHABLE),
            None => (Other, false, CONTRADICTION),
        },
        // No condition was set, and no range is out of bounds that isn't looked at before.
        _ => (Other, false, CONTRADICTION),
    }
}

/// What the system says, or `ssh`, or the connection.
fn of_io(error: &io::Error, doing: Doing) -> Row {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::IsADirectory | Io::NotADirectory if doing == Doing::Reading => (ErrorKind::NotFound, false, ""),
        Io::IsADirectory | Io::NotADirectory | Io::DirectoryNotEmpty => (ErrorKind::Other, false, MISPLACED),
        Io::NotFound => (ErrorKind::Unavailable, false, "a file or a program that is needed isn't there"),
        Io::PermissionDenied => (ErrorKind::AuthFailed, false, ""),
        Io::ReadOnlyFilesystem => (ErrorKind::Unavailable, false, "it can only be read"),
        Io::StorageFull | Io::QuotaExceeded => (ErrorKind::QuotaExceeded, false, ""),
        Io::FileTooLarge => (ErrorKind::TooLarge, false, ""),
        Io::InvalidFilename => (ErrorKind::Unsupported, false, "the name is too long there"),
        // The only word of `ssh` about it.
        Io::ConnectionAborted if error.to_string().contains("Host key verification failed") => {
            (ErrorKind::AuthFailed, false, "the server has another host key than the one that is known")
        }
        _ => (ErrorKind::Unavailable, true, UNREACHABLE),
    }
}

const SLOW_DOWN: &str = "the service asks to slow down";

/// What the statuses of HTTP mean that don't depend on the service.
fn of_refusal(refusal: &Refusal) -> Row {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    match refusal.why {
        Why::TooLong => (Other, false, "the service's answer is longer than it may be"),
        Why::NoLength => (Unsupported, false, "the service doesn't say how long a value is"),
        Why::NoRange => (Unsupported, false, "the service sends whole values where a part is asked for"),
        Why::NoProperties => {
            (Other, false, "the service doesn't answer as WebDAV does: is that its address?")
        }
        Why::Full => (QuotaExceeded, false, ""),
        Why::Status(status) => match status {
            300..=399 => (Other, false, "the service sends us elsewhere: name that place as its endpoint"),
            401 | 402 | 403 | 407 => (AuthFailed, false, ""),
            408 => (Unavailable, true, UNREACHABLE),
            413 => (TooLarge, false, "the service takes no value of that length"),
            423 => (Unavailable, true, "the value is locked"),
            429 => (Unavailable, true, SLOW_DOWN),
            501 => (Unsupported, false, ""),
            507 => (QuotaExceeded, false, ""),
            500..=599 => (Unavailable, true, "the service doesn't work"),
            _ => (Other, false, CONTRADICTION),
        },
    }
}

/// What a service refuses before OpenDAL looks at it. It stands as the cause in OpenDAL's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) why: Why,
    pub(crate) retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "transport"), allow(dead_code, reason = "nothing speaks HTTP then"))]
pub(crate) enum Why {
    /// A status that says it all.
    Status(u16),
    /// Words about a quota or a cap.
    Full,
    /// More bytes than an answer may have.
    TooLong,
    /// A value without its length: OpenDAL doesn't read it, and a part couldn't always be told from the whole.
    NoLength,
    /// The whole value instead of a part.
    NoRange,
    /// A page instead of the properties that were asked for.
    NoProperties,
}

impl Refusal {
    #[cfg_attr(not(feature = "transport"), allow(dead_code, reason = "nothing speaks HTTP then"))]
    pub(crate) const fn new(why: Why) -> Self {
        Self { why, retry_after: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Status(status) => write!(f, "the service answered with the HTTP status {status}"),
            Why::Full => f.write_str("the service is full, or a cap of the account is reached"),
            Why::TooLong => f.write_str("the answer has too many bytes"),
            Why::NoLength => f.write_str("the answer has no length"),
            Why::NoRange => f.write_str("the answer isn't the part that was asked for"),
            Why::NoProperties => f.write_str("the answer isn't the one of a WebDAV server"),
        }
    }
}

impl StdError for Refusal {}

/// The cause of ours of this kind that lies deepest.
pub(crate) fn find<T: StdError + 'static>(error: &opendal_core::Error) -> Option<&T> {
    let mut found = None;
    let mut next = error.source();
    while let Some(cause) = next {
        found = cause.downcast_ref().or(found);
        next = cause.source();
    }
    found
}

/// Whether it failed before the first byte of a request was sent.
#[cfg(feature = "transport")]
fn was_never_sent(error: &opendal_core::Error) -> bool {
    find::<reqwest::Error>(error).is_some_and(|error| error.is_connect() || error.is_builder())
}

#[cfg(not(feature = "transport"))]
const fn was_never_sent(_: &opendal_core::Error) -> bool {
    false
}

/// OpenDAL's error without its words: there are URLs and headers in them, and what the service wrote, which may be
/// anything, credentials too. What the system and the connection say is shown.
struct Cause(opendal_core::Error);

impl Cause {
    fn shown(&self) -> Option<&(dyn StdError + 'static)> {
        #[cfg(feature = "transport")]
        if let Some(error) = find::<reqwest::Error>(&self.0) {
            return Some(error);
        }
        match (find::<Refusal>(&self.0), find::<io::Error>(&self.0)) {
            (Some(refusal), _) => Some(refusal),
            (None, Some(io)) => Some(io),
            (None, None) => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenDAL reports {}", self.0.kind())
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cause").field("kind", &self.0.kind()).field("source", &self.shown()).finish()
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.shown()
    }
}
