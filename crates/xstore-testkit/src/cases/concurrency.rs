//! Many at once: values stay whole, and of those who want the same, one gets it.

use super::prelude::*;
use crate::fixture::shorthand::MAX;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use xstore_backend::StorageBackend;

mod together;

use together::{Looks, PAUSE, TASKS, create, expect_version, join, patiently, version};

/// Of many who create the same value at once, one succeeds, and its value is the one that is there.
pub async fn one_creator_wins(fixture: Fixture) -> CaseResult {
    fixture.needs_create_only()?;
    let handles = vec![Arc::clone(fixture.backend()); TASKS];
    for round in 0..5 {
        race(&fixture, &handles, &fixture.key(&format!("r/v{round}"))?).await?;
    }
    Ok(())
}

/// The same where they use handles of their own, as processes do.
pub async fn one_creator_wins_over_many_handles(fixture: Fixture) -> CaseResult {
    fixture.needs_create_only()?;
    let mut handles = vec![Arc::clone(fixture.backend())];
    for _ in 0..3 {
        handles.push(fixture.reopen().await?);
    }
    for round in 0..5 {
        race(&fixture, &handles, &fixture.key(&format!("r/v{round}"))?).await?;
    }
    Ok(())
}

async fn race(fixture: &Fixture, handles: &[Arc<dyn StorageBackend>], key: &Key) -> CaseResult {
    let barrier = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for (task, handle) in (0..TASKS).zip(handles.iter().cycle()) {
        let (handle, key, barrier) = (Arc::clone(handle), key.clone(), Arc::clone(&barrier));
        tasks.spawn(async move {
            let value = value(1000 + task, task as u64);
            barrier.wait().await;
            Ok(create(&*handle, &key, &value).await?.then_some(value))
        });
    }
    let won: Vec<Bytes> = join(tasks).await?.into_iter().flatten().collect();
    check!(won.len() == 1, "{} of {TASKS} creators of one value succeeded", won.len());
    fixture.holds(key, &won[0], "the winner's value").await
}

/// Where both may succeed, a creator's value is there whole, whoever it is.
pub async fn creators_at_once_leave_a_whole_value(fixture: Fixture) -> CaseResult {
    let key = fixture.key("r/v")?;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (backend, key) = (Arc::clone(fixture.backend()), key.clone());
        tasks.spawn(async move { create(&*backend, &key, &version(task)).await });
    }
    let won = join(tasks).await?.into_iter().filter(|won| *won).count();
    check!(won > 0, "none of {TASKS} creators of one value succeeded");
    expect_version(&fixture.get(&key).await?)
}

/// Who creates a value, and deletes it when done, is alone in between: a value can serve as a lock.
pub async fn a_value_can_be_a_lock(fixture: Fixture) -> CaseResult {
    fixture.needs_create_only()?;
    let key = fixture.key("lock")?;
    let (inside, entered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for task in 0..8_u64 {
        let (backend, key) = (Arc::clone(fixture.backend()), key.clone());
        let (inside, entered) = (Arc::clone(&inside), Arc::clone(&entered));
        tasks.spawn(async move {
            for _ in 0..10 {
                if create(&*backend, &key, &value(20, task)).await? {
                    let others = inside.fetch_add(1, Ordering::SeqCst);
                    check!(others == 0, "{others} others hold the lock");
                    entered.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(PAUSE / 5).await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    match backend.delete(&key).await {
                        // It may have succeeded, and a second one would meet the lock of another.
                        Err(error) if error.is_retryable() => return Ok(()),
                        result => result?,
                    }
                }
                tokio::task::yield_now().await;
            }
            Ok(())
        });
    }
    join(tasks).await?;
    check!(entered.load(Ordering::SeqCst) > 0, "nobody got the lock");
    Ok(())
}

/// While a value is replaced, readers see an old or a new one: never a mix, never a part, never nothing.
pub async fn replacements_are_seen_whole(fixture: Fixture) -> CaseResult {
    while_replacing(&fixture, Look::Whole).await
}

/// A range is of one value, also while it is replaced by others.
pub async fn ranges_are_of_one_value(fixture: Fixture) -> CaseResult {
    while_replacing(&fixture, Look::Range).await
}

/// The size is that of one of the values, also while they are replaced.
pub async fn sizes_are_of_one_value(fixture: Fixture) -> CaseResult {
    while_replacing(&fixture, Look::Size).await
}

/// What readers look at.
#[derive(Clone, Copy)]
enum Look {
    Whole,
    Range,
    Size,
}

impl Look {
    async fn at(self, backend: &dyn StorageBackend, key: &Key) -> CaseResult {
        match self {
            Self::Whole => expect_version(&patiently(|| backend.get(key, MAX)).await?),
            Self::Range => {
                // Reaches over the end of most of them.
                let bytes = patiently(|| backend.get_range(key, 100..20_000)).await?;
                let Some(first) = bytes.first() else { return Err(Stop::fail("the range is empty")) };
                let whole = version(usize::from(*first));
                same(&bytes, &whole[100..whole.len().min(20_000)], "a range of a replaced value")
            }
            Self::Size => {
                let size = patiently(|| backend.stat(key)).await?.size;
                let is_known = (0..TASKS).any(|task| version(task).len() as u64 == size);
                check!(is_known, "none of the values has {size} bytes");
                Ok(())
            }
        }
    }
}

/// Lets readers look at a value until all its writers are done.
async fn while_replacing(fixture: &Fixture, look: Look) -> CaseResult {
    let key = fixture.key("v")?;
    fixture.put(&key, &version(0)).await?;
    let (mut readers, done, looks) = (JoinSet::new(), Arc::new(AtomicBool::new(false)), Looks::default());
    for _ in 0..4 {
        let (backend, key) = (Arc::clone(fixture.backend()), key.clone());
        let (done, looks) = (Arc::clone(&done), looks.clone());
        readers.spawn(async move {
            while !done.load(Ordering::SeqCst) {
                look.at(&*backend, &key).await?;
                looks.note();
                tokio::task::yield_now().await;
            }
            Ok(())
        });
    }
    let mut writers = JoinSet::new();
    for task in 0..TASKS {
        let (backend, key, looks) = (Arc::clone(fixture.backend()), key.clone(), looks.clone());
        writers.spawn(async move {
            for _ in 0..5 {
                patiently(|| backend.put(&key, version(task).into(), &REPLACE)).await?;
                looks.wait_for_one().await;
            }
            Ok(())
        });
    }
    let written = join(writers).await;
    done.store(true, Ordering::SeqCst);
    join(readers).await?;
    written?;
    expect_version(&fixture.get(&key).await?)
}

/// Many values at once, in the same folders: each is there, and is listed.
pub async fn different_values_at_once(fixture: Fixture) -> CaseResult {
    let mut tasks = JoinSet::new();
    let mut keys = Vec::new();
    for task in 0..TASKS {
        for at in 0..4 {
            keys.push(fixture.key(&format!("f{at}/g/v{task}"))?);
        }
    }
    for (seed, key) in (0..).zip(&keys) {
        let (backend, key) = (Arc::clone(fixture.backend()), key.clone());
        tasks.spawn(async move { create(&*backend, &key, &value(2000, seed)).await });
    }
    check!(join(tasks).await?.into_iter().all(|is_created| is_created), "a new value was said to exist");
    for (seed, key) in (0..).zip(&keys) {
        fixture.holds(key, &value(2000, seed), "one of many values put at once").await?;
    }
    if fixture.capability().list {
        expect_names(&fixture, fixture.namespace(), &keys).await?;
    }
    Ok(())
}

/// Readers of a value that is deleted and put again see all of it or that it isn't there.
pub async fn readers_see_all_or_nothing(fixture: Fixture) -> CaseResult {
    let key = fixture.key("f/v")?;
    let (mut readers, done, looks) = (JoinSet::new(), Arc::new(AtomicBool::new(false)), Looks::default());
    for _ in 0..4 {
        let (backend, key) = (Arc::clone(fixture.backend()), key.clone());
        let (done, looks) = (Arc::clone(&done), looks.clone());
        readers.spawn(async move {
            while !done.load(Ordering::SeqCst) {
                match patiently(|| backend.get(&key, MAX)).await {
                    Ok(bytes) => expect_version(&bytes)?,
                    error => drop(not_found(error, "get of a value that is deleted meanwhile")?),
                }
                looks.note();
                tokio::task::yield_now().await;
            }
            Ok(())
        });
    }
    let mut writers = JoinSet::new();
    for task in 0..4 {
        let (backend, key, looks) = (Arc::clone(fixture.backend()), key.clone(), looks.clone());
        writers.spawn(async move {
            for _ in 0..15 {
                patiently(|| backend.put(&key, version(task).into(), &REPLACE)).await?;
                looks.wait_for_one().await;
                patiently(|| backend.delete(&key)).await?;
            }
            Ok(())
        });
    }
    let written = join(writers).await;
    done.store(true, Ordering::SeqCst);
    join(readers).await?;
    written?;
    not_found(fixture.get(&key).await, "the value after its last deletion")?;
    Ok(())
}

/// Values that come and go in the same folder don't take it away from each other.
pub async fn neighbours_come_and_go(fixture: Fixture) -> CaseResult {
    let mut tasks = JoinSet::new();
    for task in 0..8_u64 {
        let backend = Arc::clone(fixture.backend());
        let key = fixture.key(&format!("a/b{}/c/v{task}", task % 2))?;
        tasks.spawn(async move {
            for round in 0..10 {
                let value = value(300, task * 100 + round);
                patiently(|| backend.put(&key, value.clone().into(), &REPLACE)).await?;
                let bytes = patiently(|| backend.get(&key, MAX)).await?;
                same(&bytes, &value, "a value whose neighbours come and go")?;
                patiently(|| backend.delete(&key)).await?;
                not_found(patiently(|| backend.get(&key, MAX)).await, "the deleted value")?;
            }
            Ok(())
        });
    }
    join(tasks).await?;
    Ok(())
}

/// All who delete the same value at once succeed.
pub async fn deletions_at_once_all_succeed(fixture: Fixture) -> CaseResult {
    let key = fixture.key("f/v")?;
    for round in 0..5 {
        fixture.put(&key, &value(500, round)).await?;
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (backend, key) = (Arc::clone(fixture.backend()), key.clone());
            tasks.spawn(async move { Ok(patiently(|| backend.delete(&key)).await?) });
        }
        join(tasks).await?;
        not_found(fixture.get(&key).await, "the value that many deleted")?;
    }
    Ok(())
}

/// Many readers at once all get the whole value.
pub async fn many_readers_at_once(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(300_000, 1));
    fixture.put(&key, &value).await?;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (backend, key, value) = (Arc::clone(fixture.backend()), key.clone(), value.clone());
        tasks.spawn(async move {
            let start = task * 10_000;
            same(&patiently(|| backend.get(&key, MAX)).await?, &value, "a value with many readers")?;
            let range = patiently(|| backend.get_range(&key, start as u64..300_000)).await?;
            same(&range, &value[start..], "a range with many readers")
        });
    }
    join(tasks).await?;
    Ok(())
}

/// What is there during a whole listing is listed, while others come and go.
pub async fn listings_during_writes_miss_nothing(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let mut fixed = BTreeSet::new();
    for at in 0..12 {
        let key = fixture.key(&format!("f/{}/fixed{at}", at % 3))?;
        fixture.put(&key, &value(10, at)).await?;
        fixed.insert(key);
    }
    let (mut writers, looks) = (JoinSet::new(), Looks::default());
    for task in 0..4 {
        let (backend, looks) = (Arc::clone(fixture.backend()), looks.clone());
        let key = fixture.key(&format!("f/{}/moving{task}", task % 3))?;
        writers.spawn(async move {
            for _ in 0..10 {
                patiently(|| backend.put(&key, value(20, task).into(), &REPLACE)).await?;
                looks.wait_for_one().await;
                patiently(|| backend.delete(&key)).await?;
            }
            Ok(())
        });
    }
    for _ in 0..10 {
        let found = fixture.names(fixture.namespace()).await?;
        looks.note();
        let missing = fixed.difference(&found).count();
        check!(missing == 0, "{missing} keys are missing in a listing during writes");
        let is_foreign = |key: &&Key| !fixed.contains(*key) && !key.as_str().contains("/moving");
        let foreign = found.iter().find(is_foreign);
        check!(foreign.is_none(), "a foreign key is listed during writes: {foreign:?}");
    }
    join(writers).await?;
    expect_names(&fixture, fixture.namespace(), &Vec::from_iter(fixed)).await
}
