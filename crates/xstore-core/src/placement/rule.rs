//! One rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Candidate, Labels, Obstacle};

/// A rule on which backend may hold which share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// At most k-1 shares of an object are under one value of a label, so that nobody who has all that is under it
    /// can read the object. A member without the label counts as a value of its own.
    Spread {
        /// The label's name.
        label: String,
    },
    /// A member whose label has none of these values receives nothing, for example outside a jurisdiction. A
    /// member without the label is outside.
    Only {
        /// The label's name.
        label: String,
        /// The values that are inside.
        values: BTreeSet<String>,
    },
    /// A member whose label has one of these values receives nothing, for example in a jurisdiction that is to be
    /// kept out. A member without the label receives nothing either: nobody has said that it is elsewhere.
    Never {
        /// The label's name.
        label: String,
        /// The values that are kept out.
        values: BTreeSet<String>,
    },
    /// One share goes only to a member with this value. It says nothing about the other shares, nor about objects
    /// with fewer shares.
    Pin {
        /// The share.
        index: u8,
        /// The label's name.
        label: String,
        /// The value.
        value: String,
    },
}

/// How many shares a spread rule leaves under one value.
pub(crate) fn limit(k: u8) -> usize {
    usize::from(k.saturating_sub(1))
}

impl Rule {
    /// Whether it speaks of each member for itself, whichever share that gets.
    pub(crate) const fn is_on_members(&self) -> bool {
        matches!(self, Self::Only { .. } | Self::Never { .. })
    }

    /// Whether a member with these labels may have the share or shares that this rule speaks of. Always, for a rule
    /// on several members together.
    pub(crate) fn lets_in(&self, labels: &Labels) -> bool {
        match self {
            Self::Spread { .. } => true,
            Self::Never { label, values } => labels.value(label).is_some_and(|value| !values.contains(value)),
            Self::Only { label, values } => labels.value(label).is_some_and(|value| values.contains(value)),
            Self::Pin { label, value, .. } => labels.value(label) == Some(value),
        }
    }

    /// What of these shares and their holders breaks this rule.
    pub(crate) fn broken_by(&self, k: u8, placed: &[(usize, &Candidate<'_>)]) -> Option<Obstacle> {
        let concerns = |index: usize| match self {
            Self::Pin { index: pinned, .. } => index == usize::from(*pinned),
            _ => true,
        };
        let concerned = placed
            .iter()
            .filter(|(index, _)| concerns(*index))
            .map(|(_, candidate)| *candidate)
            .collect::<Vec<_>>();
        let (values, members) = match self {
            Self::Spread { label } => crowded(label, k, &concerned),
            _ => outside(
                self.label(),
                concerned.into_iter().filter(|candidate| !self.lets_in(candidate.labels)),
            ),
        };
        (!members.is_empty()).then(|| Obstacle::new(self.clone(), values, &members))
    }

    /// What stands against this rule where there are these candidates.
    pub(super) fn obstacle(&self, k: u8, candidates: &[Candidate<'_>]) -> Obstacle {
        let (values, members) = match self {
            Self::Spread { label } => crowded(label, k, &candidates.iter().collect::<Vec<_>>()),
            Self::Only { label, .. } | Self::Never { label, .. } => {
                outside(label, candidates.iter().filter(|candidate| !self.lets_in(candidate.labels)))
            }
            Self::Pin { value, .. } => {
                let inside = candidates.iter().filter(|candidate| self.lets_in(candidate.labels)).collect();
                (BTreeSet::from([value.as_str()]), inside)
            }
        };
        Obstacle::new(self.clone(), values, &members)
    }

    /// The name of the label that it is about.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Spread { label }
            | Self::Only { label, .. }
            | Self::Never { label, .. }
            | Self::Pin { label, .. } => label,
        }
    }
}

/// The values under which there are more members than a spread rule leaves shares, and these members.
fn crowded<'a>(
    label: &str,
    k: u8,
    candidates: &[&'a Candidate<'a>],
) -> (BTreeSet<&'a str>, Vec<&'a Candidate<'a>>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in candidates.iter().filter_map(|candidate| candidate.labels.value(label)) {
        *counts.entry(value).or_default() += 1;
    }
    let is_crowded = |candidate: &&&Candidate<'_>| {
        let count = candidate.labels.value(label).map_or(1, |value| counts[value]);
        count > limit(k)
    };
    let members: Vec<_> = candidates.iter().filter(is_crowded).copied().collect();
    (members.iter().filter_map(|candidate| candidate.labels.value(label)).collect(), members)
}

/// These members and the values that they have.
fn outside<'a>(
    label: &str,
    members: impl Iterator<Item = &'a Candidate<'a>>,
) -> (BTreeSet<&'a str>, Vec<&'a Candidate<'a>>) {
    let members: Vec<_> = members.collect();
    (members.iter().filter_map(|candidate| candidate.labels.value(label)).collect(), members)
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spread { label } => write!(f, "at most k-1 shares under one {label}"),
            Self::Only { label, values } if values.is_empty() => {
                write!(f, "only members whose {label} is in an empty list")
            }
            Self::Only { label, values } => {
                write!(f, "only members whose {label} is ")?;
                alternatives(f, values)
            }
            Self::Never { label, values } if values.is_empty() => {
                write!(f, "only members that have a {label}")
            }
            Self::Never { label, values } => {
                write!(f, "never a member whose {label} is ")?;
                alternatives(f, values)?;
                f.write_str(" or isn't given")
            }
            Self::Pin { index, label, value } => {
                write!(f, "share {index} only on a member whose {label} is {value}")
            }
        }
    }
}

fn alternatives(f: &mut fmt::Formatter<'_>, values: &BTreeSet<String>) -> fmt::Result {
    for (i, value) in values.iter().enumerate() {
        write!(f, "{}{value}", if i == 0 { "" } else { " or " })?;
    }
    Ok(())
}

/// The pins of some rules by share index.
pub(super) struct Pins<'a>(BTreeMap<u8, Vec<&'a Rule>>);

impl<'a> Pins<'a> {
    pub(super) fn new(rules: &[&'a Rule]) -> Self {
        let mut pins: BTreeMap<u8, Vec<&Rule>> = BTreeMap::new();
        for &rule in rules {
            if let Rule::Pin { index, .. } = rule {
                pins.entry(*index).or_default().push(rule);
            }
        }
        Self(pins)
    }

    /// Whether a member with these labels may have this share, as far as pins go.
    pub(super) fn admit(&self, index: u8, labels: &Labels) -> bool {
        self.0.get(&index).is_none_or(|pins| pins.iter().all(|pin| pin.lets_in(labels)))
    }
}
