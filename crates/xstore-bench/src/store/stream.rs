//! Data of any length that nobody has to keep: made on the way in, compared on the way out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::bytes::{MIB, noise};

/// Bytes that are made at once.
const BLOCK: usize = MIB;

/// The bytes from some place on.
struct Blocks {
    at: u64,
    number: u64,
    block: Vec<u8>,
}

impl Blocks {
    fn new() -> Self {
        Self { at: 0, number: 0, block: noise(BLOCK, 0) }
    }

    /// Those from here to the end of the block; there is at least one.
    fn here(&mut self) -> &[u8] {
        let number = self.at / BLOCK as u64;
        if number != self.number {
            self.block = noise(BLOCK, number);
            self.number = number;
        }
        let within = usize::try_from(self.at % BLOCK as u64).unwrap_or_default();
        &self.block[within..]
    }

    fn advance(&mut self, bytes: usize) {
        self.at += bytes as u64;
    }
}

/// So many bytes, the same in every run.
pub(super) struct Source {
    blocks: Blocks,
    left: u64,
}

impl Source {
    pub(super) fn new(len: u64) -> Self {
        Self { blocks: Blocks::new(), left: len }
    }
}

impl io::Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let here = self.blocks.here();
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let count = out.len().min(here.len()).min(most);
        out[..count].copy_from_slice(&here[..count]);
        self.blocks.advance(count);
        self.left -= count as u64;
        Ok(count)
    }
}

impl AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = out.initialize_unfilled();
        let count = io::Read::read(&mut *self, room)?;
        out.advance(count);
        Poll::Ready(Ok(()))
    }
}

/// Takes the bytes of a [`Source`] and fails with the first one that is another.
pub(super) struct Compare {
    blocks: Blocks,
}

impl Compare {
    pub(super) fn new() -> Self {
        Self { blocks: Blocks::new() }
    }

    /// Bytes that were taken.
    pub(super) const fn taken(&self) -> u64 {
        self.blocks.at
    }
}

impl AsyncWrite for Compare {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, given: &[u8]) -> Poll<io::Result<usize>> {
        let here = self.blocks.here();
        let count = given.len().min(here.len());
        if given[..count] != here[..count] {
            return Poll::Ready(Err(io::Error::other("what is read isn't what was stored")));
        }
        self.blocks.advance(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn what_is_made_is_what_is_expected_and_any_other_byte_is_noticed() {
        let len = 2 * BLOCK + 1000;
        let mut made = Vec::new();
        Source::new(len as u64).read_to_end(&mut made).unwrap();
        assert_eq!(made.len(), len);
        assert_ne!(made[..BLOCK], made[BLOCK..2 * BLOCK]);

        let mut compare = Compare::new();
        compare.write_all(&made).await.unwrap();
        assert_eq!(compare.taken(), len as u64);

        made[BLOCK + 5] ^= 1;
        let mut compare = Compare::new();
        assert!(compare.write_all(&made).await.is_err());
        assert_eq!(compare.taken(), BLOCK as u64);
    }

    #[tokio::test]
    async fn a_source_reads_alike_in_both_ways() {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        Source::new(100_000).read_to_end(&mut one).unwrap();
        tokio::io::AsyncReadExt::read_to_end(&mut Source::new(100_000), &mut other).await.unwrap();
        assert_eq!(one, other);
    }
}
