//! How each rule stands in a layout.

use crate::placement::rule::limit;
use crate::placement::{Candidate, Obstacle, Placement, Rule};

/// A rule in a layout: whether it holds, and how close it is to not holding.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// The rule.
    pub rule: Rule,
    /// What breaks it; none where it holds.
    pub broken: Option<Obstacle>,
    /// How much room there is:
    /// - [`Rule::Spread`]: shares that may still come under the value that has the most;
    /// - [`Rule::Only`] and [`Rule::Never`]: members that these rules together let in beyond those that are needed;
    /// - [`Rule::Pin`]: further members that may have this share.
    ///
    /// None where it is broken.
    pub slack: Option<usize>,
    /// Of [`Rule::Spread`] the value with the most shares, and how many it has; the first one of several. A member
    /// without the label is named by its own name.
    pub fullest: Option<(String, usize)>,
}

impl Judgement {
    pub(super) fn new(
        rule: &Rule,
        k: u8,
        placement: &Placement,
        candidates: &[Candidate<'_>],
        layout: &[usize],
    ) -> Self {
        let placed: Vec<(usize, &Candidate<'_>)> =
            layout.iter().enumerate().map(|(index, &at)| (index, &candidates[at])).collect();
        let broken = rule.broken_by(k, &placed);
        let fullest = match rule {
            Rule::Spread { label } => fullest(label, candidates, layout),
            _ => None,
        };
        let is_inside = |candidate: &&Candidate<'_>| {
            placement.rules().iter().all(|rule| !rule.is_on_members() || rule.lets_in(candidate.labels))
        };
        let inside = candidates.iter().filter(is_inside);
        let slack = match rule {
            Rule::Spread { .. } => limit(k).checked_sub(fullest.as_ref().map_or(0, |(_, shares)| *shares)),
            Rule::Only { .. } | Rule::Never { .. } => inside.count().checked_sub(layout.len()),
            // A pin on a share that isn't there asks for nothing.
            Rule::Pin { index, .. } => {
                let wanted = usize::from(usize::from(*index) < layout.len());
                inside.filter(|candidate| rule.lets_in(candidate.labels)).count().checked_sub(wanted)
            }
        };
        Self { rule: rule.clone(), slack: slack.filter(|_| broken.is_none()), broken, fullest }
    }
}

fn fullest(label: &str, candidates: &[Candidate<'_>], layout: &[usize]) -> Option<(String, usize)> {
    let value = |at: usize| candidates[at].labels.value(label);
    let shares = |at: usize| match value(at) {
        None => 1,
        value_of => layout.iter().filter(|&&other| value(other) == value_of).count(),
    };
    let first = layout.iter().copied().max_by_key(|&at| (shares(at), std::cmp::Reverse(at)))?;
    Some((value(first).unwrap_or(candidates[first].id.as_str()).to_owned(), shares(first)))
}
