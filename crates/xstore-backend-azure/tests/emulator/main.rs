//! Against Azurite: `cargo xtask itest azure` starts one.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod canary;
mod lies;
mod proxy;
mod refusals;
mod stub;
mod suite;
mod support;
mod wire;
