#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod batch;
mod date;
mod entropy;
pub mod file;
pub mod hkdf;
pub mod key_file;
mod key_id;
mod keys;
mod mac;
mod ring;
mod secret;

pub use batch::{hmac_each, sha256_each};
pub use date::{Date, DateError};
pub use entropy::{Entropy, EntropyError};
pub use key_id::{KeyId, KeyIdError};
pub use keys::Keys;
pub use mac::{MacKey, MacStream, Tag};
pub use ring::{KeyEntry, KeyRing, KeyState, KeyStateError, RingError};
pub use secret::{IntegrityKey, KeyError};
