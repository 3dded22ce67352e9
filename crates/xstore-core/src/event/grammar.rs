//! Checks a stream of events.

use std::collections::HashMap;
use std::fmt;

use xstore_backend::BackendId;

use super::{Event, OperationKind, Status};

/// Checks the events of one operation, one by one, against the [grammar](super). Where events were left out, it takes
/// for possible whatever may have happened in between. It remembers every share of every part, so its memory
/// grows with the object.
///
/// ```
/// use xstore_core::event::{Grammar, OperationKind, Progress, Reporter};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (progress, mut events) = Progress::channel();
/// Reporter::new(progress, OperationKind::Get, 3, None).finish(None);
/// let mut grammar = Grammar::new();
/// while let Some(event) = events.next().await {
///     grammar.check(&event)?;
/// }
/// grammar.end()
/// # })?;
/// # Ok::<(), xstore_core::event::Violation>(())
/// ```
#[derive(Debug, Default)]
pub struct Grammar {
    begun: Option<(OperationKind, u8)>,
    has_ended: bool,
    /// Payload bytes of the operation so far.
    bytes: u64,
    shares: HashMap<Share, State>,
    /// Whether events were left out, so that a share that wasn't seen yet may be under way.
    has_gap: bool,
}

/// Part, share and backend.
type Share = (Option<u32>, Option<u8>, Option<BackendId>);

#[derive(Debug, Clone, Copy)]
struct State {
    /// The last status that was seen, and whether others may have followed it.
    status: Status,
    is_unsure: bool,
    attempt: u32,
    bytes: u64,
}

/// How a stream of events is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The first event isn't that the operation is pending.
    NotBegun,
    /// The operation is pending a second time.
    BegunTwice,
    /// Something follows the terminal event.
    AfterEnd,
    /// There is no terminal event.
    NotEnded,
    /// [`Event::terminal`] is set elsewhere than on the operation's end, or isn't set there.
    Terminal,
    /// Kind of operation or number of shares aren't those of the first event.
    Mixed,
    /// A status that can't follow the one before, of the same share or of the operation.
    Order {
        /// The one before, if there was any.
        from: Option<Status>,
        /// The one that can't follow it.
        to: Status,
    },
    /// The attempt isn't the one that follows.
    Attempt {
        /// The one that follows.
        expected: u32,
        /// The one that is given.
        actual: u32,
    },
    /// Bytes become fewer, or more than there are.
    Bytes,
    /// A failure without a code, or a code without a failure.
    Code,
}

impl Grammar {
    /// For the events of one operation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the next event.
    ///
    /// # Errors
    /// The [`Violation`]; of an event with several it is any. What is checked afterwards may be reported because of it.
    pub fn check(&mut self, event: &Event) -> Result<(), Violation> {
        if self.has_ended {
            return Err(Violation::AfterEnd);
        }
        let is_of_operation = event.is_of_operation();
        match self.begun {
            None => self.begin(event)?,
            Some(_) if is_of_operation && event.status == Status::Pending => {
                return Err(Violation::BegunTwice);
            }
            Some(begun) if begun != (event.operation, event.total_shares) => return Err(Violation::Mixed),
            Some(_) => {}
        }
        let is_end = matches!(event.status, Status::Complete | Status::Failed);
        if event.terminal != (is_of_operation && is_end) {
            return Err(Violation::Terminal);
        }
        let may_have_code = matches!(event.status, Status::Failed | Status::Retrying);
        let is_code_good = if event.code.is_some() { may_have_code } else { event.status != Status::Failed };
        if !is_code_good {
            return Err(Violation::Code);
        }
        if event.total_bytes.is_some_and(|total| event.bytes > total) {
            return Err(Violation::Bytes);
        }
        if event.lagged > 0 {
            self.has_gap = true;
            self.shares.values_mut().for_each(|state| state.is_unsure |= state.status != Status::Complete);
        }
        if is_of_operation { self.operation(event) } else { self.share(event) }
    }

    /// Checks that nothing is missing at the end.
    ///
    /// # Errors
    /// [`Violation::NotEnded`].
    pub fn end(&self) -> Result<(), Violation> {
        if self.has_ended { Ok(()) } else { Err(Violation::NotEnded) }
    }

    fn begin(&mut self, event: &Event) -> Result<(), Violation> {
        // Nothing can have been left out before it.
        if !event.is_of_operation() || event.status != Status::Pending || event.lagged > 0 {
            return Err(Violation::NotBegun);
        }
        self.begun = Some((event.operation, event.total_shares));
        Ok(())
    }

    fn operation(&mut self, event: &Event) -> Result<(), Violation> {
        if event.status == Status::Retrying {
            return Err(Violation::Order { from: None, to: event.status });
        }
        if event.attempt != 1 {
            return Err(Violation::Attempt { expected: 1, actual: event.attempt });
        }
        if event.bytes < self.bytes {
            return Err(Violation::Bytes);
        }
        self.bytes = event.bytes;
        self.has_ended = event.terminal;
        Ok(())
    }

    fn share(&mut self, event: &Event) -> Result<(), Violation> {
        let share = (event.part, event.share_index, event.backend.clone());
        let known = self.shares.get(&share).copied();
        let is_unsure = known.map_or(self.has_gap, |state| state.is_unsure);
        if !is_unsure {
            let from = known.map(|state| state.status);
            if !may_follow(from, event.status) {
                return Err(Violation::Order { from, to: event.status });
            }
            let expected = match known {
                None => 1,
                Some(state) => {
                    let is_next = event.status == Status::Retrying || state.status == Status::Failed;
                    state.attempt.saturating_add(u32::from(is_next))
                }
            };
            if event.attempt != expected {
                return Err(Violation::Attempt { expected, actual: event.attempt });
            }
            // An attempt begins at 0 again, and what a failed one has left doesn't count.
            let is_same =
                known.filter(|state| state.attempt == event.attempt && event.status != Status::Failed);
            if is_same.is_some_and(|state| event.bytes < state.bytes) {
                return Err(Violation::Bytes);
            }
        }
        let Event { status, attempt, bytes, .. } = *event;
        self.shares.insert(share, State { status, is_unsure: false, attempt, bytes });
        Ok(())
    }
}

/// Whether `to` may be the next status of a share.
fn may_follow(from: Option<Status>, to: Status) -> bool {
    let is_under_way =
        |from: Status| from.is_transfer() || matches!(from, Status::Retrying | Status::Verifying);
    match (from, to) {
        (Some(Status::Complete), _) => false,
        (None | Some(Status::Failed), Status::Pending) => true,
        (Some(Status::Failed), Status::Retrying) => true,
        (None | Some(Status::Pending), Status::Failed) => true,
        (Some(from), Status::Retrying | Status::Verifying | Status::Complete | Status::Failed) => {
            is_under_way(from)
        }
        (Some(from), to) if from.is_transfer() => from == to,
        (None | Some(Status::Pending | Status::Retrying | Status::Failed), to) => to.is_transfer(),
        _ => false,
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBegun => f.write_str("the first event must be that the operation is pending"),
            Self::BegunTwice => f.write_str("the operation is pending a second time"),
            Self::AfterEnd => f.write_str("an event follows the terminal one"),
            Self::NotEnded => f.write_str("the terminal event is missing"),
            Self::Terminal => f.write_str("exactly the operation's end must be terminal"),
            Self::Mixed => f.write_str("the event is of another operation"),
            Self::Order { from: Some(from), to } => write!(f, "{to} can't follow {from}"),
            Self::Order { from: None, to } => write!(f, "{to} can't come here"),
            Self::Attempt { expected, actual } => write!(f, "attempt {actual} instead of {expected}"),
            Self::Bytes => f.write_str("bytes become fewer, or more than there are"),
            Self::Code => f.write_str("a failure has a code, and nothing else has one"),
        }
    }
}

impl std::error::Error for Violation {}
