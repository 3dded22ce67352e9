//! A source that may keep its reader waiting, for a task that mustn't wait.
//!
//! It is read on a thread of its own, not on one of the runtime's: a read that never ends must not keep the runtime
//! from its end.

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, channel};
use zeroize::Zeroizing;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
/// Pieces that wait.
const AHEAD: usize = 4;

type Piece = Zeroizing<Vec<u8>>;

/// The reading end.
pub(crate) struct Feed {
    pieces: Receiver<io::Result<Piece>>,
    current: Piece,
    at: usize,
    taken: Arc<AtomicU64>,
}

impl Feed {
    /// Begins to read. The thread ends with the input, with its first error, or when nobody wants more.
    pub(crate) fn start(mut input: Box<dyn Read + Send>) -> io::Result<Self> {
        let (give, pieces) = channel(AHEAD);
        let work = move || {
            loop {
                let mut piece = Zeroizing::new(vec![0; PIECE]);
                let read = loop {
                    match input.read(&mut piece) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        other => break other,
                    }
                };
                let last = !matches!(read, Ok(1..));
                let piece = read.map(|read| {
                    piece.truncate(read);
                    piece
                });
                if give.blocking_send(piece).is_err() || last {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("xstore-input".to_owned()).spawn(work)?;
        Ok(Self { pieces, current: Piece::default(), at: 0, taken: Arc::default() })
    }

    /// Counts the bytes that were taken from it.
    pub(crate) fn taken(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }
}

impl AsyncRead for Feed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.at == this.current.len() {
            match ready!(this.pieces.poll_recv(context)) {
                Some(Ok(piece)) => (this.current, this.at) = (piece, 0),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                // The thread said "no more" before.
                None => return Poll::Ready(Ok(())),
            }
        }
        let rest = &this.current[this.at..];
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        this.at += count;
        this.taken.fetch_add(count as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    /// Gives pieces of all sizes, and an interruption in between.
    struct Uneven(Vec<u8>, usize);

    impl Read for Uneven {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = (self.1 * 977).min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    #[tokio::test]
    async fn all_bytes_in_order_and_counted() {
        let data: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251).to_le_bytes()[0]).collect();
        let mut feed = Feed::start(Box::new(Uneven(data.clone(), 0))).unwrap();
        let taken = feed.taken();
        let mut got = Vec::new();
        feed.read_to_end(&mut got).await.unwrap();
        assert!(got == data);
        assert_eq!(taken.load(Ordering::Relaxed), data.len() as u64);
        // The end stays the end.
        assert_eq!(feed.read(&mut [0; 9]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_error_is_handed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::TimedOut.into())
            }
        }
        let mut feed = Feed::start(Box::new(Broken)).unwrap();
        assert_eq!(feed.read(&mut [0; 9]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
