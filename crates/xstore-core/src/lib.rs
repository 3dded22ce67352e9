#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod attach;
mod builder;
mod change;
mod clock;
mod code;
mod compute;
mod delete;
mod error;
pub mod event;
mod get;
pub mod health;
mod member;
pub mod operation;
pub mod placement;
pub mod plan;
mod put;
mod quorum;
mod settings;
mod status;
mod store;
mod sweep;
pub mod ticket;
mod verify;

pub use builder::StoreBuilder;
pub use change::{Outcome, Placing, RepairReport, Repaired, Reshared, ShareRepair, Why};
pub use clock::{Clock, FixedClock, SystemClock};
pub use code::{Category, Code};
pub use delete::Deleted;
pub use error::{Attempt, Error, Result};
pub use event::{Event, Progress};
pub use member::{DEFAULT_NAMESPACE, Member};
pub use placement::{Labels, Placement};
pub use settings::Settings;
pub use status::{BackendStatus, Step, StepKind};
pub use store::Store;
pub use sweep::Swept;
pub use ticket::{Journal, Ticket};
pub use verify::{Depth, Report, ShareReport};
pub use xstore_backend as backend;
pub use xstore_keys as keys;
pub use xstore_manifest as manifest;
