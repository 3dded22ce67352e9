//! How requests are sent: what OpenDAL leaves to its transport, and what it would take for granted.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use http::header::{CONTENT_LENGTH, RANGE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use opendal_core::raw::oio::ReadStream;
use opendal_core::{Buffer, Error, ErrorKind, HttpBody, HttpTransport, Result};
use opendal_http_transport_reqwest::ReqwestTransport;

use crate::error::{Refusal, Why};

#[cfg(test)]
mod tests;

/// Bytes of the longest answer that isn't a value: a listing of some hundred thousand names.
const MAX_ANSWER: u64 = 64 << 20;
/// Bytes of the longest answer that is a refusal.
const MAX_REFUSAL: u64 = 64 << 10;

/// Sends requests by `reqwest`, and looks at the answers before OpenDAL does.
///
/// It follows no redirect, knows no timeout but that of a connection, and doesn't retry.
pub(crate) struct Transport(ReqwestTransport);

impl Transport {
    /// One with a pool of connections of its own.
    pub(crate) fn new(connect_timeout: Duration) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .build()?;
        Ok(Self(client.into()))
    }
}

tokio::task_local! {
    static KEEPING: ();
}

/// Does `work`, in which a WebDAV server that is asked to rename something leaves what has that name already.
pub(crate) async fn keeping<T>(work: impl Future<Output = T>) -> T {
    KEEPING.scope((), work).await
}

impl HttpTransport for Transport {
    async fn fetch(&self, mut request: Request<Buffer>) -> Result<Response<HttpBody>> {
        if request.method().as_str() == "MOVE" && KEEPING.try_with(|()| ()).is_ok() {
            request.headers_mut().insert("overwrite", HeaderValue::from_static("F"));
        }
        let asks_for_properties = request.method().as_str() == "PROPFIND";
        let asks_for_value = request.method() == Method::GET && request.extensions().get() == Some(&READ);
        let asks_for_range = request.headers().contains_key(RANGE);
        let (parts, mut body) = self.0.fetch(request).await?.into_parts();
        if is_refusal(parts.status) {
            let words = words(&mut body).await;
            return Err(refused(Refusal {
                why: if is_full(&words) { Why::Full } else { Why::Status(parts.status.as_u16()) },
                retry_after: retry_after(&parts.headers),
            }));
        }
        if parts.status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Err(Error::new(ErrorKind::RangeNotSatisfied, ""));
        }
        if !parts.status.is_success() {
            return Ok(Response::from_parts(parts, limited(body, MAX_REFUSAL)));
        }
        // Any page of a server would do for OpenDAL, as a folder with nothing in it.
        if asks_for_properties && parts.status != StatusCode::MULTI_STATUS {
            return Err(refused(Refusal::new(Why::NoProperties)));
        }
        if !asks_for_value {
            return Ok(Response::from_parts(parts, limited(body, MAX_ANSWER)));
        }
        if asks_for_range && parts.status != StatusCode::PARTIAL_CONTENT {
            return Err(refused(Refusal::new(Why::NoRange)));
        }
        if !parts.headers.contains_key(CONTENT_LENGTH) {
            return Err(refused(Refusal::new(Why::NoLength)));
        }
        Ok(Response::from_parts(parts, body))
    }
}

/// How OpenDAL marks the requests that ask for a value.
const READ: opendal_core::raw::Operation = opendal_core::raw::Operation::Read;

/// Whether a status means the same from every service. The others are for OpenDAL, which knows the service.
fn is_refusal(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
        || status.is_server_error()
        || matches!(status.as_u16(), 401 | 402 | 403 | 407 | 408 | 413 | 423 | 429)
}

/// What B2 calls a cap, and others a quota.
fn is_full(words: &[u8]) -> bool {
    let words = words.to_ascii_lowercase();
    [&b"cap_exceeded"[..], b"quota"].iter().any(|word| words.windows(word.len()).any(|part| part == *word))
}

/// In seconds, as services send it; a date would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<u32>().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

fn refused(refusal: Refusal) -> Error {
    Error::new(ErrorKind::Unexpected, "").set_source(refusal)
}

/// The beginning of a refusal's body, as far as it comes.
async fn words(body: &mut HttpBody) -> Vec<u8> {
    let mut words = Vec::new();
    while let Ok(piece) = body.read().await {
        if piece.is_empty() || words.len() as u64 > MAX_REFUSAL {
            break;
        }
        words.extend(piece.into_iter().flatten());
    }
    words
}

fn limited(body: HttpBody, max: u64) -> HttpBody {
    body.map_inner(|body| Box::new(Limited { body, left: max }))
}

/// A body that may not go on for ever.
struct Limited {
    body: Box<dyn Stream<Item = Result<Buffer>> + Send + Sync + Unpin>,
    left: u64,
}

impl Stream for Limited {
    type Item = Result<Buffer>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(Some(Ok(piece))) = &polled {
            match self.left.checked_sub(piece.len() as u64) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(refused(Refusal::new(Why::TooLong))))),
            }
        }
        polled
    }
}
