//! k-of-n bookkeeping as state machines without I/O, time or randomness.
//!
//! They are told what happened and say what to do next; the futures that drive them decide nothing.

pub(crate) mod read;
pub(crate) mod write;

pub(crate) use read::{ReadQuorum, ReadVerdict};
pub(crate) use write::{WriteQuorum, WriteRule, WriteVerdict};
