//! The one door through which random bytes enter.

use std::fmt;

use zeroize::Zeroize;

/// A source of random bytes, by default the operating system's.
///
/// Every random byte of xStore comes through a value of this type, so that tests can make the source fail
/// and so that no code path can quietly use a weaker one. It holds no state of its own: it can't be forked,
/// rewound or cloned.
pub struct Entropy {
    source: Source,
}

enum Source {
    Os,
    #[cfg(xstore_inject)]
    Injected(Box<Injected>),
}

#[cfg(xstore_inject)]
type Injected = dyn FnMut(&mut [u8]) -> Result<usize, EntropyError> + Send;

impl Entropy {
    /// The operating system's random source.
    #[must_use]
    pub fn os() -> Self {
        Self { source: Source::Os }
    }

    /// A source for tests: `f` writes into the buffer and returns how many bytes it wrote.
    ///
    /// Exists only when the crate is compiled with `--cfg xstore_inject`. That can't be done from a
    /// dependency's manifest, so no feature unification can put a predictable source into a real build.
    #[cfg(xstore_inject)]
    pub fn injected(f: impl FnMut(&mut [u8]) -> Result<usize, EntropyError> + Send + 'static) -> Self {
        Self { source: Source::Injected(Box::new(f)) }
    }

    /// Fills the whole of `out` with random bytes.
    ///
    /// There is no fallback and no retry with another source.
    ///
    /// # Errors
    /// [`EntropyError`] when the source fails or doesn't fill `out`; `out` then holds zeros only, so that a
    /// caller that overlooks the error can't mistake a half-filled buffer for a random one.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        let filled = self.request(out);
        if filled.is_err() {
            out.zeroize();
        }
        filled
    }

    /// `N` random bytes by value.
    ///
    /// For salts and ids; a secret is better filled in place, because an array that is moved leaves copies.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], EntropyError> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }

    fn request(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        match &mut self.source {
            Source::Os => os_fill(out),
            #[cfg(xstore_inject)]
            Source::Injected(f) => {
                let wanted = out.len();
                let got = f(out)?;
                if got == wanted { Ok(()) } else { Err(EntropyError::Incomplete { wanted, got }) }
            }
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// Why no random bytes were given out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntropyError {
    /// The operating system refused or has no random source.
    #[error("the operating system gave no random bytes{}; nothing was written", code(*.os_error))]
    Unavailable {
        /// The system's error number, where it reported one.
        os_error: Option<i32>,
    },
    /// The source returned without filling the buffer.
    #[error("the random source gave {got} bytes of {wanted}; nothing was written")]
    Incomplete {
        /// Bytes asked for.
        wanted: usize,
        /// Bytes that the source says it gave.
        got: usize,
    },
    /// A new key came out as one byte repeated: the source is broken.
    #[error("the random source gives one byte over and over; don't use this system to make keys")]
    NotRandom,
}

#[expect(clippy::disallowed_methods, reason = "this is the door that the lint sends everyone else to")]
fn os_fill(out: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(out).map_err(|error| EntropyError::Unavailable { os_error: error.raw_os_error() })
}

fn code(os_error: Option<i32>) -> String {
    os_error.map_or_else(String::new, |number| format!(" (system error {number})"))
}
