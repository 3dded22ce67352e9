//! Mounting and unmounting.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fuser::{BackgroundSession, Config, INodeNo, MountOption};
use rustix::mount::UnmountFlags;

use crate::server::Server;

/// The kernel lists our mounts by this name and the number of the process.
const NAME: &str = "xstore-powerloss";

/// How long a server may take to notice that its mount is gone, in steps of [`STEP`]. It does at once, unless
/// somebody has files open there.
const STEPS: u32 = 1000;
const STEP: Duration = Duration::from_micros(100);

/// A mount and the thread that serves it. Dropping it unmounts.
#[derive(Debug)]
pub(crate) struct Mount {
    server: Option<BackgroundSession>,
    dir: PathBuf,
}

impl Mount {
    pub(crate) fn new(server: Server, dir: &Path) -> io::Result<Self> {
        unmount_orphans();
        let mut config = Config::default();
        config.mount_options = vec![
            MountOption::FSName(format!("{NAME}:{}", std::process::id())),
            MountOption::DefaultPermissions,
            MountOption::NoAtime,
        ];
        let server = fuser::spawn_mount(server, dir, &config)?;
        Ok(Self { server: Some(server), dir: dir.to_owned() })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lets the kernel forget the pages of a file.
    pub(crate) fn forget_pages(&self, file: INodeNo) -> io::Result<()> {
        match &self.server {
            Some(server) => server.notifier().inval_inode(file, 0, 0),
            None => Ok(()),
        }
    }

    /// Unmounts, also where files are open: whoever has them keeps a mount without a place. With `force`, no request
    /// is answered any more, and those that wait fail; without, what the kernel has yet to write is written first,
    /// and the server's thread answers until the last file is closed.
    pub(crate) fn unmount(&mut self, force: bool) -> io::Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        let flags = if force { UnmountFlags::FORCE | UnmountFlags::DETACH } else { UnmountFlags::DETACH };
        rustix::mount::unmount(&self.dir, flags)?;
        // Not `join`, which would wait for whoever has files open.
        for _ in 0..STEPS {
            if server.guard.is_finished() {
                break;
            }
            thread::sleep(STEP);
        }
        // This unmounts once more, which does nothing since nothing is mounted there any more.
        drop(server);
        Ok(())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Nothing else can be done about a failure here: the server has gone on its own way.
        let _ = self.unmount(true);
    }
}

/// Removes mounts that a killed process has left: nobody serves them, and looking at one is an error.
fn unmount_orphans() {
    let Ok(mounts) = fs::read_to_string("/proc/self/mounts") else { return };
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let process = fields.next().and_then(|name| name.strip_prefix(NAME)?.strip_prefix(':'));
        let (Some(process), Some(dir)) = (process, fields.next()) else { continue };
        // Paths with spaces are written otherwise here; they aren't ours to guess.
        if !Path::new("/proc").join(process).exists() && !dir.contains('\\') {
            let _ = rustix::mount::unmount(dir, UnmountFlags::FORCE | UnmountFlags::DETACH);
            let _ = fs::remove_dir(dir);
        }
    }
}
