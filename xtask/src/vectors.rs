//! `cargo xtask vectors`: vectors of the scheme against `xorida-core`.

mod check;
mod choose;
mod file;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::workspace;

/// Where the vectors of the scheme lie, relative to the root.
const FOLDER: &str = "vectors/xorida";

/// A larger file is refused before it is read. In bytes.
const LARGEST: u64 = 16 << 20;

/// Checks these files, or all that the project ships.
///
/// # Errors
/// [`Failure::Failed`] if a file can't be read, is not of the format, or holds a wrong vector; every wrong one
/// is printed.
pub(crate) fn run(files: Option<&[PathBuf]>) -> Result<(), Failure> {
    let shipped = match files {
        Some(files) => files.to_vec(),
        None => shipped(&workspace::root()?.join(FOLDER))?,
    };
    let mut wrong = 0;
    for path in &shipped {
        let shown = path.display();
        match read(path).and_then(|text| file::parse(&text).map_err(|e| format!("{e}"))) {
            Err(reason) => {
                eprintln!("{shown}: {reason}");
                wrong += 1;
            }
            Ok(vectors) => {
                let failures: Vec<_> = vectors.iter().filter_map(|v| check::check(v).err()).collect();
                failures.iter().for_each(|failure| eprintln!("{shown}: {failure}"));
                println!("{shown}: {} vectors, {} wrong", vectors.len(), failures.len());
                wrong += failures.len();
            }
        }
    }
    match wrong {
        0 => Ok(()),
        n => Err(Failure::Failed(format!("{n} wrong"))),
    }
}

/// Every `.json` file in the folder, by name. None at all is an error: something that was to be checked is gone.
fn shipped(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |e: std::io::Error| Failure::Failed(format!("{}: {e}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::Failed(format!("{}: no vectors", folder.display())));
    }
    files.sort();
    Ok(files)
}

/// Reads a file of bounded size. The bound holds for what is read, not for what the file system says.
fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|e| e.to_string())?;
    let bytes = file.take(LARGEST + 1).read_to_string(&mut text).map_err(|e| e.to_string())?;
    if bytes as u64 > LARGEST { Err(format!("larger than {LARGEST} bytes")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_vectors_is_an_error() {
        let missing = shipped(Path::new("no/such/folder")).unwrap_err();
        assert!(missing.to_string().starts_with("no/such/folder: "), "{missing}");
        let sources = workspace::root().unwrap().join("xtask/src");
        assert!(shipped(&sources).unwrap_err().to_string().ends_with(": no vectors"));
    }

    #[test]
    fn an_unreadable_file_is_named_and_fails() {
        let failed = run(Some(&["no/such/file.json".into()])).unwrap_err();
        assert_eq!(failed, Failure::Failed("1 wrong".into()));
    }
}
