//! What a backend can do wrong.

use crate::faulty::Mark;
use std::num::NonZeroU64;
use std::time::Duration;
use xstore_backend::{Key, Operation, Payload};

/// What a backend does instead of what it should.
///
/// Each has operations that it is usually about, and may be about others where a [`Rule`](crate::faulty::Rule) names
/// them:
///
/// | behaviour | usually | also |
/// |---|---|---|
/// | [`Down`](Self::Down), [`Auth`](Self::Auth), [`Timeout`](Self::Timeout), [`Hang`](Self::Hang), [`ServerError`](Self::ServerError), [`Slow`](Self::Slow), [`SlowBetween`](Self::SlowBetween) | all | |
/// | [`Quota`](Self::Quota) | put | all |
/// | [`Trickle`](Self::Trickle) | put, get | |
/// | [`LostAck`](Self::LostAck), [`HangAfter`](Self::HangAfter), [`Late`](Self::Late), [`Ghost`](Self::Ghost) | put, delete | |
/// | [`Truncated`](Self::Truncated), [`Extended`](Self::Extended) | get | put, stat |
/// | [`BitFlip`](Self::BitFlip) | get | put |
/// | [`NotFound`](Self::NotFound) | get, stat | list |
/// | [`Stale`](Self::Stale), [`Answer`](Self::Answer), [`Swapped`](Self::Swapped) | get, stat | |
/// | [`RolledBack`](Self::RolledBack) | get, stat, list | |
/// | [`ListError`](Self::ListError), [`OddPages`](Self::OddPages) | list | |
///
/// A range is read by a get.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Behaviour {
    /// It isn't reached: [`Unavailable`](xstore_backend::ErrorKind::Unavailable).
    Down,
    /// It doesn't know the credentials: [`AuthFailed`](xstore_backend::ErrorKind::AuthFailed).
    Auth,
    /// It is full: [`QuotaExceeded`](xstore_backend::ErrorKind::QuotaExceeded).
    Quota,
    /// It gives no answer in time, at once, and does nothing: [`Timeout`](xstore_backend::ErrorKind::Timeout).
    Timeout,
    /// It fails this often for each operation on each key, then it works:
    /// [`Unavailable`](xstore_backend::ErrorKind::Unavailable), and worth another attempt.
    ServerError {
        /// Failures, for each operation and key.
        times: u32,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It waits before it does anything. Delays of several rules add up, and other behaviour follows them.
    Slow(Duration),
    /// The same with a delay by the seed, from the first to the second.
    SlowBetween(Duration, Duration),
    /// The bytes of a value come and go at this rate. Of several rules the slowest counts.
    Trickle {
        /// Bytes in a second.
        bytes_per_second: NonZeroU64,
    },
    /// It never answers, and does nothing.
    Hang,
    /// It does what it should, and never answers.
    HangAfter,
    /// It does what it should, and answers [`Timeout`](xstore_backend::ErrorKind::Timeout).
    LostAck,
    /// It answers [`Timeout`](xstore_backend::ErrorKind::Timeout) at once, and does what it should later.
    Late {
        /// How much later.
        after: Duration,
        /// Whether a deletion of the key that comes in meanwhile takes the write back. A real one doesn't.
        unless_deleted: bool,
    },
    /// It says Ok and does nothing.
    Ghost,
    /// The end of the value is missing: in the answer, or of what is stored.
    Truncated {
        /// Bytes that are missing; all where there are no more.
        by: usize,
    },
    /// Bytes by the seed follow the value: in the answer, or in what is stored. A get still fails where that is more
    /// than its caller wants.
    Extended {
        /// Bytes that follow.
        by: usize,
    },
    /// One bit is wrong: in the answer, or in what is stored.
    BitFlip {
        /// Which bit of the value, from its start; beyond its end none is flipped, and outside a range none is seen.
        /// Without it, one of the answer by the seed.
        at: Option<u64>,
    },
    /// It says that there is no such value; in a listing, the key is left out.
    NotFound,
    /// It answers with an older value that came through here, or that there was none yet.
    Stale {
        /// How many writes and deletions of the key it doesn't know of.
        versions: usize,
    },
    /// It knows nothing of what came through here after the [mark](crate::faulty::Faults::mark), but goes on taking
    /// writes. What never came through here doesn't exist for it.
    RolledBack(Mark),
    /// It answers with this value.
    Answer(Payload),
    /// It answers with the value of another key.
    Swapped(Key),
    /// A page of each listing fails: [`Unavailable`](xstore_backend::ErrorKind::Unavailable).
    ListError {
        /// Which one, counted from zero.
        page: usize,
    },
    /// Nothing wrong, but all that a listing may do: an empty page before each page, keys in no order, keys twice.
    OddPages,
}

const ALL: &[Operation] =
    &[Operation::Put, Operation::Get, Operation::Delete, Operation::Stat, Operation::List, Operation::Space];
const WRITES: &[Operation] = &[Operation::Put, Operation::Delete];
const READS: &[Operation] = &[Operation::Get, Operation::Stat];

impl Behaviour {
    /// A word for it, as in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Auth => "auth",
            Self::Quota => "quota",
            Self::Timeout => "timeout",
            Self::ServerError { .. } => "server error",
            Self::Slow(_) | Self::SlowBetween(..) => "slow",
            Self::Trickle { .. } => "trickle",
            Self::Hang => "hang",
            Self::HangAfter => "hang after",
            Self::LostAck => "lost ack",
            Self::Late { .. } => "late",
            Self::Ghost => "ghost",
            Self::Truncated { .. } => "truncated",
            Self::Extended { .. } => "extended",
            Self::BitFlip { .. } => "bit flip",
            Self::NotFound => "not found",
            Self::Stale { .. } => "stale",
            Self::RolledBack(_) => "rolled back",
            Self::Answer(_) => "answer",
            Self::Swapped(_) => "swapped",
            Self::ListError { .. } => "list error",
            Self::OddPages => "odd pages",
        }
    }

    /// The operations that it is about without further words.
    pub(crate) const fn usual(&self) -> &'static [Operation] {
        match self {
            Self::Down
            | Self::Auth
            | Self::Timeout
            | Self::ServerError { .. }
            | Self::Slow(_)
            | Self::SlowBetween(..)
            | Self::Hang => ALL,
            Self::Quota => &[Operation::Put],
            Self::Trickle { .. } => &[Operation::Put, Operation::Get],
            Self::HangAfter | Self::LostAck | Self::Late { .. } | Self::Ghost => WRITES,
            Self::Truncated { .. } | Self::Extended { .. } | Self::BitFlip { .. } => &[Operation::Get],
            Self::NotFound | Self::Stale { .. } | Self::Answer(_) | Self::Swapped(_) => READS,
            Self::RolledBack(_) => &[Operation::Get, Operation::Stat, Operation::List],
            Self::ListError { .. } | Self::OddPages => &[Operation::List],
        }
    }

    /// The operations that it can be about.
    pub(crate) const fn possible(&self) -> &'static [Operation] {
        match self {
            Self::Quota => ALL,
            Self::Truncated { .. } | Self::Extended { .. } => {
                &[Operation::Get, Operation::Put, Operation::Stat]
            }
            Self::BitFlip { .. } => &[Operation::Get, Operation::Put],
            Self::NotFound => &[Operation::Get, Operation::Stat, Operation::List],
            _ => self.usual(),
        }
    }

    /// Whether it only takes time, so that something else may go wrong as well.
    pub(crate) const fn is_delay(&self) -> bool {
        matches!(self, Self::Slow(_) | Self::SlowBetween(..) | Self::Trickle { .. })
    }
}
