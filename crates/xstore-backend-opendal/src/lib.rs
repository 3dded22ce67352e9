#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod client;
mod config;
mod error;
mod factory;
mod list;
mod service;
mod staged;
#[cfg(feature = "transport")]
mod transport;
mod turns;

pub use backend::OpendalBackend;
pub use config::Config;
pub use factory::{OpendalFactory, SCHEMES, register};
pub use service::Service;
