//! Values on their way: sent in the pieces that they have, read into one buffer.

use crate::Checksum;
use crate::error::{of_body, senseless, too_large};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_checksums::ChecksumAlgorithm;
use data_encoding::BASE64;
use http_body::{Body, Frame, SizeHint};
use md5::{Digest, Md5};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use xstore_backend::buffers::Buffers;
use xstore_backend::{Bytes, Error, ErrorKind, Payload, Result};

#[cfg(test)]
mod tests;

/// Bytes that are hashed without giving way to others.
const TURN: usize = 1 << 20;

/// A value as a body. No byte is copied, and it can be sent again.
pub(crate) fn sending(data: Payload) -> ByteStream {
    ByteStream::new(SdkBody::retryable(move || {
        let left = data.len() as u64;
        SdkBody::from_body_1_x(Sending { data: data.clone(), next: 0, left })
    }))
}

/// The text that stands in a header beside the value, if any.
pub(crate) async fn checksum(data: &Payload, checksum: Checksum) -> Option<String> {
    match checksum {
        Checksum::Crc32 => {
            let mut crc = ChecksumAlgorithm::Crc32.into_impl();
            over(data, |bytes| crc.update(bytes)).await;
            Some(BASE64.encode(&crc.finalize()))
        }
        Checksum::Md5 => {
            let mut md5 = Md5::new();
            over(data, |bytes| md5.update(bytes)).await;
            Some(BASE64.encode(&md5.finalize()))
        }
        Checksum::None => None,
    }
}

async fn over(data: &Payload, mut update: impl FnMut(&[u8])) {
    for chunk in data.chunks() {
        for part in chunk.chunks(TURN) {
            update(part);
            tokio::task::yield_now().await;
        }
    }
}

/// Reads a body that says that it has `len` bytes, at most `max` of them.
///
/// Reads to the end, since only there a checksum is compared.
pub(crate) async fn receive(mut body: ByteStream, len: Option<u64>, max: usize) -> Result<Bytes> {
    let longer = || too_large("the value is longer than what was asked for");
    let expected = match len {
        Some(len) => usize::try_from(len).ok().filter(|len| *len <= max).ok_or_else(longer)?,
        None => 0,
    };
    let no_room = |error| too_large("the value doesn't fit into the memory").with_source(error);
    let mut buffer = Buffers::shared().try_take(expected).map_err(no_room)?;
    let mut more = Vec::new();
    let mut filled = 0;
    while let Some(piece) = body.next().await {
        let mut piece = piece.map_err(|error| of_body(&error))?;
        if piece.len() > max - filled - more.len() {
            return Err(longer());
        }
        let fits = piece.split_to(piece.len().min(expected - filled));
        buffer.bytes_mut()[filled..filled + fits.len()].copy_from_slice(&fits);
        filled += fits.len();
        more.extend_from_slice(&piece);
    }
    match len {
        None => Ok(more.into()),
        Some(_) if !more.is_empty() => Err(senseless("the value has more bytes than the server said")),
        Some(_) if filled < expected => {
            Err(Error::new(ErrorKind::Unavailable, "the value has fewer bytes than the server said"))
        }
        Some(_) => Ok(buffer.freeze()),
    }
}

struct Sending {
    data: Payload,
    next: usize,
    left: u64,
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.next;
        let Some(skipped) = self.data.chunks()[next..].iter().position(|chunk| !chunk.is_empty()) else {
            return Poll::Ready(None);
        };
        let chunk = self.data.chunks()[next + skipped].clone();
        self.next = next + skipped + 1;
        self.left -= chunk.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
