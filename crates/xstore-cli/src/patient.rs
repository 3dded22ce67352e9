//! Inputs that may keep their reader waiting: pipes, terminals, sockets.
//!
//! A signal doesn't end a read that waits: whoever typed Ctrl-C would wait for the next byte, and a second Ctrl-C
//! would leave half a split behind. So such an input is only read once it has something to say, and in between the
//! interrupt is looked at.

use crate::interrupt::Interrupt;
use std::fs::File;
use std::io::{Read, Result};

/// Standard input, read so that an interrupt ends the waiting.
#[cfg(unix)]
pub(crate) fn standard_input(interrupt: &Interrupt) -> Result<Box<dyn Read + Send>> {
    use std::os::fd::AsFd;
    // The descriptor itself: what a buffer in between holds would not show in a poll.
    let file = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    Ok(patient(file, interrupt))
}

/// Standard input. Elsewhere a signal ends the process by itself.
#[cfg(not(unix))]
pub(crate) fn standard_input(_: &Interrupt) -> Result<Box<dyn Read + Send>> {
    Ok(Box::new(std::io::stdin()))
}

/// A file that isn't a plain one, read so that an interrupt ends the waiting.
#[cfg(unix)]
pub(crate) fn patient(file: File, interrupt: &Interrupt) -> Box<dyn Read + Send> {
    Box::new(unix::Patient { file, interrupt: interrupt.clone() })
}

/// A file that isn't a plain one.
#[cfg(not(unix))]
pub(crate) fn patient(file: File, _: &Interrupt) -> Box<dyn Read + Send> {
    Box::new(file)
}

#[cfg(unix)]
mod unix {
    use super::{File, Interrupt, Read, Result};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use std::io::Error;

    /// A signal that another thread takes doesn't end a poll, so the poll ends by itself.
    const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

    pub(super) struct Patient {
        pub(super) file: File,
        pub(super) interrupt: Interrupt,
    }

    impl Read for Patient {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            loop {
                // Not `ErrorKind::Interrupted`: that one asks for another try.
                self.interrupt.check().map_err(Error::other)?;
                match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&TICK)) {
                    Ok(0) | Err(Errno::INTR) => {}
                    // The end of a pipe and an error are ready too: reading tells them.
                    Ok(_) => return self.file.read(buffer),
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
}
