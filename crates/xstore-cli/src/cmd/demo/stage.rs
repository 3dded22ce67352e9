//! The demo's folder, and how a command is run in it.

use crate::args::Demo;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::units::human_bytes;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use xstore_keys::Entropy;

/// The size of the file that is made where none is named.
const MADE: u64 = 64 << 20;

/// A temporary folder with a file in it or near it.
pub(super) struct Stage {
    folder: TempDir,
    file: PathBuf,
    label: String,
    bytes: u64,
    interrupt: Interrupt,
    out: Output,
}

/// What a command did.
pub(super) struct Ran {
    pub(super) exit: i32,
    pub(super) printed: String,
    pub(super) seconds: f64,
}

impl Stage {
    pub(super) fn build(args: &Demo, interrupt: Interrupt, out: Output) -> Result<Self, Failure> {
        let file = match &args.file {
            Some(file) => Some(readable(file)?),
            None => None,
        };
        let parent = args.dir.clone().unwrap_or_else(std::env::temp_dir);
        let folder = tempfile::Builder::new()
            .prefix("xstore-demo-")
            .tempdir_in(&parent)
            .map_err(|error| Failure::io("SINK_FAILED", "make a folder in", &parent, error))?;
        let (file, label) = match (file, &args.file) {
            (Some(path), Some(named)) => (path, named.display().to_string()),
            _ => {
                let file = folder.path().join("photos.tar");
                make_file(&file)?;
                (file, "random bytes".to_owned())
            }
        };
        let bytes = std::fs::metadata(&file)
            .map_err(|error| Failure::io("SOURCE_FAILED", "read", &file, error))?
            .len();
        let stage = Self { folder, file, label, bytes, interrupt, out };
        stage.say(&format!(
            "A store of three places, any two of which give a file of {} back.",
            human_bytes(bytes)
        ));
        Ok(stage)
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file to store, as a command in the folder names it.
    pub(super) fn file(&self) -> String {
        let within = self.file.strip_prefix(self.folder.path()).unwrap_or(&self.file);
        within.display().to_string()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A sentence between the commands.
    pub(super) fn say(&self, text: &str) {
        self.out.note(&format!("\n# {text}"));
    }

    /// Runs this program in the folder, and shows what was typed and what came of it.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Ran, Failure> {
        self.interrupt.check()?;
        let fail = |error| Failure::new("SOURCE_FAILED", "this program can't run itself").caused_by(error);
        let program = std::env::current_exe().map_err(fail)?;
        let shown: Vec<&str> = arguments.iter().copied().filter(|argument| *argument != "--").collect();
        self.out.note(&format!("$ xstore {}", shown.join(" ")));
        let watch = Stopwatch::start();
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("XSTORE_CONFIG")
            .env_remove("XSTORE_KEY_FILE")
            .stdin(Stdio::null())
            .output()
            .map_err(fail)?;
        let seconds = watch.elapsed().as_secs_f64();
        // An interrupt reaches the command as well; what it says then isn't what the demo is about.
        self.interrupt.check()?;
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        self.out.note(printed.trim_end());
        Ok(Ran { exit: output.status.code().unwrap_or(-1), printed, seconds })
    }

    /// Whether the file `name` has the bytes that were stored.
    pub(super) fn is_same(&self, name: &str) -> bool {
        same_bytes(&self.file, &self.path(name)).unwrap_or(false)
    }

    /// Values that stand below a folder's namespaces, but for the marks.
    pub(super) fn values(&self, name: &str) -> usize {
        files(&self.path(name))
            .iter()
            .filter(|path| path.file_name().is_none_or(|name| name != "mark"))
            .count()
    }

    /// Flips one bit in the middle of the first share in a folder; twice brings it back.
    pub(super) fn flip(&self, name: &str) -> Result<(), Failure> {
        let folder = self.path(name);
        let fail = |error| Failure::io("SINK_FAILED", "change a share in", &folder, error);
        let mut shares: Vec<PathBuf> = files(&folder)
            .into_iter()
            .filter(|path| path.file_name().is_none_or(|name| name != "mark"))
            .collect();
        shares.sort();
        let path = shares.first().ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
        let middle = SeekFrom::Start(file.metadata().map_err(fail)?.len() / 2);
        let mut byte = [0];
        file.seek(middle).and_then(|_| file.read_exact(&mut byte)).map_err(fail)?;
        byte[0] ^= 1;
        file.seek(middle).and_then(|_| file.write_all(&byte)).map_err(fail)
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        let path = self.path(from);
        std::fs::rename(&path, self.path(to))
            .map_err(|error| Failure::io("SINK_FAILED", "move", &path, error))
    }

    pub(super) fn remove(&self, name: &str) {
        // Where there is none, the step before says so.
        let _ = std::fs::remove_file(self.path(name));
    }

    /// Removes everything, or says where it stays.
    pub(super) fn close(self, keep: bool) -> Option<PathBuf> {
        keep.then(|| self.folder.keep())
    }
}

/// The file's absolute path: the commands run elsewhere.
fn readable(file: &Path) -> Result<PathBuf, Failure> {
    let fail = |error| Failure::io("SOURCE_FAILED", "read", file, error);
    File::open(file).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return Err(Failure::usage(format!("{} isn't a file", file.display())).help("name a file, or none"));
    }
    file.canonicalize().map_err(fail)
}

/// Random enough not to compress, and quick to make.
fn make_file(path: &Path) -> Result<(), Failure> {
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
    file.flush().map_err(fail)
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
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
