#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod body;
mod bounded;
mod client;
mod config;
mod connect;
mod error;
mod factory;

pub use backend::S3Backend;
pub use config::{Checksum, Config, Keys};
pub use factory::{S3Factory, SCHEMES, register};
