#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
pub mod buffers;
mod capability;
mod error;
mod ext;
mod id;
mod key;
pub mod layer;
mod listing;
pub mod memory;
mod payload;
mod registry;
pub mod retry;
#[cfg(test)]
mod scripted;
mod secret;
mod settings;
mod url;

pub use async_trait::async_trait;
pub use backend::{PutOptions, StorageBackend};
pub use bytes::Bytes;
pub use capability::Capability;
pub use error::{Error, ErrorKind, Operation, Result};
pub use ext::StorageBackendExt;
pub use id::{BackendId, InvalidBackendId};
pub use key::{InvalidKey, Key, Prefix};
pub use listing::{Cursor, Entry, Page, Space, Stat};
pub use payload::Payload;
pub use registry::{Factory, OpenError, OpenRequest, Registry};
pub use secret::Secret;
pub use settings::{Setting, SettingError, SettingProblem, Settings};
pub use url::{BackendUrl, InvalidUrl};
