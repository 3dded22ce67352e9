//! How probable it is that enough backends are up: exact, by counting, not by drawing.

use std::fmt;

use crate::placement::rule::limit;
use crate::placement::{Candidate, Placement, Rule};
use crate::plan::{Odds, Plan};

/// A probability and that of the opposite, each added up by itself, so that neither is mostly rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Chance {
    /// That it is so.
    pub good: f64,
    /// That it isn't.
    pub bad: f64,
}

/// Backends that are up or down by chance: each by itself, and together with others where they have a cause in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    nodes: Vec<Node>,
    causes: Vec<Odds>,
    /// For each node the value of the one spread rule that counts; none where several rules do, so that spares can't
    /// be judged by counting.
    crowds: Option<Vec<Option<usize>>>,
    limit: usize,
    holders: Vec<bool>,
    eligible: Vec<bool>,
}

/// One backend of a [`Fleet`]: it is up when it is up by itself and all its causes are up.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// By itself.
    pub own: Odds,
    /// What it has in common with others, by place in the list of causes.
    pub causes: Vec<usize>,
    /// Whether what is stored there survives a power loss.
    pub is_durable: bool,
}

/// What a put needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Shares on durable backends.
    pub durable: usize,
    /// Shares in all.
    pub total: usize,
}

/// More common causes than can be tried out one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyCauses;

impl Fleet {
    /// Causes that a fleet may have at most: all their combinations are looked at.
    pub const MAX_CAUSES: usize = 12;

    /// The members of a plan, one node for each candidate.
    ///
    /// # Errors
    /// [`TooManyCauses`].
    ///
    /// # Panics
    /// Where there isn't one node for each candidate, or a cause isn't there.
    pub fn new(
        plan: &Plan,
        placement: &Placement,
        candidates: &[Candidate<'_>],
        nodes: Vec<Node>,
        causes: Vec<Odds>,
    ) -> Result<Self, TooManyCauses> {
        assert_eq!(nodes.len(), candidates.len(), "one node for each candidate");
        assert!(
            nodes.iter().flat_map(|node| &node.causes).all(|&cause| cause < causes.len()),
            "known causes"
        );
        if causes.len() > Self::MAX_CAUSES {
            return Err(TooManyCauses);
        }
        let is_holder = |at| plan.layout.contains(&at);
        Ok(Self {
            crowds: crowds(plan, placement, candidates),
            limit: limit(plan.k),
            holders: (0..nodes.len()).map(is_holder).collect(),
            eligible: (0..nodes.len()).map(|at| !plan.excluded.contains(&at)).collect(),
            nodes,
            causes,
        })
    }

    /// That at least so many of the shares are on backends that are up: k of them can be read.
    #[must_use]
    pub fn at_least(&self, shares: usize) -> Chance {
        self.chance(&self.holders, None, |counts| counts.total() >= shares)
    }

    /// That so many backends of the layout are up that a put is acknowledged without any spare.
    #[must_use]
    pub fn put(&self, need: Need) -> Chance {
        self.chance(&self.holders, None, |counts| counts.meets(need))
    }

    /// That so many backends are up, spares included, that a put is acknowledged. None where more than one spread rule
    /// or a pin counts: then it depends on which ones are up, and [`put`](Self::put) is what is certain.
    #[must_use]
    pub fn put_with_spares(&self, need: Need) -> Option<Chance> {
        let crowds = self.crowds.as_deref()?;
        Some(self.chance(&self.eligible, Some(crowds), |counts| counts.meets(need)))
    }

    /// Over all combinations of causes, and in each of them over how many nodes are up.
    fn chance(
        &self,
        is_in: &[bool],
        crowds: Option<&[Option<usize>]>,
        is_enough: impl Fn(Counts) -> bool,
    ) -> Chance {
        let mut chance = Chance { good: 0.0, bad: 0.0 };
        for state in 0..1_usize << self.causes.len() {
            let is_up = |cause: usize| state >> cause & 1 == 1;
            let weigh = |(cause, odds): (usize, &Odds)| if is_up(cause) { odds.up() } else { odds.down() };
            let weight: f64 = self.causes.iter().enumerate().map(weigh).product();
            if weight == 0.0 {
                continue;
            }
            for (counts, probability) in self.given(is_in, crowds, is_up).cells() {
                let part = weight * probability;
                if is_enough(counts) { chance.good += part } else { chance.bad += part }
            }
        }
        chance
    }

    /// How many are up where the causes are as given.
    fn given(
        &self,
        is_in: &[bool],
        crowds: Option<&[Option<usize>]>,
        is_up: impl Fn(usize) -> bool,
    ) -> Spread {
        let mut all = Spread::nothing();
        let mut crowd: Vec<Spread> = Vec::new();
        for (at, node) in self.nodes.iter().enumerate().filter(|(at, _)| is_in[*at]) {
            if !node.causes.iter().all(|&cause| is_up(cause)) {
                continue;
            }
            match crowds.and_then(|crowds| crowds[at]) {
                None => all.add(node),
                Some(value) => {
                    crowd.resize_with(crowd.len().max(value + 1), Spread::nothing);
                    crowd[value].add(node);
                }
            }
        }
        crowd.into_iter().fold(all, |all, crowd| all.and(&crowd.at_most(self.limit)))
    }
}

/// The value of each member under the one spread rule that limits anything; none where that isn't all that counts.
fn crowds(plan: &Plan, placement: &Placement, candidates: &[Candidate<'_>]) -> Option<Vec<Option<usize>>> {
    let mut known: Option<Vec<Option<usize>>> = None;
    for rule in placement.rules() {
        match rule {
            Rule::Pin { index, .. } if *index < plan.n => return None,
            Rule::Spread { label } => {
                let mut values: Vec<(&str, usize)> = Vec::new();
                let mut crowds = vec![None; candidates.len()];
                for at in (0..candidates.len()).filter(|at| !plan.excluded.contains(at)) {
                    let Some(value) = candidates[at].labels.value(label) else { continue };
                    let place = values.iter().position(|(other, _)| *other == value);
                    let place = place.unwrap_or_else(|| {
                        values.push((value, 0));
                        values.len() - 1
                    });
                    values[place].1 += 1;
                    crowds[at] = Some(place);
                }
                if values.iter().all(|(_, members)| *members <= limit(plan.k)) {
                    continue;
                }
                if known.is_some() {
                    return None;
                }
                known = Some(crowds);
            }
            _ => {}
        }
    }
    Some(known.unwrap_or_else(|| vec![None; candidates.len()]))
}

/// How many backends are up.
#[derive(Debug, Clone, Copy)]
struct Counts {
    durable: usize,
    volatile: usize,
}

impl Counts {
    fn total(self) -> usize {
        self.durable + self.volatile
    }

    fn meets(self, need: Need) -> bool {
        self.durable >= need.durable && self.total() >= need.total
    }
}

/// The probability of each number of durable backends, by rows, and of volatile ones.
#[derive(Debug, Clone)]
struct Spread {
    rows: Vec<Vec<f64>>,
}

impl Spread {
    /// Nobody, for certain.
    fn nothing() -> Self {
        Self { rows: vec![vec![1.0]] }
    }

    fn cells(&self) -> impl Iterator<Item = (Counts, f64)> {
        self.rows.iter().enumerate().flat_map(|(durable, row)| {
            row.iter().enumerate().map(move |(volatile, &chance)| (Counts { durable, volatile }, chance))
        })
    }

    fn zero(durable: usize, volatile: usize) -> Self {
        Self { rows: vec![vec![0.0; volatile + 1]; durable + 1] }
    }

    fn most(&self) -> (usize, usize) {
        (self.rows.len() - 1, self.rows[0].len() - 1)
    }

    fn add(&mut self, node: &Node) {
        let (down, up) = (node.own.down(), node.own.up());
        let one = match node.is_durable {
            true => Self { rows: vec![vec![down], vec![up]] },
            false => Self { rows: vec![vec![down, up]] },
        };
        *self = self.and(&one);
    }

    /// Both, which are independent.
    fn and(&self, other: &Self) -> Self {
        let ((durable, volatile), (more_durable, more_volatile)) = (self.most(), other.most());
        let mut both = Self::zero(durable + more_durable, volatile + more_volatile);
        for (one, chance) in self.cells() {
            for (two, other) in other.cells() {
                both.rows[one.durable + two.durable][one.volatile + two.volatile] += chance * other;
            }
        }
        both
    }

    /// No more than so many, of which durable ones are taken first.
    fn at_most(&self, limit: usize) -> Self {
        let (durable, volatile) = self.most();
        let mut capped = Self::zero(durable.min(limit), volatile.min(limit));
        for (counts, chance) in self.cells() {
            let durable = counts.durable.min(limit);
            capped.rows[durable][counts.volatile.min(limit - durable)] += chance;
        }
        capped
    }
}

impl fmt::Display for TooManyCauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} common causes can be looked at together", Fleet::MAX_CAUSES)
    }
}

impl std::error::Error for TooManyCauses {}
