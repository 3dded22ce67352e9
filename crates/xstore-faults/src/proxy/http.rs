//! As much of HTTP/1.1 as it takes to find the bodies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::proxy::Way;
use crate::proxy::framing::Piece;

/// A head that is longer than this is none; all that follows is then taken for what surrounds bodies.
const LONGEST_HEAD: usize = 64 << 10;

/// The methods of requests that were not answered yet: an answer to HEAD has no body, whatever it says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Methods(Arc<Mutex<VecDeque<String>>>);

impl Methods {
    fn push(&self, method: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(method);
    }

    fn pop(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default()
    }
}

/// One direction of a connection.
#[derive(Debug)]
pub(crate) struct Http {
    way: Way,
    methods: Methods,
    state: State,
    /// Bytes of the present body so far.
    offset: u64,
    messages: u64,
}

#[derive(Debug)]
enum State {
    /// In a head, with what was seen of it.
    Head(Vec<u8>),
    /// In a body of known length, so much of which is to come.
    Sized(u64),
    /// In the line that says how long the next chunk is.
    Size(Vec<u8>),
    /// In a chunk, so much of which is to come.
    Chunk(u64),
    /// In the line break behind a chunk, so much of which is to come.
    Behind(u64),
    /// In the lines behind the last chunk.
    Trailer(Vec<u8>),
    /// In a body that ends with the connection.
    Endless,
    /// In something that isn't understood.
    Opaque,
}

/// What a head says about the body.
enum Body {
    None,
    Sized(u64),
    Chunked,
    Endless,
}

impl Http {
    pub(crate) fn new(way: Way, methods: Methods) -> Self {
        Self { way, methods, state: State::Head(Vec::new()), offset: 0, messages: 0 }
    }

    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    pub(crate) fn next(&mut self, bytes: &[u8]) -> Piece {
        match &mut self.state {
            State::Head(head) => {
                let taken = take_until(head, bytes, b"\r\n\r\n");
                if head.ends_with(b"\r\n\r\n") {
                    let head = std::mem::take(head);
                    self.begin(&head);
                } else if head.len() > LONGEST_HEAD {
                    self.state = State::Opaque;
                }
                Piece::Around(taken)
            }
            State::Sized(left) => {
                let len = shorter(bytes.len(), *left);
                *left -= len as u64;
                let is_over = *left == 0;
                let piece = self.body(len);
                if is_over {
                    self.end();
                }
                piece
            }
            State::Size(line) => {
                let taken = take_until(line, bytes, b"\r\n");
                if line.ends_with(b"\r\n") {
                    self.state = match chunk_size(line) {
                        Some(0) => State::Trailer(Vec::new()),
                        Some(size) => State::Chunk(size),
                        None => State::Opaque,
                    };
                } else if line.len() > LONGEST_HEAD {
                    self.state = State::Opaque;
                }
                Piece::Around(taken)
            }
            State::Chunk(left) => {
                let len = shorter(bytes.len(), *left);
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::Behind(2);
                }
                self.body(len)
            }
            State::Behind(left) => {
                let len = shorter(bytes.len(), *left);
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::Size(Vec::new());
                }
                Piece::Around(len)
            }
            State::Trailer(lines) => {
                let taken = take_until(lines, bytes, b"\r\n");
                if lines == b"\r\n" {
                    self.end();
                } else if lines.ends_with(b"\r\n") {
                    lines.clear();
                } else if lines.len() > LONGEST_HEAD {
                    self.state = State::Opaque;
                }
                Piece::Around(taken)
            }
            State::Endless => self.body(bytes.len()),
            State::Opaque => Piece::Around(bytes.len()),
        }
    }

    fn begin(&mut self, head: &[u8]) {
        let head = String::from_utf8_lossy(head);
        self.offset = 0;
        let body = match self.way {
            Way::Up => {
                self.methods.push(method(&head).to_owned());
                body_of(&head, Body::None)
            }
            Way::Down => self.answered(&head),
        };
        match body {
            Body::None | Body::Sized(0) => self.end(),
            Body::Sized(len) => self.state = State::Sized(len),
            Body::Chunked => self.state = State::Size(Vec::new()),
            Body::Endless => self.state = State::Endless,
        }
    }

    fn answered(&mut self, head: &str) -> Body {
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        if status.starts_with('1') {
            // The answer itself is still to come.
            self.messages = self.messages.wrapping_sub(1);
            return Body::None;
        }
        if self.methods.pop() == "HEAD" || matches!(status, "204" | "304") {
            return Body::None;
        }
        body_of(head, Body::Endless)
    }

    fn end(&mut self) {
        self.messages = self.messages.wrapping_add(1);
        self.state = State::Head(Vec::new());
    }

    fn body(&mut self, len: usize) -> Piece {
        let offset = self.offset;
        self.offset += len as u64;
        Piece::Body { len, offset }
    }
}

/// The method of a request.
pub(crate) fn method(head: &str) -> &str {
    head.split_whitespace().next().unwrap_or_default()
}

/// What the headers say about the body, or `otherwise` if they say nothing.
fn body_of(head: &str, otherwise: Body) -> Body {
    let mut body = otherwise;
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("transfer-encoding") && value.to_ascii_lowercase().contains("chunked") {
            return Body::Chunked;
        }
        if name.eq_ignore_ascii_case("content-length")
            && let Ok(len) = value.trim().parse()
        {
            body = Body::Sized(len);
        }
    }
    body
}

/// The number at the beginning of a line before a chunk.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    u64::from_str_radix(text.split(';').next()?.trim(), 16).ok()
}

/// Moves bytes to `seen` until that ends with `end`; how many.
fn take_until(seen: &mut Vec<u8>, bytes: &[u8], end: &[u8]) -> usize {
    for (at, byte) in bytes.iter().enumerate() {
        seen.push(*byte);
        if seen.ends_with(end) {
            return at + 1;
        }
    }
    bytes.len()
}

fn shorter(len: usize, left: u64) -> usize {
    usize::try_from(left).map_or(len, |left| left.min(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Protocol;
    use crate::proxy::framing::Framing;
    use crate::proxy::framing::tests::bodies;

    const UP: &[u8] = b"PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloHEAD /a HTTP/1.1\r\nhost: x\r\n\r\n\
        POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n\
        GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n";
    const DOWN: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n\
        HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\
        HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        2\r\nxy\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end";

    #[test]
    fn bodies_are_found_however_the_bytes_arrive() {
        for size in [1, 2, 3, 7, 64, 4096] {
            let (mut up, mut down) = Framing::both(Protocol::Http);
            assert_eq!(bodies(&mut up, UP, size), ["hello", "abcdefg"], "{size}");
            assert_eq!(up.messages(), 6);
            assert_eq!(bodies(&mut down, DOWN, size), ["hello", "xy", "until the end"], "{size}");
            assert_eq!(down.messages(), 5);
        }
    }

    #[test]
    fn what_is_no_http_passes_as_it_is() {
        let (_, mut down) = Framing::both(Protocol::Http);
        let noise = vec![b'x'; LONGEST_HEAD * 2];
        assert_eq!(bodies(&mut down, &noise, 1000), [] as [&str; 0]);
        let (mut up, _) = Framing::both(Protocol::Http);
        let broken = b"PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n";
        assert_eq!(bodies(&mut up, broken, 8), [] as [&str; 0]);
    }
}
