//! The configuration file `xstore.toml`: which backends a store has, and how it treats them.
//!
//! [`Config::load`] reads it and finds every mistake with its line and column; [`Config::open`] opens the backends and
//! makes the [`Store`](crate::Store). Every field, with its default and its unit, is described in
//! `docs/configuration.md`.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = r#"
//! version = 1
//! threshold = "2-of-3"
//!
//! [[backend]]
//! id = "disk"
//! url = "file:/mnt/disk"
//!
//! [[backend]]
//! id = "stick"
//! url = "file:/mnt/stick"
//! removable = true
//!
//! [[backend]]
//! id = "archive"
//! url = "sqlite:archive.db"
//! "#;
//! let config = xstore::config::Config::from_text(text, "/etc/xstore".as_ref())?;
//! assert_eq!(config.backends().len(), 3);
//!
//! let mistakes = xstore::config::Config::from_text("treshold = '2-of-3'", "".as_ref()).unwrap_err();
//! assert!(mistakes.to_string().contains("configuration:1:1: treshold: there is no such field"));
//! # Ok(()) }
//! ```

mod alias;
mod check;
mod draft;
mod error;
mod id;
mod open;
mod plan;
pub mod quantity;
mod read;
mod secret;
mod snippet;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xorida_core::Threshold;
use xstore_core::backend::layer::Limits;
use xstore_core::backend::{BackendId, BackendUrl, Settings as BackendSettings};
use xstore_core::{Labels, Placement, Settings};

pub use draft::{Draft, DraftBackend};
pub use error::{ConfigError, ConfigErrors, Position, Problem, SecretProblem};
pub use id::suggest_id;
pub use open::{OpenStoreError, Unopened};
pub use snippet::Snippet;

/// The name that a configuration file has by convention.
pub const FILE_NAME: &str = "xstore.toml";
/// The key file of a configuration that names none, beside it.
pub const KEY_FILE_NAME: &str = "xstore.key";
/// Bytes that a configuration may have at most.
pub const MAX_LEN: u64 = 1 << 20;

/// A configuration that was checked as far as that goes without asking a backend. Secrets in it were read already;
/// its [`Debug`](fmt::Debug) shows none.
#[derive(Clone)]
pub struct Config {
    file: Option<PathBuf>,
    base: PathBuf,
    threshold: Threshold,
    key_file: PathBuf,
    /// Where it says so.
    key_file_at: Position,
    write_quorum: Option<u8>,
    allow_volatile: bool,
    ttl: Option<Duration>,
    settings: Settings,
    limits: Option<Limits>,
    placement: Placement,
    backends: Vec<Backend>,
}

/// One backend of a configuration.
#[derive(Clone)]
pub struct Backend {
    id: BackendId,
    url: BackendUrl,
    namespace: Option<String>,
    labels: Labels,
    is_removable: bool,
    settings: BackendSettings,
    places: Places,
}

/// Where a backend's entry says what, for mistakes that only its adapter can find.
#[derive(Debug, Clone, Default)]
struct Places {
    /// How many entries come before it.
    at: usize,
    entry: Position,
    url: Position,
    settings: BTreeMap<String, SettingPlace>,
}

/// Where a setting stands.
#[derive(Debug, Clone, Copy)]
struct SettingPlace {
    name: Position,
    value: Position,
}

impl Config {
    /// Reads a configuration's text. Relative paths in it are relative to `base`, which itself may be relative to the
    /// current directory.
    ///
    /// Blocks: secrets are read, and the paths of backends are looked up, so that one place under two names is found.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake.
    pub fn from_text(text: &str, base: &Path) -> Result<Self, ConfigErrors> {
        read::read(text, base, &secret::environment)
    }

    /// Reads a configuration file. Relative paths in it are relative to its folder. Blocks, as
    /// [`from_text`](Self::from_text) does.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let refused = |problem| ConfigErrors::of_file(path, problem);
        let unreadable = |error: std::io::Error| refused(Problem::Unreadable(error.kind()));
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_LEN {
            return Err(refused(Problem::TooLong(MAX_LEN)));
        }
        let text = String::from_utf8(bytes).map_err(|_| refused(Problem::NotText))?;
        let base = path.parent().unwrap_or(Path::new(""));
        let config = Self::from_text(&text, base).map_err(|errors| errors.in_file(path))?;
        Ok(Self { file: Some(path.to_owned()), ..config })
    }

    /// The file that it was [loaded](Self::load) from.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// How many shares there are and how many it takes.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The file with the integrity keys: an absolute path, unless the current directory isn't known.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// Where the configuration names the key file; [`Position::FILE`] where it doesn't.
    #[must_use]
    pub fn key_file_position(&self) -> Position {
        self.key_file_at
    }

    /// How many shares have to be durably stored, where the configuration says so.
    #[must_use]
    pub fn write_quorum(&self) -> Option<u8> {
        self.write_quorum
    }

    /// Whether objects may be stored that don't survive a power loss.
    #[must_use]
    pub fn allows_volatile(&self) -> bool {
        self.allow_volatile
    }

    /// When objects expire, where they do.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// What the store is told besides.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What each backend may be asked at most, where the configuration says so.
    #[must_use]
    pub fn limits(&self) -> Option<&Limits> {
        self.limits.as_ref()
    }

    /// The rules on which backend may hold which share.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// The backends in the order of the file.
    #[must_use]
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("file", &self.file)
            .field("base", &self.base)
            .field("threshold", &self.threshold)
            .field("key_file", &self.key_file)
            .field("write_quorum", &self.write_quorum)
            .field("allow_volatile", &self.allow_volatile)
            .field("ttl", &self.ttl)
            .field("settings", &self.settings)
            .field("limits", &self.limits)
            .field("placement", &self.placement)
            .field("backends", &self.backends)
            .finish()
    }
}

impl Backend {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &BackendId {
        &self.id
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &BackendUrl {
        &self.url
    }

    /// The namespace of its keys, where it has one of its own.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Its labels.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Whether it is a medium that is often absent.
    #[must_use]
    pub fn is_removable(&self) -> bool {
        self.is_removable
    }
}

/// The names of its settings are shown, their values are not: a secret may stand in the wrong place.
impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("namespace", &self.namespace)
            .field("labels", &self.labels)
            .field("removable", &self.is_removable)
            .field("settings", &self.places.settings.keys())
            .finish_non_exhaustive()
    }
}
