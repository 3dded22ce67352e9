//! Why there is no layout.

use std::collections::BTreeSet;
use std::fmt;

use xstore_backend::BackendId;

use super::{Candidate, Rule};

/// Names of members or values that a message shows; of the others it shows the number.
const SHOWN: usize = 8;

/// Why there is no layout, or why a layout is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlacementError {
    /// There are fewer members than shares, whatever the rules say.
    TooFewMembers {
        /// How many shares there are.
        shares: u8,
        /// How many members there are.
        members: usize,
    },
    /// No layout keeps these rules together. None of them can be left out: if there are several, each would be
    /// possible without the others, as far as that could be found out in time.
    Impossible {
        /// How many shares are enough.
        k: u8,
        /// How many shares there are.
        shares: u8,
        /// The rules, with what stands against each.
        obstacles: Vec<Obstacle>,
    },
    /// A layout breaks a rule.
    Broken(Obstacle),
    /// A layout has one member twice.
    SameMember {
        /// The member.
        member: BackendId,
        /// Two of its shares.
        indexes: [usize; 2],
    },
    /// A layout names a member that isn't there.
    UnknownMember {
        /// The share.
        index: usize,
        /// The place that it names.
        at: usize,
        /// How many members there are.
        members: usize,
    },
    /// The rules are so entangled that neither a layout nor the proof that there is none was found in time.
    GaveUp {
        /// How many steps were made.
        steps: u32,
    },
}

/// A rule, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obstacle {
    /// The rule.
    pub rule: Rule,
    /// Values of the rule's label, sorted: for [`Rule::Spread`] those with more than k-1 members, for
    /// [`Rule::Only`] and [`Rule::Never`] those of the members outside, for [`Rule::Pin`] the value that is asked for, or, in a
    /// [broken](PlacementError::Broken) layout, the value that is there.
    pub values: Vec<String>,
    /// Members, in the order of the candidates or of the shares: those under these values. Of a pin that asks for a
    /// value that nobody has there are none.
    pub members: Vec<BackendId>,
}

impl Obstacle {
    pub(super) fn new(rule: Rule, values: BTreeSet<&str>, members: &[&Candidate<'_>]) -> Self {
        Self {
            rule,
            values: values.into_iter().map(str::to_owned).collect(),
            members: members.iter().map(|candidate| candidate.id.clone()).collect(),
        }
    }
}

impl fmt::Display for PlacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewMembers { shares, members } => {
                write!(f, "{shares} shares need {shares} members, and there are {members}")
            }
            Self::Impossible { k, shares, obstacles } => {
                let these = if obstacles.len() == 1 { "this rule" } else { "these rules together" };
                write!(f, "no layout of {shares} shares with k = {k} keeps {these}: ")?;
                for (i, obstacle) in obstacles.iter().enumerate() {
                    write!(f, "{}{obstacle}", if i == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            Self::Broken(obstacle) => write!(f, "the layout breaks a rule: {obstacle}"),
            Self::SameMember { member, indexes: [one, other] } => {
                write!(f, "the shares {one} and {other} are both on {member}: a member holds one share")
            }
            Self::UnknownMember { index, at, members } => {
                write!(f, "share {index} is on member {at} of {members}, counted from 0")
            }
            Self::GaveUp { steps } => write!(
                f,
                "the placement rules are too entangled: no layout was found in {steps} steps, nor that there is none"
            ),
        }
    }
}

impl std::error::Error for PlacementError {}

/// The rule, and in parentheses the values and the members.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)?;
        if self.values.is_empty() && self.members.is_empty() {
            return Ok(());
        }
        f.write_str(" (")?;
        if self.values.is_empty() {
            f.write_str("without the label")?;
        } else {
            list(f, &self.values)?;
        }
        f.write_str(": ")?;
        list(f, &self.members)?;
        f.write_str(")")
    }
}

/// The first few names, and how many more there are.
fn list(f: &mut fmt::Formatter<'_>, names: &[impl fmt::Display]) -> fmt::Result {
    if names.is_empty() {
        return f.write_str("no member");
    }
    for (i, name) in names.iter().take(SHOWN).enumerate() {
        write!(f, "{}{name}", if i == 0 { "" } else { ", " })?;
    }
    match names.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
