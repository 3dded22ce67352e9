#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod client;
mod config;
mod credentials;
mod error;
mod factory;

pub use backend::GcsBackend;
pub use config::Config;
pub use factory::{GcsFactory, SCHEMES, register};
