//! The store over memory and over backends that misbehave.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cancel;
mod faults;
mod roundtrip;
mod status;
mod support;
mod truth;
