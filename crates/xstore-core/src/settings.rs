//! What a store may be told besides its backends and keys.

use crate::health::{BreakerPolicy, HedgePolicy};
use std::time::Duration;
use xstore_backend::layer::Timeouts;
use xstore_backend::retry::RetryPolicy;
use xstore_share::PadSource;

/// Settings of a store. The defaults suit clouds and disks alike.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Payload bytes of a part, 1 to 64 MiB. Memory is bounded by a few parts times n.
    pub part: u32,
    /// Round each stored length up to a multiple of this, which must divide [`part`](Self::part), so that the shares
    /// hide the exact one. None stores the length up to a few bytes.
    pub pad_to: Option<u64>,
    /// Where the scheme's random blocks come from.
    pub pads: PadSource,
    /// What one attempt may take.
    pub timeouts: Timeouts,
    /// What storing or removing one share may take with all its attempts, while there is no spare for it.
    pub share_deadline: Duration,
    /// How often and when an attempt is repeated.
    pub retry: RetryPolicy,
    /// When a slow share is backed by another one while reading.
    pub hedge: HedgePolicy,
    /// When a failing backend is left alone.
    pub breaker: BreakerPolicy,
    /// How long after a write was abandoned it may still land: a sweep within that time isn't the last one.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            part: 8 << 20,
            pad_to: None,
            pads: PadSource::Seeded,
            timeouts: Timeouts::default(),
            share_deadline: Duration::from_secs(300),
            retry: RetryPolicy::default(),
            hedge: HedgePolicy::default(),
            breaker: BreakerPolicy::default(),
            grace: Duration::from_secs(3600),
        }
    }
}
