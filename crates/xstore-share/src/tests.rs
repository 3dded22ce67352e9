//! What can be seen from inside only.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod pads;
mod rebuild;
mod recombine;
