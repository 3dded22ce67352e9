//! Values on their way: in pieces upwards, into one buffer downwards, with a checksum in both directions.

use super::transport::garbled;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::Body;
use azure_core::stream::SeekableStream;
use bytes::Buf;
use futures_util::io::AsyncRead;
use futures_util::{Stream, StreamExt};
use md5::{Digest, Md5};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use xstore_backend::buffers::Buffers;
use xstore_backend::{Bytes, Payload, async_trait};

#[cfg(test)]
mod tests;

/// Bytes that are hashed before others get a turn.
const TURN: usize = 1 << 20;

/// The body of a put: without a copy where the value is one piece.
pub(super) fn outgoing(data: Payload) -> Body {
    match data.chunks() {
        [] => Body::Bytes(Bytes::new()),
        [one] => Body::Bytes(one.clone()),
        _ => Body::SeekableStream(Box::new(Pieces { data, piece: 0, at: 0 })),
    }
}

/// The checksum of a value that is about to be sent.
pub(super) async fn checksum(data: &Payload) -> Vec<u8> {
    let mut hash = Md5::new();
    for turn in data.chunks().iter().flat_map(|piece| piece.chunks(TURN)) {
        hash.update(turn);
        if turn.len() == TURN {
            tokio::task::yield_now().await;
        }
    }
    hash.finalize().to_vec()
}

/// The body of an answer, of which all `len` bytes have to come, and which has to have the checksum if there is one.
pub(super) async fn incoming<S>(mut body: S, len: usize, checksum: Option<&[u8]>) -> azure_core::Result<Bytes>
where
    S: Stream<Item = azure_core::Result<Bytes>> + Unpin,
{
    let no_room = |error| Error::with_error(ErrorKind::Other, error, "the value doesn't fit into the memory");
    let mut value = Buffers::shared().try_take(len).map_err(no_room)?;
    let mut hash = checksum.map(|_| Md5::new());
    let mut filled = 0;
    while let Some(piece) = body.next().await {
        let mut piece = piece?;
        let Some(room) = value.bytes_mut().get_mut(filled..filled + piece.len()) else {
            return Err(garbled("the answer is longer than promised"));
        };
        if let Some(hash) = &mut hash {
            hash.update(&piece);
        }
        filled += piece.len();
        piece.copy_to_slice(room);
    }
    if filled < len {
        return Err(garbled("the answer is shorter than promised"));
    }
    if hash.map(|hash| hash.finalize().to_vec()).as_deref() != checksum {
        return Err(garbled(
            "the value was changed on the way, or where it lies: its checksum is another one",
        ));
    }
    Ok(value.freeze())
}

/// A payload as the SDK wants to read it.
#[derive(Debug, Clone)]
struct Pieces {
    data: Payload,
    piece: usize,
    at: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut filled = 0;
        while let Some(piece) = this.data.chunks().get(this.piece).filter(|_| filled < room.len()) {
            let len = (piece.len() - this.at).min(room.len() - filled);
            room[filled..filled + len].copy_from_slice(&piece[this.at..this.at + len]);
            filled += len;
            this.at += len;
            if this.at == piece.len() {
                (this.piece, this.at) = (this.piece + 1, 0);
            }
        }
        Poll::Ready(Ok(filled))
    }
}

#[async_trait]
impl SeekableStream for Pieces {
    async fn reset(&mut self) -> azure_core::Result<()> {
        (self.piece, self.at) = (0, 0);
        Ok(())
    }

    fn len(&self) -> Option<u64> {
        Some(self.data.len() as u64)
    }
}
