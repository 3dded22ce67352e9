use super::*;
use crate::survival::Survival;

const ROOT: u64 = 1;

fn set(dir: u64, name: &str, number: u64) -> (Place, Option<u64>) {
    (Place::new(dir, OsStr::new(name)), Some(number))
}

fn unset(dir: u64, name: &str) -> (Place, Option<u64>) {
    (Place::new(dir, OsStr::new(name)), None)
}

/// Paths and numbers that a power loss leaves.
fn after(names: &Names, survival: Survival) -> Vec<(String, u64)> {
    let mut names = names.clone();
    names.settle(ROOT, &mut Fate::new(survival));
    seen(&names)
}

fn seen(names: &Names) -> Vec<(String, u64)> {
    let (mut all, mut open) = (Vec::new(), vec![(ROOT, String::new())]);
    while let Some((dir, path)) = open.pop() {
        for (name, number) in names.list(dir) {
            let path = format!("{path}/{}", name.display());
            all.push((path.clone(), number));
            open.push((number, path));
        }
    }
    all.sort();
    all
}

fn made(changes: &[Change]) -> Names {
    let mut names = Names::default();
    for change in changes {
        names.change(change.clone());
    }
    names
}

fn paths(names: &[(&str, u64)]) -> Vec<(String, u64)> {
    names.iter().map(|(path, number)| ((*path).to_owned(), *number)).collect()
}

#[test]
fn a_name_is_there_after_its_directory_was_synced() {
    let mut names = made(&[vec![set(ROOT, "a", 2)]]);
    assert_eq!(after(&names, Survival::Synced), paths(&[]));
    assert_eq!(after(&names, Survival::Everything), paths(&[("/a", 2)]));
    names.sync(ROOT);
    assert_eq!(after(&names, Survival::Synced), paths(&[("/a", 2)]));
    names.change(vec![unset(ROOT, "a")]);
    assert_eq!(seen(&names), paths(&[]));
    assert_eq!(after(&names, Survival::Synced), paths(&[("/a", 2)]));
}

#[test]
fn what_is_in_a_directory_without_a_name_is_lost() {
    let mut names = made(&[vec![set(ROOT, "d", 2)], vec![set(2, "a", 3)]]);
    names.sync(2);
    assert_eq!(after(&names, Survival::Synced), paths(&[]));
    names.sync(ROOT);
    assert_eq!(after(&names, Survival::Synced), paths(&[("/d", 2), ("/d/a", 3)]));
}

#[test]
fn a_rename_between_directories_is_on_the_disk_whole_by_a_sync_of_either() {
    for synced in [2, 3] {
        let mut names = made(&[vec![set(ROOT, "t", 2), set(ROOT, "v", 3)], vec![set(2, "a", 4)]]);
        names.sync(ROOT);
        names.sync(2);
        names.change(vec![unset(2, "a"), set(3, "b", 4)]);
        assert_eq!(after(&names, Survival::Synced), paths(&[("/t", 2), ("/t/a", 4), ("/v", 3)]));
        names.sync(synced);
        assert_eq!(after(&names, Survival::Synced), paths(&[("/t", 2), ("/v", 3), ("/v/b", 4)]));
    }
}

#[test]
fn a_sync_takes_along_what_its_changes_need_and_nothing_else() {
    let mut names = made(&[vec![set(ROOT, "t", 2), set(ROOT, "v", 3)]]);
    names.sync(ROOT);
    names.change(vec![set(2, "a", 4)]);
    names.change(vec![set(2, "other", 5)]);
    names.change(vec![unset(2, "a"), set(3, "b", 4)]);
    names.change(vec![set(2, "a", 6)]);
    names.sync(3);
    // Without its first change, the name `a` would come back later, as a second name of the same file.
    assert_eq!(after(&names, Survival::Synced), paths(&[("/t", 2), ("/v", 3), ("/v/b", 4)]));
    names.sync(2);
    let all = paths(&[("/t", 2), ("/t/a", 6), ("/t/other", 5), ("/v", 3), ("/v/b", 4)]);
    assert_eq!(after(&names, Survival::Synced), all);
}

#[test]
fn random_outcomes_never_split_a_change_or_reorder_those_of_one_name() {
    let mut names = made(&[vec![set(ROOT, "t", 2), set(ROOT, "v", 3)]]);
    names.sync(ROOT);
    for number in 10..14 {
        names.change(vec![set(2, "a", number)]);
        names.change(vec![unset(2, "a"), set(3, "b", number)]);
    }
    names.change(vec![set(2, "c", 20)]);
    let files = |outcome: &[(String, u64)]| -> Vec<(String, u64)> {
        outcome.iter().filter(|(path, _)| path.len() > 2).cloned().collect()
    };
    let outcomes: BTreeSet<_> =
        (0..1000).map(|seed| files(&after(&names, Survival::Random { seed }))).collect();
    let alone: BTreeSet<_> = outcomes.iter().filter(|o| o.iter().any(|(path, _)| path == "/t/c")).collect();
    assert!(alone.len() > 3 && alone.len() < outcomes.len(), "the name that needs none is drawn by itself");
    let mut seen = BTreeSet::new();
    for outcome in &outcomes {
        let number =
            |wanted: &str| outcome.iter().find(|(path, _)| path == wanted).map(|(_, number)| *number);
        match (number("/t/a"), number("/v/b")) {
            (None, None) => seen.insert(0),
            (None, Some(b)) => seen.insert(b),
            (Some(10), None) => seen.insert(100),
            (Some(a), Some(b)) if a == b + 1 => seen.insert(100 + b),
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(seen.len(), 9, "every prefix of the changes occurs: {seen:?}");
}
