//! Who could read and who could destroy: sets of values that hold enough shares.

use crate::placement::{Candidate, Placement};
use crate::plan::Plan;

/// Shares by the values of one label, and the sets of values that hold enough of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Power {
    /// The label, or none where the members themselves are meant.
    pub label: Option<String>,
    /// Its values, those with the most shares first.
    pub stakes: Vec<Stake>,
    /// The sets that hold k shares: together they can read.
    pub read: Coalitions,
    /// The sets that hold so many shares that fewer than k are left: together they can destroy, by loss or intent.
    pub destroy: Coalitions,
}

/// What is under one value of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stake {
    /// The value; none of a member without the label, which is the only one of its kind.
    pub value: Option<String>,
    /// The members, by place.
    pub members: Vec<usize>,
    /// Shares that they have in the layout.
    pub shares: usize,
    /// Shares that they may have at most in any layout that the rules allow, when spares take over; none where no
    /// layout obeys the rules. Where the rules are so entangled that [`Placement::choose`] can't look at everything,
    /// it may be more.
    pub most: Option<usize>,
}

/// Sets of values that hold a number of shares and none of whose values can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coalitions {
    /// Shares that it takes.
    pub needed: usize,
    /// How many such sets there are, at most `u128::MAX`.
    pub count: u128,
    /// Values of the smallest one; none where there is none.
    pub smallest: Option<usize>,
    /// The first ones, the smallest first, as places in [`stakes`](Power::stakes); at most [`Plan::LISTED`].
    pub sets: Vec<Vec<usize>>,
}

impl Power {
    pub(super) fn new(
        label: Option<&str>,
        k: u8,
        placement: &Placement,
        candidates: &[Candidate<'_>],
        layout: &[usize],
    ) -> Self {
        let mut stakes: Vec<Stake> = Vec::new();
        for (at, candidate) in candidates.iter().enumerate() {
            let value = match label {
                None => Some(candidate.id.as_str()),
                Some(label) => candidate.labels.value(label),
            };
            let known = stakes.iter().position(|stake| value.is_some() && stake.value.as_deref() == value);
            let stake = known.unwrap_or_else(|| {
                let value = value.map(str::to_owned);
                stakes.push(Stake { value, members: Vec::new(), shares: 0, most: None });
                stakes.len() - 1
            });
            stakes[stake].members.push(at);
            stakes[stake].shares += usize::from(layout.contains(&at));
        }
        let n = layout.len();
        for stake in &mut stakes {
            stake.most = most(k, n, placement, candidates, &stake.members);
        }
        stakes.sort_by_key(|stake| std::cmp::Reverse(stake.shares));
        let weights: Vec<usize> = stakes.iter().map(|stake| stake.shares).collect();
        Self {
            label: label.map(str::to_owned),
            read: Coalitions::new(&weights, usize::from(k), Plan::LISTED),
            destroy: Coalitions::new(&weights, (n + 1).saturating_sub(usize::from(k)), Plan::LISTED),
            stakes,
        }
    }
}

/// The most shares that these members have in any layout: that of a layout which likes them best.
fn most(
    k: u8,
    n: usize,
    placement: &Placement,
    candidates: &[Candidate<'_>],
    members: &[usize],
) -> Option<usize> {
    let liked: Vec<Candidate<'_>> = candidates
        .iter()
        .enumerate()
        .map(|(at, candidate)| Candidate { rank: u32::from(!members.contains(&at)), ..*candidate })
        .collect();
    let layout = placement.choose(k, u8::try_from(n).ok()?, &liked).ok()?;
    Some(layout.iter().filter(|at| members.contains(at)).count())
}

impl Coalitions {
    /// Of values with these shares, sorted, the most first.
    ///
    /// Taking values in their order, a set that can spare none of its values is one whose sum reaches what is needed
    /// with its last and smallest value, and not before. So sets are counted by how many values are still to be
    /// taken.
    pub(super) fn new(weights: &[usize], needed: usize, listed: usize) -> Self {
        // Nobody needs the help of one who has nothing.
        let weights = &weights[..weights.partition_point(|weight| *weight > 0)];
        let counts = Counts::new(weights, needed);
        let mut coalitions = Self { needed, count: 0, smallest: None, sets: Vec::new() };
        for size in 1..=weights.len() {
            let count = counts.of(0, 0, size);
            if count == 0 {
                continue;
            }
            coalitions.smallest.get_or_insert(size);
            coalitions.count = coalitions.count.saturating_add(count);
            let room = listed - coalitions.sets.len();
            counts.list(0, 0, size, &mut Vec::new(), room, &mut coalitions.sets);
        }
        coalitions
    }
}

/// For each value, sum so far and number of values still to be taken, how many ways there are.
struct Counts<'a> {
    weights: &'a [usize],
    needed: usize,
    ways: Vec<u128>,
}

impl<'a> Counts<'a> {
    fn new(weights: &'a [usize], needed: usize) -> Self {
        let sizes = weights.len() + 1;
        let mut counts = Self { weights, needed, ways: vec![0; sizes * needed * sizes] };
        for first in (0..weights.len()).rev() {
            for sum in 0..needed {
                for size in 1..=weights.len() {
                    let ways = counts.of(first + 1, sum, size).saturating_add(counts.with(first, sum, size));
                    let at = counts.at(first, sum, size);
                    counts.ways[at] = ways;
                }
            }
        }
        counts
    }

    /// Ways to go on with `size` of the values from `first` on.
    fn of(&self, first: usize, sum: usize, size: usize) -> u128 {
        if sum < self.needed { self.ways[self.at(first, sum, size)] } else { 0 }
    }

    /// Ways that take `first`.
    fn with(&self, first: usize, sum: usize, size: usize) -> u128 {
        let weight = self.weights[first];
        match sum + weight >= self.needed {
            true => u128::from(size == 1),
            false if size == 1 => 0,
            false => self.of(first + 1, sum + weight, size - 1),
        }
    }

    fn at(&self, first: usize, sum: usize, size: usize) -> usize {
        (first * self.needed + sum) * (self.weights.len() + 1) + size
    }

    /// Lists ways until there are `room` more; every step leads to one.
    fn list(
        &self,
        first: usize,
        sum: usize,
        size: usize,
        taken: &mut Vec<usize>,
        room: usize,
        sets: &mut Vec<Vec<usize>>,
    ) {
        let full = sets.len() + room;
        for next in first..self.weights.len() {
            if sets.len() == full {
                return;
            }
            if self.with(next, sum, size) == 0 {
                continue;
            }
            taken.push(next);
            if size == 1 {
                sets.push(taken.clone());
            } else {
                self.list(next + 1, sum + self.weights[next], size - 1, taken, full - sets.len(), sets);
            }
            taken.pop();
        }
    }
}
