//! A folder on a disk of its own that can be filled up.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The whole disk, in MiB.
const SIZE: u32 = 64;

/// A folder on a tiny file system in memory, or an ordinary one where mounting isn't permitted.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    is_mounted: bool,
}

impl Disk {
    /// Makes the folder, and mounts the file system there if that is permitted.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), is_mounted: mount(folder) })
    }

    /// Takes all the room that is left; false where the folder has no disk of its own.
    pub(crate) fn fill(&self) -> io::Result<bool> {
        if !self.is_mounted {
            return Ok(false);
        }
        let mut ballast = File::create(self.ballast())?;
        for size in [1 << 20, 4096, 1] {
            loop {
                match ballast.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(true)
    }

    /// Gives the room back.
    pub(crate) fn relieve(&self) -> io::Result<()> {
        match fs::remove_file(self.ballast()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_mounted {
            unmount(&self.folder);
        }
    }
}

#[cfg(target_os = "linux")]
fn mount(folder: &Path) -> bool {
    use std::ffi::CString;

    use rustix::mount::{MountFlags, mount};
    let Ok(options) = CString::new(format!("size={SIZE}m")) else { return false };
    mount("xstore-faults", folder, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
        .is_ok()
}

#[cfg(target_os = "linux")]
fn unmount(folder: &Path) {
    let _ = rustix::mount::unmount(folder, rustix::mount::UnmountFlags::DETACH);
}

#[cfg(not(target_os = "linux"))]
fn mount(_: &Path) -> bool {
    let _ = SIZE;
    false
}

#[cfg(not(target_os = "linux"))]
fn unmount(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_and_is_relieved() {
        let temporary = tempfile::tempdir().unwrap();
        let disk = Disk::new(&temporary.path().join("disk")).unwrap();
        let file = disk.folder.join("file");
        if disk.fill().unwrap() {
            let error = fs::write(&file, "more").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            disk.relieve().unwrap();
        }
        disk.relieve().unwrap();
        fs::write(&file, "more").unwrap();
    }
}
