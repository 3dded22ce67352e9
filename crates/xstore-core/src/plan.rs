//! Planning: what a set of backends and rules means, before anything is stored. Pure, without I/O.
//!
//! - [`Plan`]: the layout of new objects, who could [read](Power::read) or [destroy](Power::destroy) them, and how
//!   each rule [stands](Judgement).
//! - [`Costs`]: bytes and requests, exact, from the layout of the shares.
//! - [`Fleet`]: how probable it is that enough backends are up, exact for backends that fail independently and for
//!   those that fail together.
//!
//! ```
//! use xstore_backend::BackendId;
//! use xstore_core::placement::{Candidate, Labels, Placement};
//! use xstore_core::plan::Plan;
//!
//! let members = [("a", "aws"), ("b", "aws"), ("c", "gcs")].map(|(id, provider)| {
//!     (BackendId::new(id).unwrap(), Labels::new([("provider", provider)]).unwrap())
//! });
//! let candidates = members.each_ref().map(|(id, labels)| Candidate { id, labels, rank: 0 });
//! let plan = Plan::new(2, 3, &Placement::default(), &candidates)?;
//! let provider = plan.powers.iter().find(|power| power.label.as_deref() == Some("provider")).unwrap();
//! // `aws` has two of three shares: enough to read, and enough to destroy.
//! assert_eq!((provider.read.sets[0].len(), provider.destroy.sets[0].len()), (1, 1));
//! # Ok::<(), xstore_core::placement::PlacementError>(())
//! ```

mod chance;
mod cost;
mod odds;
mod power;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::placement::{Candidate, Placement, PlacementError};

pub use chance::{Chance, Fleet, Need, Node, TooManyCauses};
pub use cost::{Costs, Traffic};
pub use odds::{InvalidOdds, Odds};
pub use power::{Coalitions, Power, Stake};
pub use rules::Judgement;

/// What a configuration comes to. Members are named by their places in the list of candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// How many shares give an object back.
    pub k: u8,
    /// How many shares there are.
    pub n: u8,
    /// The member of each share.
    pub layout: Vec<usize>,
    /// Members without a share that the rules let in: one of them takes over where another one fails.
    pub spares: Vec<usize>,
    /// Members that a rule keeps out for good.
    pub excluded: Vec<usize>,
    /// Members without which the rules leave no layout of all shares.
    pub essential: Vec<usize>,
    /// Who could do what: first of the members themselves, then of each label that any of them has, by its name.
    pub powers: Vec<Power>,
    /// How each rule stands.
    pub rules: Vec<Judgement>,
}

impl Plan {
    /// Sets of each kind that are listed in a plan; the others are counted.
    pub const LISTED: usize = 12;

    /// Of new objects, while every member is in order.
    ///
    /// # Errors
    /// As [`Placement::choose`].
    pub fn new(
        k: u8,
        n: u8,
        placement: &Placement,
        candidates: &[Candidate<'_>],
    ) -> Result<Self, PlacementError> {
        let layout = placement.choose(k, n, candidates)?;
        Ok(Self::of_layout(k, placement, candidates, layout))
    }

    /// Of objects with this layout, which may break rules: the member of each share. Places that aren't there are left
    /// out.
    #[must_use]
    pub fn of_layout(
        k: u8,
        placement: &Placement,
        candidates: &[Candidate<'_>],
        mut layout: Vec<usize>,
    ) -> Self {
        layout.retain(|&at| at < candidates.len());
        let n = u8::try_from(layout.len()).unwrap_or(u8::MAX);
        let is_let_in = |at: &usize| {
            let labels = candidates[*at].labels;
            placement.rules().iter().all(|rule| !rule.is_on_members() || rule.lets_in(labels))
        };
        let (spares, excluded) =
            (0..candidates.len()).filter(|at| !layout.contains(at)).partition::<Vec<usize>, _>(is_let_in);
        let names: BTreeSet<&str> =
            candidates.iter().flat_map(|candidate| candidate.labels.iter().map(|(name, _)| name)).collect();
        let labels = std::iter::once(None).chain(names.into_iter().map(Some));
        let powers =
            labels.map(|label| Power::new(label, k, placement, candidates, &layout)).collect::<Vec<_>>();
        let rules =
            placement.rules().iter().map(|rule| Judgement::new(rule, k, placement, candidates, &layout));
        Self {
            k,
            n,
            rules: rules.collect(),
            essential: essential(k, n, placement, candidates),
            powers,
            spares,
            excluded,
            layout,
        }
    }
}

/// The members without each of which there is no layout.
fn essential(k: u8, n: u8, placement: &Placement, candidates: &[Candidate<'_>]) -> Vec<usize> {
    let is_essential = |&at: &usize| {
        let mut others = candidates.to_vec();
        others.remove(at);
        placement.choose(k, n, &others).is_err()
    };
    (0..candidates.len()).filter(is_essential).collect()
}
