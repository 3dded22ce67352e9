//! What came of a change.

use crate::error::Attempt;
use crate::ticket::Ticket;
use std::fmt;
use xstore_backend::BackendId;
use xstore_manifest::Manifest;

/// What came of a repair or a migration.
#[derive(Debug, Clone)]
#[must_use = "where it changed, the object is found by the new manifest only"]
#[non_exhaustive]
pub struct Repaired {
    /// The manifest to keep: the next revision, or the one that was given where nothing changed.
    pub manifest: Manifest,
    /// What was written, and which values aren't needed any more: [commit](crate::Store::commit) it when the manifest
    /// is kept, then [sweep](crate::Store::sweep) it.
    pub ticket: Ticket,
    /// What was done.
    pub report: RepairReport,
}

impl Repaired {
    /// Whether the manifest is another one than the one that was given.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.ticket.made().is_some()
    }
}

/// What came of a reshare.
#[derive(Debug, Clone)]
#[must_use = "the new shares are found by the new manifest only"]
#[non_exhaustive]
pub struct Reshared {
    /// The manifest of the new sharing. The old shares stay until [`Store::delete`](crate::Store::delete) is called
    /// with the old manifest.
    pub manifest: Manifest,
    /// What was written: [commit](crate::Store::commit) it when the manifest is kept.
    pub ticket: Ticket,
    /// Payload bytes that were split anew, over all parts.
    pub payload: u64,
}

/// What was found out about an object's shares, and what was done about them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RepairReport {
    /// One entry for each share that isn't as it should be, or was to be moved, by part, then by index.
    pub shares: Vec<ShareRepair>,
    /// Shares that were found good and stay where they are.
    pub good: usize,
    /// Shares that it takes to read a part.
    pub k: u8,
    /// Shares of each part.
    pub n: u8,
    /// Parts of the object.
    pub parts: usize,
    /// Bytes of shares that were read, those read back included.
    pub read: u64,
    /// Bytes of shares that were written.
    pub written: u64,
    /// Whether nothing was done but reading.
    pub is_dry_run: bool,
}

impl RepairReport {
    /// Whether every share is good now, as far as was looked.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shares.iter().all(|share| share.outcome.is_done())
    }

    /// Shares that were made again or moved.
    pub fn done(&self) -> impl Iterator<Item = &ShareRepair> {
        self.shares.iter().filter(|share| share.outcome.is_done())
    }

    /// Shares that need somebody's attention still.
    pub fn left(&self) -> impl Iterator<Item = &ShareRepair> {
        self.shares.iter().filter(|share| !share.outcome.is_done())
    }
}

/// One share that wasn't as it should be, or was to be moved.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShareRepair {
    /// The part, from 0.
    pub part: u32,
    /// The share, from 0.
    pub index: u8,
    /// Where it was, or None where it was never stored.
    pub from: Option<BackendId>,
    /// Why something had to be done.
    pub why: Why,
    /// What was found wrong with it. None where nothing was, or where it was never stored.
    pub problem: Option<Attempt>,
    /// What was done.
    pub outcome: Outcome,
    /// Where it is now, or would be after a dry run.
    pub to: Option<BackendId>,
    /// Places that were tried and didn't take it, and, where it couldn't be made, what is wrong with the others.
    pub attempts: Vec<Attempt>,
    /// Bytes that were written for it.
    pub written: u64,
}

/// Why something has to be done about a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// It was never stored: the object is degraded.
    NotStored,
    /// It is gone, on a backend that shows its mark.
    Missing,
    /// It isn't what was stored: changed, cut, swapped, an older one.
    Damaged,
    /// Its backend can't be reached, shows no mark, or isn't configured.
    Unreachable,
    /// It can't be checked: its key is missing or revoked.
    KeyUnavailable,
    /// It is good, and was to be moved.
    Moving,
}

/// What was done about a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Made again from k others, written, read back and compared.
    Rebuilt,
    /// Its bytes were copied as they are, read back and compared.
    Copied,
    /// A dry run: it would be made again from k others.
    WouldRebuild,
    /// A dry run: its bytes would be copied.
    WouldCopy,
    /// Nothing: its backend may come back. Say [`abandon`](crate::operation::Repair::abandon) or
    /// [`onto`](crate::operation::Repair::onto) to make the share again elsewhere.
    LeftAlone,
    /// Nothing: no backend may receive it by the placement rules, by what each has seen of this part, or by what was
    /// asked for.
    NoPlace,
    /// Nothing: fewer than k good shares are left for some segment.
    NoSources,
    /// Nothing: the good shares contradict each other, or this machine computes wrongly.
    Inconsistent,
    /// It was made, and no place took it.
    Refused,
}

impl Why {
    /// The word for it, stable for good.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotStored => "not-stored",
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Unreachable => "unreachable",
            Self::KeyUnavailable => "key-unavailable",
            Self::Moving => "moving",
        }
    }
}

impl Outcome {
    /// The word for it, stable for good.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rebuilt => "rebuilt",
            Self::Copied => "copied",
            Self::WouldRebuild => "would-rebuild",
            Self::WouldCopy => "would-copy",
            Self::LeftAlone => "left-alone",
            Self::NoPlace => "no-place",
            Self::NoSources => "no-sources",
            Self::Inconsistent => "inconsistent",
            Self::Refused => "refused",
        }
    }

    /// Whether the share is good afterwards.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Rebuilt | Self::Copied)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
