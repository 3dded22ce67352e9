//! What the service says when it refuses.

use google_cloud_gax::error::Error as StorageError;
use google_cloud_gax::error::rpc::StatusDetails;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// Bytes of the service's own words that are kept.
const MAX_REASON: usize = 64;
const MAX_MESSAGE: usize = 300;

/// Nobody is left alone for longer than this.
const MAX_RETRY_AFTER: u64 = 3600;

/// The reason that stands for a checksum that the service found to be wrong; it has none of its own.
pub(super) const CHECKSUM: &str = "checksum";

/// A refusal: its status, and as much of the service's own words as may be printed.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    reason: String,
    message: String,
    missing: Option<Missing>,
    retry_after: Option<Duration>,
}

/// What is missing where the service says that something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The object; so the bucket is there.
    Object,
    /// The bucket.
    Bucket,
}

impl Answer {
    /// Of the JSON API.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        match serde_json::from_slice::<Body>(body) {
            Ok(Body { error }) => {
                let reason = error.errors.into_iter().next().unwrap_or_default().reason;
                Self::of_parts(status.as_u16(), Some(headers), &reason, &error.message)
            }
            Err(_) => Self::of_text(status.as_u16(), Some(headers), body),
        }
    }

    /// Of the service's client.
    pub(super) fn of(error: &StorageError) -> Option<Self> {
        let status = error.http_status_code()?;
        let headers = error.http_headers();
        let Some(details) = error.status() else {
            return Some(Self::of_text(status, headers, error.http_payload().map_or(&[], |body| body)));
        };
        let reason = details.details.iter().find_map(|detail| match detail {
            StatusDetails::ErrorInfo(info) => Some(info.reason.as_str()),
            _ => None,
        });
        Some(Self::of_parts(status, headers, reason.unwrap_or_default(), &details.message))
    }

    /// The HTTP status.
    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    /// The service's word for why, empty where it has none.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// What is missing, where the service is that exact.
    pub(crate) const fn missing(&self) -> Option<Missing> {
        self.missing
    }

    pub(super) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn of_parts(status: u16, headers: Option<&HeaderMap>, reason: &str, message: &str) -> Self {
        let is_checksum = status == 400 && message.contains("doesn't match calculated");
        let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
        let reason = if is_checksum { CHECKSUM } else { reason };
        Self {
            status,
            reason: reason.chars().take(MAX_REASON).filter(is_word).collect(),
            message: message.chars().take(MAX_MESSAGE).filter(|c| !c.is_control()).collect(),
            missing: missing(status, message),
            retry_after: headers.and_then(retry_after),
        }
    }

    /// Of an answer without structure: only its meaning is kept, since it may be anybody's page.
    fn of_text(status: u16, headers: Option<&HeaderMap>, body: &[u8]) -> Self {
        let text = str::from_utf8(body).unwrap_or_default();
        Self { message: String::new(), ..Self::of_parts(status, headers, "", text) }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status)?;
        if !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl std::error::Error for Answer {}

/// The service says which one in words only.
fn missing(status: u16, message: &str) -> Option<Missing> {
    if status != 404 {
        None
    } else if message.starts_with("No such object: ") {
        Some(Missing::Object)
    } else if message.starts_with("The specified bucket does not exist") {
        Some(Missing::Bucket)
    } else {
        None
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER)))
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Item>,
}

#[derive(Deserialize, Default)]
struct Item {
    #[serde(default)]
    reason: String,
}
