//! The payload, part by part, read ahead by one byte to know which part is the last.

use crate::code::Code;
use crate::error::{Error, Result};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncReadExt};
use xstore_backend::Bytes;
use xstore_backend::buffers::{Buffers, Loan};

/// Where a put's payload comes from.
pub(crate) enum Source<'a> {
    Bytes { rest: Bytes, total: u64 },
    Reader(Reader<'a>),
}

/// A stream of unknown length.
pub(crate) struct Reader<'a> {
    input: Pin<Box<dyn AsyncRead + Send + 'a>>,
    part: usize,
    /// The first byte of the next part.
    ahead: Option<u8>,
    taken: u64,
}

/// One part's payload, on its way to the encoder; wiped after use where it is a copy.
pub(crate) struct PartPayload {
    pub(crate) bytes: Payload,
    pub(crate) is_last: bool,
    /// Payload bytes up to and with this part.
    pub(crate) total: u64,
}

pub(crate) enum Payload {
    Shared(Bytes),
    Owned(Loan),
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Owned(bytes) => bytes.as_ref(),
        }
    }
}

impl<'a> Source<'a> {
    pub(crate) const fn bytes(rest: Bytes) -> Self {
        Self::Bytes { rest, total: 0 }
    }

    pub(crate) fn reader(input: impl AsyncRead + Send + 'a, part: u32) -> Self {
        Self::Reader(Reader { input: Box::pin(input), part: part as usize, ahead: None, taken: 0 })
    }

    /// Bytes in all, where that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes { rest, total } => Some(total + rest.len() as u64),
            Self::Reader(_) => None,
        }
    }

    /// The next part. Must not be called after the last one.
    pub(crate) async fn next(&mut self, part: u32, buffers: &Buffers) -> Result<PartPayload> {
        match self {
            Self::Bytes { rest, total } => {
                let bytes = rest.split_to(rest.len().min(part as usize));
                *total += bytes.len() as u64;
                Ok(PartPayload { bytes: Payload::Shared(bytes), is_last: rest.is_empty(), total: *total })
            }
            Self::Reader(reader) => reader.next(buffers).await,
        }
    }
}

impl Reader<'_> {
    async fn next(&mut self, buffers: &Buffers) -> Result<PartPayload> {
        let fail = |error| Error::new(Code::SourceFailed, "the data can't be read").with_source(error);
        // The first part's buffer grows as the data comes: a small object takes little.
        let mut buffer =
            buffers.take_secret(if self.ahead.is_some() { self.part } else { FIRST_READ.min(self.part) });
        let mut filled = 0;
        if let Some(first) = self.ahead.take() {
            buffer.bytes_mut()[0] = first;
            filled = 1;
        }
        let mut is_last = false;
        while filled < self.part {
            if filled == buffer.bytes_mut().len() {
                let mut larger = buffers.take_secret((filled * 4).min(self.part));
                larger.bytes_mut()[..filled].copy_from_slice(buffer.as_ref());
                buffer = larger;
            }
            let read = self.input.read(&mut buffer.bytes_mut()[filled..]).await.map_err(fail)?;
            filled += read;
            if read == 0 {
                is_last = true;
                break;
            }
        }
        if !is_last {
            let mut ahead = [0];
            match self.input.read(&mut ahead).await.map_err(fail)? {
                0 => is_last = true,
                _ => self.ahead = Some(ahead[0]),
            }
        }
        self.taken += filled as u64;
        buffer.truncate(filled);
        Ok(PartPayload { bytes: Payload::Owned(buffer), is_last, total: self.taken })
    }
}

/// Room for the first read of an object.
const FIRST_READ: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_sources_cut_alike_and_know_the_last_part() {
        for part in [1_u32, 7, 64] {
            for length in [0_usize, 1, 6, 7, 8, 63, 64, 65, 128, 200] {
                let data: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
                let whole = Bytes::from(data.clone());
                let mut sources = [Source::bytes(whole), Source::reader(&data[..], part)];
                for source in &mut sources {
                    let (mut got, mut parts) = (Vec::new(), 0);
                    loop {
                        let next = source.next(part, &Buffers::new(0)).await.unwrap();
                        got.extend_from_slice(next.bytes.as_ref());
                        parts += 1;
                        assert_eq!(next.total, got.len() as u64);
                        assert!(next.is_last || next.bytes.as_ref().len() == part as usize);
                        if next.is_last {
                            break;
                        }
                    }
                    assert_eq!(got, data);
                    assert_eq!(parts, length.div_ceil(part as usize).max(1));
                }
            }
        }
    }

    #[tokio::test]
    async fn a_source_that_fails_says_so() {
        let input = tokio_test_reader();
        let error = Source::reader(input, 8).next(8, &Buffers::new(0)).await.err().unwrap();
        assert_eq!(error.code(), Code::SourceFailed);
    }

    fn tokio_test_reader() -> impl AsyncRead + Send {
        struct Broken;
        impl AsyncRead for Broken {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                _: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()))
            }
        }
        Broken
    }
}
