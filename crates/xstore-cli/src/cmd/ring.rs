//! The key file, found and read.

use crate::failure::Failure;
use std::path::Path;
use xstore_keys::{KeyRing, file};

/// Loads the key ring; a missing file is told apart, since what to do then depends on the command.
pub(super) fn load(path: &Path, if_missing: &str) -> Result<KeyRing, Failure> {
    file::load(path).map_err(|error| {
        let missing = is_missing(&error);
        let failure = Failure::new("KEY_UNAVAILABLE", format!("can't use the key file {}", path.display()));
        let failure = failure.caused_by(error);
        if missing { failure.help(if_missing) } else { failure }
    })
}

pub(crate) fn is_missing(error: &file::FileError) -> bool {
    matches!(error, file::FileError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}
