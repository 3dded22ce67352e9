#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const SMALL: Limits = Limits { page: 3, visits: 7, lookahead: 5 };

fn scratch(files: &[&str]) -> (TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    for path in files {
        write(folder.path(), path);
    }
    let root = Root::open(folder.path()).unwrap();
    (folder, root)
}

fn write(folder: &Path, path: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "value").unwrap();
}

fn prefix(text: &str) -> Prefix {
    Prefix::new(text).unwrap()
}

/// All pages; `between` is called after each one.
fn pages(
    lists: impl Fn() -> Lists,
    root: &Root,
    prefix: &Prefix,
    between: impl Fn(&Lists),
) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    let mut lists_now = lists();
    loop {
        let page = lists_now.page(root, prefix, cursor.as_ref()).unwrap();
        pages.push(page.entries.iter().map(|entry| entry.key.to_string()).collect());
        assert!(pages.len() < 10_000, "the listing has no end");
        cursor = page.next;
        if cursor.is_none() {
            return pages;
        }
        between(&lists_now);
        if pages.len() % 2 == 0 {
            lists_now = lists();
        }
    }
}

fn all(root: &Root, prefix: &Prefix) -> Vec<String> {
    pages(|| Lists::new(SMALL), root, prefix, |_| ()).concat()
}

/// Numbers that look random and are the same in each run.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    move |below| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % below
    }
}

/// Some names that sort differently as text and as paths.
fn tree(seed: u64) -> BTreeSet<String> {
    let mut below = numbers(seed);
    let names = ["a", "a-b", "a.b", "b", "b0", "c", "z"];
    let mut files = BTreeSet::new();
    for _ in 0..below(60) {
        let depth = below(4);
        let mut path = String::new();
        for _ in 0..depth {
            // Folders and files have different names, so that none is in the other's place.
            path += names[usize::try_from(below(7)).unwrap()];
            path += "/";
        }
        files.insert(format!("{path}f{}", below(30)));
    }
    files
}

#[test]
fn every_tree_is_listed_once_in_its_order_whatever_the_limits() {
    for seed in 0..150 {
        let files = tree(seed);
        let (_folder, root) = scratch(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let mut below = numbers(seed + 1000);
        let usize = |number| usize::try_from(number).unwrap();
        let limits =
            Limits { page: 1 + usize(below(5)), visits: 1 + usize(below(9)), lookahead: usize(below(9)) };
        for text in ["", "a", "a/b", "a-b", "b/nothing"] {
            let mut expected: Vec<&String> = files
                .iter()
                .filter(|file| {
                    text.is_empty() || file.strip_prefix(text).is_some_and(|rest| rest.starts_with('/'))
                })
                .collect();
            expected.sort_by_key(|file| file.split('/').collect::<Vec<_>>());
            let pages = pages(|| Lists::new(limits), &root, &prefix(text), |_| ());
            assert!(pages.iter().all(|page| page.len() <= limits.page), "seed {seed}");
            assert_eq!(pages.concat().iter().collect::<Vec<_>>(), expected, "seed {seed}, below {text:?}");
        }
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let files: Vec<String> = (0..500).map(|number| format!("a/b/{number}")).collect();
    let (_folder, root) = scratch(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let limits = Limits { page: 10, visits: 100, lookahead: 64 };
    let kept = |lists: &Lists| {
        let paused = lists.paused.lock().unwrap();
        let walk = paused.as_ref().unwrap();
        assert!(walk.opened.is_none(), "a handle stays open between two pages");
        walk.levels.iter().map(|level| level.names.len()).sum::<usize>()
    };
    let most = std::cell::Cell::new(0);
    let pages =
        pages(|| Lists::new(limits), &root, &Prefix::all(), |lists| most.set(most.get().max(kept(lists))));
    assert_eq!(pages.concat().len(), 500);
    assert!((40..=64).contains(&most.get()), "{}", most.get());
}

#[test]
fn the_next_page_goes_on_where_this_one_ended_without_reading_anew() {
    let files: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    let (folder, root) = scratch(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let lists = Lists::new(Limits { page: 5, visits: 100, lookahead: 100 });
    let first = lists.page(&root, &Prefix::all(), None).unwrap();
    write(folder.path(), "05-late");
    let second = |lists: &Lists| lists.page(&root, &Prefix::all(), first.next.as_ref()).unwrap().entries;
    let names = |entries: Vec<Entry>| entries.iter().map(|entry| entry.key.to_string()).collect::<Vec<_>>();
    assert_eq!(names(second(&lists)), ["05", "06", "07", "08", "09"], "what was read ahead is used");
    // Asked again, it was used up; and a listing that began later must see what was there by then.
    assert_eq!(names(second(&lists)), ["05", "05-late", "06", "07", "08"]);
}

#[test]
fn what_another_listing_read_ahead_is_not_used() {
    let files: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    let (folder, root) = scratch(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let lists = Lists::new(Limits { page: 5, visits: 100, lookahead: 100 });
    let begin = || lists.page(&root, &Prefix::all(), None).unwrap();
    begin();
    let of_first = lists.paused.lock().unwrap().take();
    write(folder.path(), "05-later");
    let second = begin();
    // The first one's page came to its end later than the second one's, on a slow thread.
    *lists.paused.lock().unwrap() = of_first;
    let page = lists.page(&root, &Prefix::all(), second.next.as_ref()).unwrap();
    let keys: Vec<_> = page.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["05", "05-later", "06", "07", "08"], "it was there before the second listing began");
}

#[test]
fn what_is_no_key_is_left_out() {
    let (folder, root) = scratch(&["a/good", "good", "victim/x"]);
    let at = |path: &str| folder.path().join(path);
    let long = "z".repeat(129);
    for name in [".hidden", "UPPER", "sp ace", "ä", "con", "a.", "-a", "a/.hidden", "lost+found/x", &long] {
        write(folder.path(), name);
    }
    std::os::unix::fs::symlink("victim", at("link")).unwrap();
    std::os::unix::fs::symlink("good", at("a/link")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("broken")).unwrap();
    // Elsewhere there are no such names.
    #[cfg(target_os = "linux")]
    fs::write(at("a").join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff")), "x")
        .unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("a/pipe")).status().unwrap().success());
    assert_eq!(all(&root, &Prefix::all()), ["a/good", "good", "victim/x"]);
    assert_eq!(all(&root, &prefix("good")), [] as [&str; 0], "a value is not below itself");
}

#[test]
fn only_paths_of_a_keys_length_are_followed() {
    let (folder, root) = scratch(&[]);
    // 4 * 127 + 3 = 511 bytes: there is no room for a key below it.
    let deep = [["d"; 127].concat(), ["d"; 127].concat(), ["d"; 127].concat(), ["d"; 127].concat()].join("/");
    write(folder.path(), &format!("{deep}/x"));
    let fits = format!("{}/{}", &deep[..383], "e".repeat(128));
    assert_eq!(fits.len(), Key::MAX_LEN);
    write(folder.path(), &fits);
    assert_eq!(all(&root, &Prefix::all()), [fits]);
}

#[test]
fn a_link_in_the_prefix_is_an_error_and_not_an_empty_page() {
    let (folder, root) = scratch(&["real/x"]);
    std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
    let error = Lists::new(SMALL).page(&root, &prefix("link"), None).unwrap_err();
    assert_eq!(error.kind(), xstore_backend::ErrorKind::Other);
    assert_eq!(
        error.to_string(),
        "a symbolic link, which is never followed, stands where the folder link should be"
    );
}

#[test]
fn what_vanishes_between_two_pages_is_skipped() {
    let files: Vec<String> = (0..12).map(|number| format!("{}/{number:02}", number / 4)).collect();
    let (folder, root) = scratch(&files.iter().map(String::as_str).collect::<Vec<_>>());
    for lookahead in [0, 100] {
        let lists = Lists::new(Limits { page: 3, visits: 100, lookahead });
        let page = lists.page(&root, &Prefix::all(), None).unwrap();
        assert_eq!(page.entries.len(), 3);
        for path in ["0/03", "1"] {
            let (path, aside) =
                (folder.path().join(path), folder.path().join(path.replace('/', "-") + ".aside"));
            fs::rename(path, folder.path().join("..").join(aside.file_name().unwrap())).unwrap();
        }
        let page = lists.page(&root, &Prefix::all(), page.next.as_ref()).unwrap();
        let keys: Vec<_> = page.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["2/08", "2/09", "2/10"]);
        for path in ["0/03", "1"] {
            let aside = folder.path().join("..").join(path.replace('/', "-") + ".aside");
            fs::rename(aside, folder.path().join(path)).unwrap();
        }
    }
}

#[test]
fn cursors_of_others_are_refused() {
    let (_folder, root) = scratch(&["a/1", "a/2"]);
    for cursor in ["", "x", "0:", "0:b/1", "0:a", "g:a/1", "0:a/../b", "0:a//1", "0a/1", "-1:a/1"] {
        let result = Lists::new(SMALL).page(&root, &prefix("a"), Some(&Cursor::new(cursor)));
        assert_eq!(result.unwrap_err().kind(), xstore_backend::ErrorKind::Other, "{cursor}");
    }
    let page = Lists::new(SMALL).page(&root, &prefix("a"), Some(&Cursor::new("ff:a/1"))).unwrap();
    assert_eq!(page.entries[0].key.as_str(), "a/2");
}

#[test]
fn a_page_without_keys_is_not_the_last_one() {
    let (folder, root) = scratch(&["z/last"]);
    for number in 0..50 {
        fs::create_dir(folder.path().join(format!("empty-{number}"))).unwrap();
    }
    let pages = pages(|| Lists::new(SMALL), &root, &Prefix::all(), |_| ());
    assert!(pages.len() > 50 / SMALL.visits && pages[0].is_empty(), "{pages:?}");
    assert_eq!(pages.concat(), ["z/last"]);
}
