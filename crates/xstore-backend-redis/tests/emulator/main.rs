//! What needs a server: run by `cargo xtask itest redis`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests panic as the tests they are")]

mod canary;
mod cancel;
mod certificates;
mod conformance;
mod durability;
mod failures;
mod kept;
mod opening;
mod proxy;
mod server;
mod support;
mod tls;
