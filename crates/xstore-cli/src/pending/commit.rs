//! The end of a put that succeeded.

use super::Names;
use crate::failure::Failure;
use crate::files::{parent, refuse_existing_manifest, sync_folder};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use tempfile::TempPath;
use xstore::manifest::Manifest;
use xstore::{Store, Ticket};

/// Brings a put to its end: from here on its object is kept. The journal is still to be removed. See [`super`] for
/// the order, and why.
///
/// # Errors
/// Where it stands then, the journal tells.
pub(crate) fn commit(
    store: &Store,
    ticket: &Ticket,
    names: &Names,
    manifest: &Manifest,
) -> Result<(), Failure> {
    // Afterwards the object can't be removed any more, and would have a manifest without its name.
    refuse_existing_manifest(names.manifest())?;
    let Some(new) = names.new_manifest() else { return Ok(()) };
    write(&new, &manifest.to_json())
        .map_err(|error| Failure::io("SINK_FAILED", "write the manifest", &new, error))?;
    store.commit(ticket).map_err(|error| Failure::of_store(&error))?;
    place(&new, names.manifest())
        .map_err(|error| Failure::io("SINK_FAILED", "write the manifest", names.manifest(), error))
}

/// Writes a new file and makes it survive a power loss, its name included.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| sync_folder(parent(path)));
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Renames a file over nothing, and makes that survive a power loss.
pub(super) fn place(from: &Path, to: &Path) -> io::Result<()> {
    if let Err(error) = TempPath::try_from_path(from)?.persist_noclobber(to) {
        // Dropped, it would be removed.
        let _ = error.path.keep();
        return Err(error.error);
    }
    sync_folder(parent(to))
}
