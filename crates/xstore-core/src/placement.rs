//! Which backend gets which share: labels, rules, and the search for a layout. Pure, without I/O.
//!
//! # What is chosen
//! Every share goes to another member. Of all the layouts that keep the rules, [`Placement::choose`] takes one whose
//! members have the smallest sum of ranks; of these, the one whose members come first, sorted by rank and by place in
//! the list of candidates. So the answer to an unchanged question stays the same. Among the members taken the shares
//! are dealt in the order of the list, as far as pins let them: the sequence of places by share index is the smallest
//! there is. The index says nothing about how good a share is, so ranks play no part there, and a change of ranks
//! alone moves no share between members that stay.
//!
//! # What it costs
//! Members that the rules can't tell apart are counted, not tried one by one, and a rule that follows from another
//! is left out (a limit for each provider implies the same limit for each site of one provider). What is left is
//! answered by cheapest flows in a network, in polynomial time and without ever going back, if at most one limit is
//! left, or two and no pins. Everything else is a search that goes back where flows prove that it must or that
//! it pays. It is exact too, but the general question is NP-hard, and so the search ends after 3,000 flows: with the
//! best layout that it met, else with the first layout that it meets without looking at ranks, else with an error of
//! its own. For up to 20 members it takes less than a millisecond; for 64 shares on 256 members with three limits and
//! pins it can take a second.

mod assign;
mod error;
mod label;
mod network;
mod problem;
mod rule;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use xstore_backend::BackendId;

use problem::Problem;
use rule::Pins;
use search::{Budget, Outcome};

pub use error::{Obstacle, PlacementError};
pub use label::{InvalidLabel, Labels};
pub use rule::Rule;

/// Rules on which backend may hold which share. By default there are none.
///
/// ```
/// use xstore_backend::BackendId;
/// use xstore_core::placement::{Candidate, Labels, Placement};
///
/// let rules = Placement::default().spread("provider")?.only("jurisdiction", ["eu", "ch"])?;
/// let members = [("a", "aws", "eu"), ("b", "aws", "ch"), ("c", "gcs", "us"), ("d", "disk", "ch")].map(
///     |(id, provider, place)| {
///         let labels = Labels::new([("provider", provider), ("jurisdiction", place)]).unwrap();
///         (BackendId::new(id).unwrap(), labels)
///     },
/// );
/// let candidates = members.each_ref().map(|(id, labels)| Candidate { id, labels, rank: 0 });
/// assert_eq!(rules.choose(3, 3, &candidates)?, [0, 1, 3]);
/// // With k = 2 no two shares may be under one provider, and outside `us` there are two.
/// let refused = rules.choose(2, 3, &candidates).unwrap_err();
/// assert!(refused.to_string().contains("at most k-1 shares under one provider"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    rules: Vec<Rule>,
}

/// A member that may get a share.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its name. Of candidates with one name only the first gets anything.
    pub id: &'a BackendId,
    /// Its labels.
    pub labels: &'a Labels,
    /// What choosing it costs: the lower the better. Ranks are added up, so that 3 is as bad as three times 1.
    pub rank: u32,
}

impl Placement {
    /// Adds [`Rule::Spread`].
    ///
    /// # Errors
    /// [`InvalidLabel::Name`].
    pub fn spread(self, label: impl Into<String>) -> Result<Self, InvalidLabel> {
        Ok(self.with(Rule::Spread { label: label::name_of(label.into())? }))
    }

    /// Adds [`Rule::Only`].
    ///
    /// # Errors
    /// [`InvalidLabel::Name`], [`InvalidLabel::Value`].
    pub fn only<V: Into<String>>(
        self,
        label: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidLabel> {
        let label = label::name_of(label.into())?;
        let values =
            values.into_iter().map(|value| label::value_of(value.into())).collect::<Result<_, _>>()?;
        Ok(self.with(Rule::Only { label, values }))
    }

    /// Adds [`Rule::Pin`].
    ///
    /// # Errors
    /// [`InvalidLabel::Name`], [`InvalidLabel::Value`].
    pub fn pin(
        self,
        index: u8,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, InvalidLabel> {
        let (label, value) = (label::name_of(label.into())?, label::value_of(value.into())?);
        Ok(self.with(Rule::Pin { index, label, value }))
    }

    /// The rules, in the order in which they were added, each once.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Finds a place for each of the share indexes 0 to `n - 1`: the place of its member in `candidates`. See the
    /// [module](self) for which layout it is.
    ///
    /// # Errors
    /// [`PlacementError::TooFewMembers`], [`PlacementError::Impossible`], and, where the rules are too
    /// entangled, [`PlacementError::GaveUp`].
    pub fn choose(&self, k: u8, n: u8, candidates: &[Candidate<'_>]) -> Result<Vec<usize>, PlacementError> {
        let members = candidates.iter().map(|candidate| candidate.id).collect::<BTreeSet<_>>().len();
        if members < usize::from(n) {
            return Err(PlacementError::TooFewMembers { shares: n, members });
        }
        let rules: Vec<&Rule> = self.rules.iter().collect();
        let mut outcome = search::best(&Problem::new(&rules, k, n, candidates), &mut Budget::new());
        if outcome == Outcome::GaveUp {
            // Ranks are wishes, and they make the question harder. So they don't decide whether there is an answer.
            let alike: Vec<_> =
                candidates.iter().map(|candidate| Candidate { rank: 0, ..*candidate }).collect();
            outcome = search::best(&Problem::new(&rules, k, n, &alike), &mut Budget::new());
        }
        let gave_up = PlacementError::GaveUp { steps: Budget::STEPS };
        match outcome {
            Outcome::Found(chosen) => {
                let pins = Pins::new(&rules);
                let fits = |index, at: usize| pins.admit(index, candidates[at].labels);
                // The flows have proved that there is a way to deal them.
                assign::deal(n, &chosen, fits).ok_or(gave_up)
            }
            Outcome::Impossible => Err(self.explain(k, n, candidates)),
            Outcome::GaveUp => Err(gave_up),
        }
    }

    /// The best other member for the share `index` of `layout`, whose entries are places in `candidates`, by share
    /// index, and none where a share has no place: the first by rank, then by place, that is neither in the layout
    /// (nor the holder of `index` itself) nor `excluded`, and breaks no rule together with the rest of the layout.
    /// Rules that the rest breaks by itself don't count against a member, so that a layout from before a
    /// change of the rules can be mended share by share.
    #[must_use]
    pub fn replace(
        &self,
        k: u8,
        layout: &[Option<usize>],
        index: u8,
        excluded: &[usize],
        candidates: &[Candidate<'_>],
    ) -> Option<usize> {
        let name = |at: usize| candidates.get(at).map(|candidate| candidate.id);
        let taken: BTreeSet<&BackendId> =
            layout.iter().flatten().chain(excluded).filter_map(|&at| name(at)).collect();
        let rest: Vec<&Candidate<'_>> = layout
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != usize::from(index))
            .filter_map(|(_, at)| candidates.get((*at)?))
            .collect();
        let keeps = |candidate: &Candidate<'_>| {
            self.rules.iter().all(|rule| match rule {
                Rule::Spread { label } => match candidate.labels.value(label) {
                    // One of a kind: it is alone under its value.
                    None => rule::limit(k) > 0,
                    value => {
                        let beside = rest.iter().filter(|other| other.labels.value(label) == value).count();
                        beside < rule::limit(k)
                    }
                },
                Rule::Only { .. } => rule.lets_in(candidate.labels),
                Rule::Pin { index: pinned, .. } => *pinned != index || rule.lets_in(candidate.labels),
            })
        };
        (0..candidates.len())
            .filter(|&at| !taken.contains(candidates[at].id) && keeps(&candidates[at]))
            .min_by_key(|&at| (candidates[at].rank, at))
    }

    /// Whether a member may be sent share `index` of a part, given every member that was ever sent a byte of one, with
    /// its index: a member sees one index only, and under one value of a spread rule at most k-1 are ever seen. Which
    /// shares are held at present is part of what was seen. What the others break by themselves doesn't count.
    #[must_use]
    pub fn admits(
        &self,
        k: u8,
        index: u8,
        at: usize,
        seen: &[(u8, usize)],
        candidates: &[Candidate<'_>],
    ) -> bool {
        let Some(member) = candidates.get(at) else { return false };
        let others = || seen.iter().filter_map(|(index, at)| Some((*index, candidates.get(*at)?)));
        if others().any(|(other, candidate)| candidate.id == member.id && other != index) {
            return false;
        }
        self.rules.iter().all(|rule| match rule {
            Rule::Spread { label } => {
                let Some(value) = member.labels.value(label) else { return true };
                let under = others().filter(|(_, other)| other.labels.value(label) == Some(value));
                let known: BTreeSet<u8> = under.map(|(index, _)| index).collect();
                known.contains(&index) || known.len() < rule::limit(k)
            }
            Rule::Only { .. } => rule.lets_in(member.labels),
            Rule::Pin { index: pinned, .. } => *pinned != index || rule.lets_in(member.labels),
        })
    }

    /// Whether a layout keeps the rules: places in `candidates` by share index, and none where a share has no place.
    ///
    /// # Errors
    /// [`PlacementError::UnknownMember`] and [`PlacementError::SameMember`] where it is no layout, else
    /// [`PlacementError::Broken`] with the first rule that it breaks.
    pub fn holds(
        &self,
        k: u8,
        layout: &[Option<usize>],
        candidates: &[Candidate<'_>],
    ) -> Result<(), PlacementError> {
        let mut holders = BTreeMap::new();
        let mut placed = Vec::with_capacity(layout.len());
        for (index, at) in layout.iter().enumerate() {
            let Some(at) = *at else { continue };
            let Some(candidate) = candidates.get(at) else {
                return Err(PlacementError::UnknownMember { index, at, members: candidates.len() });
            };
            if let Some(first) = holders.insert(candidate.id, index) {
                return Err(PlacementError::SameMember {
                    member: candidate.id.clone(),
                    indexes: [first, index],
                });
            }
            placed.push((index, candidate));
        }
        let broken = self.rules.iter().find_map(|rule| rule.broken_by(k, &placed));
        broken.map_or(Ok(()), |obstacle| Err(PlacementError::Broken(obstacle)))
    }

    fn with(mut self, rule: Rule) -> Self {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
        self
    }

    /// Which rules can't be kept together: what is left after taking away, one by one, each rule without which it is
    /// still impossible. A rule stays where that can't be found out in time.
    fn explain(&self, k: u8, n: u8, candidates: &[Candidate<'_>]) -> PlacementError {
        let mut rules: Vec<&Rule> = self.rules.iter().collect();
        let mut budget = Budget::new();
        for rule in &self.rules {
            let fewer: Vec<&Rule> = rules.iter().copied().filter(|other| *other != rule).collect();
            if search::is_impossible(&Problem::new(&fewer, k, n, candidates), &mut budget) {
                rules = fewer;
            }
        }
        let obstacles = rules.into_iter().map(|rule| rule.obstacle(k, candidates)).collect();
        PlacementError::Impossible { k, shares: n, obstacles }
    }
}
