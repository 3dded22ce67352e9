//! The emulators of one run: started, waited for, watched, stopped.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;
use std::{process, thread};

use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::itest::container::Engine;
use crate::itest::emulator::{Emulator, Launch, Places};
use crate::itest::install::Installation;
use crate::itest::native;

/// A server that isn't ready after this time won't be. Node on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);

/// A port that was free can be taken by somebody else before the server binds it: so many starts are tried.
const ATTEMPTS: usize = 3;

/// So much of the end of a log is shown, in bytes.
const TAIL: u64 = 3000;

/// Where emulators run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// In containers.
    Container(Engine),
    /// As processes of this machine.
    Native,
}

impl Runtime {
    /// Containers where an engine answers, processes elsewhere.
    pub(crate) fn found() -> Self {
        Engine::found().map_or(Self::Native, Self::Container)
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Container(engine) => engine.program(),
            Self::Native => "native",
        }
    }
}

/// Emulators that run until this is dropped, or this process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Running {
    servers: Vec<Server>,
    scratch: Scratch,
}

impl Running {
    /// Starts these emulators side by side and waits until all are ready.
    ///
    /// # Errors
    /// [`Failure::Failed`] if one can't be had, or doesn't become ready; the end of its log is in the message.
    pub(crate) fn start(
        emulators: &[Emulator],
        runtime: Runtime,
        root: &Path,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let installation = Installation::open(root, folder)?;
        let mut running = Self { servers: Vec::new(), scratch: Scratch::new(folder)? };
        let places = Places::new(&running.scratch.0);
        let launch = |emulator| launch(emulator, runtime, &installation, &places);
        // What has to be fetched is fetched before anything runs.
        for emulator in emulators {
            if let Runtime::Container(engine) = runtime {
                engine.pull(*emulator)?;
            }
            launch(*emulator)?;
        }
        for emulator in emulators {
            running.servers.push(Server::spawn(*emulator, launch(*emulator)?, places.log(*emulator))?);
        }
        for server in &mut running.servers {
            server.bring_up(launch)?;
        }
        Ok(running)
    }

    /// What the tests have to know.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        self.servers.iter().flat_map(|server| server.emulator.variables(server.launch.port)).collect()
    }

    /// Whether all are still there.
    ///
    /// # Errors
    /// [`Failure::Failed`] with the end of the log of one that isn't.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.servers.iter_mut().try_for_each(Server::check)
    }

    /// Stays until one of them ends by itself, which they don't.
    ///
    /// # Errors
    /// [`Failure::Failed`] with the end of its log.
    pub(crate) fn stay(&mut self) -> Result<(), Failure> {
        loop {
            self.check()?;
            thread::sleep(Duration::from_millis(500));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // All at once: the slowest one sets the time.
        for server in &mut self.servers {
            server.let_go();
        }
        for server in &mut self.servers {
            let _ = server.guard.wait();
        }
    }
}

fn launch(
    emulator: Emulator,
    runtime: Runtime,
    installation: &Installation,
    places: &Places,
) -> Result<Launch, Failure> {
    if let Runtime::Container(engine) = runtime {
        let launch = engine.launch(emulator).map_err(|e| Failure::Failed(format!("no free port: {e}")))?;
        if let Some(launch) = launch {
            return Ok(launch);
        }
    }
    native::launch(emulator, installation, &places.data(emulator))
}

/// One emulator with its guard.
#[derive(Debug)]
struct Server {
    emulator: Emulator,
    launch: Launch,
    guard: Child,
    log: PathBuf,
    since: Stopwatch,
}

impl Server {
    fn spawn(emulator: Emulator, launch: Launch, log: PathBuf) -> Result<Self, Failure> {
        let since = Stopwatch::start();
        let guard = File::create(&log).and_then(|out| {
            let mut command = launch.spec.command()?;
            command.stderr(out.try_clone()?).stdout(out).spawn()
        });
        let guard = guard.map_err(|e| Failure::Failed(format!("{}: {e}", emulator.name())))?;
        Ok(Self { emulator, launch, guard, log, since })
    }

    /// Waits until it is ready; starts it again on other ports if it ended at once.
    fn bring_up(&mut self, launch: impl Fn(Emulator) -> Result<Launch, Failure>) -> Result<(), Failure> {
        let mut attempts = 1;
        while !self.is_ready() {
            if let Err(failure) = self.check() {
                if attempts == ATTEMPTS {
                    return Err(failure);
                }
                attempts += 1;
                *self = Self::spawn(self.emulator, launch(self.emulator)?, self.log.clone())?;
            }
            if self.since.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(self.failed(&format!("isn't ready after {seconds} s")));
            }
            thread::sleep(PAUSE);
        }
        // Whoever else answered at that port, it was not this one if this one is gone.
        self.check()?;
        self.emulator.furnish(self.launch.port).map_err(|e| self.failed(&e.to_string()))?;
        let seconds = self.since.elapsed().as_secs_f64();
        eprintln!("itest: {} is ready after {seconds:.1} s", self.emulator.name());
        Ok(())
    }

    fn is_ready(&self) -> bool {
        self.launch.ready.iter().all(|probe| probe.holds().unwrap_or(false))
    }

    fn check(&mut self) -> Result<(), Failure> {
        match self.guard.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.failed(&format!("ended with {status}"))),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    fn failed(&self, what: &str) -> Failure {
        let tail = tail(&self.log).unwrap_or_default();
        let shown = self.launch.spec.shown();
        Failure::Failed(format!("{}: {what}\n$ {shown}\n{}", self.emulator.name(), tail.trim_end()))
    }

    /// Closes the guard's input, by which it knows that the server isn't needed any more.
    fn let_go(&mut self) {
        drop(self.guard.stdin.take());
    }
}

/// The end of a file.
fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The folder of one run, which goes with it.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let runs = folder.join("runs");
        // Each guard removes what its server wrote; of a run that was killed only logs are left.
        for entry in fs::read_dir(&runs).into_iter().flatten().flatten() {
            let owner = entry.file_name().to_string_lossy().parse().ok();
            if owner.is_some_and(|owner| !is_alive(owner)) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let path = runs.join(process::id().to_string());
        fs::create_dir_all(&path).map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
fn is_alive(process: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    Pid::from_raw(process).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_shown() {
        let path = std::env::temp_dir().join(format!("xtask-tail-{}", process::id()));
        fs::write(&path, "x".repeat(5000) + "end").unwrap();
        let text = tail(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(text.len() as u64, TAIL);
        assert!(text.ends_with("xend"));
        assert!(tail(&path).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_living_are_told_from_the_dead() {
        assert!(is_alive(i32::try_from(process::id()).unwrap()));
        let mut child = process::Command::new("true").spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        assert!(!is_alive(id));
    }
}
