//! Where bodies begin and end in a stream of bytes.

use crate::proxy::http::{Http, Methods};
use crate::proxy::redis::Redis;
use crate::proxy::{Protocol, Way};

/// What the next bytes of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes of a line, a head, or what stands between bodies.
    Around(usize),
    /// Bytes of a body.
    Body {
        /// So many.
        len: usize,
        /// Bytes of the same body before them.
        offset: u64,
    },
}

impl Piece {
    /// How many bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Around(len) | Self::Body { len, .. } => len,
        }
    }
}

/// One direction of a connection, taken apart.
#[derive(Debug)]
pub(crate) enum Framing {
    Http(Http),
    Redis(Redis),
}

impl Framing {
    /// Both directions of a new connection: what goes up, and what comes down.
    pub(crate) fn both(protocol: Protocol) -> (Self, Self) {
        match protocol {
            Protocol::Http => {
                let methods = Methods::default();
                (Self::Http(Http::new(Way::Up, methods.clone())), Self::Http(Http::new(Way::Down, methods)))
            }
            Protocol::Redis => (Self::Redis(Redis::default()), Self::Redis(Redis::default())),
        }
    }

    /// Takes the next bytes, at least one, and says what they are; call it again with what is left.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Piece {
        match self {
            Self::Http(http) => http.next(bytes),
            Self::Redis(redis) => redis.next(bytes),
        }
    }

    /// Messages that are complete. Only HTTP has them.
    pub(crate) fn messages(&self) -> u64 {
        match self {
            Self::Http(http) => http.messages(),
            Self::Redis(_) => 0,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The bodies in a stream that arrives in pieces of this size.
    pub(crate) fn bodies(framing: &mut Framing, stream: &[u8], size: usize) -> Vec<String> {
        let mut bodies: Vec<String> = Vec::new();
        for chunk in stream.chunks(size) {
            let mut rest = chunk;
            while !rest.is_empty() {
                let piece = framing.next(rest);
                assert!((1..=rest.len()).contains(&piece.len()), "{piece:?} of {}", rest.len());
                let (taken, left) = rest.split_at(piece.len());
                if let Piece::Body { offset, .. } = piece {
                    if offset == 0 {
                        bodies.push(String::new());
                    }
                    let body = bodies.last_mut().unwrap();
                    assert_eq!(body.len() as u64, offset);
                    body.push_str(std::str::from_utf8(taken).unwrap());
                }
                rest = left;
            }
        }
        bodies
    }
}
