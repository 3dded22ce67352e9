//! The source of a split or a put.

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::patient::{patient, standard_input};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A source that is open.
pub(crate) struct Input {
    pub(crate) reader: Box<dyn Read + Send>,
    /// Its length, where that is known.
    pub(crate) length: Option<u64>,
    /// The name that an object made from it gets.
    pub(crate) name: String,
    /// What it is called in messages.
    pub(crate) label: PathBuf,
}

/// Opens a file, or standard input for `-`, and watches for signals from then on: opening a pipe waits for its
/// writer, and a signal shall end that.
pub(crate) fn open(path: &Path, command: &str) -> Result<(Input, Interrupt), Failure> {
    let fail = |error| Failure::io("SOURCE_FAILED", "read", path, error);
    if path.as_os_str() == "-" {
        let interrupt = Interrupt::watch();
        let reader = standard_input(&interrupt).map_err(fail)?;
        let label = PathBuf::from("standard input");
        return Ok((Input { reader, length: None, name: "stdin".to_owned(), label }, interrupt));
    }
    // Some systems don't even open a folder.
    if path.is_dir() {
        return Err(Failure::usage(format!("{} is a folder", path.display())).help(format!(
            "{command} takes one file; pipe a folder through tar: tar c FOLDER | xstore {command} - ..."
        )));
    }
    let file = File::open(path).map_err(fail)?;
    let interrupt = Interrupt::watch();
    let metadata = file.metadata().map_err(fail)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let length = metadata.is_file().then_some(metadata.len());
    let reader = if metadata.is_file() { Box::new(file) } else { patient(file, &interrupt) };
    Ok((Input { reader, length, name, label: path.to_owned() }, interrupt))
}
