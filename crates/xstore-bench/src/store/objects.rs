//! Many objects, and the tasks that put and get several of them at a time.

use std::ops::Range;
use std::sync::Arc;

use tokio::task::JoinSet;
use xstore_core::Store;
use xstore_core::backend::Bytes;
use xstore_core::manifest::Manifest;

use crate::bytes::noise;
use crate::failure::Failure;

/// Payloads of one size, each another one.
pub(super) struct Objects(Arc<[Bytes]>);

/// An object that is stored: its number and its manifest.
type Stored = (usize, Arc<Manifest>);

/// Objects that are stored, in no order.
#[derive(Default)]
pub(super) struct Kept {
    all: Vec<Stored>,
    /// How many were read since the first one was.
    read: usize,
}

impl Kept {
    /// Numbers for the next `count` objects.
    pub(super) fn next(&self, count: usize) -> Range<usize> {
        self.all.len()..self.all.len() + count
    }

    pub(super) fn add(&mut self, stored: Vec<Stored>) {
        self.all.extend(stored);
    }

    /// The next `count` objects to be read; behind the last one comes the first.
    fn turn(&mut self, count: usize) -> Vec<Stored> {
        let turn = self.all.iter().cycle().skip(self.read % self.all.len().max(1)).take(count);
        self.read += count;
        turn.cloned().collect()
    }
}

impl Objects {
    pub(super) fn new(size: usize, count: usize) -> Self {
        Self((0_u64..).take(count).map(|number| Bytes::from(noise(size, number))).collect())
    }

    fn payload(&self, number: usize) -> Bytes {
        self.0[number % self.0.len()].clone()
    }

    /// Puts objects with these numbers, so many at a time, each by the next task that is free.
    ///
    /// # Errors
    /// The first one of the store.
    pub(super) async fn put(
        &self,
        store: &Store,
        numbers: Range<usize>,
        at_once: usize,
    ) -> Result<Vec<Stored>, Failure> {
        let jobs = numbers.map(|number| (number, self.payload(number))).collect();
        each(jobs, at_once, store, |store, (number, payload)| async move {
            let manifest = store.put(format!("object-{number}"), payload).await?;
            Ok((number, Arc::new(manifest)))
        })
        .await
    }

    /// Reads the next `count` objects, so many at a time, and compares them.
    ///
    /// # Errors
    /// The first one of the store, and [`Failure::Wrong`] where an object is another one than was put.
    pub(super) async fn get(
        &self,
        store: &Store,
        kept: &mut Kept,
        count: usize,
        at_once: usize,
    ) -> Result<(), Failure> {
        let jobs = kept.turn(count).into_iter().map(|(number, manifest)| (self.payload(number), manifest));
        let read = each(jobs.collect(), at_once, store, |store, (payload, manifest)| async move {
            let got = store.get(&manifest).await?;
            if got == payload { Ok(()) } else { Err(Failure::Wrong("the store")) }
        });
        if read.await?.len() == count { Ok(()) } else { Err(Failure::Wrong("the bench")) }
    }
}

/// Does all jobs: one after the other on this thread, or in `at_once` tasks that do every so many-th.
async fn each<J: Send + 'static, T: Send + 'static, F>(
    jobs: Vec<J>,
    at_once: usize,
    store: &Store,
    work: impl Fn(Store, J) -> F + Clone + Send + 'static,
) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let mut done = Vec::with_capacity(jobs.len());
    if at_once == 1 {
        for job in jobs {
            done.push(work(store.clone(), job).await?);
        }
        return Ok(done);
    }
    let mut jobs = jobs.into_iter();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.len() < at_once
            && let Some(job) = jobs.next()
        {
            tasks.spawn(work(store.clone(), job));
        }
        match tasks.join_next().await {
            None => return Ok(done),
            Some(Ok(result)) => done.push(result?),
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig;
    use super::*;

    #[test]
    fn all_are_put_and_read_in_turns_and_another_object_is_noticed() {
        let (runtime, store) = (rig::runtime().unwrap(), rig::in_memory(2, 3).unwrap());
        let objects = Objects::new(100, 7);
        let mut kept = Kept::default();
        for at_once in [1, 3] {
            let put = objects.put(&store, kept.next(5), at_once);
            kept.add(runtime.block_on(put).unwrap());
        }
        let mut numbers: Vec<usize> = kept.all.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..10).collect::<Vec<_>>());

        let order: Vec<usize> = kept.all.iter().map(|(number, _)| *number).collect();
        let turns = [kept.turn(6), kept.turn(6)].concat();
        let turns: Vec<usize> = turns.into_iter().map(|(number, _)| number).collect();
        assert_eq!(turns, [&order[..], &order[..2]].concat());

        for at_once in [1, 3] {
            runtime.block_on(objects.get(&store, &mut kept, 10, at_once)).unwrap();
        }
        kept.all[3].0 += 1;
        let got = runtime.block_on(objects.get(&store, &mut kept, 10, 3));
        assert!(matches!(got, Err(Failure::Wrong("the store"))));
    }
}
