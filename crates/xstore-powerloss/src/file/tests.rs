use super::*;
use crate::survival::Survival;

fn bytes(file: &File) -> Vec<u8> {
    file.seen().read(0, 1 << 20)
}

fn after(file: &File, survival: Survival) -> Vec<u8> {
    let mut file = file.clone();
    file.settle(&mut Fate::new(survival));
    bytes(&file)
}

/// A file with synced bytes `old`, all of one letter, and unsynced writes.
fn written(old: usize, writes: &[(u64, &[u8])]) -> File {
    let mut file = File::default();
    file.write(0, &vec![b'o'; old]);
    file.sync();
    for (offset, data) in writes {
        file.write(*offset, data);
    }
    file
}

#[test]
fn what_is_not_synced_is_lost_and_what_is_synced_stays() {
    let mut file = written(5000, &[(4990, b"new tail, longer than the old one")]);
    assert_eq!(bytes(&file).len(), 5023);
    assert_eq!(after(&file, Survival::Synced), vec![b'o'; 5000]);
    assert_eq!(after(&file, Survival::Everything), bytes(&file));
    file.sync();
    assert_eq!(after(&file, Survival::Synced), bytes(&file));
}

#[test]
fn a_cut_is_a_change_like_others() {
    let mut file = written(9000, &[]);
    file.resize(10);
    assert_eq!(after(&file, Survival::Synced), vec![b'o'; 9000]);
    file.resize(5000);
    let mut zeros = vec![0; 5000];
    zeros[..10].fill(b'o');
    assert_eq!(bytes(&file), zeros);
    file.sync();
    assert_eq!(after(&file, Survival::Synced), zeros);
}

#[test]
fn a_sync_that_fails_loses_the_pages_and_the_next_one_does_not_bring_them_back() {
    let mut file = written(8192, &[(0, b"first"), (4096, b"second")]);
    file.forget();
    assert_eq!(bytes(&file)[..5], *b"first");
    file.sync();
    assert_eq!(after(&file, Survival::Synced), vec![b'o'; 8192]);
    assert_eq!(after(&file, Survival::Everything), vec![b'o'; 8192]);
    // Another write of the page takes the whole page to the disk, and no other.
    file.write(100, b"x");
    file.sync();
    let left = after(&file, Survival::Synced);
    assert_eq!((&left[..5], &left[4096..4102]), (&b"first"[..], &b"oooooo"[..]));
}

#[test]
fn a_size_that_a_failed_sync_forgot_follows_the_data() {
    let mut file = written(0, &[(0, &[b'n'; 10_000])]);
    file.forget();
    file.sync();
    assert_eq!(after(&file, Survival::Synced), b"");
    file.write(5000, b"n");
    file.sync();
    let left = after(&file, Survival::Synced);
    assert_eq!((left.len(), left[0], left[4096]), (8192, 0, b'n'));
    file.write(0, &[b'n'; 10_000]);
    file.sync();
    assert_eq!(after(&file, Survival::Synced), vec![b'n'; 10_000]);
}

#[test]
fn pages_behind_the_end_do_not_come_back() {
    let mut file = written(0, &[(0, &[b'n'; 8192])]);
    file.resize(1);
    // Some outcome has the pages but the small size; growing it again must show zeros.
    for seed in 0..200 {
        let mut file = file.clone();
        file.settle(&mut Fate::new(Survival::Random { seed }));
        let size = file.seen().size();
        file.resize(8192);
        let size = usize::try_from(size).unwrap();
        assert!(bytes(&file)[size..].iter().all(|byte| *byte == 0), "seed {seed}");
    }
}

#[test]
fn random_outcomes_are_torn_reordered_and_repeatable() {
    let mut file = written(3 * 4096, &[(0, &[b'1'; 3 * 4096]), (0, &[b'2'; 3 * 4096])]);
    file.write(3 * 4096, b"end");
    let outcomes: std::collections::BTreeSet<_> =
        (0..300).map(|seed| after(&file, Survival::Random { seed })).collect();
    assert_eq!(outcomes, (0..300).map(|seed| after(&file, Survival::Random { seed })).collect());
    let has = |wanted: &dyn Fn(&[u8]) -> bool| outcomes.iter().any(|bytes| wanted(bytes));
    assert!(has(&|bytes| bytes == vec![b'o'; 3 * 4096]), "all lost");
    assert!(has(&|bytes| bytes[0] == b'o' && bytes[4096] == b'2'), "a later page without an earlier one");
    assert!(has(&|bytes| bytes[0] == b'2' && bytes[4096] == b'o'), "an earlier page without a later one");
    assert!(has(&|bytes| bytes[0] == b'1'), "a version in between");
    assert!(has(&|bytes| bytes[..4096].windows(2).any(|pair| pair[0] != pair[1])), "a torn page");
    assert!(has(&|bytes| bytes.len() > 3 * 4096 && bytes[3 * 4096] == 0), "the size without the data");
    assert!(has(&|bytes| bytes.len() == 3 * 4096 && bytes[0] == b'2'), "the data without the size");
    for bytes in &outcomes {
        for sector in bytes.chunks_exact(SECTOR).take(24) {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "sectors are whole");
        }
    }
}

#[test]
fn many_writes_of_one_page_cost_no_more_than_a_few_versions() {
    let mut file = written(10, &[]);
    for number in 0..1000_u32 {
        file.write(0, &number.to_le_bytes());
        file.resize(u64::from(number) % 7 + 4);
    }
    assert!(file.pages[&0].len() <= VERSIONS && file.sizes.len() <= VERSIONS);
    assert_eq!(after(&file, Survival::Everything), bytes(&file));
    file.sync();
    assert_eq!(after(&file, Survival::Synced), bytes(&file));
}

#[test]
fn no_byte_is_shown() {
    let file = written(100, &[(0, &[171; 5000])]);
    let shown = format!("{file:?}");
    assert!(!shown.contains("171") && shown.contains("5000"), "{shown}");
}
