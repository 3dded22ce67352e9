//! From what the service, its client and the network say to kinds of errors.

use crate::credentials::Credentials;
use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_gax::client_builder::Error as ClientError;
use google_cloud_gax::error::{CredentialsError, Error as StorageError};
use google_cloud_storage::error::{ReadError, WriteError};
use std::error::Error as StdError;
use std::fmt;
use xstore_backend::{Error, ErrorKind};

mod answer;
#[cfg(test)]
mod tests;

pub(crate) use answer::{Answer, Missing};

/// What a request came to where it isn't what was wanted.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The service refused.
    Answer(Answer),
    /// There is no answer, or one that makes no sense.
    Error(Error),
}

impl Failure {
    /// The error for the caller, where this answer has no special meaning for the operation.
    pub(crate) fn into_error(self, credentials: &Credentials) -> Error {
        match self {
            Self::Answer(answer) => from_answer(answer, credentials),
            Self::Error(error) => error,
        }
    }
}

/// What the service's client says of a read or a write.
pub(crate) fn from_storage(error: StorageError, credentials: &Credentials) -> Failure {
    if let Some(answer) = Answer::of(&error) {
        return Failure::Answer(answer);
    }
    if let Some(cause) = find::<CredentialsError>(&error) {
        return Failure::Error(from_credentials(cause, credentials));
    }
    let (kind, is_retryable, message) = if let Some(cause) = find::<ReadError>(&error) {
        match cause {
            ReadError::ChecksumMismatch(_) => (ErrorKind::Unavailable, true, DAMAGED),
            ReadError::ShortRead(_) | ReadError::LongRead { .. } => {
                (ErrorKind::Unavailable, true, "the answer has another length than it says")
            }
            _ => (ErrorKind::Other, false, SENSELESS),
        }
    } else if let Some(WriteError::ChecksumMismatch { .. }) = find(&error) {
        (ErrorKind::Unavailable, true, DAMAGED)
    } else if find::<serde_json::Error>(&error).is_some_and(|cause| !cause.is_eof()) {
        (ErrorKind::Other, false, SENSELESS)
    } else if let Some(cause) = find::<reqwest::Error>(&error) {
        return Failure::Error(of_network(cause).with_source(Cause(error)));
    } else if error.is_timeout() {
        (ErrorKind::Timeout, true, "")
    } else {
        (ErrorKind::Other, false, "the service's client failed")
    };
    Failure::Error(Error::new(kind, message).with_retryable(is_retryable).with_source(Cause(error)))
}

/// What the network says of a request to the JSON API.
pub(crate) fn from_network(error: reqwest::Error) -> Error {
    // The URL would only repeat what the error is about.
    of_network(&error).with_source(error.without_url())
}

/// Why there is no access token. What the token's server said isn't kept: it may repeat what it was sent.
pub(crate) fn from_credentials(error: &CredentialsError, credentials: &Credentials) -> Error {
    let kind = if error.is_transient() { ErrorKind::Unavailable } else { ErrorKind::AuthFailed };
    let message = format!("there is no access token: {}", credentials.hint());
    Error::new(kind, message).with_may_have_written(false).with_source(NoToken::of(error))
}

/// Nobody gives an access token or refuses one.
pub(crate) fn no_token_in_time(credentials: &Credentials) -> Error {
    let message = format!("there is no access token: {}", credentials.hint());
    Error::new(ErrorKind::Unavailable, message).with_may_have_written(false).with_source(NoToken::Unreachable)
}

/// Why credentials can't even be prepared.
pub(crate) fn from_build(error: &BuildError, credentials: &Credentials) -> Error {
    let what = if error.is_loading() {
        "the file of the credentials can't be read"
    } else if error.is_missing_field() || error.is_parsing() {
        "the credentials are not whole"
    } else {
        "the credentials are of an unknown kind"
    };
    Error::new(ErrorKind::AuthFailed, format!("{what}: {}", credentials.hint()))
}

/// Why the service's client can't be made.
pub(crate) fn from_client(error: ClientError) -> Error {
    let message = if error.is_universe_domain_mismatch() {
        "the credentials are for another cloud than googleapis.com"
    } else {
        "the service's client can't be made"
    };
    Error::new(ErrorKind::Unsupported, message).with_source(error)
}

/// The answer makes no sense.
pub(crate) fn senseless() -> Error {
    Error::new(ErrorKind::Other, SENSELESS)
}

/// The bucket is gone.
pub(crate) fn no_bucket(bucket: &str) -> Error {
    let message = format!("there is no bucket {bucket}: make it, or correct the URL");
    Error::new(ErrorKind::Unavailable, message).with_retryable(false).with_may_have_written(false)
}

const DAMAGED: &str = "the bytes were damaged on the way: their checksum is wrong";
const SENSELESS: &str = "the answer makes no sense: is it a server of Google Cloud Storage?";

/// What an answer means unless the operation knows better.
struct Meaning {
    status: u16,
    /// Only with one of these reasons; none for any reason.
    reasons: &'static [&'static str],
    kind: ErrorKind,
    is_retryable: bool,
    /// Whether a write may have landed all the same.
    may_have_written: bool,
    message: &'static str,
}

/// All answers; the first row that fits counts.
const ANSWERS: &[Meaning] = {
    use ErrorKind::{
        AlreadyExists, AuthFailed, Other, QuotaExceeded, Timeout, TooLarge, Unavailable, Unsupported,
    };
    const fn row(
        status: u16,
        reasons: &'static [&'static str],
        (kind, is_retryable, may_have_written): (ErrorKind, bool, bool),
        message: &'static str,
    ) -> Meaning {
        Meaning { status, reasons, kind, is_retryable, may_have_written, message }
    }
    const AGAIN: &str = "the service is overloaded or broken";
    &[
        row(400, &[answer::CHECKSUM], (Unavailable, true, false), DAMAGED),
        row(
            400,
            &["userProjectMissing", "required"],
            (AuthFailed, false, false),
            "the requester pays: set quota-project",
        ),
        row(400, &["uploadTooLarge", "entityTooLarge"], (TooLarge, false, false), ""),
        row(400, &[], (Other, false, false), "the service doesn't understand the request"),
        row(401, &[], (AuthFailed, false, false), "the credentials are refused"),
        row(
            403,
            &["rateLimitExceeded", "userRateLimitExceeded"],
            (Unavailable, true, false),
            "too many requests",
        ),
        row(
            403,
            &["quotaExceeded", "dailyLimitExceeded", "storageQuotaExceeded"],
            (QuotaExceeded, false, false),
            "",
        ),
        row(
            403,
            &["retentionPolicyNotMet", "objectUnderActiveHold"],
            (Unsupported, false, false),
            "the bucket keeps what is there: it has a retention policy, or the object a hold",
        ),
        row(403, &[], (AuthFailed, false, false), "this may not be done with these credentials"),
        row(408, &[], (Timeout, true, true), "the service waited too long for the request"),
        row(
            409,
            &[],
            (Unavailable, true, false),
            "the bucket or the object is being changed by somebody else",
        ),
        row(
            412,
            &["orgPolicyConstraintFailed"],
            (AuthFailed, false, false),
            "a policy of the organisation forbids it",
        ),
        row(412, &[], (AlreadyExists, false, false), ""),
        row(413, &[], (TooLarge, false, false), ""),
        row(429, &[], (Unavailable, true, false), "too many requests"),
        row(500, &[], (Unavailable, true, true), AGAIN),
        row(501, &[], (Unsupported, false, false), "the server can't do this"),
        row(502, &[], (Unavailable, true, true), AGAIN),
        row(503, &[], (Unavailable, true, true), AGAIN),
        row(504, &[], (Timeout, true, true), "a server between here and the service had no answer in time"),
    ]
};

fn from_answer(answer: Answer, credentials: &Credentials) -> Error {
    let fits = |row: &&Meaning| {
        row.status == answer.status() && (row.reasons.is_empty() || row.reasons.contains(&answer.reason()))
    };
    let error = match ANSWERS.iter().find(fits) {
        Some(row) if row.status == 401 => {
            Error::new(row.kind, format!("{}: {}", row.message, credentials.hint()))
        }
        Some(row) => Error::new(row.kind, row.message)
            .with_retryable(row.is_retryable)
            .with_may_have_written(row.may_have_written),
        // A redirection isn't followed: it would take the credentials along.
        None => Error::new(ErrorKind::Other, "the service gave an unexpected answer")
            .with_may_have_written(answer.status() >= 500 || answer.status() < 400),
    };
    let error = match answer.retry_after() {
        Some(delay) => error.with_retry_after(delay),
        None => error,
    };
    error.with_source(answer)
}

fn of_network(error: &reqwest::Error) -> Error {
    if error.is_connect() {
        let message = if error.is_timeout() { "no connection in time" } else { "no connection" };
        Error::new(ErrorKind::Unavailable, message).with_may_have_written(false)
    } else if error.is_timeout() {
        Error::new(ErrorKind::Timeout, "")
    } else if error.is_builder() {
        Error::new(ErrorKind::Other, "the request can't be made").with_may_have_written(false)
    } else {
        Error::new(ErrorKind::Unavailable, "the connection broke, or the answer isn't whole")
    }
}

/// The first error of this type in a chain.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error of the service's client without its own words, which only repeat those of its cause.
#[derive(Debug)]
struct Cause(StorageError);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => fmt::Display::fmt(source, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()?.source()
    }
}

/// How the attempt to get an access token ended.
#[derive(Debug)]
enum NoToken {
    Refused(u16),
    Unreachable,
    Unusable,
}

impl NoToken {
    fn of(error: &CredentialsError) -> Self {
        match find::<reqwest::Error>(error).and_then(reqwest::Error::status) {
            Some(status) => Self::Refused(status.as_u16()),
            None if error.is_transient() => Self::Unreachable,
            None => Self::Unusable,
        }
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "the server of access tokens answered {status}"),
            Self::Unreachable => f.write_str("the server of access tokens can't be reached"),
            Self::Unusable => f.write_str("the credentials give none"),
        }
    }
}

impl StdError for NoToken {}
