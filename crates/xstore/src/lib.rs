#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod config;
mod deferred;
mod registry;
mod report;

pub use registry::registry;
pub use report::report;
pub use xorida_core::Threshold;
#[cfg(feature = "fs")]
pub use xstore_backend_fs as fs;
#[cfg(feature = "sqlite")]
pub use xstore_backend_sqlite as sqlite;
#[doc(inline)]
pub use xstore_core::*;
pub use xstore_share::PadSource;
