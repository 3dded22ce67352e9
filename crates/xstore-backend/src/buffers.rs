//! Large buffers that are used again while an operation runs.
//!
//! A fresh buffer of some megabytes costs a page fault for each 4 KiB, and an allocator that serves many threads keeps
//! what each of them had. So the store and adapters that read whole values lend theirs: what comes home is kept as
//! long as other loans are out, and given back to the system with the last of them.

use crate::Bytes;
use std::collections::TryReserveError;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Smaller buffers aren't worth keeping.
const SMALL: usize = 64 << 10;

/// Buffers that wait to be used again. Those of secrets are wiped when they come home, the others when they are given
/// up: k shares hold the plaintext, too. Clones are the same buffers.
#[derive(Debug, Clone)]
pub struct Buffers {
    kept: Arc<Mutex<Kept>>,
    limit: usize,
}

#[derive(Default)]
struct Kept {
    buffers: Vec<Zeroizing<Vec<u8>>>,
    bytes: usize,
    /// Loans that are out.
    out: usize,
}

/// A buffer on loan; dropped, it comes home.
pub struct Loan {
    buffer: Zeroizing<Vec<u8>>,
    home: Buffers,
    is_secret: bool,
}

/// Those of the process.
static SHARED: LazyLock<Buffers> = LazyLock::new(|| Buffers::new(64 << 20));

impl Buffers {
    /// The buffers of the whole process, at most 64 MiB of them: the store's, and those of all adapters.
    #[must_use]
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// Keeps up to `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { kept: Arc::default(), limit }
    }

    /// A buffer of `len` bytes with arbitrary content.
    #[must_use]
    pub fn take(&self, len: usize) -> Loan {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.out += 1;
        // The smallest that is large enough, and not one that is far too large.
        let fits = kept.buffers.iter().enumerate();
        let fits = fits.filter(|(_, buffer)| (len..=len.saturating_mul(2)).contains(&buffer.capacity()));
        let fits = fits.min_by_key(|(_, buffer)| buffer.capacity()).map(|(at, _)| at);
        let found = fits.map(|at| kept.buffers.swap_remove(at));
        if let Some(buffer) = &found {
            kept.bytes -= buffer.capacity();
        }
        drop(kept);
        let mut buffer = found.unwrap_or_else(|| Zeroizing::new(Vec::with_capacity(len)));
        buffer.resize(len, 0);
        Loan { buffer, home: self.clone(), is_secret: false }
    }

    /// Keeps buffers from being given up while it lives: an operation begins.
    #[must_use]
    pub fn open(&self) -> Loan {
        self.take(0)
    }

    /// As [`take`](Self::take), for a length that somebody else says.
    ///
    /// # Errors
    /// Where there isn't that much memory.
    pub fn try_take(&self, len: usize) -> Result<Loan, TryReserveError> {
        if len > self.limit {
            let mut buffer = Vec::new();
            buffer.try_reserve_exact(len)?;
            buffer.resize(len, 0);
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).out += 1;
            return Ok(Loan { buffer: Zeroizing::new(buffer), home: self.clone(), is_secret: false });
        }
        Ok(self.take(len))
    }

    /// As [`take`](Self::take), for plaintext.
    #[must_use]
    pub fn take_secret(&self, len: usize) -> Loan {
        let mut loan = self.take(len);
        loan.is_secret = true;
        loan
    }
}

impl Loan {
    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// Shortens it to `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// The bytes, to be shared; the buffer comes home when the last clone is dropped.
    #[must_use]
    pub fn freeze(self) -> Bytes {
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
        let mut kept = self.home.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.out -= 1;
        if kept.out == 0 {
            kept.bytes = 0;
            let given_up = std::mem::take(&mut kept.buffers);
            drop(kept);
            // Wiped by their type.
            drop(given_up);
        } else if capacity >= SMALL && kept.bytes + capacity <= self.home.limit {
            kept.bytes += capacity;
            kept.buffers.push(buffer);
        }
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("bytes", &self.bytes).field("out", &self.out).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Loan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loan").field("len", &self.buffer.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(buffers: &Buffers) -> usize {
        buffers.kept.lock().unwrap().buffers.len()
    }

    #[test]
    fn a_buffer_comes_home_after_its_last_clone_and_goes_with_the_last_loan() {
        let buffers = Buffers::new(1 << 20);
        let other = buffers.take(10);
        let mut loan = buffers.take(100_000);
        loan.bytes_mut()[..3].copy_from_slice(b"abc");
        let bytes = loan.freeze();
        let clone = bytes.clone();
        assert_eq!((&bytes[..3], kept(&buffers)), (&b"abc"[..], 0));
        drop(bytes);
        assert_eq!(kept(&buffers), 0);
        drop(clone);
        assert_eq!(kept(&buffers), 1);
        assert_eq!(buffers.take(99_999).as_ref().len(), 99_999);
        assert_eq!(kept(&buffers), 1);
        drop(other);
        assert_eq!(kept(&buffers), 0);
        assert_eq!(buffers.kept.lock().unwrap().bytes, 0);
    }

    #[test]
    fn the_smallest_that_fits_is_lent() {
        let buffers = Buffers::new(1 << 20);
        let _out = buffers.take(1);
        drop((buffers.take(200_000), buffers.take(100_000)));
        assert_eq!(buffers.take(90_000).buffer.capacity(), 100_000);
        assert_eq!(buffers.take(110_000).buffer.capacity(), 200_000);
        // None of them is large enough.
        drop(buffers.take(300_000));
        assert_eq!(kept(&buffers), 3);
    }

    #[test]
    fn what_is_kept_is_bounded_and_secrets_are_wiped() {
        let buffers = Buffers::new(1 << 20);
        let _out = buffers.take(1);
        let loans: Vec<Loan> = (0..10).map(|_| buffers.take_secret(1 << 18)).collect();
        drop(loans);
        assert_eq!(kept(&buffers), 4);
        let mut secret = buffers.take_secret(1 << 18);
        secret.bytes_mut().fill(7);
        drop(secret);
        for _ in 0..4 {
            assert!(buffers.take(1 << 18).as_ref().iter().all(|&b| b == 0));
        }
    }
}
