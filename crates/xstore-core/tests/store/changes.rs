//! Changes that are dropped, killed, done twice or done at once; and their tickets, old and new.

use crate::support::{Damage, backends, damage, data, location, over, ring, small_parts, values};
use crate::waiting::Waiting;
use std::io;
use std::sync::{Arc, Mutex};
use xstore_backend::memory::MemoryBackend;
use xstore_core::{Code, Deleted, Journal, Placing, Store, Ticket};
use xstore_manifest::Manifest;
use xstore_testkit::poll_times;

/// A journal whose text outlives the process: its text, and which process may write it.
#[derive(Debug, Clone, Default)]
struct Paper(Arc<Mutex<(String, u32)>>, u32);

impl Journal for Paper {
    fn append(&mut self, text: &str) -> io::Result<()> {
        let mut paper = self.0.lock().unwrap();
        if paper.1 != self.1 {
            return Err(io::Error::other("the process was killed"));
        }
        paper.0.push_str(text);
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        self.0.lock().unwrap().0.clone()
    }

    /// Kills the process that wrote so far, whatever it still has on its blocking pool, and begins another one.
    fn next_process(&self) -> Self {
        let mut paper = self.0.lock().unwrap();
        paper.1 += 1;
        Self(Arc::clone(&self.0), paper.1)
    }

    /// What the next process finds.
    fn found(&self, store: &Store) -> (Self, Ticket) {
        let next = self.next_process();
        let ticket = store.ticket_with(&next.text(), next.clone()).unwrap();
        (next, ticket)
    }
}

struct World {
    backends: Vec<MemoryBackend>,
    store: Store,
}

impl World {
    /// Five backends for four shares; the object lacks two shares in its first part and one in its second.
    async fn new() -> (Self, Manifest) {
        let backends = backends(5);
        let waiting: Vec<Waiting> = backends.iter().cloned().map(Waiting).collect();
        let store = over(2, 4, &waiting).settings(small_parts(500)).build().unwrap();
        let world = Self { backends, store };
        let manifest = world.put().await;
        (world, manifest)
    }

    async fn put(&self) -> Manifest {
        let manifest = self.store.put("doc", data(900)).await.unwrap();
        damage(&self.backends, &manifest, 0, 0, Damage::Missing, &manifest);
        damage(&self.backends, &manifest, 0, 2, Damage::Flipped, &manifest);
        damage(&self.backends, &manifest, 1, 3, Damage::Truncated, &manifest);
        manifest
    }

    /// Nothing but what the manifest names is stored, then nothing at all.
    async fn ends_clean(&self, manifest: &Manifest, what: &str) {
        let named = manifest.parts.iter().flat_map(|part| part.shares.iter().flatten()).count();
        let stored: usize = self.backends.iter().map(values).sum();
        // Shares that are missing are named, too.
        assert!(stored <= named, "{what}: {stored} values, {named} are named");
        assert!(self.store.get(manifest).await.unwrap() == data(900), "{what}");
        assert!(matches!(self.store.delete(manifest).await.unwrap(), Deleted::All), "{what}");
        let left: usize = self.backends.iter().map(values).sum();
        assert_eq!(left, 0, "{what}: something is left over");
    }

    fn stored(&self) -> usize {
        self.backends.iter().map(values).sum()
    }
}

#[tokio::test]
async fn a_repair_dropped_anywhere_is_finished_or_undone() {
    for roll_back in [false, true] {
        let (world, mut manifest) = World::new().await;
        let store = &world.store;
        let mut left_something = 0;
        for polls in 0.. {
            let what = format!("roll back {roll_back}, {polls} polls");
            let paper = Paper::default();
            let ticket = store.begin_change_with(&manifest, paper.clone()).unwrap();
            let before = world.stored();
            let repair = store.repair(&manifest).ticket(&ticket).into_future();
            let done = poll_times(repair, polls).await;
            let (paper, ticket) = paper.found(store);
            assert!(store.get(&manifest).await.unwrap() == data(900), "{what}");
            left_something += u32::from(world.stored() > before);

            // What comes after it may be killed anywhere, too.
            let is_undone = roll_back && ticket.made().is_none();
            if is_undone {
                let _ = poll_times(store.sweep(&ticket).into_future(), polls % 7).await;
                let (_, ticket) = paper.found(store);
                assert!(store.sweep(&ticket).await.unwrap().unconfirmed.is_empty(), "{what}");
                assert_eq!(world.stored(), before, "{what}");
            }
            let (paper, ticket) = paper.found(store);
            let next = store.finish(&manifest, &ticket).unwrap();
            if ticket.is_empty() {
                assert!(next == manifest && !roll_back || next.revision == manifest.revision);
            } else {
                assert_eq!(next.revision, manifest.revision + 1, "{what}");
                assert_eq!(ticket.made(), Some(next.revision));
                let named = |manifest: &Manifest| -> Vec<_> {
                    manifest.parts.iter().flat_map(|part| part.shares.clone()).collect()
                };
                assert!(!is_undone || named(&next) == named(&manifest), "{what}: names what was swept");
                // Both read; the same text leads to the same manifest; nothing goes before the commit.
                assert!(store.get(&manifest).await.unwrap() == data(900), "{what}");
                assert!(store.get(&next).await.unwrap() == data(900), "{what}");
                let again = store.ticket(&paper.text()).unwrap();
                assert_eq!(store.finish(&manifest, &again).unwrap(), next, "{what}");
                assert_eq!(store.finish(&next, &again).unwrap(), next, "{what}");
                for kept in [Some(&next), Some(&manifest), None] {
                    let sweep = kept.map_or(store.sweep(&again), |kept| store.sweep(&again).keeping(kept));
                    assert_eq!(sweep.await.unwrap_err().code(), Code::ConfigInvalid, "{what}");
                }
                store.commit(&ticket).unwrap();
                let ticket = store.ticket(&paper.text()).unwrap();
                let _ = poll_times(store.sweep(&ticket).keeping(&next).into_future(), polls % 7).await;
                assert!(store.get(&next).await.unwrap() == data(900), "{what}");
                let swept = store.sweep(&ticket).keeping(&next).await.unwrap();
                assert!(swept.unconfirmed.is_empty(), "{what}");
            }
            // What was left is mended by another repair.
            let whole = store.repair(&next).await.unwrap();
            assert!(whole.report.is_whole(), "{what}: {:?}", whole.report);
            let last = whole.manifest.clone();
            if whole.is_changed() {
                store.commit(&whole.ticket).unwrap();
                store.sweep(&whole.ticket).keeping(&last).await.unwrap();
            }
            assert!(store.verify(&last).await.unwrap().is_whole(), "{what}");
            world.ends_clean(&last, &what).await;
            if let Some(done) = done {
                assert!(polls > 20 && left_something > 5, "{polls}, {left_something}");
                assert!(done.unwrap().manifest == next || roll_back);
                break;
            }
            manifest = world.put().await;
        }
    }
}

/// Deleting an object finds what a change that nobody swept has left, as far as a manifest knows of it.
#[tokio::test]
async fn a_delete_finds_what_earlier_attempts_left() {
    let (world, manifest) = World::new().await;
    let store = &world.store;
    let mut manifest = manifest;
    for round in 0..4_u8 {
        let repaired = store.repair(&manifest).placing(Placing::SameThenSpare).await.unwrap();
        store.commit(&repaired.ticket).unwrap();
        // Never swept: the bad values of before stay where they are.
        manifest = repaired.manifest;
        damage(&world.backends, &manifest, 0, round % 4, Damage::Flipped, &manifest);
        damage(&world.backends, &manifest, 1, (round + 1) % 4, Damage::Header, &manifest);
    }
    let moved = store.migrate(&manifest, "b3", "b4").await.unwrap();
    assert!(world.stored() > 8 + 6, "{}", world.stored());
    assert!(matches!(store.delete(&moved.manifest).await.unwrap(), Deleted::All));
    assert_eq!(world.stored(), 0);
}

/// At every step of a newer change the ticket of an older one removes nothing that the newer manifest names.
#[tokio::test]
async fn an_old_ticket_takes_nothing_from_a_newer_manifest() {
    let (world, base) = World::new().await;
    let store = &world.store;
    let first = Paper::default();
    let ticket = store.begin_change_with(&base, first.clone()).unwrap();
    let one = store.repair(&base).ticket(&ticket).await.unwrap().manifest;
    // Not committed, and the next change takes its shares over.
    damage(&world.backends, &one, 0, 1, Damage::Missing, &one);
    let second = store.repair(&one).placing(Placing::SpareOnly).await.unwrap();
    store.commit(&second.ticket).unwrap();
    let two = second.manifest;
    assert!(store.verify(&two).await.unwrap().is_whole());

    // Every text that the first ticket ever had, as a copy of it would.
    let text = first.text();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    assert!(ends.len() > 5);
    for &end in &ends {
        let old = store.ticket(&text[..end]).unwrap();
        let swept = store.sweep(&old).keeping(&two).await;
        assert!(swept.is_ok() || old.made().is_some(), "{swept:?}");
        assert!(store.verify(&two).await.unwrap().is_whole(), "after line {end}");
    }
    let whole = store.ticket(&text).unwrap();
    assert_eq!(store.sweep(&whole).await.unwrap_err().code(), Code::ConfigInvalid);
    assert_eq!(store.sweep(&whole).keeping(&base).await.unwrap_err().code(), Code::ConfigInvalid);
    assert_eq!(store.sweep(&whole).keeping(&one).await.unwrap_err().code(), Code::ConfigInvalid);
    assert_eq!(store.finish(&base, &whole).unwrap(), one);
    assert_eq!(store.finish(&two, &whole).unwrap(), two);
    let newer = store.begin_change(&two).unwrap();
    assert_eq!(store.finish(&one, &newer).unwrap_err().code(), Code::ConfigInvalid);
    assert!(store.verify(&two).await.unwrap().is_whole());
    store.sweep(&second.ticket).keeping(&two).await.unwrap();
    world.ends_clean(&two, "after everything").await;
}

#[tokio::test]
async fn two_repairs_at_once_never_meet() {
    let (world, base) = World::new().await;
    let waiting: Vec<Waiting> = world.backends.iter().cloned().map(Waiting).collect();
    // As two processes: two stores with the same keys over the same backends.
    let keys = ring();
    let build = || {
        let builder = Store::builder().threshold(2, 4).keys(Arc::clone(&keys)).settings(small_parts(500));
        waiting.iter().fold(builder, |builder, one| builder.backend(one.clone())).build().unwrap()
    };
    assert!(matches!(world.store.delete(&base).await.unwrap(), Deleted::All));
    let (left, right) = (build(), build());
    for drop_after in 0..60 {
        let base = left.put("doc", data(900)).await.unwrap();
        damage(&world.backends, &base, 0, 0, Damage::Missing, &base);
        damage(&world.backends, &base, 1, 2, Damage::Flipped, &base);
        let losing = right.begin_change(&base).unwrap();
        let other = right.repair(&base).ticket(&losing).into_future();
        let (won, lost) = tokio::join!(left.repair(&base), poll_times(other, drop_after * 4));
        let won = won.unwrap();
        // Nobody finds a name taken.
        let is_undisturbed = |done: &xstore_core::Repaired| {
            done.report.is_whole() && done.report.shares.iter().all(|share| share.attempts.is_empty())
        };
        assert!(is_undisturbed(&won), "{:?}", won.report);
        let mut kept = won.manifest.clone();
        left.commit(&won.ticket).unwrap();
        if let Some(lost) = lost {
            let lost = lost.unwrap();
            assert!(is_undisturbed(&lost), "{:?}", lost.report);
            assert!(left.get(&lost.manifest).await.unwrap() == data(900));
            assert_ne!(lost.manifest, kept);
        }
        let losing = right.ticket(&losing.to_text()).unwrap();
        if drop_after % 2 == 0 {
            kept = right.finish(&kept, &losing).unwrap();
        }
        right.sweep(&losing).keeping(&kept).await.unwrap();
        assert!(left.verify(&kept).await.unwrap().is_whole(), "the loser took something with it");
        left.sweep(&won.ticket).keeping(&kept).await.unwrap();
        assert!(left.verify(&kept).await.unwrap().is_whole());
        assert!(matches!(left.delete(&kept).await.unwrap(), Deleted::All));
        assert_eq!(world.stored(), 0, "{drop_after}");
    }
    // In one store the second is refused.
    let base = left.put("doc", data(900)).await.unwrap();
    let (one, two) = tokio::join!(left.repair(&base), left.repair(&base));
    assert!(one.is_ok() && two.unwrap_err().code() == Code::ConfigInvalid);
    assert!(left.repair(&base).await.is_ok());
}

/// What the loser of two changes has sent is remembered by the manifest that was kept.
#[tokio::test]
async fn what_the_loser_sent_is_remembered() {
    let (world, base) = World::new().await;
    let store = &world.store;
    let losing = store.begin_change(&base).unwrap();
    let lost = store.repair(&base).placing(Placing::SpareOnly).ticket(&losing).await.unwrap();
    let spare = lost.report.done().next().unwrap().clone();
    assert_eq!(spare.to.as_ref().unwrap().as_str(), "b4");
    // Meanwhile somebody else repaired what was at home, and that is kept.
    let won = store.repair(&base).placing(Placing::SameOnly).await.unwrap();
    assert!(won.report.is_whole() && won.manifest.parts.iter().all(|part| part.past.is_empty()));
    let kept = store.finish(&won.manifest, &losing).unwrap();
    assert_eq!(kept.revision, won.manifest.revision + 1);
    let past = &kept.parts[spare.part as usize].past;
    assert_eq!((past[0].index, past[0].backend.as_str()), (spare.index, "b4"));
    assert_eq!(store.finish(&kept, &losing).unwrap(), kept);
    for (index, other) in [("b1", spare.index == 1), ("b0", spare.index == 0)] {
        let moved = store.migrate(&kept, index, "b4").dry_run().await.unwrap();
        let entry = moved.report.shares.iter().find(|share| share.part == spare.part).unwrap();
        assert_eq!(entry.to.is_some(), other, "{entry:?}");
    }
    store.sweep(&losing).keeping(&kept).await.unwrap();
    store.commit(&won.ticket).unwrap();
    store.sweep(&won.ticket).keeping(&kept).await.unwrap();
    assert!(store.verify(&kept).await.unwrap().is_whole());
    world.ends_clean(&kept, "after the loser").await;

    // Where the two have sent one place two shares, nothing can make up for it but another sharing.
    let base = world.put().await;
    let losing = store.begin_change(&base).unwrap();
    drop(store.repair(&base).onto_index(0, "b4").ticket(&losing).await.unwrap());
    let won = store.repair(&base).onto_index(2, "b4").await.unwrap();
    let error = store.finish(&won.manifest, &losing).unwrap_err();
    assert_eq!(error.code(), Code::LayoutRefused, "{error}");
}

/// Fails from some line on, as a full disk does.
#[derive(Debug)]
struct Full(usize, Paper);

impl Journal for Full {
    fn append(&mut self, text: &str) -> io::Result<()> {
        let Some(left) = self.0.checked_sub(1) else { return Err(io::ErrorKind::StorageFull.into()) };
        self.0 = left;
        self.1.append(text)
    }
}

/// In the process that dropped it a change is finished under its own ticket, though a last line may come late.
#[tokio::test]
async fn a_dropped_repair_is_finished_at_once() {
    let (world, mut manifest) = World::new().await;
    let store = &world.store;
    for polls in 0.. {
        let paper = Paper::default();
        let ticket = store.begin_change_with(&manifest, paper.clone()).unwrap();
        let repair = store.repair(&manifest).ticket(&ticket).into_future();
        let done = poll_times(repair, polls).await;
        let next = store.finish(&manifest, &ticket).unwrap();
        // What was on its way to the journal is in the text, or never comes.
        assert_eq!(paper.text(), ticket.to_text());
        assert_eq!(store.finish(&manifest, &ticket).unwrap(), next, "{polls}");
        assert_eq!(store.finish(&manifest, &store.ticket(&paper.text()).unwrap()).unwrap(), next, "{polls}");
        if !ticket.is_empty() {
            store.commit(&ticket).unwrap();
            store.sweep(&ticket).keeping(&next).await.unwrap();
        }
        world.ends_clean(&next, "finished at once").await;
        if done.is_some() {
            break;
        }
        manifest = world.put().await;
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_done() {
    let (world, mut manifest) = World::new().await;
    let store = &world.store;
    for room in 1.. {
        let paper = Paper::default();
        let ticket = store.begin_change_with(&manifest, Full(room, paper.clone())).unwrap();
        match store.repair(&manifest).ticket(&ticket).await {
            Ok(repaired) => {
                assert!(repaired.report.is_whole() && room > 4);
                break;
            }
            Err(error) => assert_eq!(error.code(), Code::SinkFailed),
        }
        // Somebody made room.
        let (_, ticket) = paper.found(store);
        let next = store.finish(&manifest, &ticket).unwrap();
        if !ticket.is_empty() {
            store.commit(&ticket).unwrap();
            store.sweep(&ticket).keeping(&next).await.unwrap();
        }
        world.ends_clean(&next, "after a full disk").await;
        manifest = world.put().await;
    }
}

#[tokio::test]
async fn a_ticket_without_a_journal_cleans_up_after_an_error() {
    let (world, manifest) = World::new().await;
    let store = &world.store;
    let before = world.stored();
    let error = store.repair(&manifest).deadline(std::time::Duration::ZERO).await.unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert_eq!(world.stored(), before);
    let ticket: Ticket = store.begin_change(&manifest).unwrap();
    assert!(ticket.is_change() && ticket.is_empty() && ticket.made().is_none() && !ticket.is_committed());
    let (_, key) = location(&world.backends, &manifest, 0, 1);
    assert!(key.as_str().starts_with("xstore/m/"));
}
