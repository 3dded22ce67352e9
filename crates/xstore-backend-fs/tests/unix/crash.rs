//! The process is killed at any time: what it acknowledged is there, all else is whole or absent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::*;

const KILLS: u64 = 60;
/// Values that are replaced again and again.
const REPLACED: u64 = 3;

/// The longest value; some are a page and some many.
fn len(number: u64) -> usize {
    usize::try_from(number * 7919 % 97).unwrap() * 1024 + 1
}

/// What version `number` of a replaced value is.
fn version(number: u64) -> Bytes {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(value(number, len(number)));
    bytes.into()
}

/// Writes until it is killed, and says what was acknowledged.
pub(crate) async fn write(root: &Path, round: u64) {
    let backend = open(root);
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    };
    for number in 0.. {
        let name = key(format!("r{round}/m/{number}"));
        backend.put(&name, value(number, len(number)).into(), &NEW).await.unwrap();
        say(format!("created {number}"));
        let name = key(format!("r{round}/r/{}", number % REPLACED));
        backend.put(&name, version(number).into(), &ANY).await.unwrap();
        say(format!("replaced {number}"));
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut unclear) = (0, 0);
    for round in 0..KILLS {
        let (created, replaced) = run_and_kill(folder.path(), round);
        let backend = open(folder.path());
        // Nobody works here any more: one list removes what was left.
        let listed = names(&backend).await;
        assert_eq!(hidden(folder.path()), [] as [std::path::PathBuf; 0]);
        let of = |lane: &str| -> Vec<u64> {
            let prefix = format!("r{round}/{lane}/");
            listed.iter().filter_map(|name| name.strip_prefix(&prefix)?.parse().ok()).collect()
        };
        let there = of("m");
        for number in &there {
            let found = backend.get(&key(format!("r{round}/m/{number}")), 1 << 20).await.unwrap();
            assert_eq!(found, value(*number, len(*number)), "round {round}: value {number} is torn");
        }
        for number in 0..created {
            assert!(there.contains(&number), "round {round}: value {number} of {created} is lost");
        }
        unclear += there.len() as u64 - created;
        assert!(there.len() as u64 <= created + 1, "round {round}");
        let slots = of("r");
        for (slot, last) in &replaced {
            assert!(slots.contains(slot), "round {round}: slot {slot} is lost");
            let found = backend.get(&key(format!("r{round}/r/{slot}")), 1 << 20).await.unwrap();
            let number = u64::from_be_bytes(found[..8].try_into().unwrap());
            assert_eq!(found, version(number), "round {round}: slot {slot} is torn");
            assert!(
                number == *last || number == last + REPLACED,
                "round {round}: {number} instead of {last}"
            );
        }
        acknowledged += created + replaced.len() as u64;
    }
    println!(
        "{KILLS} kills: {acknowledged} values were acknowledged, {unclear} landed unacknowledged, 0 lost or torn"
    );
    assert!(acknowledged >= KILLS, "{acknowledged}");
}

/// How many values were created, and the last acknowledged version of each replaced one.
fn run_and_kill(root: &Path, round: u64) -> (u64, BTreeMap<u64, u64>) {
    let mut child = child::command(&format!("write {round}"), root).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let (mut created, mut replaced) = (0, BTreeMap::new());
    let mut take = |line: String| {
        let Some((what, number)) = line.split_once(' ') else { return };
        match (what, number.parse::<u64>()) {
            ("created", Ok(number)) => created = number + 1,
            ("replaced", Ok(number)) => drop(replaced.insert(number % REPLACED, number)),
            _ => {}
        }
    };
    // The first word is that it has begun; then any time is as good as another.
    lines.by_ref().find(|line| line.starts_with("created")).into_iter().for_each(&mut take);
    std::thread::sleep(Duration::from_micros(round * 7919 % 20_000));
    child.kill().unwrap();
    child.wait().unwrap();
    lines.for_each(&mut take);
    (created, replaced)
}
