#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod config;
mod deferred;
mod registry;
mod report;

pub use registry::registry;
pub use report::report;
pub use xorida_core::Threshold;
#[cfg(feature = "azure")]
pub use xstore_backend_azure as azure;
#[cfg(feature = "fs")]
pub use xstore_backend_fs as fs;
#[cfg(feature = "gcs")]
pub use xstore_backend_gcs as gcs;
#[cfg(feature = "opendal")]
pub use xstore_backend_opendal as opendal;
#[cfg(feature = "redis")]
pub use xstore_backend_redis as redis;
#[cfg(feature = "s3")]
pub use xstore_backend_s3 as s3;
#[cfg(feature = "sqlite")]
pub use xstore_backend_sqlite as sqlite;
#[doc(inline)]
pub use xstore_core::*;
pub use xstore_share::PadSource;
