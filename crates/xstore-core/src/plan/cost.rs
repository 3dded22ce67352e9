//! What an object takes: bytes and requests, by arithmetic.

use xorida_core::{Scheme, Threshold};
use xstore_share::{Layout, LayoutError};

use crate::builder::METADATA_LEN;
use crate::settings::Settings;

/// What an object of some length takes. Lengths are in bytes.
///
/// Exact for names of up to [`NAME`](Self::NAME) bytes. What a backend adds of its own, such as the names of values,
/// blocks of a file system or the requests that its adapter makes for one operation, isn't known here; neither are
/// the requests for the [mark](crate::Store::initialise) of each backend: one in 30 seconds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Costs {
    /// How many shares give an object back, and how many there are.
    pub threshold: Threshold,
    /// Bytes of payload.
    pub payload: u64,
    /// Parts, each of which is one value on each of n backends.
    pub parts: u64,
    /// Data segments of a full part.
    pub segments: u64,
    /// Bytes of a full part's share.
    pub share: u64,
    /// Bytes of all shares with one index: what one backend holds of the object.
    pub each: u64,
}

/// What one operation on an object moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests to each backend that takes part.
    pub requests_each: u64,
    /// How many backends take part.
    pub backends: u64,
    /// Bytes that are sent to backends.
    pub sent: u64,
    /// Bytes that come from backends.
    pub received: u64,
}

impl Traffic {
    /// Requests to all backends together.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.requests_each.saturating_mul(self.backends)
    }
}

impl Costs {
    /// Bytes that a name may have for these numbers to be exact: longer ones take a step of 512 bytes more in each
    /// share.
    pub const NAME: usize = 216;

    /// Of an object with this many bytes of payload.
    ///
    /// # Errors
    /// [`LayoutError`] where these settings make no layout.
    pub fn new(threshold: Threshold, settings: &Settings, payload: u64) -> Result<Self, LayoutError> {
        let scheme = Scheme::new(threshold);
        let trailer = Layout::default_trailer(scheme, Self::NAME, METADATA_LEN);
        let layout = Layout::new(scheme, Layout::default_segment(scheme), trailer)?;
        let part = u64::from(settings.part.max(1));
        let parts = payload.div_ceil(part).max(1);
        let shape = |payload: u64| layout.part(layout.padded(payload));
        let last = payload - (parts - 1) * part;
        // A full part needs no filling: the step divides it.
        let filled = settings.pad_to.map_or(last, |step| last.max(1).next_multiple_of(step.max(1)).min(part));
        let full = shape(part)?;
        Ok(Self {
            threshold,
            payload,
            parts,
            segments: full.data_segments(),
            share: full.share_len(),
            each: (parts - 1).saturating_mul(full.share_len()).saturating_add(shape(filled)?.share_len()),
        })
    }

    /// Bytes that all backends hold together.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.each.saturating_mul(self.n())
    }

    /// What is stored for each byte of payload; none of an empty object.
    #[must_use]
    pub fn factor(&self) -> Option<f64> {
        (self.payload > 0).then(|| self.stored() as f64 / self.payload as f64)
    }

    /// A put in which nothing fails.
    #[must_use]
    pub fn put(&self) -> Traffic {
        Traffic { requests_each: self.parts, backends: self.n(), sent: self.stored(), received: 0 }
    }

    /// A get in which nothing fails and nothing is slow: k backends are asked.
    #[must_use]
    pub fn get(&self) -> Traffic {
        self.reading(self.k())
    }

    /// A full verification.
    #[must_use]
    pub fn verify(&self) -> Traffic {
        self.reading(self.n())
    }

    /// A delete.
    #[must_use]
    pub fn delete(&self) -> Traffic {
        Traffic { requests_each: self.parts, backends: self.n(), sent: 0, received: 0 }
    }

    /// What is read to rebuild all shares with one index: k others. [`each`](Self::each) is written then.
    #[must_use]
    pub fn rebuild(&self) -> Traffic {
        self.reading(self.k())
    }

    fn reading(&self, backends: u64) -> Traffic {
        Traffic { requests_each: self.parts, backends, sent: 0, received: self.each.saturating_mul(backends) }
    }

    fn k(&self) -> u64 {
        self.threshold.k().into()
    }

    fn n(&self) -> u64 {
        self.threshold.n().into()
    }
}
