//! Answers the kernel.

use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, KernelConfig, LockOwner,
    OpenAccMode, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::content::BLOCK;
use crate::names::Place;
use crate::node::Owner;
use crate::session::{Room, Session};
use crate::volume::{NAME_MAX, NewAttributes};

/// How long the kernel may keep names and attributes: not at all, so that it asks again after a power loss.
const TTL: Duration = Duration::ZERO;

/// The kernel may keep pages: all changes of a mount pass through it. Mapped files need that.
const OPEN: FopenFlags = FopenFlags::FOPEN_KEEP_CACHE;

/// Bytes of the longest write. The kernel cuts longer ones, so that the power can go in the midst of them.
const WRITE: u32 = 16 << 10;

/// What the mount and its server share.
pub(crate) type Shared = Arc<Mutex<Session>>;

/// Serves one mount. Every request gets an answer, also without power and after a panic: a request that gets none
/// would hang its process for good.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) shared: Shared,
}

impl Server {
    fn close(&self, handle: FileHandle, reply: ReplyEmpty) {
        let closed = self.ask(|session| {
            session.release(handle.0);
            Ok(())
        });
        empty(reply, closed);
    }

    fn ask<T>(&self, question: impl FnOnce(&mut Session) -> Result<T, Errno>) -> Result<T, Errno> {
        // A panic poisons the session, which fails all that follows.
        let answer = catch_unwind(AssertUnwindSafe(|| match self.shared.lock() {
            Ok(mut session) => question(&mut session),
            Err(_) => Err(Errno::EIO),
        }));
        answer.unwrap_or(Err(Errno::EIO))
    }
}

/// Replies with the answer or its error.
macro_rules! reply {
    ($reply:ident, $answer:expr, $ok:expr) => {
        match $answer {
            Ok(answer) => $ok($reply, answer),
            Err(error) => $reply.error(error),
        }
    };
}

impl Filesystem for Server {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        config.set_max_write(WRITE).map_err(|nearest| {
            std::io::Error::other(format!("the kernel writes {nearest} bytes at once, not {WRITE}"))
        })?;
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let answer = self.ask(|session| session.lookup(parent.0, name));
        reply!(reply, answer, |reply: ReplyEntry, attr| reply.entry(&TTL, &attr, Generation(0)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let answer = self.ask(|session| session.attr(ino.0));
        reply!(reply, answer, |reply: ReplyAttr, attr| reply.attr(&TTL, &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let answer = self.ask(|session| {
            let now = session.now();
            let time = |time| match time {
                TimeOrNow::SpecificTime(time) => time,
                TimeOrNow::Now => now,
            };
            let (accessed, modified) = (atime.map(time), mtime.map(time));
            let mode = mode.map(permissions);
            session.set(ino.0, &NewAttributes { mode, uid, gid, size, accessed, modified })
        });
        reply!(reply, answer, |reply: ReplyAttr, attr| reply.attr(&TTL, &attr));
    }

    fn mkdir(&self, req: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        let answer = self.ask(|session| session.create(parent.0, name, permissions(mode), owner(req), true));
        reply!(reply, answer, |reply: ReplyEntry, attr| reply.entry(&TTL, &attr, Generation(0)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.ask(|session| session.remove(parent.0, name, false)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.ask(|session| session.remove(parent.0, name, true)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (from, to) = (Place::new(parent.0, name), Place::new(newparent.0, newname));
        empty(reply, self.ask(|session| session.rename(from, to, flags)));
    }

    fn link(&self, _: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let answer = self.ask(|session| session.link(ino.0, newparent.0, newname));
        reply!(reply, answer, |reply: ReplyEntry, attr| reply.entry(&TTL, &attr, Generation(0)));
    }

    fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let writes = flags.acc_mode() != OpenAccMode::O_RDONLY;
        let answer = self.ask(|session| session.open(ino.0, writes));
        reply!(reply, answer, |reply: ReplyOpen, handle| reply.opened(FileHandle(handle), OPEN));
    }

    fn create(
        &self,
        req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let answer = self.ask(|session| {
            let attr = session.create(parent.0, name, permissions(mode), owner(req), false)?;
            Ok((attr, session.handle(attr.ino.0)?))
        });
        reply!(reply, answer, |reply: ReplyCreate, (attr, handle)| {
            reply.created(&TTL, &attr, Generation(0), FileHandle(handle), OPEN);
        });
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let answer = self.ask(|session| session.read(ino.0, offset, size as usize));
        reply!(reply, answer, |reply: ReplyData, data: Vec<u8>| reply.data(&data));
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let is_delayed = write_flags.contains(WriteFlags::FUSE_WRITE_CACHE);
        let answer = self.ask(|session| session.write(ino.0, offset, data, is_delayed));
        // No request is as long as 4 GiB.
        reply!(reply, answer, |reply: ReplyWrite, len| reply.written(u32::try_from(len).unwrap_or(u32::MAX)));
    }

    fn flush(&self, _: &Request, ino: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        empty(reply, self.ask(|session| session.attr(ino.0).map(drop)));
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        fh: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.close(fh, reply);
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, datasync: bool, reply: ReplyEmpty) {
        empty(reply, self.ask(|session| session.sync(ino.0, datasync)));
    }

    fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let answer = self.ask(|session| session.open_dir(ino.0));
        reply!(reply, answer, |reply: ReplyOpen, fh| reply.opened(FileHandle(fh), FopenFlags::empty()));
    }

    fn readdir(&self, _: &Request, _: INodeNo, fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let filled = self.ask(|session| {
            for ((name, number, kind), next) in session.list(fh.0, offset)?.iter().zip(offset + 1..) {
                if reply.add(INodeNo(*number), next, *kind, name) {
                    break;
                }
            }
            Ok(())
        });
        reply!(reply, filled, |reply: ReplyDirectory, ()| reply.ok());
    }

    fn releasedir(&self, _: &Request, _: INodeNo, fh: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
        self.close(fh, reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, datasync: bool, reply: ReplyEmpty) {
        empty(reply, self.ask(|session| session.sync(ino.0, datasync)));
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let answer = self.ask(|session| session.statfs());
        reply!(reply, answer, |reply: ReplyStatfs, Room { total, free }| {
            reply.statfs(total, free, free, total, free, BLOCK, NAME_MAX, BLOCK);
        });
    }
}

fn empty(reply: ReplyEmpty, answer: Result<(), Errno>) {
    match answer {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

/// The bits of a mode that aren't the kind.
fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).unwrap_or_default()
}

fn owner(req: &Request) -> Owner {
    Owner { uid: req.uid(), gid: req.gid() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Volume;

    #[test]
    fn after_a_panic_everything_fails_and_is_answered() {
        let volume = Volume::new(Owner { uid: 0, gid: 0 });
        let server = Server { shared: Arc::new(Mutex::new(Session::new(volume))) };
        assert_eq!(server.ask(|session| session.attr(1).map(|attr| attr.perm)), Ok(0o755));
        let answer: Result<(), Errno> = server.ask(|_| panic!("on purpose"));
        assert_eq!(answer, Err(Errno::EIO));
        assert_eq!(server.ask(|session| session.attr(1)), Err(Errno::EIO));
    }
}
