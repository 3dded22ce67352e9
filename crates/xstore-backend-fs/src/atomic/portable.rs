//! Values on systems that aren't Unix: a temporary file beside the value, which then gets its name in one step.

use std::io::Write;

use tempfile::{Builder, PersistError};
use xstore_backend::{Payload, Result};

use super::How;
use crate::error::{already_exists, failed, nothing_written};
use crate::folder::{Folder, TEMPORARY, join};
use crate::steps::{Step, reach};

/// Stores a value as `name` in `folder`.
pub(crate) fn write(folder: &Folder, name: &str, data: &Payload, how: How) -> Result<()> {
    if let Some(found) = folder.look(name).map_err(nothing_written)? {
        found.require_file().map_err(nothing_written)?;
        if how.create_only {
            return Err(already_exists());
        }
    }
    let place = join(folder.path(), name);
    let make = |error| nothing_written(failed("make a temporary file", error));
    let mut temporary =
        Builder::new().prefix(TEMPORARY).rand_bytes(16).tempfile_in(folder.location()).map_err(make)?;
    let write = |error| nothing_written(failed("write the value", error));
    reach(Step::Write, &place).map_err(write)?;
    for chunk in data.chunks() {
        temporary.write_all(chunk).map_err(write)?;
    }
    if how.sync {
        let sync = reach(Step::SyncFile, &place).and_then(|()| temporary.as_file().sync_all());
        sync.map_err(|error| nothing_written(failed("sync the value", error)))?;
    }
    let step = "give the value its name";
    reach(Step::Name, &place).map_err(|error| failed(step, error))?;
    let path = folder.location().join(name);
    let named = if how.create_only { temporary.persist_noclobber(path) } else { temporary.persist(path) };
    match named {
        Ok(_) => Ok(()),
        // The temporary file goes with the error.
        Err(PersistError { error, .. })
            if how.create_only && error.kind() == std::io::ErrorKind::AlreadyExists =>
        {
            Err(already_exists())
        }
        Err(PersistError { error, .. }) => Err(failed(step, error)),
    }
}
