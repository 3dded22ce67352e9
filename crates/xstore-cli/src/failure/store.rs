//! What a store's error says to a user.

use super::Failure;
use crate::trouble::{Troubles, lines};
use crate::units::printable;
use std::error::Error as _;
use xstore::{Code, Error};

impl Failure {
    /// The same code and message, with a line per backend.
    pub(crate) fn of_store(error: &Error) -> Self {
        let details = lines(&Troubles::of(error.attempts()));
        let mut failure = Self::new(error.code().as_str(), message(error)).details(details);
        failure.help = Some(help(error));
        // A cause can't be taken out of an error that is shared; its text can.
        if let Some(source) = error.source() {
            failure = failure.caused_by(Cause::of(source));
        }
        failure
    }
}

/// The message without the backends, which get lines of their own.
fn message(error: &Error) -> String {
    let text = error.to_string();
    let mut tail = String::new();
    for (at, attempt) in error.attempts().iter().enumerate() {
        tail.push_str(if at == 0 { ": " } else { "; " });
        tail.push_str(&attempt.to_string());
    }
    printable(text.strip_suffix(&tail).unwrap_or(&text))
}

/// What went wrong with a backend, without its name, which stands before it.
pub(crate) fn cause(backend: &str, error: &(dyn std::error::Error + 'static)) -> String {
    let text = chain(error);
    let rest = text.strip_prefix(backend).and_then(|rest| rest.strip_prefix(": "));
    printable(rest.unwrap_or(&text))
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

fn help(error: &Error) -> String {
    let more = match error.code() {
        Code::InsufficientBackends | Code::BackendUnavailable | Code::InsufficientShares => {
            "; see how each one is with: xstore status"
        }
        _ => "",
    };
    format!("{}{more}", error.guidance())
}

/// The text of a cause and of what caused it.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Self>>,
}

impl Cause {
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let source = error.source().map(|source| Box::new(Self::of(source)));
        Self { text: printable(&error.to_string()), source }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
