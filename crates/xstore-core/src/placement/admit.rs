//! Whether one member may receive one share, given who holds what.

use std::collections::BTreeSet;

use super::rule::limit;
use super::{Candidate, Obstacle, Placement, PlacementError, Rule};

impl Placement {
    /// Whether the member at this place may receive the share `index`, given who has seen what: the question that
    /// every spare, repair and migration has to ask before a byte leaves.
    ///
    /// `seen` names every member that was ever sent a byte of a share of this sharing, with the share's index, in any
    /// order: those that hold one now, the one that a share is to leave, and those of the past, since what was sent
    /// can't be taken back. Under [`Rule::Spread`] shares are counted, not members: a share that moves from one member
    /// to another under one value is still one share there, and one that has left still counts. Rules that are broken
    /// already don't count against a member that makes nothing worse.
    ///
    /// ```
    /// use xstore_backend::BackendId;
    /// use xstore_core::placement::{Candidate, Labels, Placement};
    ///
    /// let rules = Placement::default().spread("provider")?;
    /// let members = [("a", "aws"), ("b", "aws"), ("c", "gcs")].map(|(id, provider)| {
    ///     (BackendId::new(id).unwrap(), Labels::new([("provider", provider)]).unwrap())
    /// });
    /// let candidates = members.each_ref().map(|(id, labels)| Candidate { id, labels, rank: 0 });
    /// // Share 0 is on `a`, share 1 on `c`: share 0 may move to `b`, share 1 must not.
    /// let seen = [(0, 0), (1, 2)];
    /// assert!(rules.admits(2, 0, 1, &seen, &candidates).is_ok());
    /// let refused = rules.admits(2, 1, 1, &seen, &candidates).unwrap_err();
    /// assert!(refused.to_string().contains("at most k-1 shares under one provider (aws: a, b)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PlacementError::UnknownMember`] for a place that isn't there, [`PlacementError::SameMember`] where the member
    /// holds or held another share, else [`PlacementError::Broken`] with the first rule that would be broken.
    pub fn admits(
        &self,
        k: u8,
        index: u8,
        at: usize,
        seen: &[(u8, usize)],
        candidates: &[Candidate<'_>],
    ) -> Result<(), PlacementError> {
        let unknown = seen.iter().copied().chain([(index, at)]).find(|(_, at)| *at >= candidates.len());
        if let Some((share, at)) = unknown {
            let index = usize::from(share);
            return Err(PlacementError::UnknownMember { index, at, members: candidates.len() });
        }
        let member = candidates[at].id;
        let other = seen.iter().find(|(share, at)| *share != index && candidates[*at].id == member);
        if let Some(&(other, _)) = other {
            let indexes = [usize::from(other.min(index)), usize::from(other.max(index))];
            return Err(PlacementError::SameMember { member: member.clone(), indexes });
        }
        self.refusal(k, index, at, seen, candidates)
            .map_or(Ok(()), |obstacle| Err(PlacementError::Broken(obstacle)))
    }

    /// The first rule against giving the share `index` to the member at this place. Places that aren't there are left
    /// out.
    pub(super) fn refusal(
        &self,
        k: u8,
        index: u8,
        at: usize,
        seen: &[(u8, usize)],
        candidates: &[Candidate<'_>],
    ) -> Option<Obstacle> {
        let candidate = candidates.get(at)?;
        self.rules.iter().find_map(|rule| match rule {
            Rule::Spread { label } => crowded(rule, label, k, seen, (index, at), candidates),
            Rule::Pin { index: pinned, .. } if *pinned != index => None,
            Rule::Only { .. } | Rule::Never { .. } | Rule::Pin { .. } if rule.lets_in(candidate.labels) => {
                None
            }
            Rule::Only { label, .. } | Rule::Never { label, .. } | Rule::Pin { label, .. } => {
                let values = candidate.labels.value(label).into_iter().collect();
                Some(Obstacle::new(rule.clone(), values, &[candidate]))
            }
        })
    }
}

/// What stands under the value of the member that is asked for, if that is more than a spread rule allows.
fn crowded(
    rule: &Rule,
    label: &str,
    k: u8,
    seen: &[(u8, usize)],
    (index, at): (u8, usize),
    candidates: &[Candidate<'_>],
) -> Option<Obstacle> {
    let asked = &candidates[at];
    let value = asked.labels.value(label);
    // Without the label a member is the only one of its kind.
    let is_beside = |other: &Candidate<'_>| match value {
        None => other.id == asked.id,
        value => other.labels.value(label) == value,
    };
    let beside: Vec<(u8, usize)> =
        seen.iter().filter(|(_, at)| candidates.get(*at).is_some_and(is_beside)).copied().collect();
    let mut shares: BTreeSet<u8> = beside.iter().map(|(share, _)| *share).collect();
    // A share that is or was there already makes nothing worse.
    if !shares.insert(index) || shares.len() <= limit(k) {
        return None;
    }
    let places: BTreeSet<usize> = beside.iter().map(|(_, place)| *place).chain([at]).collect();
    let members: Vec<&Candidate<'_>> = places.into_iter().map(|place| &candidates[place]).collect();
    Some(Obstacle::new(rule.clone(), value.into_iter().collect(), &members))
}
