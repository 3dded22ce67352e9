//! What is done in which order, since only that makes a value durable.

use super::*;
use std::os::unix::fs::PermissionsExt;

fn steps(log: &Log) -> Vec<(Step, &str)> {
    log.iter().map(|(step, place)| (*step, place.as_str())).collect()
}

const VALUE: &str = "ns/m/value";

#[test]
fn new_folders_are_durable_before_the_value_has_its_name_and_the_name_is_synced_last() {
    for (way, ways) in EACH_WAY {
        let scratch = Scratch::new();
        let (log, result) = run(Plan::Record, || scratch.put(NEW, how(true, ways)));
        result.unwrap();
        let expected = [
            (Step::Make, "ns"),
            (Step::Make, "ns/m"),
            (Step::SyncFolder, ""),
            (Step::SyncFolder, "ns"),
            (Step::Write, VALUE),
            (Step::SyncFile, VALUE),
            (Step::Name, VALUE),
            (Step::SyncFolder, "ns/m"),
        ];
        assert_eq!(steps(&log), expected, "{way}");
    }
}

#[test]
fn folders_of_others_are_not_taken_for_durable() {
    let mut scratch = Scratch::new();
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    scratch.reopened();
    let (log, result) = run(Plan::Record, || scratch.put(NEW, how(false, Ways::ALL)));
    result.unwrap();
    assert_eq!(steps(&log)[..2], [(Step::SyncFolder, ""), (Step::SyncFolder, "ns")]);

    // Now they are known, until others stand in their place.
    let (log, result) = run(Plan::Record, || scratch.put(NEW, how(false, Ways::ALL)));
    result.unwrap();
    assert_eq!(steps(&log)[0], (Step::Write, VALUE));
    std::fs::remove_dir_all(scratch.folder.path().join("ns")).unwrap();
    std::fs::create_dir_all(scratch.folder.path().join("ns/m")).unwrap();
    let (log, result) = run(Plan::Record, || scratch.put(NEW, how(false, Ways::ALL)));
    result.unwrap();
    assert_eq!(steps(&log)[..2], [(Step::SyncFolder, ""), (Step::SyncFolder, "ns")]);
}

#[test]
fn replacing_is_synced_like_creating() {
    for (way, ways) in EACH_WAY {
        let scratch = Scratch::new();
        scratch.put(OLD, how(true, Ways::ALL)).unwrap();
        let (log, result) = run(Plan::Record, || scratch.put(NEW, how(false, ways)));
        result.unwrap();
        // Only a file without a name needs a temporary one at the end.
        let mut log = steps(&log);
        if way == "unnamed" && cfg!(target_os = "linux") {
            assert_eq!(log.drain(2..4).collect::<Vec<_>>(), [(Step::Name, VALUE), (Step::Park, VALUE)]);
        }
        let expected =
            [(Step::Write, VALUE), (Step::SyncFile, VALUE), (Step::Name, VALUE), (Step::SyncFolder, "ns/m")];
        assert_eq!(log, expected, "{way}");
        assert_eq!(scratch.value().unwrap(), NEW, "{way}");
        assert_eq!(scratch.leftovers(), [] as [PathBuf; 0], "{way}");
    }
}

#[test]
fn that_a_value_exists_is_said_only_of_a_durable_one() {
    let mut scratch = Scratch::new();
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    scratch.reopened();
    let (log, result) = run(Plan::Record, || scratch.put(NEW, how(true, Ways::ALL)));
    assert_eq!(kind(result), Some(ErrorKind::AlreadyExists));
    let expected = [
        (Step::SyncFolder, ""),
        (Step::SyncFolder, "ns"),
        (Step::SyncFile, VALUE),
        (Step::SyncFolder, "ns/m"),
    ];
    assert_eq!(steps(&log), expected);
    assert_eq!(scratch.value().unwrap(), OLD);
}

#[test]
fn a_delete_is_synced_also_where_nothing_is_left_to_delete() {
    let scratch = Scratch::new();
    let delete = || values::delete(&scratch.root, &key(), true);
    let (log, result) = run(Plan::Record, delete);
    result.unwrap();
    assert_eq!(steps(&log), [], "no folder, no sync");
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    let (log, result) = run(Plan::Record, delete);
    result.unwrap();
    assert_eq!(steps(&log), [(Step::Remove, VALUE), (Step::SyncFolder, "ns/m")]);
    let (log, result) = run(Plan::Record, delete);
    result.unwrap();
    assert_eq!(steps(&log), [(Step::SyncFolder, "ns/m")]);
    assert_eq!(scratch.value(), None);
}

#[test]
fn without_durability_nothing_is_synced() {
    let scratch = Scratch::new();
    let how = How { sync: false, sync_folder: false, ..how(true, Ways::ALL) };
    let (log, result) = run(Plan::Record, || {
        scratch.put(OLD, how)?;
        scratch.put(NEW, How { create_only: false, ..how })?;
        assert_eq!(kind(scratch.put(OLD, how)), Some(ErrorKind::AlreadyExists));
        values::delete(&scratch.root, &key(), false)
    });
    result.unwrap();
    assert!(!log.iter().any(|(step, _)| matches!(step, Step::SyncFile | Step::SyncFolder)), "{log:?}");
}

#[test]
fn folders_and_values_are_for_their_owner_only() {
    for (way, ways) in EACH_WAY {
        let scratch = Scratch::new();
        scratch.put(NEW, how(true, ways)).unwrap();
        for (path, mode) in [("ns", 0o700), ("ns/m", 0o700), (VALUE, 0o600)] {
            let metadata = std::fs::metadata(scratch.folder.path().join(path)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, mode, "{way}: {path}");
        }
    }
}

#[test]
fn a_new_root_is_durable_too() {
    let scratch = Scratch::new();
    let path = scratch.folder.path().join("new");
    // Its own folder, to see whether that can be synced at all; then its parent, where its name is.
    let both = [(Step::SyncFolder, ""), (Step::SyncFolder, "")];
    for _ in 0..2 {
        let (log, root) = run(Plan::Record, || Root::create(&path));
        root.unwrap();
        assert_eq!(steps(&log), both, "also if it was made by somebody who was killed");
    }
    let (log, root) = run(Plan::Record, || Root::open(&path));
    root.unwrap();
    assert_eq!(steps(&log), both[..1]);

    let eio = rustix::io::Errno::IO.raw_os_error();
    let (_, root) = run(Plan::Fail(1, eio), || Root::create(&scratch.folder.path().join("another")));
    assert_eq!(root.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn a_file_system_that_cannot_sync_folders_promises_nothing_and_works() {
    let folder = tempfile::tempdir().unwrap();
    let invalid = rustix::io::Errno::INVAL.raw_os_error();
    let (_, root) = run(Plan::Fail(0, invalid), || Root::open(folder.path()));
    let root = root.unwrap();
    assert!(!root.can_sync());
    let how = How { sync_folder: root.can_sync(), ..how(true, Ways::ALL) };
    // It can't sync files either.
    let (log, result) = run(Plan::Fail(3, invalid), || values::put(&root, &key(), &payload(NEW), how));
    result.unwrap();
    assert!(
        matches!(log[3], (Step::SyncFile, _)) && !log.iter().any(|(step, _)| *step == Step::SyncFolder),
        "{log:?}"
    );
    assert_eq!(values::get(&root, &key(), 100).unwrap(), NEW);
    // A real failure is one here, too.
    let (_, result) = run(Plan::Fail(1, rustix::io::Errno::IO.raw_os_error()), || {
        values::put(&root, &key(), &payload(NEW), How { create_only: false, ..how })
    });
    assert_eq!(kind(result), Some(ErrorKind::Unavailable));
}
