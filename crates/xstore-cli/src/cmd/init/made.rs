//! What a new store made, to be removed if it doesn't come to be.

use super::Planned;
use crate::interrupt::Interrupt;
use crate::session::on_runtime;
use percent_encoding::percent_decode_str;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use xstore::backend::{BackendId, BackendUrl, Key, OpenRequest, StorageBackend};

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What there was before, and what was made since.
pub(super) struct Made {
    key_file: Option<PathBuf>,
    /// Whether the backends were touched.
    has_begun: bool,
    base: PathBuf,
    places: Vec<Place>,
}

struct Place {
    id: BackendId,
    url: BackendUrl,
    namespace: String,
    /// Where it is on this machine, if it is.
    path: Option<PathBuf>,
    /// Whether it was there before.
    was_there: bool,
}

impl Made {
    /// Looks what is there.
    pub(super) fn look(plan: &[Planned], base: &Path) -> Self {
        let place = |planned: &Planned| {
            let path = local(&planned.url).map(|path| base.join(path));
            let was_there = path.as_ref().is_none_or(|path| path.symlink_metadata().is_ok());
            let Planned { id, url, namespace } = planned;
            Place { id: id.clone(), url: url.clone(), namespace: namespace.clone(), path, was_there }
        };
        let places = plan.iter().map(place).collect();
        Self { key_file: None, has_begun: false, base: base.to_owned(), places }
    }

    /// The key file was made.
    pub(super) fn note_key(&mut self, path: &Path) {
        self.key_file = Some(path.to_owned());
    }

    pub(super) const fn made_key(&self) -> bool {
        self.key_file.is_some()
    }

    /// The backends are made from here on.
    pub(super) const fn begin(&mut self) {
        self.has_begun = true;
    }

    /// For each backend whether its place was made, as far as that is known.
    pub(super) fn places(&self) -> impl Iterator<Item = Option<bool>> {
        self.places.iter().map(|place| place.path.is_some().then_some(!place.was_there))
    }

    /// Removes what was made.
    ///
    /// # Errors
    /// What couldn't be removed, in words.
    pub(super) fn remove(self, interrupt: &Interrupt) -> Result<(), String> {
        let mut left = Vec::new();
        if self.has_begun {
            let marks = on_runtime(interrupt, async || {
                for place in &self.places {
                    if let Err(error) = place.remove_mark(&self.base).await {
                        left.push(error);
                    }
                }
                Ok(())
            });
            if let Err(failure) = marks.result {
                left.push(failure.in_one_line());
            }
            left.extend(self.places.iter().filter_map(|place| place.remove().err()));
        }
        if let Some(path) = &self.key_file
            && let Err(error) = fs::remove_file(path)
        {
            left.push(format!("{}: {error}", path.display()));
        }
        if left.is_empty() { Ok(()) } else { Err(left.join("; ")) }
    }
}

impl Place {
    /// The mark of the namespace, which nobody else knows.
    async fn remove_mark(&self, base: &Path) -> Result<(), String> {
        if self.path.as_ref().is_some_and(|path| path.symlink_metadata().is_err()) {
            return Ok(());
        }
        let request = OpenRequest::new(self.id.clone(), self.url.clone()).with_base(base);
        // What can't be opened wasn't marked: marks come after all are open.
        let Ok(backend) = xstore::registry().open(request).await else { return Ok(()) };
        let Ok(key) = Key::new(&format!("{}/mark", self.namespace)) else { return Ok(()) };
        backend.delete(&key).await.map_err(|error| error.to_string())
    }

    fn remove(&self) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.url.scheme() == "file" {
            gone(path, &path.join(&self.namespace), fs::remove_dir)?;
            if !self.was_there {
                gone(path, path, fs::remove_dir)?;
            }
        } else if !self.was_there {
            gone(path, path, fs::remove_file)?;
            for ending in BESIDE {
                let mut name = OsString::from(path);
                name.push(ending);
                gone(path, Path::new(&name), fs::remove_file)?;
            }
        }
        Ok(())
    }
}

fn gone(place: &Path, path: &Path, remove: impl FnOnce(PathBuf) -> io::Result<()>) -> Result<(), String> {
    match remove(path.to_owned()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!("{}: {error}", place.display())),
        _ => Ok(()),
    }
}

/// The path of a URL that is one.
fn local(url: &BackendUrl) -> Option<PathBuf> {
    if !matches!(url.scheme(), "file" | "sqlite") {
        return None;
    }
    match url.authority() {
        None => Some(url.path().into()),
        Some(_) => {
            let decoded = percent_decode_str(url.path()).decode_utf8().ok()?;
            let is_drive =
                matches!(decoded.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
            Some(PathBuf::from(if cfg!(windows) && is_drive { &decoded[1..] } else { &*decoded }))
        }
    }
}
