#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod client;
mod config;
mod connection;
mod error;
mod factory;
mod server;
mod tls;
mod wire;

pub use backend::RedisBackend;
pub use config::Config;
pub use factory::{RedisFactory, SCHEMES, register};
