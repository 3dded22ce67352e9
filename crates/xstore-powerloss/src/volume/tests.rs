use super::*;

const OWNER: Owner = Owner { uid: 1, gid: 2 };
const ALL: u64 = u64::MAX;

fn at(dir: u64, name: &str) -> Place {
    Place::new(dir, OsStr::new(name))
}

fn file(volume: &mut Volume, dir: u64, name: &str) -> u64 {
    volume.create(at(dir, name), Some(File::default()), 0o640, OWNER, ALL).unwrap()
}

fn dir(volume: &mut Volume, parent: u64, name: &str) -> u64 {
    volume.create(at(parent, name), None, 0o750, OWNER, ALL).unwrap()
}

fn found(volume: &Volume, dir: u64, name: &str) -> Result<u64> {
    volume.lookup(dir, OsStr::new(name))
}

#[test]
fn a_synced_file_without_a_synced_name_is_lost_and_a_name_without_data_is_empty() {
    let mut volume = Volume::new(OWNER);
    let (a, b) = (file(&mut volume, ROOT, "a"), file(&mut volume, ROOT, "b"));
    for number in [a, b] {
        volume.write(number, 0, b"data", ALL).unwrap();
    }
    volume.sync(a, false).unwrap();
    let mut lost = volume.clone();
    lost.settle(Survival::Synced);
    assert_eq!(found(&lost, ROOT, "a"), Err(Errno::ENOENT));
    volume.sync(ROOT, false).unwrap();
    volume.settle(Survival::Synced);
    assert_eq!(volume.read(a, 0, 10).unwrap(), b"data");
    assert_eq!(volume.read(b, 0, 10).unwrap(), b"");
    assert_eq!(volume.attr(b).unwrap().perm, 0o640);
}

#[test]
fn a_removed_file_lives_while_it_is_open_and_comes_back_where_its_removal_is_lost() {
    let mut volume = Volume::new(OWNER);
    let number = file(&mut volume, ROOT, "a");
    volume.write(number, 0, &[1; 5000], ALL).unwrap();
    volume.sync(number, false).unwrap();
    volume.sync(ROOT, false).unwrap();
    assert_eq!(volume.used(), 1 + 3);
    volume.opened(number).unwrap();
    volume.remove(at(ROOT, "a"), false).unwrap();
    assert_eq!((volume.read(number, 0, 9000).unwrap().len(), volume.used()), (5000, 4));
    volume.closed(number);
    assert_eq!((volume.attr(number), volume.used()), (Err(Errno::ESTALE), 1));
    let mut back = volume.clone();
    back.settle(Survival::Synced);
    assert_eq!((found(&back, ROOT, "a"), back.used()), (Ok(number), 4));
    assert_eq!(back.attr(number).unwrap().nlink, 1);
    volume.sync(ROOT, false).unwrap();
    volume.settle(Survival::Synced);
    assert_eq!(found(&volume, ROOT, "a"), Err(Errno::ENOENT));
}

#[test]
fn what_nobody_can_reach_any_more_is_forgotten() {
    let mut volume = Volume::new(OWNER);
    for _ in 0..50 {
        let number = file(&mut volume, ROOT, "a");
        volume.write(number, 0, b"data", ALL).unwrap();
        volume.remove(at(ROOT, "a"), false).unwrap();
        volume.sync(ROOT, false).unwrap();
    }
    assert_eq!(volume.nodes.len(), 1);
}

#[test]
fn links_and_renames() {
    let mut volume = Volume::new(OWNER);
    let (d, a) = (dir(&mut volume, ROOT, "d"), file(&mut volume, ROOT, "a"));
    volume.link(a, at(d, "b")).unwrap();
    assert_eq!(volume.attr(a).unwrap().nlink, 2);
    assert_eq!(volume.link(a, at(d, "b")), Err(Errno::EEXIST));
    assert_eq!(volume.link(d, at(ROOT, "e")), Err(Errno::EPERM));
    let c = file(&mut volume, ROOT, "c");
    let no_replace = RenameFlags::RENAME_NOREPLACE;
    assert_eq!(volume.rename(at(ROOT, "c"), at(d, "b"), no_replace), Err(Errno::EEXIST));
    volume.rename(at(ROOT, "c"), at(d, "b"), RenameFlags::empty()).unwrap();
    assert_eq!((found(&volume, d, "b"), found(&volume, ROOT, "c")), (Ok(c), Err(Errno::ENOENT)));
    assert_eq!(volume.attr(a).unwrap().nlink, 1);
    volume.rename(at(ROOT, "a"), at(d, "b"), RenameFlags::RENAME_EXCHANGE).unwrap();
    assert_eq!((found(&volume, d, "b"), found(&volume, ROOT, "a")), (Ok(a), Ok(c)));
    assert_eq!((volume.attr(a).unwrap().nlink, volume.attr(c).unwrap().nlink), (1, 1));
    volume.rename(at(ROOT, "a"), at(ROOT, "a"), RenameFlags::empty()).unwrap();
    assert_eq!(volume.attr(c).unwrap().nlink, 1);
    let whiteout = RenameFlags::RENAME_WHITEOUT;
    assert_eq!(volume.rename(at(ROOT, "a"), at(ROOT, "b"), whiteout), Err(Errno::EINVAL));
}

#[test]
fn the_wrong_kind_is_refused() {
    let mut volume = Volume::new(OWNER);
    let (d, a) = (dir(&mut volume, ROOT, "d"), file(&mut volume, ROOT, "a"));
    file(&mut volume, d, "b");
    assert_eq!(volume.remove(at(ROOT, "d"), true), Err(Errno::ENOTEMPTY));
    assert_eq!(volume.remove(at(ROOT, "d"), false), Err(Errno::EISDIR));
    assert_eq!(volume.remove(at(ROOT, "a"), true), Err(Errno::ENOTDIR));
    assert_eq!(volume.remove(at(ROOT, "x"), false), Err(Errno::ENOENT));
    let plain = RenameFlags::empty();
    assert_eq!(volume.rename(at(ROOT, "a"), at(ROOT, "d"), plain), Err(Errno::EISDIR));
    assert_eq!(volume.rename(at(ROOT, "d"), at(ROOT, "a"), plain), Err(Errno::ENOTDIR));
    let e = dir(&mut volume, ROOT, "e");
    assert_eq!(volume.rename(at(ROOT, "e"), at(ROOT, "d"), plain), Err(Errno::ENOTEMPTY));
    volume.rename(at(ROOT, "d"), at(ROOT, "e"), plain).unwrap();
    assert_eq!((found(&volume, ROOT, "e"), volume.attr(e)), (Ok(d), Err(Errno::ESTALE)));
    assert_eq!(volume.write(d, 0, b"x", ALL), Err(Errno::EISDIR));
    assert_eq!(found(&volume, a, "x"), Err(Errno::ENOTDIR));
    assert_eq!(found(&volume, ROOT, &"n".repeat(256)), Err(Errno::ENAMETOOLONG));
}

#[test]
fn a_write_takes_what_room_there_is() {
    let mut volume = Volume::new(OWNER);
    let a = file(&mut volume, ROOT, "a");
    assert_eq!(volume.write(a, 4000, &[1; 10_000], 2), Ok(4192));
    assert_eq!(volume.write(a, 8192, &[1; 10], 0), Err(Errno::ENOSPC));
    assert_eq!(volume.write(a, 0, &[2; 8192], 0), Ok(8192));
    assert_eq!(volume.attr(a).unwrap().size, 8192);
    let full = volume.create(at(ROOT, "b"), Some(File::default()), 0o600, OWNER, 0);
    assert_eq!(full, Err(Errno::ENOSPC));
}

#[test]
fn attributes_are_lost_without_a_sync_of_more_than_the_data() {
    let mut volume = Volume::new(OWNER);
    let a = file(&mut volume, ROOT, "a");
    volume.sync(ROOT, false).unwrap();
    volume.set(a, &NewAttributes { mode: Some(0o400), ..NewAttributes::default() }).unwrap();
    let mode = |mut volume: Volume| {
        volume.settle(Survival::Synced);
        volume.attr(a).unwrap().perm
    };
    volume.sync(a, true).unwrap();
    assert_eq!((volume.attr(a).unwrap().perm, mode(volume.clone())), (0o400, 0o640));
    volume.sync(a, false).unwrap();
    assert_eq!(mode(volume), 0o400);
}
