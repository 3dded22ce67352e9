//! The root: what may be one, and when it isn't it any more.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::*;
use crate::child::{command, succeed};

fn id() -> BackendId {
    BackendId::new("disk").unwrap()
}

/// Every operation finds that the root isn't the one that was opened.
async fn is_gone(backend: &FsBackend, words: &str) {
    let name = key("ns/m/value");
    let errors = [
        backend.get(&name, 10).await.unwrap_err(),
        backend.get_range(&name, 0..1).await.unwrap_err(),
        backend.stat(&name).await.unwrap_err(),
        backend.put(&name, value(2, 9).into(), &NEW).await.unwrap_err(),
        backend.put(&name, value(2, 9).into(), &ANY).await.unwrap_err(),
        backend.delete(&name).await.unwrap_err(),
        backend.list(&Prefix::all(), None).await.unwrap_err(),
        backend.space().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.may_have_written());
    }
}

#[tokio::test]
async fn a_root_that_is_moved_away_is_unavailable_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (root, aside) = (folder.path().join("root"), folder.path().join("aside"));
    fs::create_dir(&root).unwrap();
    let backend = open(&root);
    backend.put(&key("ns/m/value"), value(1, 9).into(), &NEW).await.unwrap();

    fs::rename(&root, &aside).unwrap();
    is_gone(&backend, "isn't there").await;
    fs::write(&root, "a file").unwrap();
    is_gone(&backend, "is another one than was opened").await;
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    is_gone(&backend, "is another one than was opened").await;
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    fs::remove_dir(&root).unwrap();
    symlink("root", &root).unwrap();
    assert_eq!(kind(backend.get(&key("ns/m/value"), 9).await), ErrorKind::Other, "a loop");
    fs::remove_file(&root).unwrap();

    fs::rename(&aside, &root).unwrap();
    assert_eq!(backend.get(&key("ns/m/value"), 9).await.unwrap(), value(1, 9));
}

#[tokio::test]
async fn a_root_that_is_removed_and_made_anew_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let backend = open(&root);
    fs::remove_dir(&root).unwrap();
    fs::create_dir(&root).unwrap();
    is_gone(&backend, "is another one than was opened").await;
    let again = open(&root);
    assert_eq!(kind(again.get(&key("never"), 1).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_root_may_be_behind_a_link_as_long_as_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["first", "second"] {
        fs::create_dir(at(name)).unwrap();
    }
    symlink("first", at("link")).unwrap();
    let backend = open(&at("link"));
    backend.put(&key("value"), value(1, 9).into(), &NEW).await.unwrap();
    assert_eq!(open(&at("first")).get(&key("value"), 9).await.unwrap(), value(1, 9));
    fs::remove_file(at("link")).unwrap();
    symlink("second", at("link")).unwrap();
    is_gone(&backend, "is another one than was opened").await;
}

#[test]
fn only_a_folder_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    for (path, words) in [
        ("missing", "isn't there"),
        ("missing/too", "isn't there"),
        ("file", "is not a folder"),
        ("file/x", "is not"),
    ] {
        let error = FsBackend::open(id(), &folder.path().join(path)).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
        assert!(error.to_string().starts_with("disk: open: the folder /"), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert!(FsBackend::open(id(), Path::new("")).is_err());
    assert!(FsBackend::open(id(), Path::new("a\0b")).is_err());
    assert!(!folder.path().join("missing").exists());
}

#[test]
fn create_makes_one_folder_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    FsBackend::create(id(), &at("new")).unwrap();
    assert_eq!(fs::metadata(at("new")).unwrap().permissions().mode() & 0o777, 0o700);
    fs::write(at("new/value"), "x").unwrap();
    FsBackend::create(id(), &at("new")).unwrap();
    assert!(at("new/value").exists());
    let error = FsBackend::create(id(), &at("a/b")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().ends_with("can't be made: its parent doesn't exist"), "{error}");
    assert!(!at("a").exists());
    fs::write(at("file"), "x").unwrap();
    assert_eq!(kind(FsBackend::create(id(), &at("file"))), ErrorKind::Unavailable);
    FsBackend::create(id(), Path::new("/")).unwrap();
}

#[test]
fn a_relative_root_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    succeed(command("moved", folder.path()).output());
}

/// The process changes its current folder.
pub(crate) async fn moved(folder: &Path) {
    std::env::set_current_dir(folder).unwrap();
    let backend = FsBackend::create(id(), Path::new("root")).unwrap();
    backend.put(&key("value"), value(1, 9).into(), &NEW).await.unwrap();
    let opened = open(Path::new("root"));
    std::env::set_current_dir("/").unwrap();
    assert_eq!(backend.get(&key("value"), 9).await.unwrap(), value(1, 9));
    assert_eq!(opened.get(&key("value"), 9).await.unwrap(), value(1, 9));
    assert!(folder.join("root/value").exists());
}

#[tokio::test]
async fn what_a_split_wrote_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let lane = folder.path().join("xstore-abcdefghijklmnopqrstuvwxyz/m");
    // With the permissions that the standard library gives.
    fs::create_dir_all(&lane).unwrap();
    fs::write(lane.join("share"), value(1, 5000)).unwrap();
    let backend = open(folder.path());
    let name = "xstore-abcdefghijklmnopqrstuvwxyz/m/share";
    assert_eq!(names(&backend).await, [name]);
    assert_eq!(backend.get(&key(name), 5000).await.unwrap(), value(1, 5000));
    let stat = backend.stat(&key(name)).await.unwrap();
    assert_eq!(stat.modified, Some(fs::metadata(lane.join("share")).unwrap().modified().unwrap()));
    assert_eq!(kind(backend.put(&key(name), value(2, 9).into(), &NEW).await), ErrorKind::AlreadyExists);
    backend.delete(&key(name)).await.unwrap();
    assert!(!lane.join("share").exists() && lane.exists());
}

#[tokio::test]
async fn times_before_1970_are_times() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path());
    backend.put(&key("value"), value(1, 9).into(), &NEW).await.unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH - std::time::Duration::from_millis(86_400_500);
    fs::File::options()
        .write(true)
        .open(folder.path().join("value"))
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    assert_eq!(backend.stat(&key("value")).await.unwrap().modified, Some(long_ago));
}
