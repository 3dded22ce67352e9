//! The input, read ahead by enough to know where it ends, and filled up to a size class.

use std::io::{BufRead, BufReader, Read, Result};

/// Reads of this size and more go straight to the caller's buffer.
const READ_AHEAD: usize = 64 << 10;

/// The input of one split, part by part.
pub(crate) struct Source<R> {
    input: BufReader<R>,
    part: u64,
    pad_to: Option<u64>,
    taken: u64,
    /// Zeros still to give; None while the input lasts.
    fill: Option<u64>,
}

/// What one read gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Bytes in the buffer: payload, then fill.
    pub(crate) len: usize,
    /// How many of them are payload.
    pub(crate) payload: usize,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(input: R, part: u64, pad_to: Option<u64>) -> Self {
        Self { input: BufReader::with_capacity(READ_AHEAD, input), part, pad_to, taken: 0, fill: None }
    }

    /// Payload bytes taken so far.
    pub(crate) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes of every part but the last.
    pub(crate) const fn part(&self) -> u64 {
        self.part
    }

    /// Fills `buffer` as far as the input and its fill last.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        let mut payload = 0;
        while payload < buffer.len() && self.fill.is_none() {
            match self.input.read(&mut buffer[payload..]) {
                Ok(0) => self.end_of_input(payload),
                Ok(read) => payload += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.taken += payload as u64;
        let rest = &mut buffer[payload..];
        let zeros = usize::try_from(self.fill.unwrap_or(0)).unwrap_or(usize::MAX).min(rest.len());
        rest[..zeros].fill(0);
        self.fill = self.fill.map(|fill| fill - zeros as u64);
        Ok(Chunk { len: payload + zeros, payload })
    }

    /// Whether nothing is left, fill included. Reads ahead.
    pub(crate) fn is_done(&mut self) -> Result<bool> {
        while self.fill.is_none() {
            match self.input.fill_buf() {
                Ok([]) => self.end_of_input(0),
                Ok(_) => return Ok(false),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.fill == Some(0))
    }

    fn end_of_input(&mut self, unaccounted: usize) {
        let total = self.taken + unaccounted as u64;
        let fill = match self.pad_to {
            // Only up to the end of the part: the step divides it, so a part that is full needs none.
            Some(step) if total == 0 || !total.is_multiple_of(self.part) => {
                total.max(1).next_multiple_of(step) - total
            }
            _ => 0,
        };
        self.fill = Some(fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], part: u64, pad_to: Option<u64>, buffer: usize) -> (Vec<u8>, u64) {
        let mut source = Source::new(input, part, pad_to);
        let mut bytes = Vec::new();
        let mut payload = 0;
        while !source.is_done().unwrap() {
            let mut chunk = vec![0xee; buffer];
            let read = source.read(&mut chunk).unwrap();
            assert!(read.len > 0);
            bytes.extend_from_slice(&chunk[..read.len]);
            payload += read.payload as u64;
        }
        assert_eq!(source.taken(), input.len() as u64);
        (bytes, payload)
    }

    #[test]
    fn fill_reaches_the_next_step_and_never_beyond_a_part() {
        for length in 0..40_usize {
            for buffer in [1, 3, 7, 64] {
                let input = vec![7; length];
                let (bytes, payload) = all(&input, 16, Some(8), buffer);
                assert_eq!(payload, length as u64);
                assert_eq!(bytes.len(), length.max(1).next_multiple_of(8));
                assert_eq!(bytes[..length], input);
                assert!(bytes[length..].iter().all(|&b| b == 0));
                assert_eq!(all(&input, 16, None, buffer).0, input);
            }
        }
    }
}
