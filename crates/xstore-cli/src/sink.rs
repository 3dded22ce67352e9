//! Where the bytes go: a file that appears whole or not at all, or standard output.

use crate::failure::Failure;
use crate::files::{parent, require_parent, sync_folder};
use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use tokio::io::AsyncWrite;

/// The output of a join or a get.
pub(crate) enum Sink {
    /// A file; its name appears when it is committed.
    File { path: PathBuf, file: NamedTempFile, replace: bool },
    /// Standard output: what was verified is on its way at once.
    Stdout(BufWriter<Stdout>),
}

impl Sink {
    /// A file in the folder where it will stand.
    pub(crate) fn file(path: &Path, replace: bool) -> Result<Self, Failure> {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {
                return Err(Failure::usage(format!("{} is a folder", path.display()))
                    .help("name a file with --output"));
            }
            Ok(_) if !replace => {
                return Err(Failure::new("OUTPUT_EXISTS", format!("{} exists already", path.display()))
                    .help("name another file with --output, or replace it with --force"));
            }
            // A device, a pipe or a socket would be replaced, not written to.
            Ok(_) if path.metadata().is_ok_and(|metadata| !metadata.is_file()) => {
                return Err(Failure::usage(format!(
                    "{} is not a regular file, so it isn't replaced",
                    path.display()
                ))
                .help("name a file, or - for standard output, with --output"));
            }
            _ => {}
        }
        require_parent(path)?;
        let file = tempfile::Builder::new()
            .prefix(".xstore-")
            .tempfile_in(parent(path))
            .map_err(|error| Failure::io("SINK_FAILED", "write", path, error))?;
        Ok(Self::File { path: path.to_owned(), file, replace })
    }

    pub(crate) fn stdout() -> Self {
        Self::Stdout(BufWriter::new(std::io::stdout()))
    }

    /// Another handle to write to, for a task that mustn't wait. Nobody writes here meanwhile.
    pub(crate) fn writer(&self) -> Result<Box<dyn AsyncWrite + Send + Unpin>, Failure> {
        match self {
            Self::File { path, file, .. } => {
                let file = file.as_file().try_clone();
                let file = file.map_err(|error| Failure::io("SINK_FAILED", "write", path, error))?;
                Ok(Box::new(tokio::fs::File::from_std(file)))
            }
            Self::Stdout(_) => Ok(Box::new(tokio::io::stdout())),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::File { path, file, .. } => file
                .as_file_mut()
                .write_all(bytes)
                .map_err(|error| Failure::io("SINK_FAILED", "write", path, error)),
            Self::Stdout(out) => out.write_all(bytes).map_err(stdout_failed),
        }
    }

    /// Makes the output permanent.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut out) => out.flush().map_err(stdout_failed),
            Self::File { path, file, replace } => {
                let fail = |error| Failure::io("SINK_FAILED", "write", &path, error);
                file.as_file().sync_all().map_err(fail)?;
                let persisted = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
                persisted.map_err(|error| fail(error.error))?;
                sync_folder(parent(&path)).map_err(|error| {
                    Failure::io(
                        "SINK_FAILED",
                        "make it certain that a power loss spares the written",
                        &path,
                        error,
                    )
                })
            }
        }
    }
}

fn stdout_failed(error: std::io::Error) -> Failure {
    Failure::new("SINK_FAILED", "can't write to standard output").caused_by(error)
}
