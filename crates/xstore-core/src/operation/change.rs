//! The operations that change an object's manifest: repair, migrate, reshare.

use super::Common;
use crate::Event;
use crate::change::{Placing, Repaired, Reshared, Wishes};
#[cfg(doc)]
use crate::code::Code;
use crate::error::Result;
use crate::event::Progress;
use crate::store::Store;
use crate::ticket::Ticket;
use futures_util::future::BoxFuture;
use std::fmt;
use std::time::Duration;
use xstore_manifest::Manifest;

/// Makes missing and bad shares again; see [`Store::repair`]. Await it for the new manifest and what was done.
///
/// What can't be mended stands in the report, and doesn't keep the rest from being mended.
///
/// # Errors
/// [`Code::ManifestInvalid`], [`Code::ManifestExpired`], [`Code::KeyUnavailable`]; [`Code::ConfigInvalid`] for a wish
/// that names no backend, a ticket of something else, or while another change of the object is running;
/// [`Code::SinkFailed`] from the ticket's journal; [`Code::Cancelled`] at the deadline. What was done before an error
/// stands in the ticket: [`Store::finish`] makes a manifest of it.
///
/// # Cancel safety
/// Dropped, it may leave shares; its [ticket](Self::ticket) knows them. [`Store::finish`] keeps them,
/// [`Store::sweep`] removes them. The manifest that it began with stays good either way.
#[must_use = "nothing happens before it is awaited"]
pub struct Repair<'a> {
    common: Common,
    manifest: &'a Manifest,
    ticket: Option<Ticket>,
    wishes: Wishes,
}

operation!(Repair<'a> -> Repaired);

impl<'a> Repair<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest) -> Self {
        Self { common: Common::new(store), manifest, ticket: None, wishes: Wishes::repair() }
    }

    /// Repairs under a ticket that [`Store::begin_change`] made for this manifest; it can be used once.
    pub fn ticket(mut self, ticket: &Ticket) -> Self {
        self.ticket = Some(ticket.clone());
        self
    }

    /// Where shares go that have to be made again: [`Placing::SameThenSpare`] unless said.
    pub fn placing(mut self, placing: Placing) -> Self {
        self.wishes.placing = placing;
        self
    }

    /// Whatever share of `from` isn't good goes to `to`, and nowhere else, also where `from` can't be reached or isn't
    /// configured any more. `to` may be `from`. What is good stays.
    pub fn onto(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.wishes.onto_backend.push((from.into(), to.into()));
        self
    }

    /// Share `index` of any part, where it isn't good, goes to `to` and nowhere else, also where its backend can't be
    /// reached. Wins over [`onto`](Self::onto).
    pub fn onto_index(mut self, index: u8, to: impl Into<String>) -> Self {
        self.wishes.onto_index.push((index, to.into()));
        self
    }

    /// Shares on `from` that can't be reached are taken for lost and made again on a spare. Without it a backend that
    /// is away is left alone: it may come back.
    pub fn abandon(mut self, from: impl Into<String>) -> Self {
        self.wishes.abandoned.push(from.into());
        self
    }

    /// Says what it would do, and does nothing but read.
    pub fn dry_run(mut self) -> Self {
        self.wishes.is_dry_run = true;
        self
    }

    async fn run(self) -> Result<Repaired> {
        let Self { common, manifest, ticket, wishes } = self;
        let request = crate::change::Request {
            manifest,
            ticket,
            wishes,
            progress: common.progress.clone(),
            deadline: common.deadline,
        };
        crate::change::change(&common.store, request).await
    }
}

/// Moves the shares of one backend to another; see [`Store::migrate`]. Await it for the new manifest and what was done.
///
/// # Errors
/// As for [`Repair`].
///
/// # Cancel safety
/// As for [`Repair`].
#[must_use = "nothing happens before it is awaited"]
pub struct Migrate<'a> {
    common: Common,
    manifest: &'a Manifest,
    ticket: Option<Ticket>,
    wishes: Wishes,
}

operation!(Migrate<'a> -> Repaired);

impl<'a> Migrate<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest, from: String, to: String) -> Self {
        Self { common: Common::new(store), manifest, ticket: None, wishes: Wishes::migrate(from, to) }
    }

    /// Moves under a ticket that [`Store::begin_change`] made for this manifest; it can be used once.
    pub fn ticket(mut self, ticket: &Ticket) -> Self {
        self.ticket = Some(ticket.clone());
        self
    }

    /// Says what it would do, and does nothing but read.
    pub fn dry_run(mut self) -> Self {
        self.wishes.is_dry_run = true;
        self
    }

    async fn run(self) -> Result<Repaired> {
        let Self { common, manifest, ticket, wishes } = self;
        let request = crate::change::Request {
            manifest,
            ticket,
            wishes,
            progress: common.progress.clone(),
            deadline: common.deadline,
        };
        crate::change::change(&common.store, request).await
    }
}

/// Splits an object anew; see [`Store::reshare`]. Await it for the new manifest.
///
/// # Errors
/// Those of [`Get`](super::Get) and of [`Put`](super::Put); [`Code::LayoutRefused`] where the backends don't suit the
/// new threshold. What had been written is removed then.
///
/// # Cancel safety
/// Dropped, it may leave shares of the new sharing; its [ticket](Self::ticket) knows them. The object that it began
/// with is untouched.
#[must_use = "nothing happens before it is awaited"]
pub struct Reshare<'a> {
    common: Common,
    manifest: &'a Manifest,
    k: u8,
    n: u8,
    ticket: Option<Ticket>,
}

operation!(Reshare<'a> -> Reshared);

impl<'a> Reshare<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest, k: u8, n: u8) -> Self {
        Self { common: Common::new(store), manifest, k, n, ticket: None }
    }

    /// Splits under a ticket that [`Store::begin_change`] made for this manifest; it can be used once.
    pub fn ticket(mut self, ticket: &Ticket) -> Self {
        self.ticket = Some(ticket.clone());
        self
    }

    async fn run(self) -> Result<Reshared> {
        let Self { common, manifest, k, n, ticket } = self;
        let request = crate::change::ReshareRequest {
            manifest,
            k,
            n,
            ticket,
            progress: common.progress.clone(),
            deadline: common.deadline,
        };
        crate::change::reshare(&common.store, request).await
    }
}
