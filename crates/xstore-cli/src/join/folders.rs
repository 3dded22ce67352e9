//! The folders that may hold shares: what is in each, and what is wrong with it.

use crate::failure::Failure;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Problems that are told per folder; the rest is counted.
const TOLD: usize = 3;

/// What was found in one folder.
struct Folder {
    path: PathBuf,
    /// Why the folder itself can't be used.
    unusable: Option<String>,
    indexes: BTreeSet<u8>,
    /// Shares that it holds, good or bad, over all parts.
    found: usize,
    /// Whether a share in it was opened.
    read: bool,
    good_parts: usize,
    problems: usize,
    told: Vec<String>,
    codes: BTreeSet<&'static str>,
}

/// All folders of a join.
pub(super) struct Folders(Vec<Folder>);

/// One folder of a report.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FolderReport {
    pub(crate) path: PathBuf,
    /// `good`, `bad` (something failed), `empty` (no share of this object) or `unused` (holds shares, but none was
    /// needed and none was read).
    pub(crate) state: &'static str,
    /// The share indexes that were found in it; one where all is well.
    pub(crate) indexes: Vec<u8>,
    /// Parts whose share in it was good.
    pub(crate) good_parts: usize,
    /// The codes of what failed.
    pub(crate) codes: Vec<&'static str>,
    /// What failed, the first few.
    pub(crate) problems: Vec<String>,
    /// How many more failed.
    pub(crate) more_problems: usize,
}

impl FolderReport {
    pub(crate) fn is_good(&self) -> bool {
        matches!(self.state, "good" | "unused")
    }

    /// The report in one line.
    pub(crate) fn line(&self) -> String {
        let indexes: Vec<String> = self.indexes.iter().map(u8::to_string).collect();
        let share =
            if indexes.is_empty() { String::new() } else { format!(" (share {})", indexes.join(", ")) };
        let mut line = format!("{}{share}: ", self.path.display());
        match self.state {
            "bad" => {
                line.push_str(&self.problems.join("; "));
                if self.more_problems > 0 {
                    line.push_str(&format!("; and {} more", self.more_problems));
                }
            }
            "empty" => line.push_str("holds no share of this object"),
            state => line.push_str(state),
        }
        line
    }
}

impl Folders {
    /// Looks at the folders; one that can't be used is remembered, not fatal: the others may do.
    pub(super) fn open(paths: &[PathBuf]) -> Self {
        let folder = |path: &PathBuf| Folder {
            path: path.clone(),
            unusable: unusable(path),
            indexes: BTreeSet::new(),
            found: 0,
            read: false,
            good_parts: 0,
            problems: 0,
            told: Vec::new(),
            codes: BTreeSet::new(),
        };
        // One folder under two names would be told of twice.
        let mut seen = BTreeSet::new();
        let first = |path: &&PathBuf| seen.insert(path.canonicalize().unwrap_or_else(|_| (*path).clone()));
        Self(paths.iter().filter(first).map(folder).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Opens the file of a share in a folder; None where there is none. Only a plain file is opened: a link, a pipe
    /// or a device in a folder that somebody else prepared must not be followed.
    pub(super) fn file(&mut self, folder: usize, key: &str, index: u8) -> Option<(File, u64)> {
        let this = &mut self.0[folder];
        if this.unusable.is_some() {
            return None;
        }
        let path = this.path.join(key);
        let problem = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => error.to_string(),
            Ok(metadata) => {
                this.found(index);
                match metadata.is_file().then(|| open_plain(&path)) {
                    Some(Ok(Some(opened))) => {
                        this.read = true;
                        return Some(opened);
                    }
                    Some(Err(error)) => error.to_string(),
                    Some(Ok(None)) | None => "not a plain file".to_owned(),
                }
            }
        };
        self.problem(folder, "BACKEND_UNAVAILABLE", format!("{key}: {problem}"));
        None
    }

    /// Opens a share's file once more.
    pub(super) fn reopen(&self, folder: usize, key: &str) -> io::Result<File> {
        open_plain(&self.0[folder].path.join(key))?
            .map(|(file, _)| file)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Remembers the folders that hold a share which isn't needed.
    pub(super) fn unneeded(&mut self, key: &str, index: u8) {
        for folder in self.0.iter_mut().filter(|folder| folder.unusable.is_none()) {
            if folder.path.join(key).symlink_metadata().is_ok() {
                folder.found(index);
            }
        }
    }

    /// Remembers that something in a folder is wrong.
    pub(super) fn problem(&mut self, folder: usize, code: &'static str, text: String) {
        let this = &mut self.0[folder];
        this.problems += 1;
        this.codes.insert(code);
        if this.told.len() < TOLD {
            this.told.push(text);
        }
    }

    /// Remembers that a part's share in a folder is good.
    pub(super) fn good(&mut self, folder: usize) {
        self.0[folder].good_parts += 1;
    }

    /// After `parts` parts.
    pub(super) fn report(&self, parts: usize) -> Vec<FolderReport> {
        self.0.iter().map(|folder| folder.report(parts)).collect()
    }

    /// The failure of a part that fewer than `needed` shares are left for.
    pub(super) fn insufficient(&self, part: u32, found: usize, needed: usize) -> Failure {
        let details = self.0.iter().map(|folder| folder.report(part as usize + 1).line()).collect();
        Failure::new(
            "INSUFFICIENT_SHARES",
            format!("part {part}: {needed} good shares are needed, {found} found"),
        )
        .details(details)
        .help("name more of the folders that the file was split into, with intact shares, after --from")
    }
}

impl Folder {
    fn found(&mut self, index: u8) {
        self.indexes.insert(index);
        self.found += 1;
    }

    fn report(&self, parts: usize) -> FolderReport {
        let mut problems = self.told.clone();
        let mut codes = self.codes.clone();
        if let Some(unusable) = &self.unusable {
            problems.push(unusable.clone());
            codes.insert("BACKEND_UNAVAILABLE");
        }
        // A folder may hold several shares of each part, where folders were merged.
        let due = parts * self.indexes.len();
        let missing = due.saturating_sub(self.found);
        if missing > 0 {
            let what = if self.indexes.len() == 1 { "parts" } else { "shares" };
            problems.push(format!("{missing} of {due} {what} are missing"));
            codes.insert("SHARE_NOT_FOUND");
        }
        let state = if !problems.is_empty() {
            "bad"
        } else if self.found == 0 {
            codes.insert("SHARE_NOT_FOUND");
            "empty"
        } else if self.read {
            "good"
        } else {
            "unused"
        };
        FolderReport {
            path: self.path.clone(),
            state,
            indexes: self.indexes.iter().copied().collect(),
            good_parts: self.good_parts,
            codes: codes.into_iter().collect(),
            problems,
            more_problems: self.problems.saturating_sub(self.told.len()),
        }
    }
}

/// Opens a file that was plain a moment ago, and its length; None if it isn't any more. Neither a link that took its
/// place is followed, nor does a pipe make the reader wait.
fn open_plain(path: &Path) -> io::Result<Option<(File, u64)>> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

fn unusable(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => None,
        Ok(_) => Some("not a folder".to_owned()),
        Err(error) => Some(format!("can't be opened: {error}")),
    }
}
