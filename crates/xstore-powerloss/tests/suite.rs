//! The file system through the kernel, the harness tried on stores with planted defects, and the adapters.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "support/errors.rs"]
mod errors;
#[path = "support/fuse.rs"]
mod fuse;
#[path = "support/kill.rs"]
mod kill;
#[path = "support/mini.rs"]
mod mini;
#[path = "support/model.rs"]
mod model;
#[path = "support/remote.rs"]
mod remote;
#[path = "support/script.rs"]
mod script;
#[path = "support/sweep.rs"]
mod sweep;
#[path = "support/table.rs"]
mod table;

#[path = "suite/fs.rs"]
mod fs;
#[path = "suite/harness.rs"]
mod harness;
#[path = "suite/mounted.rs"]
mod mounted;
#[path = "suite/sqlite.rs"]
mod sqlite;
