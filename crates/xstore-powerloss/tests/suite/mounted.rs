//! The file system as processes meet it, through the kernel.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FlockOperation, RenameFlags};
use rustix::io::Errno;
use xstore_powerloss::{Disk, Failure, Limit, Mounted, Survival};

use crate::fuse::{folder, is_available};

const EIO: i32 = Errno::IO.raw_os_error();

/// A mounted disk and its folder, or nothing where the test is skipped.
macro_rules! mount_or_skip {
    ($test:literal) => {{
        if !is_available($test) {
            return;
        }
        let dir = folder();
        let mounted = Disk::new().mount(dir.path()).unwrap();
        (dir, mounted)
    }};
}

fn write_synced(path: &Path, data: &[u8]) {
    let mut file = File::create(path).unwrap();
    file.write_all(data).unwrap();
    file.sync_all().unwrap();
}

fn sync(path: &Path) {
    File::open(path).unwrap().sync_all().unwrap();
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

/// Lines of the kernel's list of mounts that name this place.
fn mounts_at(dir: &Path) -> usize {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    mounts.lines().filter(|line| line.split(' ').nth(1) == dir.to_str()).count()
}

#[test]
fn files_are_as_elsewhere() {
    let (dir, mounted) = mount_or_skip!("files_are_as_elsewhere");
    let path = dir.path().join("file");
    let data: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(&path, &data).unwrap();
    assert_eq!(fs::read(&path).unwrap(), data);
    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    file.write_all_at(b"middle", 1_000_000).unwrap();
    let mut middle = [0; 8];
    file.read_exact_at(&mut middle, 999_999).unwrap();
    assert_eq!(&middle[1..7], b"middle");
    file.set_len(5).unwrap();
    file.set_len(10_000).unwrap();
    file.seek(io::SeekFrom::End(0)).unwrap();
    file.write_all(b"end").unwrap();
    file.rewind().unwrap();
    let mut all = Vec::new();
    file.read_to_end(&mut all).unwrap();
    assert_eq!((&all[..5], &all[10_000..]), (&data[..5], &b"end"[..]));
    assert!(all[5..10_000].iter().all(|byte| *byte == 0));
    let mut appending = OpenOptions::new().append(true).open(&path).unwrap();
    appending.write_all(b"ing").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 10_006);

    let new = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&path);
    assert_eq!(new.unwrap_err().kind(), ErrorKind::AlreadyExists);
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o400);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    file.set_modified(time).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time);
    let owner = fs::metadata(&path).unwrap().uid();
    assert_eq!(owner, rustix::process::geteuid().as_raw());
    drop(mounted);
}

#[test]
fn folders_are_as_elsewhere() {
    let (dir, mounted) = mount_or_skip!("folders_are_as_elsewhere");
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("a/b")).unwrap();
    let names: Vec<String> = (0..700).map(|number| format!("{number:0100}")).collect();
    for name in &names {
        File::create(at("a/b").join(name)).unwrap();
    }
    let mut found: Vec<String> = fs::read_dir(at("a/b"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
    assert_eq!(fs::remove_dir(at("a/b")).unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    fs::remove_dir_all(at("a/b")).unwrap();

    fs::write(at("one"), "1").unwrap();
    fs::hard_link(at("one"), at("a/uno")).unwrap();
    assert_eq!(fs::metadata(at("one")).unwrap().nlink(), 2);
    assert_eq!(fs::metadata(at("one")).unwrap().ino(), fs::metadata(at("a/uno")).unwrap().ino());
    fs::write(at("two"), "2").unwrap();
    let rename = |flags| rustix::fs::renameat_with(CWD, at("two"), CWD, at("one"), flags);
    assert_eq!(rename(RenameFlags::NOREPLACE), Err(Errno::EXIST));
    rename(RenameFlags::EXCHANGE).unwrap();
    assert_eq!((fs::read(at("one")).unwrap(), fs::read(at("two")).unwrap()), (b"2".into(), b"1".into()));
    fs::rename(at("two"), at("one")).unwrap();
    assert_eq!((fs::read(at("one")).unwrap(), at("two").exists()), (b"1".into(), false));
    let open = File::open(at("one")).unwrap();
    fs::remove_file(at("one")).unwrap();
    let mut byte = [0];
    open.read_exact_at(&mut byte, 0).unwrap();
    assert_eq!((byte, fs::read(at("a/uno")).unwrap()), (*b"1", b"1".into()));
    drop(mounted);
}

#[test]
fn locks_hold_between_handles() {
    let (dir, mounted) = mount_or_skip!("locks_hold_between_handles");
    let path = dir.path().join("file");
    let (a, b) = (File::create(&path).unwrap(), File::options().write(true).open(&path).unwrap());
    let lock = FlockOperation::NonBlockingLockExclusive;
    rustix::fs::flock(&a, lock).unwrap();
    assert_eq!(rustix::fs::flock(&b, lock), Err(Errno::WOULDBLOCK));
    drop(a);
    rustix::fs::flock(&b, lock).unwrap();
    rustix::fs::fcntl_lock(&b, lock).unwrap();
    drop(mounted);
}

#[test]
fn only_what_was_synced_is_there_after_a_power_loss() {
    let (dir, mounted) = mount_or_skip!("only_what_was_synced_is_there_after_a_power_loss");
    let at = |name: &str| dir.path().join(name);
    write_synced(&at("kept"), b"kept");
    File::create(at("empty")).unwrap().write_all(b"never synced").unwrap();
    sync(dir.path());
    write_synced(&at("nameless"), b"nobody finds it");
    fs::write(at("kept"), "lost").unwrap();
    fs::set_permissions(at("kept"), Permissions::from_mode(0o777)).unwrap();
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    assert_eq!(fs::read(at("kept")).unwrap(), b"kept");
    assert_eq!(fs::metadata(at("kept")).unwrap().mode() & 0o777, 0o644);
    assert_eq!(fs::read(at("empty")).unwrap(), b"");
    assert!(!at("nameless").exists());

    fs::rename(at("kept"), at("moved")).unwrap();
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    assert!(at("kept").exists() && !at("moved").exists());
    fs::rename(at("kept"), at("moved")).unwrap();
    sync(dir.path());
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    assert!(!at("kept").exists() && at("moved").exists());
    assert_eq!(mounted.operations(), 0);
}

#[test]
fn a_disk_that_is_shut_down_in_order_keeps_everything() {
    let (dir, mounted) = mount_or_skip!("a_disk_that_is_shut_down_in_order_keeps_everything");
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::write(dir.path().join("d/file"), "data").unwrap();
    let used = mounted.used();
    let disk = mounted.unmount().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    assert_eq!((disk.used(), used), (4 * 4096, 4 * 4096));
    let mut settled = disk.clone();
    settled.settle(Survival::Synced);
    assert!(settled.is_same(&disk));
    let mounted = settled.mount(dir.path()).unwrap();
    assert_eq!(fs::read(dir.path().join("d/file")).unwrap(), b"data");
    drop(mounted);
}

#[test]
fn operations_are_counted_and_after_a_cut_nothing_works() {
    let (dir, mounted) = mount_or_skip!("operations_are_counted_and_after_a_cut_nothing_works");
    let path = dir.path().join("file");
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    file.write_all(&[1; 40_000]).unwrap();
    file.sync_all().unwrap();
    fs::metadata(&path).unwrap();
    assert_eq!(mounted.operations(), 5);
    let history = ["create 1/file", "write 2 0+16384", "write 2 16384+16384", "write 2 32768+7232", "sync 2"];
    assert_eq!(mounted.history(), history);
    mounted.cut_after(7);
    file.write_all_at(b"2", 0).unwrap();
    assert!(!mounted.is_cut());
    file.write_all_at(b"3", 0).unwrap();
    assert!(mounted.is_cut());
    assert_eq!(errno(file.write_all_at(b"4", 0)), Some(EIO));
    assert_eq!(errno(file.sync_all()), Some(EIO));
    assert_eq!(errno(fs::metadata(&path)), Some(EIO));
    assert_eq!(errno(File::open(&path)), Some(EIO));
    assert_eq!(errno(fs::read_dir(dir.path())), Some(EIO));
    assert_eq!(errno(fs::rename(&path, dir.path().join("other"))), Some(EIO));
    assert_eq!(errno(fs::create_dir(dir.path().join("other"))), Some(EIO));
    assert_eq!(rustix::fs::statvfs(dir.path()).err(), Some(Errno::IO));
    let mut byte = [0];
    file.read_exact_at(&mut byte, 0).unwrap();
    assert_eq!((byte, mounted.operations()), (*b"3", 7));
    // Only the process had died.
    drop(file);
    mounted.resume();
    assert_eq!(fs::read(&path).unwrap()[0], b'3');
    drop(mounted);
}

#[test]
fn a_failed_sync_loses_the_pages_and_the_next_one_succeeds() {
    let (dir, mounted) = mount_or_skip!("a_failed_sync_loses_the_pages_and_the_next_one_succeeds");
    let path = dir.path().join("file");
    write_synced(&path, b"old");
    sync(dir.path());
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"new", 0).unwrap();
    mounted.fail_sync(Failure::Io);
    sync(dir.path());
    assert_eq!(errno(file.sync_all()), Some(EIO));
    file.sync_all().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    let mounted = mounted.power_cycle(Survival::Everything).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    mounted.fail_operation(2, Failure::NoSpace);
    file.write_all_at(b"new", 0).unwrap();
    assert_eq!(file.sync_data().unwrap_err().kind(), ErrorKind::StorageFull);
    file.write_all_at(b"new", 0).unwrap();
    file.sync_data().unwrap();
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    drop(mounted);
}

#[test]
fn room_can_be_limited() {
    let (dir, mounted) = mount_or_skip!("room_can_be_limited");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("old"), [1; 4096]).unwrap();
    let free = || {
        let room = rustix::fs::statvfs(dir.path()).unwrap();
        (room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize)
    };
    assert!(free().0 > 1 << 39);
    mounted.set_limit(Some(Limit::Disk(6 * 4096)));
    assert_eq!((mounted.used(), free()), (3 * 4096, (3 * 4096, 6 * 4096)));
    let mut file = File::create(at("new")).unwrap();
    let written = file.write(&[2; 3 * 4096]).unwrap();
    assert_eq!(written, 2 * 4096, "a write stops where the room ends");
    assert_eq!(file.write(&[2; 1]).unwrap_err().kind(), ErrorKind::StorageFull);
    file.write_all_at(&[3; 4096], 0).unwrap();
    assert_eq!(File::create(at("more")).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(fs::create_dir(at("more")).unwrap_err().kind(), ErrorKind::StorageFull);
    mounted.set_limit(Some(Limit::Quota(6 * 4096)));
    assert_eq!(File::create(at("more")).unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert!(free().0 > 1 << 39);
    drop(file);
    fs::remove_file(at("new")).unwrap();
    File::create(at("more")).unwrap();
    drop(mounted);
}

#[test]
fn a_disk_can_be_read_only() {
    let (dir, mounted) = mount_or_skip!("a_disk_can_be_read_only");
    let path = dir.path().join("file");
    fs::write(&path, "data").unwrap();
    let open = OpenOptions::new().write(true).open(&path).unwrap();
    mounted.set_read_only(true);
    assert_eq!(File::create(dir.path().join("x")).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(OpenOptions::new().write(true).open(&path).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(open.write_all_at(b"x", 0).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(fs::read(&path).unwrap(), b"data");
    mounted.heal();
    fs::write(&path, "new").unwrap();
    drop(mounted);
}

#[test]
fn a_file_can_be_unreadable_also_where_the_kernel_has_its_pages() {
    let (dir, mounted) = mount_or_skip!("a_file_can_be_unreadable_also_where_the_kernel_has_its_pages");
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("d")).unwrap();
    for name in ["d/bad", "d/good"] {
        fs::write(at(name), "data").unwrap();
        fs::read(at(name)).unwrap();
    }
    mounted.fail_reads(Path::new("d/bad")).unwrap();
    assert_eq!(mounted.fail_reads(Path::new("d/none")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(errno(fs::read(at("d/bad"))), Some(EIO));
    assert_eq!(fs::read(at("d/good")).unwrap(), b"data");
    mounted.heal();
    assert_eq!(fs::read(at("d/bad")).unwrap(), b"data");
    drop(mounted);
}

#[test]
fn the_plug_can_be_pulled_while_files_are_open() {
    let (dir, mounted) = mount_or_skip!("the_plug_can_be_pulled_while_files_are_open");
    let path = dir.path().join("file");
    write_synced(&path, b"data");
    sync(dir.path());
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    file.write_all_at(b"from the dead", 0).unwrap_err();
    file.sync_all().unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"data");
    drop(mounted);
    assert_eq!((mounts_at(dir.path()), fs::read_dir(dir.path()).unwrap().count()), (0, 0));
    file.sync_all().unwrap_err();
}

#[test]
fn a_panic_leaves_no_mount() {
    if !is_available("a_panic_leaves_no_mount") {
        return;
    }
    let dir = folder();
    let path = dir.path().to_owned();
    let panicked = std::thread::spawn(move || -> Mounted {
        let mounted = Disk::new().mount(&path).unwrap();
        assert_eq!(mounts_at(&path), 1);
        panic!("on purpose, with {} operations", mounted.operations());
    });
    assert!(panicked.join().is_err());
    assert_eq!(mounts_at(dir.path()), 0);
}

/// Names the folder to a process that is started to be killed.
const ORPHAN: &str = "XSTORE_POWERLOSS_ORPHAN";

#[test]
fn the_mount_of_a_killed_process_is_removed_by_the_next_one() {
    if let Some(dir) = std::env::var_os(ORPHAN) {
        let mounted = Disk::new().mount(Path::new(&dir)).unwrap();
        assert_eq!(mounted.operations(), 0);
        std::process::abort();
    }
    if !is_available("the_mount_of_a_killed_process_is_removed_by_the_next_one") {
        return;
    }
    let dir = folder();
    let orphan: PathBuf = dir.path().join("orphan");
    fs::create_dir(&orphan).unwrap();
    let test = "mounted::the_mount_of_a_killed_process_is_removed_by_the_next_one";
    let mut process = Command::new(std::env::current_exe().unwrap());
    let output = process.args(["--exact", test]).env(ORPHAN, &orphan).output().unwrap();
    assert_eq!(output.status.code(), None, "{output:?}");
    // Another test may have mounted and removed it meanwhile.
    let other = folder();
    let mounted = Disk::new().mount(other.path()).unwrap();
    assert_eq!((mounts_at(&orphan), orphan.exists()), (0, false));
    drop(mounted);
}
