//! The commands on a store.

mod config;
mod get;
mod init;
mod json;
mod mistakes;
mod plan;
mod put;
mod range;
mod rm;
mod status;
mod sweep;
mod unfinished;
mod verbose;
mod verify;

#[cfg(unix)]
mod full;
#[cfg(unix)]
mod interrupted;
#[cfg(unix)]
mod killed;
#[cfg(target_os = "linux")]
mod memory;
