//! Answers that are read whole are bounded, and what can't be the server's own good answer is none.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use xstore_backend::Bytes;

/// Bytes of an answer at most. A page of 1000 names of 1024 bytes has about 1.5 MiB, a tenfold one where every
/// character is an escape.
const MAX_ANSWER: u64 = 16 << 20;

/// What a page ends with. The SDK takes one that was cut off between two names for a shorter one.
const PAGE_END: &[u8] = b"</ListBucketResult>";

/// Breaks off what the SDK would collect in memory for as long as a server sends. Values aren't touched: whoever reads
/// them counts.
#[derive(Debug)]
pub(crate) struct BoundedAnswers;

impl Intercept for BoundedAnswers {
    fn name(&self) -> &'static str {
        "BoundedAnswers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map_or("", |operation| operation.name());
        let response = context.response_mut();
        let is_good = response.status().is_success();
        if is_good && !is_plausible(operation, response) {
            return Err(Box::new(Implausible));
        }
        if !(is_good && operation == "GetObject") {
            let inner = std::mem::replace(response.body_mut(), SdkBody::taken());
            let end = if is_good && operation == "ListObjectsV2" { PAGE_END } else { b"" };
            let bounded = Bounded { inner, left: MAX_ANSWER, end, tail: Vec::new() };
            *response.body_mut() = SdkBody::from_body_1_x(bounded);
        }
        Ok(())
    }
}

/// Whether a good answer can be the server's own. What stands between may say 200 to everything, and then a put or a
/// delete would seem to be done.
fn is_plausible(operation: &str, response: &HttpResponse) -> bool {
    let header = |name: &str| response.headers().get(name);
    match operation {
        "PutObject" | "HeadObject" => header("etag").is_some(),
        // Where nothing tells the end, nothing tells that the rest is missing.
        "GetObject" => {
            header("etag").is_some()
                && (header("content-length").is_some() || header("transfer-encoding").is_some())
        }
        "DeleteObject" => response.status().as_u16() == 204 || header("content-length") == Some("0"),
        _ => true,
    }
}

/// The answer was broken off.
#[derive(Debug)]
pub(crate) struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer has more than {MAX_ANSWER} bytes")
    }
}

impl std::error::Error for TooLong {}

/// The answer is somebody else's, or was cut off.
#[derive(Debug)]
struct Implausible;

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer lacks what every server of S3 sends")
    }
}

impl std::error::Error for Implausible {}

struct Bounded {
    inner: SdkBody,
    left: u64,
    /// What the answer has to end with.
    end: &'static [u8],
    /// The last bytes so far, white space left out.
    tail: Vec<u8>,
}

impl Bounded {
    fn remember(&mut self, data: &[u8]) {
        let last = data.iter().rev().filter(|byte| !byte.is_ascii_whitespace()).take(self.end.len());
        let mut last: Vec<u8> = last.copied().collect();
        last.reverse();
        self.tail.extend(last);
        self.tail.drain(..self.tail.len().saturating_sub(self.end.len()));
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let data = frame.data_ref().map_or(&[][..], |data| data);
                match self.left.checked_sub(data.len() as u64) {
                    Some(left) => self.left = left,
                    None => return Poll::Ready(Some(Err(Box::new(TooLong)))),
                }
                self.remember(data);
            }
            Poll::Ready(None) if self.tail != self.end => {
                self.end = b"";
                self.tail.clear();
                return Poll::Ready(Some(Err(Box::new(Implausible))));
            }
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.tail == self.end
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.inner)
    }
}
