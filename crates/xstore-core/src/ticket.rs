//! Tickets: what a put or a change may leave behind, known before it leaves.
//!
//! A ticket is a text of lines, each `HMAC JSON`: the first names the object, each further one the places that a
//! sharing's shares are about to be sent to. The line is kept before the first of these bytes leaves, so whatever
//! happens to the writer, every value that it may have stored is in the ticket, and [`Store::sweep`] removes it.
//! Lines are authenticated under the key that names the shares; a torn last line was never acted upon and is ignored.
//!
//! The ticket of a change (a repair, a migration, a reshare) names the manifest that it begins with. It also keeps
//! what was stored, and which value that replaces; and, before a manifest that names any of it leaves, that there is
//! one. So what was cut short can be [finished](crate::Store::finish), and nobody can sweep what a manifest names.
//!
//! [`Store::sweep`]: crate::Store::sweep

mod record;

use crate::code::Code;
use crate::error::{Error, Result};
use record::Record;
pub(crate) use record::{Base, Head, Made, Old, Place, Sent, Stored, StoredShare};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use xstore_keys::{KeyId, KeyRing, Keys};
use xstore_manifest::{Name, ObjectId, Timestamp};

/// The longest text of a ticket that is read: 64 MiB, as of a manifest.
pub const MAX_TICKET: usize = 64 << 20;

/// What is left free at the end of a change's ticket, for the lines that end it.
const ROOM: usize = 1 << 20;

/// Keeps the lines of a ticket: a file beside the manifest, a row in a database.
pub trait Journal: fmt::Debug + Send + 'static {
    /// Appends text and returns when it is durable. Called from the blocking pool.
    ///
    /// # Errors
    /// Ends the operation with [`Code::SinkFailed`] before anything of what the text names was sent.
    fn append(&mut self, text: &str) -> io::Result<()>;
}

/// What a put or a change may have left behind. Cheap to clone; clones are the same ticket.
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
    /// Whether the manifest is kept: nothing that it names may be swept any more.
    is_committed: bool,
    /// Shares that a change has stored and verified.
    stored: Vec<Stored>,
    /// The manifest that a change has made.
    made: Option<Made>,
    /// Whether a sweep has begun before there was a manifest: what was stored counts no more.
    is_swept: bool,
    /// Whether what was sent and stored is complete, so that what a dropped operation still wanted to add is refused.
    is_complete: bool,
}

/// What a change has done so far, as its ticket knows it.
#[derive(Clone)]
pub(crate) struct Deeds {
    pub(crate) head: Head,
    pub(crate) sent: Vec<Sent>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) made: Option<Made>,
    pub(crate) is_swept: bool,
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
            stored: Vec::new(),
            made: None,
            is_swept: false,
            is_complete: false,
        };
        let record = Record::Head(state.head.clone());
        state.append(&record, keys)?;
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Reads a ticket's text. Nothing can be done under it any more; it is there to be finished or swept.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] where it is no ticket or was changed, [`Code::KeyUnavailable`] where the ring lacks
    /// the key that it was written with.
    pub fn from_text(text: &str, ring: &KeyRing) -> Result<Self> {
        Self::read(text, ring, None)
    }

    pub(crate) fn read(text: &str, ring: &KeyRing, journal: Option<Box<dyn Journal>>) -> Result<Self> {
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
        let mut state = State {
            head,
            text: whole.to_owned(),
            lines: 1,
            sent: Vec::new(),
            journal,
            is_open: false,
            is_live: false,
            is_committed: false,
            stored: Vec::new(),
            made: None,
            is_swept: false,
            is_complete: false,
        };
        for line in lines {
            match Record::read(line, &state.head, state.lines, keys)? {
                Record::Sent(places) => state.sent.push(places),
                Record::Stored(stored) => state.stored.push(stored),
                Record::Made(made) => state.made = Some(made),
                Record::Swept => state.is_swept = true,
                Record::Committed => state.is_committed = true,
                Record::Head(_) => return Err(invalid("it begins twice")),
            }
            state.lines += 1;
        }
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// The text so far; with the journal's help it survives the process.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.with(|state| state.text.clone())
    }

    /// The object that the put was to make, or that is changed.
    #[must_use]
    pub fn object(&self) -> ObjectId {
        self.with(|state| state.head.object)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Name {
        self.with(|state| state.head.name.clone())
    }

    /// Whether it is of a change of an object, not of a put.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.with(|state| state.head.base.is_some())
    }

    /// The revision of the manifest that a change has made. None for a put, and before a change has made one: then no
    /// manifest names what was stored under this ticket.
    #[must_use]
    pub fn made(&self) -> Option<u64> {
        self.with(|state| state.made.as_ref().map(|made| made.revision))
    }

    /// When the put began, or when the object that is changed was put.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.with(|state| state.head.created)
    }

    /// Whether nothing was sent yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with(|state| state.sent.is_empty())
    }

    /// Whether it was [committed](crate::Store::commit): the manifest is kept, and nothing that it names can be swept.
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

    /// The one operation that may be done under it claims it.
    pub(crate) fn claim(&self) -> Result<()> {
        self.with(|state| {
            let was_open = std::mem::take(&mut state.is_open);
            was_open.then_some(()).ok_or_else(|| {
                Error::new(
                    Code::ConfigInvalid,
                    "something was done under this ticket already: begin another one",
                )
            })
        })
    }

    /// Nothing is sent or stored under it from now on; what it says of that doesn't change any more.
    pub(crate) fn complete(&self) {
        self.with(|state| (state.is_open, state.is_complete) = (false, true));
    }

    /// Keeps what is about to be sent. Blocks where there is a journal.
    pub(crate) fn keep(&self, sent: Sent, keys: &Keys) -> Result<()> {
        self.with(|state| {
            state.require_undecided()?;
            state.append(&Record::Sent(sent.clone()), keys)?;
            state.sent.push(sent);
            Ok(())
        })
    }

    /// Keeps what was stored and verified. Blocks where there is a journal.
    pub(crate) fn store(&self, stored: Stored, keys: &Keys) -> Result<()> {
        self.with(|state| {
            state.require_undecided()?;
            state.append(&Record::Stored(stored.clone()), keys)?;
            state.stored.push(stored);
            Ok(())
        })
    }

    /// Keeps that there is a manifest, before it leaves. Blocks where there is a journal.
    pub(crate) fn make(&self, made: Made, keys: &Keys) -> Result<()> {
        self.with(|state| {
            state.append(&Record::Made(made.clone()), keys)?;
            state.made = Some(made);
            Ok(())
        })
    }

    /// Keeps that what was stored is being swept, unless a manifest names it already. Blocks where there is a journal.
    pub(crate) fn give_up(&self, keys: &Keys) -> Result<()> {
        self.with(|state| {
            if state.made.is_none() && !state.is_swept && state.head.base.is_some() {
                state.append(&Record::Swept, keys)?;
                state.is_swept = true;
            }
            Ok(())
        })
    }

    pub(crate) fn base(&self) -> Option<Base> {
        self.with(|state| state.head.base.clone())
    }

    pub(crate) fn deeds(&self) -> Deeds {
        self.with(|state| Deeds {
            head: state.head.clone(),
            sent: state.sent.clone(),
            stored: state.stored.clone(),
            made: state.made.clone(),
            is_swept: state.is_swept,
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
    /// Refuses what a dropped operation still wanted to add when the change was finished or given up; and what would
    /// make the ticket longer than anybody reads.
    fn require_undecided(&self) -> Result<()> {
        if self.head.base.is_some() && self.text.len() > MAX_TICKET - ROOM {
            return Err(invalid("it is full: finish the change, and go on with another one"));
        }
        if self.is_complete || self.made.is_some() || self.is_swept {
            return Err(Error::new(
                Code::ConfigInvalid,
                "what was done under this ticket was finished or given up",
            ));
        }
        Ok(())
    }

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
