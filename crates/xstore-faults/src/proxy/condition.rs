//! What a proxy does to what passes through it.

use std::time::Duration;

use crate::proxy::Canned;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What happens to connections, those that exist and those to come.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Nothing: everything is passed on.
    Pass,
    /// The port is closed. Connections that exist are reset.
    Refused,
    /// Connections are accepted, and nothing is passed on any more, either way.
    Frozen,
    /// Every answer comes later, and bytes pass at this rate each way.
    Slow {
        /// How much later.
        latency: Duration,
        /// Bytes in a second.
        bytes_per_second: u32,
    },
    /// Each request, and so each connection, is reset with this probability instead of being passed on.
    Flaky {
        /// From 0 to 1.
        probability: f64,
    },
    /// A body that is longer than this is cut off there, and both sides see the connection reset.
    Reset {
        /// Bytes of a request's body that pass; without it requests are left alone.
        up: Option<u64>,
        /// Bytes of an answer's body that pass; without it answers are left alone.
        down: Option<u64>,
    },
    /// An answer's body that is longer than this is cut off there, and the client sees the connection end in good order.
    Truncated {
        /// Bytes of the body that pass.
        after: u64,
    },
    /// One bit of an answer's body is wrong at each of these places: at the first one and at every `step` bytes from it.
    Flipped {
        /// The first place, counted from 0. Shorter bodies are left alone.
        first: u64,
        /// The distance to the next one, not 0.
        step: u64,
    },
    /// Requests are answered here and don't reach the server; HTTP only.
    Answered(Canned),
}

impl Condition {
    /// Whether connections that were there before may stay.
    pub(crate) fn keeps_connections(&self) -> bool {
        !matches!(self, Self::Refused | Self::Answered(_))
    }
}
