//! A file system that is full.

#![cfg(target_os = "linux")]

use crate::support::{create, get, id, key, names, open, put, skip, value};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use xstore_backend::{ErrorKind, StorageBackend};
use xstore_backend_sqlite::SqliteBackend;

/// A file system of its own, which goes with this.
struct Disk(TempDir);

impl Disk {
    /// None where this user may not mount one.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "none"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        skip("no file system can be mounted", rustix::process::geteuid().is_root());
        None
    }

    /// Bytes that are free.
    fn free(&self) -> u64 {
        let found = rustix::fs::statvfs(self.0.path()).unwrap();
        found.f_bavail * found.f_frsize
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) && !std::thread::panicking() {
            panic!("the file system is still in use");
        }
    }
}

/// Writes until nothing more fits, but for what `left` says.
fn fill(path: &Path, left: usize) {
    let mut file = File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let len = file.metadata().unwrap().len();
    file.set_len(len.saturating_sub(left as u64)).unwrap();
}

#[tokio::test]
async fn a_full_disk_takes_no_more_and_gives_all_back() {
    let Some(disk) = Disk::mount("12m") else { return };
    let file = disk.path("x.db");
    let backend = create(&file);
    let name = |at: u64| format!("v/{at}");
    let mut lengths = Vec::new();
    // First large ones, then what still fits beside them.
    for len in [700_000, 50_000, 10] {
        let error = loop {
            let at = lengths.len() as u64;
            match put(&backend, &name(at), value(at, len)).await {
                Ok(()) => {
                    lengths.push(len);
                    assert!(disk.free() > 900_000, "else nothing could be deleted");
                }
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::QuotaExceeded, false));
        assert!(!error.may_have_written());
    }
    assert!(lengths.iter().filter(|len| **len == 700_000).count() >= 5, "{lengths:?}");
    for backend in [backend, open(&file)] {
        for (at, len) in (0..).zip(&lengths) {
            assert!(get(&backend, &name(at)).await.unwrap() == value(at, *len));
        }
        assert_eq!(names(&backend, "v").await.unwrap().len(), lengths.len());
        // There is always room to delete something, and then there is room for something else.
        backend.delete(&key(name(0))).await.unwrap();
        assert_eq!(get(&backend, &name(0)).await.unwrap_err().kind(), ErrorKind::NotFound);
        put(&backend, &name(0), value(0, 600_000)).await.unwrap();
        lengths[0] = 600_000;
    }
}

#[tokio::test]
async fn a_disk_that_others_fill_up_is_read_and_works_again_when_there_is_room() {
    let Some(disk) = Disk::mount("12m") else { return };
    let backend = create(&disk.path("x.db"));
    put(&backend, "a", value(1, 300_000)).await.unwrap();
    fill(&disk.path("ballast"), 0);
    for len in [10, 300_000] {
        let error = put(&backend, "b", value(2, len)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
    }
    assert!(get(&backend, "a").await.unwrap() == value(1, 300_000));
    assert_eq!(names(&backend, "").await.unwrap(), ["a"]);
    assert!(backend.space().await.unwrap().free.unwrap() < 100_000);
    if let Err(error) = backend.delete(&key("a")).await {
        assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
        assert!(get(&backend, "a").await.unwrap() == value(1, 300_000));
    }
    fs::remove_file(disk.path("ballast")).unwrap();
    put(&backend, "b", value(2, 300_000)).await.unwrap();
    backend.delete(&key("a")).await.unwrap();
    assert!(get(&backend, "b").await.unwrap() == value(2, 300_000));
    assert_eq!(names(&backend, "").await.unwrap(), ["b"]);
}

#[tokio::test]
async fn a_value_goes_also_where_there_is_no_room_to_overwrite_it() {
    let Some(disk) = Disk::mount("20m") else { return };
    let file = disk.path("x.db");
    put(&create(&file), "large", value(1, 5 << 20)).await.unwrap();
    put(&open(&file), "other", value(2, 1000)).await.unwrap();
    // The log is gone with the last one that had the database open, so all room that there is, is this.
    fill(&disk.path("ballast"), 400_000);
    let backend = open(&file);
    backend.delete(&key("large")).await.unwrap();
    assert_eq!(get(&backend, "large").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(get(&backend, "other").await.unwrap() == value(2, 1000));
    drop(backend);
    assert!(has_part_of(&file, 1), "so this is about what it is said to be");
    fs::remove_file(disk.path("ballast")).unwrap();
    let backend = open(&file);
    put(&backend, "next", value(3, 5 << 20)).await.unwrap();
    backend.delete(&key("next")).await.unwrap();
    drop(backend);
    assert!(file.metadata().unwrap().len() < 6 << 20, "the room was used again");
    assert!(!has_part_of(&file, 1) && !has_part_of(&file, 3));
}

/// Whether the file has something from the middle of the value of 5 MiB with this seed.
fn has_part_of(file: &Path, seed: u64) -> bool {
    let part = value(seed, 5 << 20).slice(3_000_000..3_000_064);
    fs::read(file).unwrap().windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn without_any_room_nothing_is_opened_or_removed_but_all_is_kept() {
    let Some(disk) = Disk::mount("4m") else { return };
    let file = disk.path("x.db");
    put(&create(&file), "a", value(1, 300_000)).await.unwrap();
    fill(&disk.path("ballast"), 0);
    let error = SqliteBackend::open(id(), &file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "the log's index finds no room: {error:?}");
    // Room for that, but not for what removing takes.
    fs::remove_file(disk.path("ballast")).unwrap();
    fill(&disk.path("ballast"), 40 << 10);
    let backend = open(&file);
    let error = backend.delete(&key("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
    assert!(error.may_have_written(), "it was the commit that failed");
    assert!(get(&backend, "a").await.unwrap() == value(1, 300_000));
    fs::remove_file(disk.path("ballast")).unwrap();
    backend.delete(&key("a")).await.unwrap();
    assert_eq!(names(&backend, "").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_made() {
    let Some(disk) = Disk::mount("1m") else { return };
    fill(&disk.path("ballast"), 0);
    let error = SqliteBackend::create(id(), disk.path("x.db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
    assert_eq!(fs::read_dir(disk.path("")).unwrap().count(), 1, "nothing but the ballast");
    fs::remove_file(disk.path("ballast")).unwrap();
    create(&disk.path("x.db"));
}
