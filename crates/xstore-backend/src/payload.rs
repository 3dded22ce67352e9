//! The bytes of a put, replayable without a copy.

use bytes::{Bytes, BytesMut};
use std::fmt;
use std::sync::Arc;

/// The value of a put, in one or more pieces. It can be sent again as often as needed; a clone shares the bytes.
///
/// Its [`Debug`](fmt::Debug) shows the length only.
#[derive(Clone, Default)]
pub struct Payload {
    chunks: Arc<[Bytes]>,
    len: usize,
}

impl Payload {
    /// The pieces one after the other.
    #[must_use]
    pub fn from_chunks(chunks: Vec<Bytes>) -> Self {
        let len = chunks.iter().map(Bytes::len).sum();
        Self { chunks: chunks.into(), len }
    }

    /// Bytes in all.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces in order; some may be empty.
    #[must_use]
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// All in one: without a copy where there is one piece.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match &*self.chunks {
            [one] => one.clone(),
            chunks => {
                let mut all = BytesMut::with_capacity(self.len);
                for chunk in chunks {
                    all.extend_from_slice(chunk);
                }
                all.freeze()
            }
        }
    }

    /// Whether these are the same bytes, in whatever pieces.
    #[must_use]
    pub fn equals(&self, value: &[u8]) -> bool {
        let mut rest = value;
        self.len == value.len()
            && self.chunks.iter().all(|chunk| {
                let (now, after) = rest.split_at(chunk.len());
                rest = after;
                chunk == now
            })
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::from_chunks(vec![bytes])
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_one_value() {
        let pieces = ["ab", "", "cde"].map(|piece| Bytes::from_static(piece.as_bytes()));
        let payload = Payload::from_chunks(pieces.to_vec());
        assert_eq!((payload.len(), &payload.to_bytes()[..]), (5, &b"abcde"[..]));
        assert!(payload.equals(b"abcde"));
        for other in [&b"abcd"[..], b"abcdf", b"abcdef", b"xbcde", b""] {
            assert!(!payload.equals(other));
        }
        assert!(Payload::default().is_empty() && Payload::default().equals(b""));
        assert!(!format!("{payload:?}").contains("97"));
    }
}
