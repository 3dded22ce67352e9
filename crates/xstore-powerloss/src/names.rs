//! Which names stand in which directories: as processes see it, and as the disk has it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};

use crate::survival::Fate;

/// A directory's names and the numbers of the files and directories behind them.
pub(crate) type Listing = BTreeMap<OsString, u64>;

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) dir: u64,
    pub(crate) name: OsString,
}

impl Place {
    pub(crate) fn new(dir: u64, name: &OsStr) -> Self {
        Self { dir, name: name.to_owned() }
    }
}

/// What stands where after a change; all of it or none. A rename is one change of two places.
pub(crate) type Change = Vec<(Place, Option<u64>)>;

/// All directories.
///
/// A change is pending until one of its directories is synced. It is on the disk whole or not at all, and only with
/// the earlier changes of the same places, whatever their directories.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    seen: BTreeMap<u64, Listing>,
    stored: BTreeMap<u64, Listing>,
    pending: Vec<Change>,
}

impl Names {
    pub(crate) fn get(&self, dir: u64, name: &OsStr) -> Option<u64> {
        self.seen.get(&dir)?.get(name).copied()
    }

    /// The names in a directory in order.
    pub(crate) fn list(&self, dir: u64) -> impl Iterator<Item = (&OsString, u64)> {
        self.seen.get(&dir).into_iter().flatten().map(|(name, number)| (name, *number))
    }

    pub(crate) fn is_empty(&self, dir: u64) -> bool {
        self.list(dir).next().is_none()
    }

    pub(crate) fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change);
        self.pending.push(change);
    }

    /// All changes of this directory get to the disk, and what they need.
    pub(crate) fn sync(&mut self, dir: u64) {
        let mut needed: HashSet<Place> = HashSet::new();
        let mut is_chosen = vec![false; self.pending.len()];
        for (change, chosen) in self.pending.iter().zip(&mut is_chosen).rev() {
            if change.iter().any(|(place, _)| place.dir == dir || needed.contains(place)) {
                *chosen = true;
                needed.extend(change.iter().map(|(place, _)| place.clone()));
            }
        }
        for (change, chosen) in std::mem::take(&mut self.pending).into_iter().zip(is_chosen) {
            if chosen {
                apply(&mut self.stored, &change);
            } else {
                self.pending.push(change);
            }
        }
    }

    /// The power is gone: the disk decides, and fate about what is pending. What can't be reached from `root` is gone.
    pub(crate) fn settle(&mut self, root: u64, fate: &mut Fate) {
        let mut lost: HashSet<Place> = HashSet::new();
        let pending = std::mem::take(&mut self.pending);
        let kept = fate.changes(pending.len());
        for (change, is_kept) in pending.into_iter().zip(kept) {
            if is_kept && !change.iter().any(|(place, _)| lost.contains(place)) {
                apply(&mut self.stored, &change);
            } else {
                lost.extend(change.into_iter().map(|(place, _)| place));
            }
        }
        let reached = reachable(&self.stored, root);
        self.stored.retain(|dir, _| reached.contains(dir));
        self.seen = self.stored.clone();
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let named = |names: &BTreeMap<u64, Listing>| -> Vec<(u64, Listing)> {
            let used = names.iter().filter(|(_, listing)| !listing.is_empty());
            used.map(|(dir, listing)| (*dir, listing.clone())).collect()
        };
        named(&self.stored) == named(&other.stored) && named(&self.seen) == named(&other.seen)
    }

    /// How often each number is named, as processes see it.
    pub(crate) fn links(&self) -> BTreeMap<u64, u32> {
        let mut links = BTreeMap::new();
        for number in self.seen.values().flat_map(Listing::values) {
            *links.entry(*number).or_insert(0) += 1;
        }
        links
    }

    /// Every number that is named or that a power loss may bring back.
    pub(crate) fn referred(&self) -> BTreeSet<u64> {
        let stored = self.stored.values().chain(self.seen.values()).flat_map(Listing::values).copied();
        let pending = self.pending.iter().flatten().filter_map(|(_, number)| *number);
        stored.chain(pending).collect()
    }
}

fn apply(names: &mut BTreeMap<u64, Listing>, change: &Change) {
    for (place, number) in change {
        let listing = names.entry(place.dir).or_default();
        match number {
            Some(number) => listing.insert(place.name.clone(), *number),
            None => listing.remove(&place.name),
        };
    }
}

fn reachable(names: &BTreeMap<u64, Listing>, root: u64) -> BTreeSet<u64> {
    let (mut reached, mut open) = (BTreeSet::from([root]), vec![root]);
    while let Some(dir) = open.pop() {
        for number in names.get(&dir).into_iter().flat_map(Listing::values) {
            if reached.insert(*number) {
                open.push(*number);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests;
