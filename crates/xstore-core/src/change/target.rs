//! Which backends may receive a share of a part, and which one does. Pure.

use super::wishes::{Placing, Wishes};
use crate::placement::{Candidate, Placement};
use std::collections::BTreeSet;
use xstore_manifest::Share;

/// What is known of a part's places. Members are places in the list of candidates.
pub(super) struct Places<'a> {
    pub(super) k: u8,
    pub(super) placement: &'a Placement,
    pub(super) candidates: &'a [Candidate<'a>],
    /// Members that can't take a share: too small, not durable enough, known to be away.
    pub(super) unfit: BTreeSet<usize>,
    /// Which index each member was ever sent a byte of, as far as it is a member still.
    pub(super) seen: Vec<(u8, usize)>,
    /// Members that were tried in vain, with the index.
    pub(super) tried: BTreeSet<(u8, usize)>,
}

/// A share that needs a place.
#[derive(Clone, Copy)]
pub(super) struct Need<'a> {
    pub(super) index: u8,
    /// Where it was.
    pub(super) share: Option<&'a Share>,
}

impl Places<'_> {
    /// The members that may receive the share, the best first.
    fn of(&self, need: Need<'_>, wishes: &Wishes) -> Vec<usize> {
        let named = wishes.target(need.index, need.share);
        let is_same = |at: usize| self.seen.contains(&(need.index, at));
        let may = |at: &usize| {
            let candidate = &self.candidates[*at];
            let is_wanted = match named {
                Some(name) => candidate.id.as_str() == name,
                None => match wishes.placing {
                    Placing::SameThenSpare => true,
                    Placing::SameOnly => is_same(*at),
                    Placing::SpareOnly => !is_same(*at),
                },
            };
            let is_left = named.is_none()
                && need.share.is_some_and(|share| {
                    share.backend.as_str() == candidate.id.as_str()
                        && wishes.takes_for_lost(need.index, share)
                });
            is_wanted
                && !is_left
                && !self.unfit.contains(at)
                && !self.tried.contains(&(need.index, *at))
                && self.placement.admits(self.k, need.index, *at, &self.seen, self.candidates).is_ok()
        };
        let mut all: Vec<usize> = (0..self.candidates.len()).filter(may).collect();
        let holds = |at: usize| {
            need.share.is_some_and(|share| share.backend.as_str() == self.candidates[at].id.as_str())
        };
        all.sort_by_key(|&at| (!holds(at), !is_same(at), self.candidates[at].rank, at));
        all
    }

    /// A place for as many of these shares as possible, each a member of its own, the best that leave room for the
    /// others.
    pub(super) fn assign(&self, needs: &[Need<'_>], wishes: &Wishes) -> Vec<Option<usize>> {
        let options: Vec<Vec<usize>> = needs.iter().map(|need| self.of(*need, wishes)).collect();
        let mut taken: Vec<Option<usize>> = vec![None; needs.len()];
        for at in 0..needs.len() {
            augment(at, &options, &mut taken, &mut BTreeSet::new());
        }
        // Two that may be placed one by one may break a limit together; then the later one waits.
        let mut seen = self.seen.clone();
        for (need, place) in needs.iter().zip(&mut taken) {
            let Some(at) = *place else { continue };
            if self.placement.admits(self.k, need.index, at, &seen, self.candidates).is_ok() {
                seen.push((need.index, at));
            } else {
                *place = None;
            }
        }
        taken
    }
}

/// Finds a place for one share, moving others to their next ones where that helps.
fn augment(
    at: usize,
    options: &[Vec<usize>],
    taken: &mut Vec<Option<usize>>,
    visited: &mut BTreeSet<usize>,
) -> bool {
    for &member in &options[at] {
        if !visited.insert(member) {
            continue;
        }
        let holder = taken.iter().position(|place| *place == Some(member));
        if holder.is_none_or(|holder| augment(holder, options, taken, visited)) {
            taken[at] = Some(member);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::Labels;
    use xstore_backend::BackendId;

    /// How many of these shares can be placed at most, by trying everything.
    fn most(options: &[Vec<usize>], taken: &mut BTreeSet<usize>) -> usize {
        let Some((first, rest)) = options.split_first() else { return 0 };
        let mut best = most(rest, taken);
        for member in first {
            if taken.insert(*member) {
                best = best.max(1 + most(rest, taken));
                taken.remove(member);
            }
        }
        best
    }

    #[test]
    fn as_many_as_possible_get_a_place_of_their_own() {
        let ids: Vec<BackendId> = (0..5).map(|i| BackendId::new(&format!("b{i}")).unwrap()).collect();
        let labels = Labels::default();
        let candidates: Vec<Candidate<'_>> =
            ids.iter().map(|id| Candidate { id, labels: &labels, rank: 0 }).collect();
        let placement = Placement::default();
        let wishes = Wishes::repair();
        let needs: Vec<Need<'_>> = (0..3).map(|index| Need { index, share: None }).collect();
        // Each member has seen one of these indexes, another one, or nothing.
        for code in 0..5_usize.pow(5) {
            let saw = |at: u32| u8::try_from(code / 5_usize.pow(at) % 5).unwrap();
            let seen: Vec<(u8, usize)> =
                (0..5).filter(|at| saw(*at) < 4).map(|at| (saw(at), at as usize)).collect();
            let places = Places {
                k: 2,
                placement: &placement,
                candidates: &candidates,
                unfit: BTreeSet::new(),
                seen,
                tried: BTreeSet::new(),
            };
            let options: Vec<Vec<usize>> = needs.iter().map(|need| places.of(*need, &wishes)).collect();
            let assigned = places.assign(&needs, &wishes);
            let placed: BTreeSet<usize> = assigned.iter().flatten().copied().collect();
            assert_eq!(placed.len(), assigned.iter().flatten().count(), "{code}: one member twice");
            assert_eq!(placed.len(), most(&options, &mut BTreeSet::new()), "{code}");
            for ((need, at), options) in needs.iter().zip(&assigned).zip(&options) {
                let Some(at) = at else { continue };
                assert!(options.contains(at));
                assert!(places.seen.iter().all(|(index, member)| member != at || *index == need.index));
            }
        }
    }
}
