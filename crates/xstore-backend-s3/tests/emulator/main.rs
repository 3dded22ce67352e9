//! The adapter on a server: what a bucket promises, and everything that can go wrong with one.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod answers;
mod canary;
mod chain;
mod connections;
mod lies;
mod opening;
mod proxy;
mod server;
mod stub;
mod suite;
