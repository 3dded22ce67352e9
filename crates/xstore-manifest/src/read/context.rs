//! Where the reader is, and what it refused.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;

use serde::de;

use crate::Problem;

/// One step down from a value.
#[derive(Clone)]
pub(super) enum Step {
    /// A member with a fixed name.
    Member(&'static str),
    /// An entry of an array.
    Entry(usize),
    /// An entry of `ext`, by its valid name.
    Ext(String),
}

/// Errors pass through the tokenizer as text. The typed one stays here, with the path to it.
#[derive(Default)]
pub(super) struct Context {
    path: RefCell<Vec<Step>>,
    expected: Cell<&'static str>,
    fault: RefCell<Option<(String, Problem)>>,
}

impl Context {
    /// Steps down to a value, reads it, and steps back where that went well: after a failure the path shows it.
    pub(super) fn within<T, E>(&self, step: Step, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        let value = read()?;
        self.path.borrow_mut().pop();
        Ok(value)
    }

    /// Says which JSON type is asked for next, for the message if another one comes.
    pub(super) fn expect(&self, expected: &'static str) {
        self.expected.set(expected);
    }

    /// Records a problem with the value in hand.
    pub(super) fn fail<E: de::Error>(&self, problem: Problem) -> E {
        let at = self.place();
        self.fault.replace(Some((at, problem)));
        E::custom("refused")
    }

    /// What was recorded. Nothing means that the tokenizer met another type than the visitor asked for.
    pub(super) fn into_fault(self) -> (String, Problem) {
        let place = self.place();
        let expected = self.expected.get();
        self.fault.into_inner().unwrap_or((place, Problem::Type { expected }))
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for step in self.path.borrow().iter() {
            // Writing to a string can't fail.
            let _ = match step {
                Step::Member(name) if place.is_empty() => write!(place, "{name}"),
                Step::Member(name) => write!(place, ".{name}"),
                Step::Entry(number) => write!(place, "[{number}]"),
                Step::Ext(name) => write!(place, "[\"{name}\"]"),
            };
        }
        if place.is_empty() { "$".into() } else { place }
    }
}
