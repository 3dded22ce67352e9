//! The store over memory and over backends that misbehave.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cancel;
mod changes;
mod faults;
mod migrate;
mod one_index;
mod quiet;
mod repair;
mod reshare;
mod roundtrip;
mod status;
mod support;
mod truth;
mod waiting;
