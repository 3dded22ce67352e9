#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod client;
mod config;
mod credential;
mod error;
mod factory;

pub use backend::AzureBackend;
pub use config::Config;
pub use credential::{AccountKey, Credential, Sas, Token};
pub use error::ServiceError;
pub use factory::{AzureFactory, SCHEMES, register};
