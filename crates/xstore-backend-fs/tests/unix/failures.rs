//! What file systems really refuse, in processes of their own: what is mounted or limited there ends with them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::child::{behind, command, skip, succeed};

/// As root, a mount namespace is enough; others get one where the system lets everybody be root in their own.
fn unshare() -> Vec<&'static str> {
    if rustix::process::geteuid().is_root() { vec!["--mount"] } else { vec!["--mount", "--map-root-user"] }
}

/// Runs a task where it can mount; the script does it.
fn with_mounts(script: &str, task: &str) {
    let folder = tempfile::tempdir().unwrap();
    let probe = Command::new("unshare")
        .args(unshare())
        .args(["mount", "-t", "tmpfs", "none"])
        .arg(folder.path())
        .output();
    match probe {
        Ok(output) if output.status.success() => {}
        Ok(output) => return skip(format!("can't mount: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => return skip(format!("can't mount: no unshare: {error}")),
    }
    succeed(behind("unshare", &unshare(), script, task, folder.path()).output());
}

/// What holds after a refused write.
async fn is_as_before(backend: &FsBackend, root: &Path, old: &Bytes) {
    assert_eq!(backend.get(&key("ns/m/old"), 1 << 20).await.unwrap(), old);
    let mut files = Vec::new();
    for folder in ["", "ns", "ns/m"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    files.retain(|name| !name.starts_with("fill"));
    assert_eq!(files, ["ns", "m", "old"]);
}

fn is_refused(result: Result<(), Error>, kind: ErrorKind) {
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_written()),
        (kind, false, false),
        "{error:?}"
    );
}

#[test]
fn a_full_disk() {
    with_mounts(r#"mount -t tmpfs -o size=256k none "$FOLDER" && exec "$@""#, "full");
}

pub(crate) async fn full(root: &Path) {
    let backend = open(root);
    let old = value(1, 10_000);
    backend.put(&key("ns/m/old"), old.clone().into(), &NEW).await.unwrap();
    let room = backend.space().await.unwrap();
    assert_eq!(room.total, Some(256 * 1024));
    assert!(room.free.is_some_and(|free| free > 100_000 && free < 256 * 1024));
    for options in [NEW, ANY] {
        for name in ["ns/m/new", "ns/m/old", "ns/m/new"] {
            if name == "ns/m/old" && options.create_only {
                continue;
            }
            let put = backend.put(&key(name), value(2, 400_000).into(), &options).await;
            is_refused(put, ErrorKind::QuotaExceeded);
            is_as_before(&backend, root, &old).await;
        }
    }
    // Filled up to the last page; then a delete makes room.
    let mut count = 0;
    while backend.put(&key(format!("ns/m/fill{count}")), value(3, 5000).into(), &NEW).await.is_ok() {
        count += 1;
    }
    assert!(count > 10);
    is_refused(backend.put(&key("ns/m/new"), value(4, 5000).into(), &NEW).await, ErrorKind::QuotaExceeded);
    assert!(backend.space().await.unwrap().free.is_some_and(|free| free < 8192));
    is_as_before(&backend, root, &old).await;
    backend.delete(&key("ns/m/fill0")).await.unwrap();
    backend.put(&key("ns/m/new"), value(4, 5000).into(), &NEW).await.unwrap();
    assert_eq!(backend.get(&key("ns/m/new"), 5000).await.unwrap(), value(4, 5000));
}

#[test]
fn a_read_only_disk() {
    let script = r#"mount -t tmpfs none "$FOLDER" && XSTORE_FS_TASK=fill-and-leave "$@" &&
        mount -o remount,ro "$FOLDER" && exec "$@""#;
    with_mounts(script, "read-only");
}

/// Before it becomes read-only.
pub(crate) async fn fill_and_leave(root: &Path) {
    open(root).put(&key("ns/m/old"), value(1, 10_000).into(), &NEW).await.unwrap();
    fs::write(root.join("ns/m/.xstore-tmp-0000000000000000"), "left by a killed writer").unwrap();
}

pub(crate) async fn read_only(root: &Path) {
    let backend = open(root);
    assert!(backend.capability().durable);
    is_refused(backend.put(&key("ns/m/new"), value(2, 10).into(), &NEW).await, ErrorKind::Unavailable);
    is_refused(backend.put(&key("ns/m/old"), value(2, 10).into(), &ANY).await, ErrorKind::Unavailable);
    is_refused(backend.put(&key("other/new"), value(2, 10).into(), &NEW).await, ErrorKind::Unavailable);
    is_refused(backend.delete(&key("ns/m/old")).await, ErrorKind::Unavailable);
    assert_eq!(backend.get(&key("ns/m/old"), 1 << 20).await.unwrap(), value(1, 10_000));
    // What can't be swept doesn't spoil the list.
    assert_eq!(names(&backend).await, ["ns/m/old"]);
    assert_eq!(hidden(root).len(), 1);
    let made = FsBackend::create(BackendId::new("disk").unwrap(), &root.join("made"));
    assert_eq!(kind(made), ErrorKind::Unavailable);
}

#[test]
fn a_disk_that_is_unmounted() {
    with_mounts(r#"mkdir "$FOLDER/disk" && exec "$@""#, "unmounted");
}

pub(crate) async fn unmounted(folder: &Path) {
    let disk = folder.join("disk");
    let run = |program: &str, arguments: &[&str]| {
        assert!(Command::new(program).args(arguments).arg(&disk).status().unwrap().success());
    };
    run("mount", &["-t", "tmpfs", "none"]);
    let backend = open(&disk);
    backend.put(&key("ns/m/old"), value(1, 10).into(), &NEW).await.unwrap();
    run("umount", &["-l"]);
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 0, "an empty folder is in its place");
    for name in ["ns/m/old", "ns/m/never", "never"] {
        assert_eq!(kind(backend.get(&key(name), 10).await), ErrorKind::Unavailable);
        assert_eq!(kind(backend.stat(&key(name)).await), ErrorKind::Unavailable);
        assert_eq!(kind(backend.put(&key(name), value(2, 10).into(), &NEW).await), ErrorKind::Unavailable);
        let error = backend.delete(&key(name)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
        assert!(error.to_string().contains("is another one than was opened"), "{error}");
    }
    assert_eq!(kind(backend.list(&Prefix::all(), None).await), ErrorKind::Unavailable);
    assert_eq!(kind(backend.space().await), ErrorKind::Unavailable);
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 0, "nothing was made below the mount point");
}

/// Without /proc, a file without a name is linked by its handle.
#[test]
fn without_proc() {
    with_mounts(r#"mount -t tmpfs none "$FOLDER" && mount -t tmpfs none /proc && exec "$@""#, "usual");
}

#[test]
fn file_systems_that_do_less() {
    with_mounts(r#"mount -t ramfs none "$FOLDER" && exec "$@""#, "usual");
    // A root whose folders are copied up from below when they are written to.
    let script = r#"mount -t tmpfs none "$FOLDER" && mkdir -p "$FOLDER"/a/ns/m "$FOLDER"/b "$FOLDER"/c "$FOLDER"/root &&
        mount -t overlay -o "lowerdir=$FOLDER/a,upperdir=$FOLDER/b,workdir=$FOLDER/c" none "$FOLDER"/root &&
        export XSTORE_FS_FOLDER="$FOLDER"/root && exec "$@""#;
    with_mounts(script, "usual");
}

/// A life of some values.
pub(crate) async fn usual(root: &Path) {
    let backend = open(root);
    assert!(backend.capability().durable);
    let name = key("ns/m/value");
    backend.put(&name, value(1, 10_000).into(), &NEW).await.unwrap();
    assert_eq!(kind(backend.put(&name, value(2, 9).into(), &NEW).await), ErrorKind::AlreadyExists);
    assert_eq!(backend.get(&name, 10_000).await.unwrap(), value(1, 10_000));
    backend.put(&name, value(3, 20_000).into(), &ANY).await.unwrap();
    backend.put(&key("other/value"), value(4, 1).into(), &ANY).await.unwrap();
    assert_eq!(backend.get_range(&name, 5..19_000).await.unwrap(), value(3, 20_000)[5..19_000]);
    assert_eq!(names(&backend).await, ["ns/m/value", "other/value"]);
    assert_eq!(hidden(root), [] as [std::path::PathBuf; 0]);
    backend.delete(&name).await.unwrap();
    assert_eq!(kind(backend.get(&name, 10_000).await), ErrorKind::NotFound);
    assert_eq!(kind(open(root).stat(&name).await), ErrorKind::NotFound);
}

#[test]
fn a_folder_without_permission() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command("forbidden", folder.path());
    if rustix::process::geteuid().is_root() {
        // Nothing is forbidden to root: somebody else tries.
        const NOBODY: u32 = 65_534;
        std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let may_run =
            Command::new(std::env::current_exe().unwrap()).arg("--list").uid(NOBODY).gid(NOBODY).output();
        if !may_run.is_ok_and(|output| output.status.success()) {
            return skip("another user can't run the test program where it is");
        }
        child.uid(NOBODY).gid(NOBODY);
    }
    succeed(child.output());
}

pub(crate) async fn forbidden(folder: &Path) {
    let root = folder.join("root");
    let chmod =
        |path: &str, mode| fs::set_permissions(root.join(path), PermissionsExt::from_mode(mode)).unwrap();
    let backend = FsBackend::create(BackendId::new("disk").unwrap(), &root).unwrap();
    let old = value(1, 10_000);
    backend.put(&key("ns/m/old"), old.clone().into(), &NEW).await.unwrap();

    chmod("ns/m", 0o500);
    is_refused(backend.put(&key("ns/m/new"), value(2, 10).into(), &NEW).await, ErrorKind::AuthFailed);
    is_refused(backend.put(&key("ns/m/new/below"), value(2, 10).into(), &NEW).await, ErrorKind::AuthFailed);
    is_refused(backend.put(&key("ns/m/old"), value(2, 10).into(), &ANY).await, ErrorKind::AuthFailed);
    is_refused(backend.delete(&key("ns/m/old")).await, ErrorKind::AuthFailed);
    is_as_before(&backend, &root, &old).await;

    chmod("ns/m", 0o000);
    assert_eq!(kind(backend.get(&key("ns/m/old"), 1 << 20).await), ErrorKind::AuthFailed);
    assert_eq!(kind(backend.stat(&key("ns/m/never")).await), ErrorKind::AuthFailed);
    assert_eq!(kind(backend.list(&Prefix::all(), None).await), ErrorKind::AuthFailed);
    chmod("ns/m", 0o700);
    chmod("ns/m/old", 0o000);
    assert_eq!(kind(backend.get(&key("ns/m/old"), 1 << 20).await), ErrorKind::AuthFailed);
    chmod("ns/m/old", 0o600);
    is_as_before(&backend, &root, &old).await;

    chmod("", 0o000);
    let again = FsBackend::open(BackendId::new("disk").unwrap(), &root);
    assert_eq!(kind(again), ErrorKind::AuthFailed);
    chmod("", 0o700);
    fs::set_permissions(folder, PermissionsExt::from_mode(0o600)).unwrap();
    // The path can't be followed any more: nothing is said to be missing.
    assert_eq!(kind(backend.get(&key("never"), 10).await), ErrorKind::AuthFailed);
    fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn a_limit_on_the_length_of_files() {
    let folder = tempfile::tempdir().unwrap();
    // Ignored, the signal leaves the write to fail; otherwise it ends the process.
    succeed(
        behind("env", &[], r#"trap "" XFSZ; ulimit -f 32 && exec "$@""#, "too-long", folder.path()).output(),
    );
}

pub(crate) async fn too_long(root: &Path) {
    let backend = open(root);
    let old = value(1, 10_000);
    backend.put(&key("ns/m/old"), old.clone().into(), &NEW).await.unwrap();
    is_refused(backend.put(&key("ns/m/new"), value(2, 100_000).into(), &NEW).await, ErrorKind::TooLarge);
    is_refused(backend.put(&key("ns/m/old"), value(2, 100_000).into(), &ANY).await, ErrorKind::TooLarge);
    is_as_before(&backend, root, &old).await;
}

#[test]
fn too_many_open_files() {
    let folder = tempfile::tempdir().unwrap();
    succeed(behind("env", &[], r#"ulimit -n 64 && exec "$@""#, "too-many", folder.path()).output());
}

pub(crate) async fn too_many(root: &Path) {
    let backend = open(root);
    let old = value(1, 10_000);
    backend.put(&key("ns/m/old"), old.clone().into(), &NEW).await.unwrap();
    let mut all = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        all.push(file);
    }
    let mut refused = 0;
    // With one more each time, until it is enough: so each open of a put fails once.
    loop {
        let put = backend.put(&key("ns/m/new"), value(2, 10).into(), &NEW).await;
        let Err(error) = put else { break };
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
        assert!(error.to_string().ends_with("too many files are open"), "{error}");
        assert!(!error.may_have_written());
        let get = backend.get(&key("ns/m/never"), 10).await.unwrap_err();
        assert!(matches!(get.kind(), ErrorKind::Unavailable | ErrorKind::NotFound), "{get:?}");
        drop(all.pop());
        refused += 1;
    }
    assert!(refused >= 3, "{refused}");
    drop(all);
    backend.delete(&key("ns/m/new")).await.unwrap();
    is_as_before(&backend, root, &old).await;
}
