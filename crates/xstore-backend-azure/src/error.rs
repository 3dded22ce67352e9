//! From what the service and the SDK say to kinds of errors.

use crate::client::transport::Garbled;
use azure_core::error::ErrorKind as Sdk;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{RawResponse, StatusCode};
use azure_core::time::{OffsetDateTime, parse_rfc7231};
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use xstore_backend::{Error, ErrorKind};

mod table;
#[cfg(test)]
mod tests;

use table::Row;

/// The longest wait that a service may ask for and be heard.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// What the service answered. It is the [source](StdError::source) of an [`Error`], without what the service wrote
/// besides: that may repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    status: u16,
    code: Option<String>,
    request_id: Option<String>,
}

impl ServiceError {
    /// The status of HTTP.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The service's own code, for example `AuthorizationFailure`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What Microsoft's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    fn of(status: StatusCode, headers: Option<&Headers>) -> Self {
        let word = |name: &'static str| {
            let text = headers?.get_optional_str(&HeaderName::from_static(name))?;
            let is_sane = (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            is_sane.then(|| text.to_owned())
        };
        Self { status: u16::from(status), code: word("x-ms-error-code"), request_id: word("x-ms-request-id") }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " to request {id}"),
            None => Ok(()),
        }
    }
}

impl StdError for ServiceError {}

/// Why there is no token, in the words of the SDK and of whoever gives tokens: cut, and without what may be a secret.
/// The SDK repeats whole answers, and their servers may repeat what they were sent.
#[derive(Debug)]
struct NoToken {
    words: String,
    source: Option<Box<Self>>,
}

impl NoToken {
    fn of(error: &(dyn StdError + 'static), depth: usize) -> Self {
        let source = error.source().filter(|_| depth > 0);
        let source = source.map(|source| Box::new(Self::of(source, depth - 1)));
        Self { words: redacted(&error.to_string()), source }
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl StdError for NoToken {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What was to be done, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Reading a blob, which may not be there.
    Read,
    /// Writing one.
    Put {
        /// Not over another one.
        create_only: bool,
    },
    /// Deleting one, listing, opening.
    Other,
}

/// The service's own code for an error, where it gave one.
pub(crate) fn code(error: &azure_core::Error) -> Option<String> {
    let (status, response) = answer(error)?;
    ServiceError::of(status, response.map(RawResponse::headers)).code
}

/// An answer that can't be what the service meant.
pub(crate) fn senseless(what: &'static str) -> Error {
    Error::new(ErrorKind::Other, what)
}

/// The error for the caller.
pub(crate) fn classify(error: azure_core::Error, intent: Intent) -> Error {
    if let Some((status, response)) = answer(&error) {
        let headers = response.map(RawResponse::headers);
        return of_answer(ServiceError::of(status, headers), headers, intent);
    }
    match error.kind() {
        Sdk::Credential => of_credential(&error),
        Sdk::Connection => {
            let unreachable = Error::new(ErrorKind::Unavailable, "the service can't be reached");
            with_cause(unreachable, error).with_may_have_written(false)
        }
        Sdk::Io => match error.downcast_ref::<Garbled>() {
            Some(Garbled(reason)) => Error::new(ErrorKind::Unavailable, *reason),
            None => with_cause(Error::new(ErrorKind::Unavailable, "the connection broke off"), error),
        },
        Sdk::DataConversion => with_cause(senseless("the service's answer makes no sense"), error),
        _ => with_cause(Error::new(ErrorKind::Other, "the request failed"), error),
    }
}

fn of_answer(answer: ServiceError, headers: Option<&Headers>, intent: Intent) -> Error {
    let Row { kind, is_retryable, may_have_written, message } =
        table::row(answer.status, answer.code(), intent);
    let error = Error::new(kind, message)
        .with_retryable(is_retryable)
        .with_may_have_written(may_have_written)
        .with_source(answer);
    match headers.and_then(retry_after) {
        Some(delay) => error.with_retry_after(delay),
        None => error,
    }
}

/// No token, so that nothing was sent. That the place where tokens come from can't be reached or is busy passes;
/// that it refuses doesn't.
fn of_credential(error: &azure_core::Error) -> Error {
    let mut passes = false;
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(sdk) = current.downcast_ref::<azure_core::Error>() {
            passes |= match sdk.kind() {
                // The last is what a page of something in between comes to: the SDK forgets its status.
                Sdk::Connection | Sdk::Io | Sdk::DataConversion => true,
                Sdk::HttpResponse { status, .. } => matches!(u16::from(*status), 408 | 429 | 500..),
                _ => false,
            };
        }
        cause = current.source();
    }
    let failed = if passes {
        Error::new(ErrorKind::Unavailable, "no token can be got at the moment")
    } else {
        Error::new(ErrorKind::AuthFailed, "there is no token; see the setting credential")
    };
    failed.with_may_have_written(false).with_source(NoToken::of(error, 8))
}

/// The cause without the SDK's own words around it, which repeat whole answers.
fn with_cause(error: Error, cause: azure_core::Error) -> Error {
    match cause.into_inner() {
        Ok(inner) => error.with_source(inner),
        Err(_) => error,
    }
}

/// What the service answered, where it did: by itself, or as the cause of what the SDK says.
fn answer(error: &azure_core::Error) -> Option<(StatusCode, Option<&RawResponse>)> {
    match error.kind() {
        Sdk::HttpResponse { status, raw_response, .. } => Some((*status, raw_response.as_deref())),
        _ => None,
    }
}

/// How long the service wants to be left alone: in milliseconds, in seconds, or until a time.
fn retry_after(headers: &Headers) -> Option<Duration> {
    let text = |name| headers.get_optional_str(&HeaderName::from_static(name)).map(str::trim);
    let millis =
        text("x-ms-retry-after-ms").or_else(|| text("retry-after-ms")).and_then(|ms| ms.parse().ok());
    let delay = match (millis, text("retry-after")) {
        (Some(millis), _) => Duration::from_millis(millis),
        (None, Some(text)) => match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => (parse_rfc7231(text).ok()? - OffsetDateTime::now_utc()).try_into().ok()?,
        },
        (None, None) => return None,
    };
    Some(delay.min(MAX_RETRY_AFTER))
}

/// The beginning of a text, without long words that have a digit: no honest message needs them, but a secret or a
/// token is one.
fn redacted(text: &str) -> String {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "+/=_~.-%".contains(c);
    let is_shown = |c: char| if c.is_ascii_graphic() { c } else { ' ' };
    let text: String = text.chars().take(400).map(is_shown).collect();
    let words = text.split_inclusive(|c| !is_inner(c)).map(|word| {
        let inner = word.trim_end_matches(|c| !is_inner(c));
        let is_secret = inner.len() >= 20 && inner.bytes().any(|b| b.is_ascii_digit());
        if is_secret { format!("...{}", &word[inner.len()..]) } else { word.to_owned() }
    });
    words.collect()
}
