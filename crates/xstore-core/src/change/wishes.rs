//! What the caller of a change asked for.

use crate::builder::config;
use crate::error::Result;
use crate::store::Inner;
use xstore_manifest::{Body, Share};

/// Where shares go that have to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Placing {
    /// To the backend that has or had them, and where that doesn't take them, to a spare.
    #[default]
    SameThenSpare,
    /// To the backend that has or had them, or nowhere.
    SameOnly,
    /// To a spare, or nowhere: the backend that lost them isn't trusted any more.
    SpareOnly,
}

/// What the caller of a change asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    pub(crate) placing: Placing,
    pub(crate) onto_backend: Vec<(String, String)>,
    pub(crate) onto_index: Vec<(u8, String)>,
    pub(crate) abandoned: Vec<String>,
    /// Every share on the first goes to the second, good or not; and no other share is looked at for its own sake.
    pub(crate) moving: Option<(String, String)>,
    pub(crate) is_dry_run: bool,
}

impl Wishes {
    pub(crate) fn repair() -> Self {
        Self {
            placing: Placing::default(),
            onto_backend: Vec::new(),
            onto_index: Vec::new(),
            abandoned: Vec::new(),
            moving: None,
            is_dry_run: false,
        }
    }

    pub(crate) fn migrate(from: String, to: String) -> Self {
        Self { moving: Some((from, to)), ..Self::repair() }
    }

    /// Refuses wishes that name nothing.
    pub(crate) fn check(&self, inner: &Inner, body: &Body) -> Result<()> {
        let targets = self.onto_backend.iter().map(|(_, to)| to);
        let targets = targets.chain(self.onto_index.iter().map(|(_, to)| to));
        let targets = targets.chain(self.moving.iter().map(|(_, to)| to));
        for to in targets {
            if inner.seats.iter().all(|seat| seat.id.as_str() != to) {
                return Err(config(format!(
                    "no backend named {to:?} is configured, so nothing can go there"
                )));
            }
        }
        let holds = |from: &String| {
            let shares = || body.parts.iter().flat_map(|part| part.shares.iter().flatten());
            shares().any(|share| share.backend.as_str() == from)
        };
        let sources = self.onto_backend.iter().map(|(from, _)| from);
        let sources = sources.chain(&self.abandoned).chain(self.moving.iter().map(|(from, _)| from));
        for from in sources {
            if !holds(from) && inner.seats.iter().all(|seat| seat.id.as_str() != from) {
                return Err(config(format!(
                    "the manifest names no backend {from:?}, and none is configured"
                )));
            }
        }
        if let Some((index, _)) = self.onto_index.iter().find(|(index, _)| *index >= body.threshold.n) {
            return Err(config(format!(
                "there is no share {index}: the last one is {}",
                body.threshold.n - 1
            )));
        }
        if self.moving.as_ref().is_some_and(|(from, to)| from == to) {
            return Err(config("the shares are to be moved to where they are"));
        }
        Ok(())
    }

    /// The one place that this share may go to, where the caller named it.
    pub(crate) fn target(&self, index: u8, share: Option<&Share>) -> Option<&str> {
        if let Some((_, to)) = self.onto_index.iter().find(|(wanted, _)| *wanted == index) {
            return Some(to);
        }
        let from = share?.backend.as_str();
        let moving = self.moving.iter();
        let (_, to) = moving.chain(&self.onto_backend).find(|(wanted, _)| wanted == from)?;
        Some(to)
    }

    /// Whether the share is made again although its backend may come back.
    pub(crate) fn takes_for_lost(&self, index: u8, share: &Share) -> bool {
        self.target(index, Some(share)).is_some()
            || self.abandoned.iter().any(|from| from == share.backend.as_str())
    }

    /// Whether the share is to be moved, good or not.
    pub(crate) fn moves(&self, share: &Share) -> bool {
        self.moving.as_ref().is_some_and(|(from, _)| from == share.backend.as_str())
    }
}
