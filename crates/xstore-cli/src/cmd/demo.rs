//! `xstore demo`: the whole promise, tried on this machine in a minute.

use crate::args::Demo;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::join::{self, Sink};
use crate::output::Output;
use crate::split;
use crate::units::{human_bytes, human_rate};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use xorida_core::Threshold;
use xstore_keys::{Entropy, IntegrityKey, KeyRing};
use xstore_share::PadSource;

/// The size of the file that is made where none is named.
const MADE: u64 = 256 << 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    step: String,
    expected: &'static str,
    outcome: String,
    ok: bool,
    bytes: Option<u64>,
    seconds: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    file: String,
    bytes: u64,
    steps: Vec<Step>,
    passed: bool,
}

/// The demo's folder and what is in it.
struct Stage {
    folders: [PathBuf; 3],
    manifest: PathBuf,
    output: PathBuf,
    original: PathBuf,
    ring: KeyRing,
    interrupt: Interrupt,
    out: Output,
}

pub(super) fn run(args: &Demo, out: Output) -> Result<(), Failure> {
    let parent = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new()
        .prefix("xstore-demo-")
        .tempdir_in(&parent)
        .map_err(|error| Failure::io("SINK_FAILED", "make a folder in", &parent, error))?;
    let root = folder.path();
    let (original, label) = match &args.file {
        Some(file) => (file.clone(), file.display().to_string()),
        None => (make_file(&root.join("original"))?, format!("{} of random bytes", human_bytes(MADE))),
    };
    let mut ring = KeyRing::default();
    let today = crate::clock::today()
        .ok_or_else(|| Failure::new("CONFIG_INVALID", "the system's clock is out of range"))?;
    IntegrityKey::generate(&mut Entropy::os())
        .map_err(|error| Failure::new("SOURCE_FAILED", "the system's random source failed").caused_by(error))
        .and_then(|key| {
            ring.add(key, today)
                .map_err(|error| Failure::new("KEY_UNAVAILABLE", "can't make a key").caused_by(error))
        })?;
    let stage = Stage {
        folders: ["a", "b", "c"].map(|name| root.join(name)),
        manifest: root.join("manifest.json"),
        output: root.join("joined"),
        original,
        ring,
        interrupt: Interrupt::watch(),
        out,
    };
    let steps = stage.play()?;
    let report = Report {
        file: label,
        bytes: std::fs::metadata(&stage.original).map_or(0, |metadata| metadata.len()),
        passed: steps.iter().all(|step| step.ok),
        steps,
    };
    out.result(&report, || table(&report))?;
    drop(folder);
    if report.passed {
        Ok(())
    } else {
        Err(Failure::new("RECONSTRUCTION_FAILED", "the demo didn't go as it should; see the table")
            .help("please report this, with the table"))
    }
}

impl Stage {
    fn play(&self) -> Result<Vec<Step>, Failure> {
        let [a, b, c] = &self.folders;
        let mut steps = vec![self.split()?];
        for pair in [[a, b], [a, c], [b, c]] {
            self.interrupt.check()?;
            steps.push(self.join(&pair, Expect::Good));
        }
        flip_a_byte(b)?;
        steps.push(self.join(&[a, b, c], Expect::Names(b)));
        self.interrupt.check()?;
        steps.push(self.join(&[a, b], Expect::Refused));
        self.interrupt.check()?;
        Ok(steps)
    }

    fn split(&self) -> Result<Step, Failure> {
        let input = File::open(&self.original)
            .map_err(|error| Failure::io("SOURCE_FAILED", "read", &self.original, error))?;
        let length = input.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
        let job = split::Job {
            source: &self.original,
            threshold: Threshold::new(2, 3)
                .map_err(|error| Failure::new("CONFIG_INVALID", "2-of-3 is refused").caused_by(error))?,
            folders: &self.folders,
            manifest: &self.manifest,
            name: "demo".to_owned(),
            ttl: None,
            part: None,
            pad_to: None,
            pads: PadSource::Seeded,
            length,
        };
        let keys = self
            .ring
            .current()
            .map_err(|error| Failure::new("KEY_UNAVAILABLE", "can't make a key").caused_by(error))?;
        let report = split::run(&job, input, keys, &self.interrupt, self.out)?;
        let each = report.folders.first().map_or(0, |folder| folder.bytes);
        Ok(Step {
            step: "split 2-of-3 into a, b, c".to_owned(),
            expected: "3 shares",
            outcome: format!("3 shares of {}", human_bytes(each)),
            ok: report.folders.len() == 3,
            bytes: Some(report.bytes),
            seconds: Some(report.seconds),
        })
    }

    fn join(&self, folders: &[&PathBuf], expect: Expect<'_>) -> Step {
        let names: Vec<String> = folders
            .iter()
            .map(|folder| folder.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .collect();
        let damaged = if matches!(expect, Expect::Good) { "" } else { ", one byte of b flipped" };
        let mut step = Step {
            step: format!("join from {}{damaged}", names.join(", ")),
            expected: expect.text(),
            outcome: String::new(),
            ok: false,
            bytes: None,
            seconds: None,
        };
        match self.try_join(folders) {
            Ok(report) => {
                let bad: Vec<&Path> = report
                    .folders
                    .iter()
                    .filter(|folder| !folder.is_good())
                    .map(|folder| &*folder.path)
                    .collect();
                let same = same_bytes(&self.original, &self.output).unwrap_or(false);
                step.outcome = match (same, bad.is_empty()) {
                    (true, true) => "same bytes".to_owned(),
                    (true, false) => format!("same bytes; bad: {}", file_names(&bad)),
                    (false, _) => "OTHER BYTES".to_owned(),
                };
                step.ok = same
                    && match expect {
                        Expect::Good => bad.is_empty(),
                        Expect::Names(folder) => bad == [&**folder],
                        Expect::Refused => false,
                    };
                step.bytes = Some(report.bytes);
                step.seconds = Some(report.seconds);
            }
            Err(failure) => {
                step.outcome = failure.code().to_owned();
                step.ok = matches!(expect, Expect::Refused)
                    && failure.code() == "INSUFFICIENT_SHARES"
                    && !self.output.exists();
            }
        }
        let _ = std::fs::remove_file(&self.output);
        step
    }

    fn try_join(&self, folders: &[&PathBuf]) -> Result<join::Report, Failure> {
        let folders: Vec<PathBuf> = folders.iter().map(|folder| (*folder).clone()).collect();
        let job = join::Job { manifest: &self.manifest, folders: &folders, name: Some("demo"), fast: false };
        let manifest = join::open_manifest(&job, &self.ring)?;
        let mut sink = Sink::file(&self.output, false)?;
        let report = join::run(&job, &manifest, &self.ring, &mut sink, &self.interrupt, self.out)?;
        sink.commit()?;
        Ok(report)
    }
}

/// How a step should end.
#[derive(Clone, Copy)]
enum Expect<'a> {
    Good,
    Names(&'a PathBuf),
    Refused,
}

impl Expect<'_> {
    const fn text(self) -> &'static str {
        match self {
            Self::Good => "same bytes",
            Self::Names(_) => "same bytes, b is named",
            Self::Refused => "refused, no output",
        }
    }
}

fn file_names(paths: &[&Path]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    names.join(", ")
}

/// Random enough not to compress, and quick to make.
fn make_file(path: &Path) -> Result<PathBuf, Failure> {
    let fail = |error| Failure::io("SINK_FAILED", "write", path, error);
    let seed: [u8; 8] = Entropy::os().array().map_err(|error| {
        Failure::new("SOURCE_FAILED", "the system's random source failed").caused_by(error)
    })?;
    let mut state = u64::from_le_bytes(seed) | 1;
    let mut file = BufWriter::with_capacity(1 << 20, File::create_new(path).map_err(fail)?);
    for _ in 0..MADE / 8 {
        // xorshift64: test data, nothing that must not be guessed.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes()).map_err(fail)?;
    }
    file.flush().map_err(fail)?;
    Ok(path.to_owned())
}

/// Flips one bit in the middle of a share in the folder.
fn flip_a_byte(folder: &Path) -> Result<(), Failure> {
    let fail = |error| Failure::io("SINK_FAILED", "change a share in", folder, error);
    let path = first_file(folder).map_err(fail)?;
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
    let middle = SeekFrom::Start(file.metadata().map_err(fail)?.len() / 2);
    let mut byte = [0];
    file.seek(middle).and_then(|_| file.read_exact(&mut byte)).map_err(fail)?;
    byte[0] ^= 1;
    file.seek(middle).and_then(|_| file.write_all(&byte)).map_err(fail)
}

/// The first file below a folder.
fn first_file(folder: &Path) -> std::io::Result<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let first = entries.into_iter().next().ok_or(std::io::ErrorKind::NotFound)?;
    if first.is_dir() { first_file(&first) } else { Ok(first) }
}

fn same_bytes(a: &Path, b: &Path) -> std::io::Result<bool> {
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read = a.read(&mut left)?;
        if read == 0 {
            return Ok(true);
        }
        b.read_exact(&mut right[..read])?;
        if left[..read] != right[..read] {
            return Ok(false);
        }
    }
}

fn table(report: &Report) -> String {
    let mut lines = vec![
        format!("xstore demo: {}, {}", report.file, human_bytes(report.bytes)),
        String::new(),
        format!("     {:<42} {:<24} {:<28} {:>10}", "step", "expected", "outcome", "speed"),
    ];
    for step in &report.steps {
        let speed = match (step.bytes, step.seconds) {
            (Some(bytes), Some(seconds)) => human_rate(bytes, seconds),
            _ => "-".to_owned(),
        };
        let mark = if step.ok { "ok" } else { "FAIL" };
        lines.push(format!(
            "{mark:<4} {:<42} {:<24} {:<28} {speed:>10}",
            step.step, step.expected, step.outcome
        ));
    }
    lines.push(String::new());
    lines.push(if report.passed {
        "Everything went as it should: any two folders give the file back, a changed share is found, and one good share is not enough.".to_owned()
    } else {
        "Something did not go as it should.".to_owned()
    });
    lines.join("\n")
}
