use super::*;

#[test]
fn the_room_of_a_file_system_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let room = space(folder.path()).unwrap();
    if cfg!(unix) {
        assert!(room.free.unwrap() <= room.total.unwrap() && room.total > Some(0));
    }
    assert!(!cfg!(unix) || space(&folder.path().join("none")).is_err());
}

#[test]
fn a_folder_of_this_machine_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    refuse_network(folder.path()).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn file_systems_of_networks_are_known_by_their_numbers() {
    // As linux/magic.h and the file systems' own sources have them.
    for (number, name) in [(0x6969, "nfs"), (0xff53_4d42, "cifs"), (0xfe53_4d42, "smb2"), (0x517b, "smb")] {
        assert!(SHARED_FILE_SYSTEMS.contains(&(number, name)));
    }
    // FUSE, ext4, xfs, btrfs, tmpfs, overlayfs, zfs.
    for local in [0x6573_5546, 0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
        assert!(!SHARED_FILE_SYSTEMS.iter().any(|(number, _)| *number == local), "{local:x}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_has_to_be_there_to_be_accessed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    assert_eq!(require_access(&file).unwrap_err().kind(), ErrorKind::Unavailable);
    std::fs::write(&file, "").unwrap();
    require_access(&file).unwrap();
}

/// The superuser may do everything, so this needs another user.
#[cfg(unix)]
#[test]
fn a_file_or_folder_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        println!("skipped: the superuser may write everything");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    std::fs::write(&file, "").unwrap();
    let set =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set(&file, 0o400);
    assert_eq!(require_access(&file).unwrap_err().kind(), ErrorKind::AuthFailed);
    set(&file, 0o600);
    set(folder.path(), 0o500);
    assert_eq!(require_access(&file).unwrap_err().kind(), ErrorKind::AuthFailed);
    set(folder.path(), 0o700);
}
