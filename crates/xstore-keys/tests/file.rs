//! Key files on disk: permissions, kinds of files, and that nothing is ever half written or overwritten.

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

use tempfile::{TempDir, tempdir};
use xstore_keys::file::{Action, FileError, create, load, replace};
use xstore_keys::key_file::{KeyFileError, KeyFileErrorKind, MAX_BYTES};
use xstore_keys::{Date, IntegrityKey, KeyId, KeyRing, Keys};

fn key(number: u8) -> IntegrityKey {
    let mut bytes = [0x5a; 32];
    bytes[0] = number;
    IntegrityKey::from_bytes(&bytes).expect("not all bytes are equal")
}

fn id(number: u8) -> KeyId {
    Keys::derive(&key(number)).id()
}

fn ring(number: u8) -> KeyRing {
    let mut ring = KeyRing::default();
    ring.add(key(number), Date::new(2026, 3, 1).expect("a date")).expect("an empty ring has room");
    ring
}

fn current(path: &Path) -> KeyId {
    load(path).expect("a key file").current().expect("a current key").id()
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder exists")
        .map(|entry| entry.expect("a name").file_name().into_string().expect("a plain name"))
        .collect();
    names.sort();
    names
}

fn private(path: &Path, text: &[u8]) {
    fs::write(path, text).expect("the folder can be written");
    #[cfg(unix)]
    unix::set_mode(path, 0o600);
}

#[test]
fn created_and_loaded() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    create(&path, &ring(1)).unwrap();
    assert_eq!(current(&path), id(1));
    assert_eq!(names(&folder), ["integrity.key"]);
}

#[test]
fn creating_never_overwrites() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    create(&path, &ring(1)).unwrap();
    let before = fs::read(&path).unwrap();
    let error = create(&path, &ring(2)).unwrap_err();
    assert!(matches!(&error, FileError::Exists { path: at } if *at == path), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), before);

    let sub = folder.path().join("folder");
    fs::create_dir(&sub).unwrap();
    assert!(matches!(create(&sub, &ring(2)), Err(FileError::Exists { .. })));
}

#[test]
fn creating_in_a_missing_folder_leaves_nothing() {
    let folder = tempdir().unwrap();
    let error = create(&folder.path().join("missing/integrity.key"), &ring(1)).unwrap_err();
    assert!(
        matches!(&error, FileError::Io { action: Action::Create, source, .. }
        if source.kind() == io::ErrorKind::NotFound),
        "{error:?}"
    );
    assert!(names(&folder).is_empty());
}

#[test]
fn replaced_whole() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    create(&path, &ring(1)).unwrap();
    replace(&path, &ring(2)).unwrap();
    assert_eq!(current(&path), id(2));
    // No temporary file stays behind.
    assert_eq!(names(&folder), ["integrity.key"]);
}

#[test]
fn replacing_wants_a_file_to_replace() {
    let folder = tempdir().unwrap();
    let error = replace(&folder.path().join("integrity.key"), &ring(1)).unwrap_err();
    assert!(
        matches!(&error, FileError::Io { action: Action::Replace, source, .. }
        if source.kind() == io::ErrorKind::NotFound),
        "{error:?}"
    );
    assert!(matches!(replace(folder.path(), &ring(1)), Err(FileError::NotRegular { .. })));
    assert!(names(&folder).is_empty());
}

/// While one thread replaces the file over and over, every read gives one of the two rings.
#[test]
fn readers_see_the_old_ring_or_the_new_one() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    create(&path, &ring(0)).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 1..=40 {
                replace(&path, &ring(round % 2)).unwrap();
            }
        });
        let mut reads = 0;
        while !writer.is_finished() || reads == 0 {
            let seen = current(&path);
            assert!(seen == id(0) || seen == id(1));
            reads += 1;
        }
    });
    assert_eq!(current(&path), id(0));
}

#[test]
fn a_missing_file_is_reported_with_its_cause() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    let error = load(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("can't read the key file {}", path.display()));
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_folder_is_no_key_file() {
    let folder = tempdir().unwrap();
    assert!(matches!(load(folder.path()), Err(FileError::NotRegular { .. })));
}

#[test]
fn the_content_is_checked() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    private(&path, b"# remark\nno key\n");
    let error = load(&path).unwrap_err();
    let expected = KeyFileError { line: 2, kind: KeyFileErrorKind::Fields };
    assert!(matches!(&error, FileError::Content { source, .. } if *source == expected), "{error:?}");
    assert_eq!(error.to_string(), format!("{} is not a valid key file", path.display()));
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&expected));
}

#[test]
fn no_more_is_read_than_a_key_file_may_have() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("integrity.key");
    private(&path, &vec![b'#'; MAX_BYTES]);
    assert!(load(&path).unwrap().is_empty());
    for length in [MAX_BYTES as u64 + 1, 1 << 30] {
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let error = load(&path).unwrap_err();
        let expected = KeyFileErrorKind::TooLarge { limit: MAX_BYTES };
        assert!(matches!(&error, FileError::Content { source, .. } if source.kind == expected), "{error:?}");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    pub(crate) fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the owner may set the mode");
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("the file exists").permissions().mode() & 0o7777
    }

    #[test]
    fn written_for_the_owner_only() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("integrity.key");
        create(&path, &ring(1)).unwrap();
        assert_eq!(mode(&path), 0o600);
        set_mode(&path, 0o644);
        replace(&path, &ring(2)).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn refused_when_others_have_access() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("integrity.key");
        create(&path, &ring(1)).unwrap();
        for bit in [0o001, 0o002, 0o004, 0o010, 0o020, 0o040] {
            set_mode(&path, 0o600 | bit);
            let error = load(&path).unwrap_err();
            assert!(matches!(error, FileError::NotPrivate { mode, .. } if mode == 0o600 | bit), "{error:?}");
        }
        set_mode(&path, 0o640);
        assert_eq!(
            load(&path).unwrap_err().to_string(),
            format!(
                "others can access the key file {} (mode 0640); run `chmod 600` on it, and if anybody may have \
                 read it, replace the key",
                path.display()
            )
        );
        for allowed in [0o600, 0o400, 0o700] {
            set_mode(&path, allowed);
            assert_eq!(current(&path), id(1));
        }
    }

    #[test]
    fn a_link_is_followed_and_kept() {
        let (folder, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
        let link = folder.path().join("integrity.key");
        let target = elsewhere.path().join("real.key");
        create(&target, &ring(1)).unwrap();
        symlink(&target, &link).unwrap();
        assert_eq!(current(&link), id(1));

        replace(&link, &ring(2)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(current(&target), id(2));
        assert_eq!(names(&folder), ["integrity.key"]);
        assert_eq!(names(&elsewhere), ["real.key"]);

        // The permissions that count are those of the file, not of the link.
        set_mode(&target, 0o604);
        assert!(matches!(load(&link), Err(FileError::NotPrivate { .. })));
    }

    #[test]
    fn creating_does_not_follow_a_link() {
        let folder = tempdir().unwrap();
        let link = folder.path().join("integrity.key");
        let target = folder.path().join("elsewhere");
        symlink(&target, &link).unwrap();
        assert!(matches!(create(&link, &ring(1)), Err(FileError::Exists { .. })));
        assert!(!target.exists());
    }

    /// Runs `call` where it can't hang the test: opening a pipe without a writer would wait for ever.
    fn in_time<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        let (send, receive) = mpsc::channel();
        thread::spawn(move || send.send(call()));
        receive.recv_timeout(Duration::from_secs(20)).expect("the call returns")
    }

    #[test]
    fn sockets_and_pipes_are_neither_loaded_nor_replaced() {
        let folder = tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [socket, pipe] {
            let shown = path.display().to_string();
            let (loaded, replaced) = in_time(move || (load(&path).err(), replace(&path, &ring(1)).err()));
            assert!(matches!(loaded, Some(FileError::NotRegular { .. })), "{shown}: {loaded:?}");
            assert!(matches!(replaced, Some(FileError::NotRegular { .. })), "{shown}: {replaced:?}");
        }
    }

    // Devices are only ever read here. A call that writes, run as root on the day on which its check is broken,
    // would take the device away from the whole machine.
    #[test]
    fn devices_are_not_loaded() {
        let folder = tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/dev/zero", &link).unwrap();
        for path in [Path::new("/dev/null").to_owned(), link] {
            let shown = path.display().to_string();
            let loaded = in_time(move || load(&path).err());
            assert!(matches!(loaded, Some(FileError::NotRegular { .. })), "{shown}: {loaded:?}");
        }
    }
}
