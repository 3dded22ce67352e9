//! Servers of the tests' own, to be stopped, frozen, killed and set up as a test wants.

use crate::support::env;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;
use xstore_backend_redis::Config;

/// A server starts in a few hundredths of a second; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Attempts to find a free port, which somebody else may take before the server does.
const PORTS: usize = 10;

/// Durable, and with nothing else to do.
pub(crate) const DURABLE: &[&str] = &["--save", "", "--appendonly", "yes", "--appendfsync", "always"];

/// What forgets.
pub(crate) const FORGETFUL: &[&str] = &["--save", "", "--appendonly", "no"];

/// A server that ends with this value, and its folder.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Starts one with these arguments besides those that say where it is.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments, |port| {
            vec!["--port".into(), port.to_string()]
        })
    }

    /// Starts one that listens as `listening` says for a port.
    pub(crate) fn start_in(
        folder: TempDir,
        arguments: &[&str],
        listening: impl Fn(u16) -> Vec<String>,
    ) -> Self {
        for _ in 0..PORTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut all = listening(port);
            all.extend(arguments.iter().map(ToString::to_string));
            if let Ok(process) = launch(folder.path(), &all) {
                return Self { folder, port, arguments: all, process: Mutex::new(Some(process)) };
            }
        }
        panic!("no server starts: {}", log_of(folder.path()));
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> Config {
        Config::tcp("127.0.0.1", self.port)
    }

    /// The peer: another client, by another author.
    pub(crate) fn peer(&self) -> redis::Connection {
        let url = format!("redis://127.0.0.1:{}", self.port);
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }

    /// As an administrator who types it.
    pub(crate) fn ask(&self, words: &[&str]) -> redis::Value {
        ask(&mut self.peer(), words)
    }

    /// Whether it is new enough to tell when writes are on disk.
    pub(crate) fn tells_when_on_disk(&self) -> bool {
        let redis::Value::BulkString(info) = self.ask(&["INFO", "server"]) else { panic!("no INFO") };
        let info = String::from_utf8(info).unwrap();
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap();
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap());
        (numbers.next(), numbers.next()) >= (Some(7), Some(2))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let process = self.process.lock().unwrap();
        let id = process.as_ref().expect("it runs").id();
        kill_process(Pid::from_raw(id.try_into().unwrap()).unwrap(), signal).unwrap();
    }

    /// Kills it without a warning.
    pub(crate) fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again where it was, with what it has on disk.
    pub(crate) fn restart(&self) {
        self.restart_with(&[]);
    }

    /// The same with further arguments.
    pub(crate) fn restart_with(&self, further: &[&str]) {
        self.kill();
        let mut arguments = self.arguments.clone();
        arguments.extend(further.iter().map(ToString::to_string));
        let process = launch(self.folder.path(), &arguments);
        *self.process.lock().unwrap() =
            Some(process.unwrap_or_else(|()| panic!("{}", log_of(self.folder()))));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Also one that is stopped by a signal.
        self.kill();
    }
}

/// The answer of the server to an administrator.
pub(crate) fn ask(peer: &mut redis::Connection, words: &[&str]) -> redis::Value {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query(peer).unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

fn launch(folder: &Path, arguments: &[String]) -> Result<Child, ()> {
    let log = File::create(log_file(folder)).unwrap();
    let mut command = Command::new(env("XSTORE_ITEST_REDIS_SERVER"));
    command.args(["--bind", "127.0.0.1", "--daemonize", "no", "--dir"]).arg(folder).args(arguments);
    let started = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
    let mut process = started.expect("XSTORE_ITEST_REDIS_SERVER is a program that starts");
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if log_of(folder).contains("Ready to accept connections") {
            return Ok(process);
        }
        if process.try_wait().unwrap().is_some() {
            return Err(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    panic!("the server doesn't get ready: {}", log_of(folder));
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(log_file(folder)).unwrap_or_default()
}
