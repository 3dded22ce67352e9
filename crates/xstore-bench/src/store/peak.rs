//! How much memory a put and a get take at most: in a process of its own, which does nothing else.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::Place;
use super::rig;
use super::stream::{Compare, Source};
use crate::bytes::{GIB, MIB, size_name};
use crate::failure::Failure;
use crate::report::{Bound, Floor, Peak, as_f64};
use crate::scope::Scope;

/// What is measured, k and n.
const THRESHOLDS: [(u8, u8); 2] = [(2, 3), (4, 7)];
/// MiB that (2,3) may take.
const AT_MOST: f64 = 100.0;

/// The first argument of a process that only puts and gets; the fields of a [`Task`] follow.
pub(crate) const CHILD: &str = "--measured-child";

/// What such a process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    k: u8,
    n: u8,
    bytes: u64,
    /// A folder that is empty.
    place: PathBuf,
}

/// Bytes of memory that were held at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    /// Until the data was stored.
    put: u64,
    /// Until it was read, too.
    all: u64,
}

/// Measures every threshold, and judges the floor. Nothing where the system doesn't tell what a process needs.
///
/// # Errors
/// [`Failure::Child`] where such a process fails, [`Failure::System`].
pub(super) fn section(scope: &Scope) -> Result<(Vec<Peak>, Vec<Floor>), Failure> {
    let (mut peaks, mut floors) = (Vec::new(), Vec::new());
    if most_held().is_none() {
        return Ok((peaks, floors));
    }
    let program = env::current_exe().map_err(Failure::system("find the program"))?;
    let size = if scope.quick { 64 * MIB } else { GIB };
    for (k, n) in THRESHOLDS {
        let id = format!("store/peak/{k}-{n}/{}", size_name(size).replace(' ', ""));
        if !scope.wants(&id) {
            continue;
        }
        let place = Place::new(scope.dir.as_deref())?;
        let held = Task { k, n, bytes: size as u64, place: place.path().to_owned() }.run(&program)?;
        place.remove()?;
        let what = format!("({k},{n}) put and get over {n} folders");
        let peak = Peak { id, what, size: size_name(size), put_mib: mib(held.put), all_mib: mib(held.all) };
        if k == 2 {
            let what = format!("({k},{n}) store, put and get of {}, MiB of memory", peak.size);
            floors.push(Floor::within(what, Bound::AtMost(AT_MOST), vec![peak.all_mib]));
        }
        peaks.push(peak);
    }
    Ok((peaks, floors))
}

impl Task {
    /// Reads what follows [`CHILD`].
    pub(crate) fn parse(words: &[String]) -> Option<Self> {
        let [k, n, bytes, place] = words else { return None };
        Some(Self { k: k.parse().ok()?, n: n.parse().ok()?, bytes: bytes.parse().ok()?, place: place.into() })
    }

    /// Has it done by a new process of `program`, which is this one.
    fn run(&self, program: &Path) -> Result<Held, Failure> {
        let mut command = Command::new(program);
        command.args([CHILD, &self.k.to_string(), &self.n.to_string(), &self.bytes.to_string()]);
        let output = command.arg(&self.place).output().map_err(Failure::system("start a process"))?;
        let held = output.status.success().then(|| Held::parse(&String::from_utf8_lossy(&output.stdout)));
        held.flatten().ok_or_else(|| {
            Failure::Child(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
        })
    }

    /// Does it, and returns what to print: the bytes that were held at most.
    ///
    /// # Errors
    /// Those of the store, and [`Failure::Wrong`] where something else is read than was stored.
    pub(crate) fn perform(&self) -> Result<String, Failure> {
        let (runtime, store) = (rig::runtime()?, rig::in_folders(self.k, self.n, &self.place)?);
        let untold = || Failure::Child("the system doesn't tell how much memory was held".to_owned());
        let put = store.put_reader("object", Source::new(self.bytes));
        let manifest = runtime.block_on(async { put.await })?;
        let put = most_held().ok_or_else(untold)?;
        let mut compare = Compare::new();
        let got = runtime.block_on(async { store.get_to_writer(&manifest, &mut compare).await })?;
        if got != self.bytes || compare.taken() != self.bytes {
            return Err(Failure::Wrong("the store"));
        }
        Ok(Held { put, all: most_held().ok_or_else(untold)? }.to_string())
    }
}

impl Held {
    /// Reads what its [`Display`](std::fmt::Display) writes.
    fn parse(text: &str) -> Option<Self> {
        let (put, all) = text.trim().split_once(' ')?;
        Some(Self { put: put.parse().ok()?, all: all.parse().ok()? })
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.put, self.all)
    }
}

/// Bytes of memory that this process has held at most.
fn most_held() -> Option<u64> {
    peak_of(&fs::read_to_string("/proc/self/status").ok()?)
}

/// The peak in a text like Linux's `/proc/self/status`.
fn peak_of(status: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = rest.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn mib(bytes: u64) -> f64 {
    as_f64(usize::try_from(bytes).unwrap_or(usize::MAX)) / as_f64(MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_in_kibibytes() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t   12 kB\nVmRSS:\t 5 kB\n"), Some(12 * 1024));
        assert_eq!(peak_of("VmRSS:\t 5 kB\n"), None);
    }

    #[test]
    fn a_task_puts_and_gets_and_says_what_it_took() {
        let place = tempfile::tempdir().unwrap();
        let words = ["2", "3", "3000000", place.path().to_str().unwrap()].map(str::to_owned);
        let task = Task::parse(&words).unwrap();
        let shares = || fs::read_dir(place.path().join("b0/xstore/m")).unwrap().count();
        match (task.perform(), most_held()) {
            (Ok(text), Some(_)) => {
                let held = Held::parse(&text).unwrap();
                assert!(held.put > 3_000_000 && held.all >= held.put, "{held:?}");
            }
            // It was stored, and nobody knows with how much memory.
            (Err(Failure::Child(_)), None) => {}
            (other, _) => panic!("{other:?}"),
        }
        assert_eq!(shares(), 1);
        assert_eq!(Task::parse(&words[..3]), None);
        assert_eq!(Task::parse(&["2", "x", "1", "."].map(str::to_owned)), None);
    }
}
