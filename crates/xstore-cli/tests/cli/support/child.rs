//! A command that is still running.

use std::io::Read;
use std::process::{ChildStdin, Command, Output, Stdio};
use std::thread::{JoinHandle, sleep};

use rustix::process::{Pid, Signal, kill_process};

use super::{LOOKS, PAUSE, Ran};

/// A running command. What it prints is collected; what the test gave another place isn't.
pub(crate) struct Child {
    child: std::process::Child,
    out: JoinHandle<Vec<u8>>,
    err: JoinHandle<Vec<u8>>,
}

impl Child {
    /// Starts a command whose standard output is collected.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        Self::start_as_it_is(command)
    }

    /// Starts a command whose standard output is as the test set it.
    pub(crate) fn start_as_it_is(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the command starts");
        let out = collect(child.stdout.take());
        let err = collect(child.stderr.take());
        Self { child, out, err }
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("standard input is a pipe")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the command can be signalled");
    }

    /// Waits for its end after it was killed.
    pub(crate) fn was_killed(mut self) {
        self.child.wait().expect("the command can be waited for");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Ran {
        let mut status = None;
        for _ in 0..LOOKS {
            status = self.child.try_wait().expect("the command can be waited for");
            if status.is_some() {
                break;
            }
            sleep(PAUSE);
        }
        let Some(status) = status else {
            let _ = self.child.kill();
            let _ = self.child.wait();
            panic!("the command hangs");
        };
        let join = |thread: JoinHandle<Vec<u8>>| thread.join().expect("a pipe can be read");
        Ran::new(Output { status, stdout: join(self.out), stderr: join(self.err) })
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        bytes
    })
}
