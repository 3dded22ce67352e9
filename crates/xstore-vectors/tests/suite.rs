//! Objects in memory: the encoder against the page, and readers against whoever holds shares, keys and manifests.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "support/sample.rs"]
mod sample;

#[path = "suite/bits.rs"]
mod bits;
#[path = "suite/forged.rs"]
mod forged;
#[path = "suite/held_back.rs"]
mod held_back;
#[path = "suite/identity.rs"]
mod identity;
#[path = "suite/liars.rs"]
mod liars;
#[path = "suite/mending.rs"]
mod mending;
#[path = "suite/oracle.rs"]
mod oracle;
#[path = "suite/randomness.rs"]
mod randomness;
#[path = "suite/ranges.rs"]
mod ranges;
#[path = "suite/replayed.rs"]
mod replayed;
#[path = "suite/secrecy.rs"]
mod secrecy;
#[path = "suite/spliced.rs"]
mod spliced;
#[path = "suite/swapped.rs"]
mod swapped;
#[path = "suite/vectors.rs"]
mod vectors;
