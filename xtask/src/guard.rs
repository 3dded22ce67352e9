//! A process that stands between xtask and a program that must not outlive it.
//!
//! xtask starts `xtask guard SPEC` in a process group of its own and keeps the other end of its standard input.
//! However xtask ends, by itself, in a panic, by Ctrl-C or by a signal that nothing can catch, that end closes. The
//! guard sees it, stops the program with everything that it started, and removes what was laid out for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;
use std::{env, fs, thread};

use serde::{Deserialize, Serialize};

use crate::clock::Stopwatch;

/// The hidden task's name.
pub(crate) const TASK: &str = "guard";

/// A program that is asked to end has this long, unless told.
const GRACE: Duration = Duration::from_secs(3);

/// A program without a limit has this one.
const FOREVER: Duration = Duration::from_secs(365 * 86_400);

/// A program and what has to go with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    program: String,
    args: Vec<String>,
    envs: Vec<(String, String)>,
    folder: Option<PathBuf>,
    /// Files and folders that go when the program has ended.
    remove: Vec<PathBuf>,
    /// A command that runs when the program has ended.
    after: Vec<String>,
    /// After so many seconds the program is ended.
    limit: Option<u64>,
}

impl Spec {
    /// Guards this program.
    pub(crate) fn new(program: impl Into<String>) -> Self {
        Self { program: program.into(), ..Self::default() }
    }

    /// Adds arguments.
    pub(crate) fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable for it.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.envs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it in this folder.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Removes a file or folder when the program has ended.
    pub(crate) fn remove(mut self, path: impl Into<PathBuf>) -> Self {
        self.remove.push(path.into());
        self
    }

    /// Runs a command when the program has ended, for what a signal doesn't reach.
    pub(crate) fn after<A: Into<String>>(mut self, command: impl IntoIterator<Item = A>) -> Self {
        self.after = command.into_iter().map(Into::into).collect();
        self
    }

    /// Ends the program after this time.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit.as_secs());
        self
    }

    /// The program as a person would type it.
    pub(crate) fn shown(&self) -> String {
        std::iter::once(&self.program).chain(&self.args).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The command that runs the guard. Whoever holds the child's standard input keeps the program alive.
    ///
    /// # Errors
    /// If this program doesn't know where it lies itself.
    pub(crate) fn command(&self) -> io::Result<Command> {
        let spec = serde_json::to_string(self).map_err(io::Error::other)?;
        let mut command = Command::new(own_program()?);
        command.arg(TASK).arg(spec).stdin(Stdio::piped());
        lead_a_group(&mut command);
        Ok(command)
    }

    /// Starts the program and stays until it has ended; ends it when the standard input does.
    fn run(&self) -> io::Result<ExitStatus> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.envs.iter().cloned()).stdin(Stdio::null());
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        lead_a_group(&mut command);
        let mut child = command.spawn()?;
        let (sender, ended) = mpsc::channel();
        let orphaned = sender.clone();
        thread::spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            orphaned.send(Event::Orphaned)
        });
        watch(&child, sender);
        self.stay(&child, &ended)?;
        // What the program itself started may still be there.
        signal_group(&child, Signal::Kill);
        child.wait()
    }

    /// Waits for the end, and brings it about when nobody wants the program any more.
    fn stay(&self, child: &Child, events: &Receiver<Event>) -> io::Result<()> {
        let gone = |_| io::Error::other("nobody watches the program");
        let limit = self.limit.map_or(FOREVER, Duration::from_secs);
        match events.recv_timeout(limit) {
            Ok(Event::Ended) => return Ok(()),
            Ok(Event::Orphaned) => {}
            Err(RecvTimeoutError::Timeout) => {
                eprintln!("xtask: `{}` is ended: it took more than {} s", self.shown(), limit.as_secs());
            }
            Err(RecvTimeoutError::Disconnected) => return Err(gone(mpsc::RecvError)),
        }
        signal_group(child, Signal::Terminate);
        let begun = Stopwatch::start();
        while let Some(rest) = GRACE.checked_sub(begun.elapsed()) {
            match events.recv_timeout(rest) {
                Ok(Event::Ended) => return Ok(()),
                Ok(Event::Orphaned) => {}
                Err(_) => break,
            }
        }
        signal_group(child, Signal::Kill);
        while events.recv().map_err(gone)? != Event::Ended {}
        Ok(())
    }

    fn clean_up(&self) {
        if let [program, args @ ..] = self.after.as_slice() {
            let mut command = Command::new(program);
            command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let _ = command.status();
        }
        for path in &self.remove {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

/// What the guard waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Ended,
    Orphaned,
}

/// Is the guard: never returns before the program has ended. The exit code is the program's.
pub(crate) fn main(spec: &str) -> ExitCode {
    let spec: Spec = match serde_json::from_str(spec) {
        Ok(spec) => spec,
        Err(error) => {
            eprintln!("xtask: guard: {error}");
            return ExitCode::from(2);
        }
    };
    let result = spec.run();
    spec.clean_up();
    match result {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(101)),
        Err(error) => {
            eprintln!("xtask: `{}` can't be run: {error}", spec.shown());
            ExitCode::from(127)
        }
    }
}

/// How urgently a program is asked to end.
#[derive(Debug, Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn lead_a_group(_: &mut Command) {}

/// Reports the end of the child without taking its exit status, so that its number stays its own until then.
#[cfg(unix)]
fn watch(child: &Child, ended: mpsc::Sender<Event>) {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let pid = Pid::from_child(child);
    thread::spawn(move || {
        while let Err(error) = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            if error != rustix::io::Errno::INTR {
                break;
            }
        }
        ended.send(Event::Ended)
    });
}

#[cfg(not(unix))]
fn watch(_: &Child, ended: mpsc::Sender<Event>) {
    // Without process groups nobody is guarded: the wait that follows is the wait for the end.
    let _ = ended.send(Event::Ended);
}

#[cfg(unix)]
fn signal_group(child: &Child, signal: Signal) {
    use rustix::process::{Pid, Signal as Number, kill_process_group};
    let number = match signal {
        Signal::Terminate => Number::TERM,
        Signal::Kill => Number::KILL,
    };
    let _ = kill_process_group(Pid::from_child(child), number);
}

#[cfg(not(unix))]
fn signal_group(_: &Child, _: Signal) {}

/// This very program. The link of Linux leads to it even after a new build has taken its place.
fn own_program() -> io::Result<OsString> {
    let link = Path::new("/proc/self/exe");
    if link.exists() { Ok(OsStr::new(link).to_owned()) } else { Ok(env::current_exe()?.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_survives_the_command_line() {
        let spec = Spec::new("redis-server")
            .args(["--port", "1 2"])
            .folder(Path::new("a"))
            .remove("b")
            .after(["docker", "rm"]);
        let command = spec.command().unwrap();
        let words: Vec<&OsStr> = command.get_args().collect();
        assert_eq!(words[0], TASK);
        assert_eq!(serde_json::from_str::<Spec>(words[1].to_str().unwrap()).unwrap(), spec);
        assert_eq!(spec.shown(), "redis-server --port 1 2");
    }

    #[test]
    fn a_broken_spec_is_a_usage_error() {
        assert_eq!(format!("{:?}", main("{")), format!("{:?}", ExitCode::from(2)));
    }
}
