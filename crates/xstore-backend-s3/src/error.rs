//! From what the server and the SDK say to kinds of errors.

use crate::bounded::TooLong;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_checksums::body::validate;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use xstore_backend::{Error, ErrorKind, Operation};

mod table;
#[cfg(test)]
mod tests;

use table::{ELSEWHERE, UNEXPECTED, of_code};

/// A server that wants to be left alone for longer isn't obeyed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The error for the caller.
///
/// "Not found" is left to the caller where `operation` is about one value; elsewhere it is the place that is missing.
pub(crate) fn classify<E>(error: &SdkError<E, HttpResponse>, operation: Operation) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ServiceError(refused) if !refused.raw().status().is_success() => {
            of_answer(refused.raw(), Some(refused.err()), operation)
        }
        SdkError::ResponseError(odd) if !odd.raw().status().is_success() => {
            of_answer(odd.raw(), None::<&E>, operation)
        }
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => of_odd_answer(error),
        SdkError::TimeoutError(_) => Error::new(ErrorKind::Timeout, "").with_source(Cause::of(error)),
        _ => match find::<CredentialsError>(error) {
            Some(credentials) => of_credentials(credentials),
            None => of_dispatch(error),
        },
    }
}

/// A body that broke off, or isn't what was stored.
pub(crate) fn of_body(error: &(dyn StdError + 'static)) -> Error {
    let message = match find::<validate::Error>(error) {
        Some(_) => "the value doesn't have its checksum: it was changed on its way, or where it is stored",
        None => "the value broke off on its way",
    };
    Error::new(ErrorKind::Unavailable, message).with_source(Cause::of(error))
}

/// There is no such value.
pub(crate) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "")
}

/// It is longer than what was asked for.
pub(crate) fn too_large(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::TooLarge, message)
}

/// The server contradicts itself, or what its protocol says.
pub(crate) fn senseless(what: &'static str) -> Error {
    Error::new(ErrorKind::Other, what)
}

/// Whether the server gave no reason, as it can't in an answer without a body.
pub(crate) fn is_unexplained(error: &Error) -> bool {
    let answer = error.source().and_then(|source| source.downcast_ref::<Answer>());
    answer.is_some_and(|answer| answer.code.is_none() && (300..500).contains(&answer.status))
}

/// Whether the server said that there is no such bucket.
pub(crate) fn is_no_bucket(error: &Error) -> bool {
    let answer = error.source().and_then(|source| source.downcast_ref::<Answer>());
    answer.is_some_and(|answer| answer.code.as_deref() == Some("NoSuchBucket"))
}

/// What a server said when it refused: the cause of an error. Nothing else of its answer is kept, since some servers
/// repeat the request in it, with all that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " to the request {id}")?;
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl StdError for Answer {}

/// An error of the SDK and what caused it, by their words: their `Debug` would print whole answers of servers.
#[derive(Debug)]
pub(crate) struct Cause {
    words: String,
    source: Option<Box<Self>>,
}

impl Cause {
    fn of(error: &(dyn StdError + 'static)) -> Self {
        Self::up_to(error, 8, |words| words)
    }

    /// Where the words may be those of a server.
    fn redacted(error: &(dyn StdError + 'static)) -> Self {
        Self::up_to(error, 8, |words| redacted(&words))
    }

    fn up_to(error: &(dyn StdError + 'static), depth: usize, shown: fn(String) -> String) -> Self {
        let source = error.source().filter(|_| depth > 0);
        let source = source.map(|source| Box::new(Self::up_to(source, depth - 1, shown)));
        Self { words: shown(printable(&error.to_string(), 300)), source }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

fn of_answer<E: ProvideErrorMetadata>(
    response: &HttpResponse,
    error: Option<&E>,
    operation: Operation,
) -> Error {
    let status = response.status().as_u16();
    let code = error.and_then(ProvideErrorMetadata::code);
    let (mut kind, mut is_retryable, message) = of_code(code, status);
    let mut message = Cow::Borrowed(message);
    match (kind, operation) {
        (ErrorKind::NotFound, Operation::Get | Operation::Stat | Operation::Delete) => {}
        (ErrorKind::NotFound, _) => {
            (kind, is_retryable) = (ErrorKind::Unavailable, false);
            message = "the server says that the place isn't there".into();
        }
        (ErrorKind::AlreadyExists, operation) if operation != Operation::Put => {
            (kind, message) = (ErrorKind::Other, UNEXPECTED.into());
        }
        _ => {}
    }
    if let Some(region) = response.headers().get("x-amz-bucket-region").filter(|_| message == ELSEWHERE) {
        message = format!("the bucket is in the region {}: set region", printable(region, 40)).into();
    }
    let answer = Answer {
        status,
        code: code.map(|code| printable(code, 64)),
        message: error.and_then(ProvideErrorMetadata::message).map(|words| redacted(&printable(words, 300))),
        request_id: response.headers().get("x-amz-request-id").map(|id| printable(id, 64)),
    };
    let mut error = Error::new(kind, message).with_retryable(is_retryable).with_source(answer);
    // A request that is refused as such isn't carried out; after a conflict or a lost beginning nobody knows.
    if (300..500).contains(&status) && ![408, 409, 499].contains(&status) {
        error = error.with_may_have_written(false);
    }
    let seconds = response.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
    match seconds.map(Duration::from_secs) {
        Some(delay) => error.with_retry_after(delay.min(MAX_RETRY_AFTER)),
        None => error,
    }
}

/// It was said to be good.
fn of_odd_answer(error: &(dyn StdError + 'static)) -> Error {
    let (kind, message) = match find::<TooLong>(error) {
        Some(_) => (ErrorKind::Other, "the server's answer is longer than any that makes sense"),
        // As that of a portal that stands between, or one that broke off.
        None => (ErrorKind::Unavailable, "the server's answer makes no sense"),
    };
    Error::new(kind, message).with_source(Cause::redacted(error))
}

fn of_credentials(error: &CredentialsError) -> Error {
    let (kind, is_retryable, message) = match error {
        CredentialsError::CredentialsNotLoaded(_) => (
            ErrorKind::AuthFailed,
            false,
            "there are no credentials, neither in the settings nor where AWS looks",
        ),
        CredentialsError::InvalidConfiguration(_) => {
            (ErrorKind::AuthFailed, false, "the profile or environment that should give credentials is wrong")
        }
        // The service that gives them may be back soon.
        CredentialsError::ProviderTimedOut(_) => {
            (ErrorKind::AuthFailed, true, "whoever should give credentials didn't answer in time")
        }
        _ => (ErrorKind::AuthFailed, true, "whoever should give credentials failed"),
    };
    let cause = match error {
        // They tell of settings and files.
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Cause::of(error)
        }
        // They may tell what a program printed, or a server answered.
        _ => Cause::redacted(error),
    };
    Error::new(kind, message).with_retryable(is_retryable).with_source(cause)
}

/// Nothing was answered.
fn of_dispatch<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> Error {
    let SdkError::DispatchFailure(failure) = error else {
        let error = Error::new(ErrorKind::Other, "the request can't be made").with_source(Cause::of(error));
        return error.with_may_have_written(false);
    };
    let client = find::<hyper_util::client::legacy::Error>(error);
    let never_connected = failure.is_timeout() || client.is_some_and(|error| error.is_connect());
    let message = match (failure.is_timeout(), never_connected) {
        // The only time that is limited here is that of connecting.
        (true, _) => "no connection came about in time",
        (_, true) => "the server can't be reached",
        _ => "the connection broke off",
    };
    Error::new(ErrorKind::Unavailable, message)
        .with_may_have_written(!never_connected)
        .with_source(Cause::of(error))
}

/// The first error of this type in a chain, also where one of the operating system's wraps it.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    None
}

/// At most `max` characters, of those that a terminal shows.
fn printable(text: &str, max: usize) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).take(max).collect()
}

/// Without long words that aren't names of resources: no honest message has them, but a key or a token is one.
fn redacted(text: &str) -> String {
    let is_name = |word: &str| word.trim_start_matches(['"', '\'', '(', '<']).starts_with("arn:");
    let words = text.split(' ').map(|word| if word.len() < 20 || is_name(word) { word } else { "..." });
    words.collect::<Vec<_>>().join(" ")
}
