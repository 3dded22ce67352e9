//! What all commands do with files and their folders.

use crate::failure::Failure;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The folder that a file is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Checks that the folder of a file that is written at the end exists: better said before the work than after it.
pub(crate) fn require_parent(path: &Path) -> Result<(), Failure> {
    let folder = parent(path);
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::new(
        "SINK_FAILED",
        format!("can't write {}: {} is not a folder", path.display(), folder.display()),
    )
    .help("make the folder first, or name a file in another one"))
}

/// Makes a folder's entries survive a power loss.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A manifest is never written over another file.
pub(crate) fn refuse_existing_manifest(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new("MANIFEST_EXISTS", format!("{} exists already", path.display())).help(
            "name another file with --manifest; a manifest is never overwritten, since reading needs it",
        ));
    }
    Ok(())
}

/// Reads a manifest file, bounded.
pub(crate) fn read_manifest(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error| Failure::io("SOURCE_FAILED", "read the manifest", path, error);
    let file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the parser refuses what is too long.
    file.take(xstore_manifest::limits::TEXT as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}
