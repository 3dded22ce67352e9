#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

mod content;
mod disk;
mod fault;
mod file;
mod mount;
mod mounted;
mod names;
mod node;
mod server;
mod session;
mod survival;
mod volume;

pub use disk::Disk;
pub use fault::{Failure, Limit};
pub use mounted::Mounted;
pub use survival::Survival;
