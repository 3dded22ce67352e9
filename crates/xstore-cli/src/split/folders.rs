//! The folders of a split: checked, given a fresh namespace each, and cleaned up unless the split succeeds.

use super::writer::Writer;
use super::{FolderReport, random};
use crate::failure::Failure;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use xstore_keys::Entropy;
use xstore_manifest::BackendId;

/// One folder, prepared.
struct Folder {
    path: PathBuf,
    backend: BackendId,
    namespace: String,
    /// Whether this split made the folder itself.
    made: bool,
}

/// All folders of a split. Dropping it removes what the split wrote, unless [`keep`](Self::keep) was called.
pub(crate) struct Folders {
    folders: Vec<Folder>,
    keep: bool,
}

impl Folders {
    /// Checks that the folders are different ones, makes those that are missing, and draws a namespace for each.
    pub(crate) fn prepare(paths: &[PathBuf], entropy: &mut Entropy) -> Result<Self, Failure> {
        let mut this = Self { folders: Vec::new(), keep: false };
        let mut seen = HashSet::new();
        for (index, path) in paths.iter().enumerate() {
            let made = make(path)?;
            let resolved =
                path.canonicalize().map_err(|error| Failure::io("SINK_FAILED", "open", path, error))?;
            let backend = backend_id(&resolved, index, &this.folders);
            let folder = Folder { path: path.clone(), backend, namespace: namespace(entropy)?, made };
            this.folders.push(folder);
            if !seen.insert(resolved) {
                return Err(Failure::new(
                    "LAYOUT_REFUSED",
                    format!(
                        "{} is given twice: two shares in one folder could be lost or read together",
                        path.display()
                    ),
                )
                .help("name a different folder, best on another disk, for each share"));
            }
        }
        for folder in &this.folders {
            let inner = folder.path.join(&folder.namespace);
            let lane = inner.join("m");
            fs::create_dir(&inner)
                .and_then(|()| fs::create_dir(&lane))
                .map_err(|error| Failure::io("SINK_FAILED", "write into", &folder.path, error))?;
        }
        Ok(this)
    }

    /// Runs `work` with a writer thread per folder, then waits for all of them. A writer's own error says more than
    /// what `work` saw of it, so it wins.
    pub(crate) fn with_writers<T>(
        &self,
        work: impl FnOnce(&[Writer]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let writers: Vec<Writer> = self
            .folders
            .iter()
            .map(|folder| Writer::start(&folder.path, &folder.namespace, folder.backend.clone()))
            .collect();
        let result = work(&writers);
        let mut first_error = None;
        for writer in writers {
            if let Err(error) = writer.finish() {
                first_error.get_or_insert(error);
            }
        }
        match first_error {
            Some(error) => Err(error),
            None => result,
        }
    }

    pub(crate) fn report(&self, bytes: u64) -> Vec<FolderReport> {
        let numbered = self.folders.iter().zip(0..);
        numbered
            .map(|(folder, index)| FolderReport {
                path: folder.path.clone(),
                backend_id: folder.backend.to_string(),
                index,
                bytes,
            })
            .collect()
    }

    /// Keeps what was written.
    pub(crate) const fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // Backwards: a folder that was made may hold a later one.
        for folder in self.folders.iter().rev() {
            // The namespace is this split's own: nobody else's file is in it. What can't be removed is noise that
            // no manifest names.
            let _ = fs::remove_dir_all(folder.path.join(&folder.namespace));
            if folder.made {
                let _ = fs::remove_dir(&folder.path);
            }
        }
    }
}

/// Makes a folder whose parent exists; says whether it was missing. A missing parent is more often a disk that isn't
/// mounted than a wish for a new tree.
fn make(path: &Path) -> Result<bool, Failure> {
    match fs::create_dir(path) {
        Ok(()) => Ok(true),
        Err(_) if path.is_dir() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::io("SINK_FAILED", "make the folder", path, error)
                .help("its parent doesn't exist; if it is on another disk, see that the disk is mounted"))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::usage(format!("{} is not a folder", path.display()))
                .help("name a folder with --into"))
        }
        Err(error) => Err(Failure::io("SINK_FAILED", "make the folder", path, error)),
    }
}

/// A fresh namespace: `xstore-` and 26 characters of base32.
fn namespace(entropy: &mut Entropy) -> Result<String, Failure> {
    let random_bytes: [u8; 16] = entropy.array().map_err(random)?;
    Ok(format!("xstore-{}", data_encoding::BASE32_NOPAD.encode(&random_bytes).to_ascii_lowercase()))
}

/// The folder's own name where it makes a backend id that no other folder has, so that a manifest tells its reader
/// where a share was; else its number.
fn backend_id(resolved: &Path, index: usize, others: &[Folder]) -> BackendId {
    let name =
        resolved.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let mut candidates =
        [name, format!("folder-{index}")].into_iter().chain((0..).map(|i| format!("folder-{index}-{i}")));
    loop {
        let candidate = candidates.next().and_then(|text| BackendId::new(text.as_str()).ok());
        if let Some(id) = candidate.filter(|id| others.iter().all(|other| other.backend != *id)) {
            return id;
        }
    }
}
