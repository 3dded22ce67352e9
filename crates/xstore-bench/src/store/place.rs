//! Where on the disk the bench works, and what kind of disk that is.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::failure::Failure;

/// A folder of its own, removed with all that is in it when this is dropped.
pub(super) struct Place {
    folder: TempDir,
    /// The kind of file system that it is on, as the system calls it.
    pub(super) file_system: String,
}

impl Place {
    /// A new folder in `dir`, or beside the program where none is given: folders for temporary files are often in
    /// memory, where syncing says nothing.
    ///
    /// # Errors
    /// [`Failure::System`] where it can't be made.
    pub(super) fn new(dir: Option<&Path>) -> Result<Self, Failure> {
        let dir = match dir {
            Some(dir) => dir.to_owned(),
            None => beside_the_program()?,
        };
        let folder = tempfile::Builder::new().prefix("xstore-bench-").tempdir_in(&dir);
        let folder = folder.map_err(Failure::system("make a folder to work in"))?;
        let path = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let file_system = file_system(&mounts, &path).unwrap_or("unknown").to_owned();
        Ok(Self { folder, file_system })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new folder in it.
    ///
    /// # Errors
    /// [`Failure::System`].
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.path().join(name);
        fs::create_dir(&path).map_err(Failure::system("make a folder"))?;
        Ok(path)
    }

    /// Whether a sync writes to something that keeps it.
    pub(super) fn is_disk(&self) -> bool {
        !matches!(self.file_system.as_str(), "tmpfs" | "ramfs")
    }

    /// Removes it, which the drop would do too, but silently.
    ///
    /// # Errors
    /// [`Failure::System`].
    pub(super) fn remove(self) -> Result<(), Failure> {
        self.folder.close().map_err(Failure::system("remove the folder that was worked in"))
    }
}

fn beside_the_program() -> Result<PathBuf, Failure> {
    let program = env::current_exe().map_err(Failure::system("find the program"))?;
    Ok(program.parent().map_or_else(env::temp_dir, Path::to_owned))
}

/// The type of the file system that holds `path`, by a text like Linux's `/proc/self/mounts`.
fn file_system<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((unescaped(fields.next()?), fields.next()?))
    });
    // The longest one that the path begins with; of two in one place the later one covers the other.
    let holding = mounts.filter(|(place, _)| path.starts_with(place));
    holding.max_by_key(|(place, _)| place.as_os_str().len()).map(|(_, kind)| kind)
}

/// A path in which spaces and the like are written as `\040`.
fn unescaped(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                path.push(char::from(code));
                path.push_str(&part[3..]);
            }
            None => {
                path.push('\\');
                path.push_str(part);
            }
        }
    }
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_and_latest_mount_counts() {
        let mounts =
            "a / ext4 rw 0 0\nb /data xfs rw 0 0\nc /data/my\\040files btrfs rw 0 0\nd /data tmpfs rw 0 0\n";
        let of = |path: &str| file_system(mounts, Path::new(path));
        assert_eq!(of("/home"), Some("ext4"));
        assert_eq!(of("/data/x"), Some("tmpfs"));
        assert_eq!(of("/database"), Some("ext4"));
        assert_eq!(of("/data/my files/x"), Some("btrfs"));
        assert_eq!(file_system("", Path::new("/")), None);
        assert_eq!(unescaped("\\134\\x"), Path::new("\\\\x"));
    }

    #[test]
    fn nothing_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let place = Place::new(Some(parent.path())).unwrap();
        let folder = place.folder("a").unwrap();
        fs::write(folder.join("b"), "c").unwrap();
        place.remove().unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        assert!(matches!(Place::new(Some(&parent.path().join("none"))), Err(Failure::System { .. })));
    }
}
