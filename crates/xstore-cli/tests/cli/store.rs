//! The commands on a store.

mod config;
mod get;
mod init;
mod json;
mod migrate;
mod mistakes;
mod plan;
mod put;
mod range;
mod repair;
mod reshare;
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
#[cfg(unix)]
mod killed_changes;
#[cfg(target_os = "linux")]
mod memory;
