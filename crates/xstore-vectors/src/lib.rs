#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod book;
mod hex;
pub mod mend;
mod read;
#[cfg(xstore_inject)]
mod script;
pub mod vector;
mod write;

use std::collections::BTreeMap;

pub use hex::{hex, unhex};
pub use read::{Fault, FaultKind, ReadError, Reading, Request, read, read_object};
#[cfg(xstore_inject)]
pub use script::{Source, scripted};
pub use write::{Spec, WriteError, Written, write};

/// Backends in memory: values under their keys. The keys of all backends share one map, as they are drawn at random.
pub type Values = BTreeMap<String, Vec<u8>>;
