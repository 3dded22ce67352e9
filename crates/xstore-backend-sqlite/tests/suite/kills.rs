//! A process that writes is killed at any time: what it was told is kept, is kept, and nothing is there by half.

use crate::child::{Process, Role};
use crate::support::{create, folder, get, key, names, open, put, value};
use std::collections::BTreeMap;
use std::time::Duration;
use xstore_backend::{Bytes, PutOptions, StorageBackend};
use xstore_backend_sqlite::SqliteBackend;

const KILLS: u64 = 40;

/// What the process does.
#[derive(Debug)]
enum Step {
    Create(String, Bytes),
    Replace(String, Bytes),
    Delete(String),
}

/// The step with this number, the same in both processes.
fn step(run: u64, number: u64) -> Step {
    let name = |number: u64| format!("run/{run}/{number}");
    let mut random = fastrand::Rng::with_seed(run << 32 | number);
    let len = match random.u8(..) {
        0..40 => random.usize(100_000..1_200_000),
        40..60 => 0,
        _ => random.usize(1..5000),
    };
    let bytes = value(random.u64(..), len);
    match number % 6 {
        4 => Step::Replace(name(number - 2), bytes),
        5 => Step::Delete(name(number - 4)),
        _ => Step::Create(name(number), bytes),
    }
}

/// The other process.
pub(crate) async fn write(backend: &SqliteBackend, run: u64, say: impl Fn(u64)) {
    for number in 0.. {
        match step(run, number) {
            Step::Create(name, bytes) => {
                backend.put(&key(name), bytes.into(), &PutOptions::create_only()).await.unwrap();
            }
            Step::Replace(name, bytes) => put(backend, &name, bytes).await.unwrap(),
            Step::Delete(name) => backend.delete(&key(name)).await.unwrap(),
        }
        say(number);
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let (_folder, file) = folder();
    drop(create(&file));
    let mut random = fastrand::Rng::with_seed(4);
    let mut states = Vec::new();
    let (mut acknowledged, mut landed) = (0, 0);
    for run in 0..KILLS {
        // Every other time somebody has the database open meanwhile, so that nobody recovers it.
        let witness = (run % 2 == 0).then(|| open(&file));
        let mut process = Process::start(Role::Write, &file, run);
        let mut expected = BTreeMap::new();
        let mut number = 0;
        let mut hear = |process: &mut Process| {
            let heard = process.hear();
            if let Some(heard) = &heard {
                assert_eq!(heard.parse(), Ok(number));
                apply(&mut expected, step(run, number));
                number += 1;
            }
            heard.is_some()
        };
        for _ in 0..random.u64(1..20) {
            assert!(hear(&mut process));
        }
        // To be anywhere in a step, not at its beginning.
        std::thread::sleep(Duration::from_micros(random.u64(0..6000)));
        process.kill();
        while hear(&mut process) {}
        acknowledged += number;
        let backend = witness.unwrap_or_else(|| open(&file));
        if let Err(difference) = holds(&backend, run, &expected).await {
            // The one that was being done when the process died may be there, but nothing else.
            apply(&mut expected, step(run, number));
            let with_one_more = holds(&backend, run, &expected).await;
            assert_eq!(with_one_more, Ok(()), "after {number} steps of run {run}: {difference}");
            landed += 1;
        }
        states.push(expected);
    }
    let backend = open(&file);
    for (run, expected) in (0..).zip(&states) {
        assert_eq!(holds(&backend, run, expected).await, Ok(()));
    }
    println!("{KILLS} kills, {acknowledged} acknowledged writes, 0 lost, {landed} landed without a word");
    assert!(acknowledged >= 2 * KILLS);
}

fn apply(state: &mut BTreeMap<String, Bytes>, step: Step) {
    match step {
        Step::Create(name, bytes) | Step::Replace(name, bytes) => state.insert(name, bytes),
        Step::Delete(name) => state.remove(&name),
    };
}

/// Whether these values are there, and no others.
async fn holds(backend: &SqliteBackend, run: u64, state: &BTreeMap<String, Bytes>) -> Result<(), String> {
    let mut listed = names(backend, &format!("run/{run}")).await.unwrap();
    listed.sort_unstable();
    let expected: Vec<_> = state.keys().cloned().collect();
    if listed != expected {
        return Err(format!("{listed:?} is there instead of {expected:?}"));
    }
    for (name, bytes) in state {
        if get(backend, name).await.unwrap() != bytes {
            return Err(format!("{name} has another value"));
        }
    }
    Ok(())
}
