use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_journal_is_made_once_and_held_while_it_lives() {
    let folder = folder();
    let path = folder.path().join("m.json.pending");
    assert!(matches!(Pending::open(&path).unwrap(), Opened::Gone));
    let pending = Pending::create(&path).unwrap().unwrap();
    assert!(Pending::create(&path).unwrap().is_none());
    assert!(matches!(Pending::open(&path).unwrap(), Opened::Busy));
    // What a ticket holds keeps the lock, too.
    let journal = pending.journal();
    drop(pending);
    assert!(matches!(Pending::open(&path).unwrap(), Opened::Busy));
    drop(journal);
    let Opened::Locked(pending) = Pending::open(&path).unwrap() else { panic!("it is free") };
    pending.remove().unwrap();
    assert!(!path.exists());
    assert!(matches!(Pending::open(&path).unwrap(), Opened::Gone));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_a_journal() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("m.json.pending");
    let _pending = Pending::create(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn lines_are_appended_to_what_is_there() {
    let folder = folder();
    let path = folder.path().join("m.json.pending");
    let pending = Pending::create(&path).unwrap().unwrap();
    let mut journal = pending.journal();
    journal.append("a\n").unwrap();
    journal.append("b\n").unwrap();
    assert_eq!(pending.text().unwrap(), "a\nb\n");
    drop((journal, pending));
    let Opened::Locked(pending) = Pending::open(&path).unwrap() else { panic!("it is free") };
    pending.journal().append("c\n").unwrap();
    assert_eq!(pending.text().unwrap(), "a\nb\nc\n");
}

#[test]
fn a_journal_that_was_removed_while_somebody_waited_for_it_is_gone() {
    let folder = folder();
    let path = folder.path().join("m.json.pending");
    let first = Pending::create(&path).unwrap().unwrap();
    // The file is another one now, although the name is the same.
    fs::remove_file(&path).unwrap();
    let second = Pending::create(&path).unwrap().unwrap();
    assert!(!is_at(&first.file.lock().unwrap(), &path).unwrap());
    assert!(is_at(&second.file.lock().unwrap(), &path).unwrap());
}

#[test]
fn a_journal_that_is_renamed_stays_held() {
    let folder = folder();
    let path = folder.path().join("m.json.pending");
    let aside = folder.path().join("m.json.0.pending");
    let mut pending = Pending::create(&path).unwrap().unwrap();
    pending.rename(&aside).unwrap();
    assert_eq!(pending.path(), aside);
    assert!(matches!(Pending::open(&path).unwrap(), Opened::Gone));
    assert!(matches!(Pending::open(&aside).unwrap(), Opened::Busy));
}

#[test]
fn what_is_no_text_or_no_file_is_refused() {
    let folder = folder();
    let path = folder.path().join("m.json.pending");
    fs::write(&path, b"\xff\n").unwrap();
    let Opened::Locked(pending) = Pending::open(&path).unwrap() else { panic!("it is free") };
    assert_eq!(pending.text().unwrap_err().code(), "PENDING_INVALID");
    let inner = folder.path().join("folder.pending");
    fs::create_dir(&inner).unwrap();
    assert_eq!(Pending::open(&inner).err().map(|failure| failure.code()), Some("USAGE"));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.pending");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(Pending::open(&link).err().map(|failure| failure.code()), Some("USAGE"));
    }
}

/// A line that can't be written whole is taken back, and none comes behind it.
#[cfg(target_os = "linux")]
#[test]
fn a_line_that_fails_is_the_last_one() {
    let full = File::options().append(true).open("/dev/full").unwrap();
    let mut journal = Lines { file: Arc::new(Mutex::new(full)), is_broken: false };
    assert_eq!(journal.append("a\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(journal.append("b\n").unwrap_err().to_string(), "an earlier line couldn't be written");
}
