//! What needs a server: `cargo xtask itest gcs` starts one and runs this.
//!
//! What the emulator can't do, it has no credentials and is never overloaded, small servers of the tests' own do:
//! one answers with what the service is documented to answer, one cuts or holds up connections.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod answers;
mod canary;
mod connections;
mod lies;
mod names;
mod proxy;
mod server;
mod stub;
mod suite;
mod tokens;
