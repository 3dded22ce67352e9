//! What was asked of a backend.

use std::collections::HashMap;
use xstore_backend::{Key, Operation};

/// One operation, noted when it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// What was asked; a range is a get.
    pub operation: Operation,
    /// The key, where there is one.
    pub key: Option<Key>,
    /// What went wrong, by the [name](crate::faulty::Behaviour::name) of the behaviour. Delays are noted where nothing
    /// else went wrong.
    pub fault: Option<&'static str>,
}

/// How much was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// All operations that came in.
    pub operations: u64,
    /// Those that ended with an error, injected or not.
    pub failed: u64,
    /// Those that were dropped before their end.
    pub dropped: u64,
    /// Those that are going on.
    pub in_flight: usize,
    /// The most that were going on at once.
    pub max_in_flight: usize,
    /// Bytes of values that came in with puts.
    pub bytes_in: u64,
    /// Bytes of values that went out with gets.
    pub bytes_out: u64,
    by_operation: HashMap<Operation, u64>,
}

impl Counts {
    /// Operations of this kind that came in.
    #[must_use]
    pub fn of(&self, operation: Operation) -> u64 {
        self.by_operation.get(&operation).copied().unwrap_or(0)
    }

    pub(crate) fn begin(&mut self, operation: Operation) {
        self.operations += 1;
        *self.by_operation.entry(operation).or_default() += 1;
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
    }

    /// Zero, but for what is going on.
    pub(crate) fn reset(&mut self) {
        *self = Self { in_flight: self.in_flight, max_in_flight: self.in_flight, ..Self::default() };
    }
}
