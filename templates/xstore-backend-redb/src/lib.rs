#![doc = include_str!("../README.md")]
// Compiles and runs the examples of the guide.
#![cfg_attr(doctest, doc = include_str!("../../../docs/writing-a-backend.md"))]
#![forbid(unsafe_code)]

mod backend;
mod error;
mod factory;

pub use backend::RedbBackend;
pub use factory::{RedbFactory, register};
