#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod atomic;
mod backend;
mod config;
mod error;
mod factory;
mod folder;
mod list;
mod root;
mod steps;
mod values;

pub use backend::FsBackend;
pub use factory::{FsFactory, SCHEMES, register};
