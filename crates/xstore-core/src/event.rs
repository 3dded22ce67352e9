//! Progress: what an operation tells while it runs.
//!
//! # Grammar
//! The events of one operation, in their order:
//! 1. One event of the operation as a whole with [`Status::Pending`]. *Guaranteed.*
//! 2. Any number of events of shares, mixed, and events of the operation as a whole with the payload bytes
//!    so far. *Best effort.*
//! 3. One [`terminal`](Event::terminal) event of the operation as a whole, [`Status::Complete`] or [`Status::Failed`].
//!    *Guaranteed, once*, also where the operation is dropped: then its code is `CANCELLED`. Nothing follows, and the
//!    stream ends.
//!
//! The events of one share of one part on one backend follow each other as
//! `Pending? Transfer* (Retrying Transfer*)* Verifying* (Complete | Failed)`, where `Transfer` is one of
//! [`Status::Uploading`], [`Status::Downloading`] and [`Status::Deleting`]; `Retrying` may follow `Verifying` too; at
//! least one `Transfer` comes before `Retrying`, `Verifying` and `Complete`. After `Failed` the share may be tried anew
//! there, which begins with any of `Pending`, `Transfer` and `Retrying`; after `Complete` nothing comes. What is still
//! under way when the operation ends, ends with it without a word. The first attempt is 1, and each `Retrying` and each
//! new beginning after `Failed` is one more. `Failed` has a code, `Retrying` may have one.
//!
//! [`Grammar`] checks a stream against all that.
//!
//! # Slow listeners
//! An operation never waits for its listener. While [`LIMIT`] events wait for the listener, further ones are left out,
//! but not the terminal one; the next event that is delivered tells in [`Event::lagged`] how many are missing before
//! it.
//!
//! A [`Progress`] serves one operation: behind the terminal event it takes nothing any more.

mod grammar;
mod progress;
mod reporter;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use xstore_backend::BackendId;

pub use grammar::{Grammar, Violation};
pub use progress::{Events, LIMIT, Progress};
pub use reporter::{Reporter, ShareEvent};

/// What kind of operation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationKind {
    /// An object is stored.
    Put,
    /// An object or a range of it is read.
    Get,
    /// An object's shares are removed.
    Delete,
    /// An object's shares are checked.
    Verify,
    /// What a put or a change may have left is removed.
    Sweep,
    /// An object's missing and bad shares are made again.
    Repair,
    /// An object's shares are moved from one backend to another.
    Migrate,
    /// An object is split anew.
    Reshare,
}

/// What happens to a share, or to an operation as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It will begin.
    Pending,
    /// Bytes go to a backend.
    Uploading,
    /// Bytes come from a backend.
    Downloading,
    /// Bytes are checked.
    Verifying,
    /// It is being removed.
    Deleting,
    /// An attempt failed, and another one follows.
    Retrying,
    /// It is done.
    Complete,
    /// It failed for good, as far as this share on this backend goes.
    Failed,
}

/// Something that happened. One without share and backend is about the operation as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Of which operation.
    pub operation: OperationKind,
    /// On which backend.
    pub backend: Option<BackendId>,
    /// Of which share, from 0.
    pub share_index: Option<u8>,
    /// How many shares each part of the object has.
    pub total_shares: u8,
    /// Of which part, from 0.
    pub part: Option<u32>,
    /// What happens.
    pub status: Status,
    /// Bytes transferred: of this share in this attempt, or of the object's payload.
    pub bytes: u64,
    /// How many there will be, where that is known.
    pub total_bytes: Option<u64>,
    /// Since the operation began.
    pub elapsed: Duration,
    /// Which attempt on this share on this backend it is, from 1.
    pub attempt: u32,
    /// The machine code of a failure, as listed in `docs/errors.md`.
    pub code: Option<&'static str>,
    /// Whether it is the operation's last event.
    pub terminal: bool,
    /// How many events were left out directly before this one, since the listener was slow.
    pub lagged: u64,
}

impl Event {
    /// Whether it is about the operation as a whole.
    #[must_use]
    pub const fn is_of_operation(&self) -> bool {
        self.backend.is_none() && self.share_index.is_none()
    }
}

impl OperationKind {
    /// The word for it, stable for good.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get => "get",
            Self::Delete => "delete",
            Self::Verify => "verify",
            Self::Sweep => "sweep",
            Self::Repair => "repair",
            Self::Migrate => "migrate",
            Self::Reshare => "reshare",
        }
    }
}

impl Status {
    /// The word for it, stable for good.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Uploading => "uploading",
            Self::Downloading => "downloading",
            Self::Verifying => "verifying",
            Self::Deleting => "deleting",
            Self::Retrying => "retrying",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }

    /// Whether bytes move, or a share goes.
    const fn is_transfer(self) -> bool {
        matches!(self, Self::Uploading | Self::Downloading | Self::Deleting)
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.operation)?;
        if let Some(index) = self.share_index {
            write!(f, " share {index} of {}", self.total_shares)?;
        }
        if let Some(part) = self.part {
            write!(f, " of part {part}")?;
        }
        if let Some(backend) = &self.backend {
            write!(f, " on {backend}")?;
        }
        write!(f, ": {}", self.status)?;
        if let Some(code) = self.code {
            write!(f, " ({code})")?;
        }
        write!(f, ", {}", self.bytes)?;
        if let Some(total) = self.total_bytes {
            write!(f, " of {total}")?;
        }
        f.write_str(" bytes")?;
        if self.attempt > 1 {
            write!(f, ", attempt {}", self.attempt)?;
        }
        write!(f, ", after {:.3} s", self.elapsed.as_secs_f64())?;
        if self.lagged > 0 {
            write!(f, ", {} events left out before", self.lagged)?;
        }
        Ok(())
    }
}
