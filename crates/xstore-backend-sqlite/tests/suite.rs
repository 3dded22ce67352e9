//! What the common suite can't ask for: other processes, kills, damage, full disks, other databases.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "suite/support.rs"]
mod support;

#[path = "suite/child.rs"]
mod child;
#[path = "suite/damage.rs"]
mod damage;
#[path = "suite/deleted.rs"]
mod deleted;
#[path = "suite/full_disk.rs"]
mod full_disk;
#[path = "suite/kills.rs"]
mod kills;
#[path = "suite/opening.rs"]
mod opening;
#[path = "suite/processes.rs"]
mod processes;
