//! The way to the service: one pool of connections, no redirect, no retry, bounded answers, and no URL in an error.

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::request::{Body, Request};
use azure_core::http::response::PinnedStream;
use azure_core::http::{AsyncRawResponse, HttpClient, StatusCode};
use futures_util::StreamExt;
use reqwest::header::HeaderMap;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use xstore_backend::async_trait;

#[cfg(test)]
mod tests;

/// Bytes of the longest answer that isn't a value: a page of a listing, a token, what an error is about.
const MAX_ANSWER: u64 = 16 << 20;

const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

/// The connections to one service.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
}

impl Transport {
    /// Connections that have to stand within this time. Those of this machine don't go through a proxy.
    pub(crate) fn new(connect_timeout: Duration, is_local: bool) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder()
            .connect_timeout(connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // The service speaks nothing newer, whatever other crates switch on in the same build.
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        let builder = if is_local { builder.no_proxy() } else { builder };
        Ok(Self { client: builder.build()? })
    }
}

#[async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let method = reqwest::Method::from_bytes(request.method().as_ref().as_bytes());
        let method =
            method.map_err(|error| Error::with_error(ErrorKind::Other, error, "there is no such method"))?;
        let mut outgoing = self.client.request(method, request.url().clone());
        for (name, value) in request.headers().iter() {
            outgoing = outgoing.header(name.as_str(), value.as_str());
        }
        let outgoing = outgoing.body(match request.body().clone() {
            Body::Bytes(bytes) => reqwest::Body::from(bytes),
            Body::SeekableStream(stream) => reqwest::Body::wrap_stream(stream),
        });
        let answer = outgoing.send().await.map_err(not_answered)?;

        let status = StatusCode::from(answer.status().as_u16());
        let mut headers = headers(answer.headers());
        let mut left = match asked_range(request) {
            Some(asked) if status.is_success() => answered_range(asked, status, &mut headers)?,
            _ => MAX_ANSWER,
        };
        let body = answer.bytes_stream().map(move |piece| {
            let piece = piece.map_err(|error| {
                Error::with_error(ErrorKind::Io, error.without_url(), "the answer broke off")
            })?;
            left = left.checked_sub(piece.len() as u64).ok_or_else(|| garbled("the answer is too long"))?;
            Ok(piece)
        });
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body) as PinnedStream))
    }
}

/// The bytes that an answer has, and how many there are in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) total: u64,
}

impl ContentRange {
    /// Reads `bytes FIRST-LAST/TOTAL`, and nothing that contradicts itself.
    pub(crate) fn of(headers: &Headers) -> Option<Self> {
        let text = headers.get_optional_str(&CONTENT_RANGE)?;
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let found = Self { first: number(first)?, last: number(last)?, total: number(total)? };
        (found.first <= found.last && found.last < found.total).then_some(found)
    }

    /// How many bytes the answer has.
    pub(crate) const fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether it has all that there are.
    pub(crate) const fn is_whole(&self) -> bool {
        self.first == 0 && self.last + 1 == self.total
    }
}

/// Digits only, and few enough to leave room for sums.
fn number(text: &str) -> Option<u64> {
    let is_number = text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The range that a request asks for: first and last byte.
fn asked_range(request: &Request) -> Option<(u64, u64)> {
    let text = request.headers().get_optional_str(&HeaderName::from_static("range"))?;
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// How many bytes the answer to a range has. Other bytes than those that were asked for would be taken for them, and
/// the SDK would fetch in parts what is missing.
fn answered_range(asked: (u64, u64), status: StatusCode, headers: &mut Headers) -> azure_core::Result<u64> {
    let (first, last) = asked;
    if status == StatusCode::Ok && is_empty(headers) {
        return Ok(0);
    }
    if status == StatusCode::PartialContent {
        if is_behind_end(first, headers) {
            // The SDK doesn't understand it, and needs none for an answer without a byte.
            headers.remove(CONTENT_RANGE);
            return Ok(0);
        }
        if let Some(range) = ContentRange::of(headers).filter(|range| range.first == first)
            && range.last == last.min(range.total - 1)
        {
            return Ok(range.len());
        }
    }
    Err(garbled("the answer has other bytes than were asked for"))
}

/// Azurite's way to say that a value ends right where the range begins. The service itself answers 416.
fn is_behind_end(first: u64, headers: &Headers) -> bool {
    let text = match first.checked_sub(1) {
        Some(last) => format!("bytes {first}-{last}/{first}"),
        None => "bytes 0--1/0".to_owned(),
    };
    is_empty(headers) && headers.get_optional_str(&CONTENT_RANGE) == Some(&text)
}

fn is_empty(headers: &Headers) -> bool {
    headers.get_optional_str(&HeaderName::from_static("content-length")) == Some("0")
}

/// An answer that can't be trusted, with the reason. Asking again may help: what is between here and the service may
/// be at fault.
#[derive(Debug)]
pub(crate) struct Garbled(pub(crate) &'static str);

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Garbled {}

/// [`Garbled`] as the SDK passes it on.
pub(crate) fn garbled(reason: &'static str) -> Error {
    Error::new(ErrorKind::Io, Garbled(reason))
}

fn not_answered(error: reqwest::Error) -> Error {
    let (kind, message) = if error.is_builder() {
        (ErrorKind::Other, "the request can't be made")
    } else if error.is_connect() {
        (ErrorKind::Connection, "there is no connection")
    } else {
        (ErrorKind::Io, "there is no answer")
    };
    // The URL may carry a signature.
    Error::with_error(kind, error.without_url(), message)
}

fn headers(map: &HeaderMap) -> Headers {
    let text = |value: &reqwest::header::HeaderValue| value.to_str().ok().map(str::to_owned);
    let all = map.iter().filter_map(|(name, value)| {
        Some((HeaderName::from(name.as_str().to_owned()), HeaderValue::from(text(value)?)))
    });
    Headers::from(all.collect::<HashMap<_, _>>())
}
