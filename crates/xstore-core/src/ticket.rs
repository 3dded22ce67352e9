//! Tickets: what a put may leave behind, known before it leaves.
//!
//! A ticket is a text of lines, each `HMAC JSON`: the first names the object, each further one the places that a
//! sharing's shares are about to be sent to. The line is kept before the first of these bytes leaves, so whatever
//! happens to the writer, every value that it may have stored is in the ticket, and [`Store::sweep`] removes it.
//! Lines are authenticated under the key that names the shares; a torn last line was never acted upon and is ignored.
//!
//! [`Store::sweep`]: crate::Store::sweep

mod record;

use crate::code::Code;
use crate::error::{Error, Result};
use record::Record;
pub(crate) use record::{Head, Place, Sent};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use xstore_keys::{KeyId, KeyRing, Keys};
use xstore_manifest::{Name, ObjectId, Timestamp};

/// The longest text of a ticket that is read: 64 MiB, as of a manifest.
pub const MAX_TICKET: usize = 64 << 20;

/// Keeps the lines of a ticket: a file beside the manifest, a row in a database.
pub trait Journal: fmt::Debug + Send + 'static {
    /// Appends text and returns when it is durable. Called from the blocking pool.
    ///
    /// # Errors
    /// Ends the put with [`Code::SinkFailed`] before anything of what the text names was sent.
    fn append(&mut self, text: &str) -> io::Result<()>;
}

/// What a put may have left behind. Cheap to clone; clones are the same ticket.
#[derive(Clone)]
pub struct Ticket(Arc<Mutex<State>>);

struct State {
    head: Head,
    text: String,
    lines: u64,
    sent: Vec<Sent>,
    journal: Option<Box<dyn Journal>>,
    /// Whether a put may still be made under it.
    is_open: bool,
    /// Whether it was made in this process.
    is_live: bool,
    /// Whether the object is kept: nothing of it may be swept any more.
    is_committed: bool,
}

impl Ticket {
    pub(crate) fn begin(head: Head, keys: &Keys, journal: Option<Box<dyn Journal>>) -> Result<Self> {
        let mut state = State {
            head,
            text: String::new(),
            lines: 0,
            sent: Vec::new(),
            journal,
            is_open: true,
            is_live: true,
            is_committed: false,
        };
        let record = Record::Head(state.head.clone());
        state.append(&record, keys)?;
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Reads a ticket's text. A put can't be made under it any more; it is there to be swept.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] where it is no ticket or was changed, [`Code::KeyUnavailable`] where the ring lacks
    /// the key of the put.
    pub fn from_text(text: &str, ring: &KeyRing) -> Result<Self> {
        if text.len() > MAX_TICKET {
            return Err(invalid("it is too long"));
        }
        // What follows the last line break was torn off while it was written.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut lines = whole.lines();
        let first = lines.next().ok_or_else(|| invalid("it is empty"))?;
        let head = Head::read(first, ring)?;
        let keys = ring.verifying(&head.key).map_err(|error| {
            Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error)
        })?;
        let mut sent = Vec::new();
        let mut is_committed = false;
        let mut count = 1;
        for line in lines {
            match Record::read(line, &head, count, keys)? {
                Record::Sent(places) => sent.push(places),
                Record::Committed => is_committed = true,
                Record::Head(_) => return Err(invalid("it begins twice")),
            }
            count += 1;
        }
        let state = State {
            head,
            text: whole.to_owned(),
            lines: count,
            sent,
            journal: None,
            is_open: false,
            is_live: false,
            is_committed,
        };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// The text so far; with the journal's help it survives the process.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.with(|state| state.text.clone())
    }

    /// The object that the put was to make.
    #[must_use]
    pub fn object(&self) -> ObjectId {
        self.with(|state| state.head.object)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Name {
        self.with(|state| state.head.name.clone())
    }

    /// When the put began.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.with(|state| state.head.created)
    }

    /// Whether nothing was sent yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with(|state| state.sent.is_empty())
    }

    /// Whether the object was [committed](crate::Store::commit): it is kept, and can't be swept.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.with(|state| state.is_committed)
    }

    /// Keeps that the object is kept. Blocks where there is a journal.
    pub(crate) fn commit(&self, keys: &Keys) -> Result<()> {
        self.with(|state| {
            if !state.is_committed {
                state.append(&Record::Committed, keys)?;
                state.is_committed = true;
            }
            Ok(())
        })
    }

    /// Whether it was made in this process, so that writes of a dropped put may still be on their way.
    pub(crate) fn is_live(&self) -> bool {
        self.with(|state| state.is_live)
    }

    pub(crate) fn key(&self) -> KeyId {
        self.with(|state| state.head.key)
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.with(|state| state.sent.clone())
    }

    /// The one put that may be made under it claims it.
    pub(crate) fn claim(&self) -> Result<()> {
        self.with(|state| {
            let was_open = std::mem::take(&mut state.is_open);
            was_open.then_some(()).ok_or_else(|| {
                Error::new(Code::ConfigInvalid, "a put was made under this ticket already: begin another one")
            })
        })
    }

    /// Keeps what is about to be sent. Blocks where there is a journal.
    pub(crate) fn keep(&self, sent: Sent, keys: &Keys) -> Result<()> {
        self.with(|state| {
            state.append(&Record::Sent(sent.clone()), keys)?;
            state.sent.push(sent);
            Ok(())
        })
    }

    /// Whether keeping blocks.
    pub(crate) fn has_journal(&self) -> bool {
        self.with(|state| state.journal.is_some())
    }

    fn with<T>(&self, then: impl FnOnce(&mut State) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn append(&mut self, record: &Record, keys: &Keys) -> Result<()> {
        let line = record.line(&self.head.object, self.lines, keys);
        if let Some(journal) = &mut self.journal {
            journal.append(&line).map_err(|error| {
                Error::new(Code::SinkFailed, "the record of what is about to be sent can't be kept")
                    .with_source(error)
            })?;
        }
        self.text.push_str(&line);
        self.lines += 1;
        Ok(())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|state| {
            f.debug_struct("Ticket")
                .field("object", &state.head.object)
                .field("sharings", &state.sent.len())
                .finish_non_exhaustive()
        })
    }
}

fn invalid(problem: &'static str) -> Error {
    Error::new(Code::ConfigInvalid, format!("the ticket is refused: {problem}"))
}

#[cfg(test)]
mod tests;
