//! Several processes create the same values: each has one winner, and its bytes.

use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::process::Stdio;

use super::*;

const PROCESSES: u64 = 4;
const VALUES: u64 = 150;

/// Creates all values as writer `number`, and says which ones it won.
pub(crate) async fn compete(root: &Path, number: u64) {
    // Without syncs there are more collisions.
    let backend = open(root).with_durable(false);
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    for at in 0..VALUES {
        match backend.put(&key(format!("race/m/{at}")), value(number, 3000).into(), &NEW).await {
            Ok(()) => println!("\nwon {at}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists),
        }
    }
}

#[tokio::test]
async fn one_process_wins_each_value() {
    let folder = tempfile::tempdir().unwrap();
    let start = |number| {
        let mut command = child::command(&format!("race {number}"), folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut children: Vec<_> = (0..PROCESSES).map(start).collect();
    for child in &mut children {
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    let mut winners = vec![Vec::new(); usize::try_from(VALUES).unwrap()];
    for (number, child) in (0..).zip(&mut children) {
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success());
        for at in said.lines().filter_map(|line| line.strip_prefix("won ")?.parse::<usize>().ok()) {
            winners[at].push(number);
        }
    }
    let backend = open(folder.path());
    for (at, winners) in winners.iter().enumerate() {
        let [winner] = winners[..] else { panic!("value {at} was won by {winners:?}") };
        assert_eq!(backend.get(&key(format!("race/m/{at}")), 3000).await.unwrap(), value(winner, 3000));
    }
    let others = winners.iter().filter(|winners| winners[..] != [0]).count();
    println!("{VALUES} values, {others} not won by the first process");
    assert_eq!(names(&backend).await.len() as u64, VALUES);
    assert_eq!(hidden(folder.path()), [] as [std::path::PathBuf; 0]);
}
