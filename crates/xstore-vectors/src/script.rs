//! Randomness that a test chooses. Exists only where the crates are compiled with `--cfg xstore_inject`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use xstore_keys::{Entropy, EntropyError};

/// A source that gives exactly these bytes, in the order of the draws, and fails when they are used up.
#[must_use]
pub fn scripted(bytes: Vec<u8>) -> Entropy {
    let mut at = 0;
    Entropy::injected(move |out| {
        let Some(next) = bytes.get(at..at + out.len()) else {
            return Err(EntropyError::Unavailable { os_error: None });
        };
        out.copy_from_slice(next);
        at += out.len();
        Ok(out.len())
    })
}

/// How a source ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Fails,
    Short,
}

/// A source that counts its draws, and can be made to fail at one of them.
#[derive(Debug, Clone)]
pub struct Source {
    draws: Arc<AtomicUsize>,
    end: Option<(usize, End)>,
    seed: u64,
}

impl Source {
    /// A source that goes on for ever; the same seed gives the same bytes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { draws: Arc::default(), end: None, seed }
    }

    /// It fails at draw number `at`, counted from 0.
    #[must_use]
    pub fn failing(self, at: usize) -> Self {
        Self { end: Some((at, End::Fails)), ..self }
    }

    /// At draw number `at`, counted from 0, it gives a byte less than it was asked for.
    #[must_use]
    pub fn short(self, at: usize) -> Self {
        Self { end: Some((at, End::Short)), ..self }
    }

    /// Draws so far, by all that came from this source.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.draws.load(Ordering::SeqCst)
    }

    /// The source as the crates take it. It begins anew; the draws go on being counted.
    #[must_use]
    pub fn entropy(&self) -> Entropy {
        let this = self.clone();
        let mut state = self.seed;
        Entropy::injected(move |out| {
            let draw = this.draws.fetch_add(1, Ordering::SeqCst);
            for byte in out.iter_mut() {
                // SplitMix64: noise for tests.
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                *byte = (mixed >> 56).to_le_bytes()[0];
            }
            match this.end {
                Some((at, End::Fails)) if at == draw => Err(EntropyError::Unavailable { os_error: Some(5) }),
                Some((at, End::Short)) if at == draw => Ok(out.len() - 1),
                _ => Ok(out.len()),
            }
        })
    }
}
