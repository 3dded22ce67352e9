#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod body;
mod canonical;
mod error;
mod hex;
mod id;
pub mod limits;
mod manifest;
mod name;
mod read;
mod share_key;
mod timestamp;

pub use body::{Body, Origin, Part, Past, Share, State, Threshold};
pub use error::{Error, Problem, Syntax};
pub use id::{ObjectId, SharingId};
pub use manifest::{Manifest, Unverified};
pub use name::{BackendId, Name};
pub use share_key::{Lane, ShareKey};
pub use timestamp::Timestamp;
