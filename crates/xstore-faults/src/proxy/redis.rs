//! As much of the protocol of Redis as it takes to find the values: bulk strings, and lines around them.

use crate::proxy::framing::Piece;

/// A line that is longer than this is none; all that follows is then taken for what surrounds values.
const LONGEST_LINE: usize = 64 << 10;

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Redis {
    state: State,
    /// Bytes of the present value so far.
    offset: u64,
}

#[derive(Debug)]
enum State {
    /// In a line, with what was seen of it.
    Line(Vec<u8>),
    /// In a bulk string, so much of which is to come.
    Bulk(u64),
    /// In the line break behind one, so much of which is to come.
    Behind(u64),
    /// In something that isn't understood.
    Opaque,
}

impl Default for State {
    fn default() -> Self {
        Self::Line(Vec::new())
    }
}

impl Redis {
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Piece {
        match &mut self.state {
            State::Line(line) => {
                let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
                let taken = end.unwrap_or(bytes.len());
                line.extend_from_slice(&bytes[..taken]);
                if end.is_some() {
                    self.state = after(line);
                    self.offset = 0;
                } else if line.len() > LONGEST_LINE {
                    self.state = State::Opaque;
                }
                Piece::Around(taken)
            }
            State::Bulk(left) => {
                let len = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::Behind(2);
                }
                let offset = self.offset;
                self.offset += len as u64;
                Piece::Body { len, offset }
            }
            State::Behind(left) => {
                let len = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::default();
                }
                Piece::Around(len)
            }
            State::Opaque => Piece::Around(bytes.len()),
        }
    }
}

/// What follows a line.
fn after(line: &[u8]) -> State {
    let len = match line.split_first() {
        Some((b'$' | b'=' | b'!', len)) => {
            std::str::from_utf8(len).ok().and_then(|len| len.trim().parse().ok())
        }
        _ => None,
    };
    match len {
        Some(0_u64) => State::Behind(2),
        Some(len) => State::Bulk(len),
        // Another type, or a null.
        None => State::default(),
    }
}

#[cfg(test)]
mod tests {
    use crate::proxy::Protocol;
    use crate::proxy::framing::Framing;
    use crate::proxy::framing::tests::bodies;

    #[test]
    fn values_are_found_however_the_bytes_arrive() {
        let up = b"*3\r\n$3\r\nSET\r\n$3\r\na/b\r\n$6\r\n1\r\n$2\r\r\n";
        let down = b"+OK\r\n:12\r\n$-1\r\n$0\r\n\r\n*2\r\n$1\r\nx\r\n-ERR $5\r\n%1\r\n=5\r\nhello\r\n_\r\n";
        for size in [1, 2, 3, 5, 100] {
            let (mut above, mut below) = Framing::both(Protocol::Redis);
            assert_eq!(bodies(&mut above, up, size), ["SET", "a/b", "1\r\n$2\r"], "{size}");
            assert_eq!(bodies(&mut below, down, size), ["x", "hello"], "{size}");
        }
    }

    #[test]
    fn what_is_not_understood_passes_as_it_is() {
        let (mut above, _) = Framing::both(Protocol::Redis);
        assert_eq!(bodies(&mut above, &[b'x'; 200_000], 1000), [] as [&str; 0]);
    }
}
