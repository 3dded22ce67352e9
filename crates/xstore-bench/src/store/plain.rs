//! What a store on disks is compared with: files that are copied, written and read without any.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use crate::failure::Failure;

/// Copies a file, by the system's own means as `cp` does, and returns when the copy survives a power loss.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copy = || {
        let mut copy = File::create_new(to)?;
        io::copy(&mut File::open(from)?, &mut copy)?;
        copy.sync_all()?;
        to.parent().map_or(Ok(()), sync_folder)
    };
    copy().map_err(Failure::system("copy a file"))
}

/// The same into several places at once, a thread for each.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn copy_at_once(from: &Path, to: &[PathBuf]) -> Result<(), Failure> {
    thread::scope(|scope| {
        let copies: Vec<_> = to.iter().map(|to| scope.spawn(move || copy(from, to))).collect();
        copies.into_iter().try_for_each(joined)
    })
}

/// Reads a file to its end, a mebibyte at a time.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn read(path: &Path) -> Result<(), Failure> {
    let read = || {
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 1 << 20];
        while file.read(&mut buffer)? > 0 {}
        Ok(())
    };
    read().map_err(Failure::system("read a file"))
}

/// Writes a value under each of these numbers into every folder, so many numbers at a time. A number is done when its
/// value is in all folders and survives a power loss; its files are written at once, a thread for each.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn write_values(
    folders: &[PathBuf],
    value: &[u8],
    numbers: Range<usize>,
    at_once: usize,
) -> Result<(), Failure> {
    let barriers: Vec<Barrier> = (0..at_once).map(|_| Barrier::new(folders.len())).collect();
    thread::scope(|scope| {
        let mut writers = Vec::with_capacity(at_once * folders.len());
        for (lane, barrier) in barriers.iter().enumerate() {
            for folder in folders {
                let own = numbers.clone().skip(lane).step_by(at_once);
                writers.push(scope.spawn(move || {
                    // Whoever fails still comes to the barrier: the others wait there.
                    let mut result = Ok(());
                    for number in own {
                        result = result.and_then(|()| write_value(folder, number, value));
                        barrier.wait();
                    }
                    result
                }));
            }
        }
        writers.into_iter().try_for_each(joined)
    })
}

/// Reads the values under these numbers from every one of the folders.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn read_values(folders: &[PathBuf], numbers: Range<usize>, at_once: usize) -> Result<(), Failure> {
    thread::scope(|scope| {
        let readers: Vec<_> = (0..at_once)
            .map(|lane| {
                let own = numbers.clone().skip(lane).step_by(at_once);
                scope.spawn(move || {
                    for number in own {
                        for folder in folders {
                            std::fs::read(folder.join(number.to_string()))
                                .map_err(Failure::system("read a value"))?;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        readers.into_iter().try_for_each(joined)
    })
}

fn write_value(folder: &Path, number: usize, value: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut file = File::create_new(folder.join(number.to_string()))?;
        file.write_all(value)?;
        file.sync_all()?;
        sync_folder(folder)
    };
    write().map_err(Failure::system("write a value"))
}

/// Makes the names of a folder's files survive a power loss.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The system keeps them by itself, and offers nothing.
#[cfg(not(unix))]
pub(super) const fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn joined(thread: thread::ScopedJoinHandle<'_, Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_number_is_in_every_folder_once() {
        let place = tempfile::tempdir().unwrap();
        let folders: Vec<PathBuf> = ["a", "b", "c"].iter().map(|name| place.path().join(name)).collect();
        for folder in &folders {
            fs::create_dir(folder).unwrap();
        }
        // Two numbers more than there are lanes, then some that are done one by one.
        write_values(&folders, b"value", 0..7, 5).unwrap();
        write_values(&folders, b"value", 7..10, 1).unwrap();
        for folder in &folders {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 10);
            assert_eq!(fs::read(folder.join("9")).unwrap(), b"value");
        }
        read_values(&folders, 0..10, 3).unwrap();
        assert!(matches!(read_values(&folders, 9..11, 3), Err(Failure::System { .. })));
        // Nothing is written twice, and nobody hangs where one fails.
        assert!(matches!(write_values(&folders, b"value", 9..12, 1), Err(Failure::System { .. })));
    }

    #[test]
    fn copies_are_whole() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("source"), vec![7; 3_000_000]).unwrap();
        copy_at_once(&at("source"), &[at("a"), at("b")]).unwrap();
        copy(&at("source"), &at("c")).unwrap();
        for name in ["a", "b", "c"] {
            assert_eq!(fs::read(at(name)).unwrap(), vec![7; 3_000_000]);
        }
        read(&at("a")).unwrap();
        assert!(matches!(copy(&at("none"), &at("d")), Err(Failure::System { .. })));
    }
}
