//! Buffers of payload and shares, used again from part to part: a fresh one costs a page fault per 4 KiB.

use std::sync::{Arc, Mutex, PoisonError};
use xstore_backend::Bytes;
use zeroize::Zeroizing;

/// Bytes that are kept at most; beyond it, buffers go back to the system.
const KEPT: usize = 64 << 20;
/// Smaller buffers aren't worth keeping.
const SMALL: usize = 64 << 10;

/// Buffers that wait to be used again while a put runs. Those of payload are wiped when they come home, those of
/// shares when the last put ends: k of them hold the plaintext, too.
#[derive(Clone)]
pub(crate) struct Buffers(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    buffers: Vec<Zeroizing<Vec<u8>>>,
    bytes: usize,
    /// Puts that are running.
    sessions: usize,
}

/// Keeps buffers from being given up.
pub(crate) struct Session(Buffers);

/// A buffer on loan.
pub(crate) struct Loan {
    buffer: Zeroizing<Vec<u8>>,
    home: Buffers,
    is_secret: bool,
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// A put begins.
    pub(crate) fn session(&self) -> Session {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sessions += 1;
        Session(self.clone())
    }

    /// As [`take`](Self::take), for plaintext.
    pub(crate) fn take_secret(&self, len: usize) -> Loan {
        let mut loan = self.take(len);
        loan.is_secret = true;
        loan
    }

    /// A buffer of `len` bytes with arbitrary content.
    pub(crate) fn take(&self, len: usize) -> Loan {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            kept.buffers.iter().position(|buffer| buffer.capacity() >= len && buffer.capacity() / 2 <= len);
        let found = fits.map(|at| kept.buffers.swap_remove(at));
        if let Some(buffer) = &found {
            kept.bytes -= buffer.capacity();
        }
        drop(kept);
        let mut buffer = found.unwrap_or_else(|| Zeroizing::new(Vec::with_capacity(len)));
        buffer.resize(len, 0);
        Loan { buffer, home: self.clone(), is_secret: false }
    }
}

impl Loan {
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// Shortens it to `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// The bytes, to be sent; the buffer comes home when the last clone is dropped.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Loan {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        if self.is_secret {
            // The buffer lives on and is read again, so this isn't optimised away.
            buffer.fill(0);
        }
        let capacity = buffer.capacity();
        let mut kept = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.sessions > 0 && capacity >= SMALL && kept.bytes + capacity <= KEPT {
            kept.bytes += capacity;
            kept.buffers.push(buffer);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut kept = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sessions -= 1;
        if kept.sessions == 0 {
            kept.bytes = 0;
            let buffers = std::mem::take(&mut kept.buffers);
            drop(kept);
            // Wiped by their type.
            drop(buffers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_home_after_its_last_clone() {
        let buffers = Buffers::new();
        let session = buffers.session();
        let kept = || buffers.0.lock().unwrap().buffers.len();
        let mut loan = buffers.take(100_000);
        loan.bytes_mut()[..3].copy_from_slice(b"abc");
        let bytes = loan.freeze();
        let clone = bytes.clone();
        assert_eq!((&bytes[..3], kept()), (&b"abc"[..], 0));
        drop(bytes);
        assert_eq!(kept(), 0);
        drop(clone);
        assert_eq!(kept(), 1);
        assert_eq!(buffers.take(99_999).as_ref().len(), 99_999);
        drop(buffers.take(10));
        assert_eq!(kept(), 1);
        drop(session);
        assert_eq!(kept(), 0);
        drop(buffers.take(100_000));
        assert_eq!(kept(), 0);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let buffers = Buffers::new();
        let _session = buffers.session();
        let loans: Vec<Loan> = (0..10).map(|_| buffers.take(KEPT / 4)).collect();
        drop(loans);
        assert_eq!(buffers.0.lock().unwrap().buffers.len(), 4);
    }
}
