//! Other processes: this program once more, in a role.

use crate::support::{get, id, key, open, put, value};
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use xstore_backend::{Error, ErrorKind, PutOptions, StorageBackend};
use xstore_backend_sqlite::{Config, SqliteBackend};

const ROLE: &str = "XSTORE_SQLITE_TEST_ROLE";
const FILE: &str = "XSTORE_SQLITE_TEST_FILE";
const NUMBER: &str = "XSTORE_SQLITE_TEST_NUMBER";

/// What the other process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The steps of [`crate::kills`], and says the number of each that was acknowledged, until it is killed.
    Write,
    /// Its part of the contest in [`crate::processes`].
    Contend,
    /// Tries to get the file for itself, and says whether it could.
    Claim,
    /// Opens the database, and says how that went; then the same with making it.
    Open,
}

impl Role {
    const ALL: [Self; 4] = [Self::Write, Self::Contend, Self::Claim, Self::Open];
}

/// Another process; it is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(role: Role, file: &Path, number: u64) -> Self {
        Self::start_by(role, file, number, |_| ()).unwrap()
    }

    pub(crate) fn start_by(
        role: Role,
        file: &Path,
        number: u64,
        change: impl FnOnce(&mut Command),
    ) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["child::run_a_role", "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, format!("{role:?}"))
            .env(FILE, file)
            .env(NUMBER, number.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Ok(Self { child, lines })
    }

    /// The next thing that it says; nothing where it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Some((_, said)) = line.split_once('@') {
                return Some(said.to_owned());
            }
        }
    }

    /// Lets it have no time for anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// All that it says until its end, which must be a good one.
    pub(crate) fn finish(mut self) -> Vec<String> {
        let said = std::iter::from_fn(|| self.hear()).collect();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(text: impl std::fmt::Display) {
    println!("@{text}");
}

/// Started by [`Process::start`] only.
#[tokio::test]
async fn run_a_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let role = Role::ALL.into_iter().find(|known| format!("{known:?}") == role).unwrap();
    let file = std::env::var_os(FILE).unwrap();
    let number = std::env::var(NUMBER).unwrap().parse().unwrap();
    let file = Path::new(&file);
    match role {
        Role::Write => crate::kills::write(&open(file), number, say).await,
        Role::Contend => contend(file, number).await,
        Role::Claim => claim(file),
        Role::Open => {
            say(outcome(SqliteBackend::open(id(), file)));
            say(outcome(SqliteBackend::create(id(), file)));
            say(outcome(SqliteBackend::create(id(), file.with_file_name("another.db"))));
        }
    }
}

/// How many keys are contended for.
pub(crate) const PRIZES: u64 = 60;
/// How many keys of its own each process keeps in the end.
pub(crate) const KEPT: u64 = 30;

/// Tries for every prize, and between that writes, replaces and removes keys of its own.
async fn contend(file: &Path, number: u64) {
    // One of them doesn't wait for the others' locks, and has to try again instead.
    let config = Config::new(file);
    let config = if number == 0 { config.with_busy_timeout(std::time::Duration::ZERO) } else { config };
    let backend = loop {
        match SqliteBackend::open_with(id(), config.clone()) {
            Ok(backend) => break backend,
            Err(error) => must_be_busy(&error),
        }
    };
    for at in 0..PRIZES {
        let prize = key(format!("prize/{at}"));
        loop {
            match backend.put(&prize, value(number, 3000).into(), &PutOptions::create_only()).await {
                Ok(()) => break say(at),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => break,
                Err(error) => must_be_busy(&error),
            }
        }
        let own = format!("own/{number}/{}", at % KEPT);
        let len = if at % 10 == 0 { 300_000 } else { 500 };
        while let Err(error) = put(&backend, &own, value(at, len)).await {
            must_be_busy(&error);
        }
        let passing = format!("passing/{number}/{at}");
        while let Err(error) = put(&backend, &passing, value(at, 2000)).await {
            must_be_busy(&error);
        }
        assert!(get(&backend, &passing).await.unwrap() == value(at, 2000));
        while let Err(error) = backend.delete(&key(&passing)).await {
            must_be_busy(&error);
        }
    }
}

fn must_be_busy(error: &Error) {
    assert!(error.kind() == ErrorKind::Unavailable && error.is_retryable(), "{error:?}");
    std::thread::yield_now();
}

/// Locks every byte of the file, which is refused while another process has a lock on any.
#[cfg(unix)]
fn claim(file: &Path) {
    use rustix::fs::{FlockOperation, fcntl_lock};
    let file = std::fs::File::options().read(true).write(true).open(file).unwrap();
    let locked = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
    say(if locked.is_ok() { "claimed" } else { "refused" });
}

#[cfg(not(unix))]
fn claim(_: &Path) {}

fn outcome(opened: Result<SqliteBackend, Error>) -> String {
    opened.map_or_else(|error| format!("{:?}", error.kind()), |_| "opened".to_owned())
}
