#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod client;
mod config;
mod connection;
mod error;
mod factory;
mod place;
mod schema;
mod values;

pub use backend::SqliteBackend;
pub use config::Config;
pub use factory::{SCHEMES, SqliteFactory, register};
