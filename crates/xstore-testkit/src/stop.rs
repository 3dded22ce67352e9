//! How a case ends that doesn't pass.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

/// What a case comes to.
pub type CaseResult<T = ()> = Result<T, Stop>;

/// Why a case ended early.
#[derive(Debug)]
pub enum Stop {
    /// It says nothing about this backend.
    Skip(Skip),
    /// The backend breaks the contract.
    Failure(Box<Failure>),
}

/// Why a case was not run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    reason: Cow<'static, str>,
    is_explained: bool,
}

/// Where a case failed, and why.
#[derive(Debug)]
pub struct Failure {
    location: &'static Location<'static>,
    message: String,
    source: Option<xstore_backend::Error>,
}

impl Skip {
    /// The case is meaningless for this backend: a capability or its nature says so. This is never a failure.
    #[must_use]
    pub fn pointless(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), is_explained: true }
    }

    /// Something is missing that could be there: a server, a tool, a hook of the fixture. This fails where
    /// everything is [required](crate::REQUIRE).
    #[must_use]
    pub fn missing(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), is_explained: false }
    }

    /// The reason in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the case can't be run with this backend at all.
    #[must_use]
    pub const fn is_explained(&self) -> bool {
        self.is_explained
    }
}

impl Failure {
    /// What was expected and what came.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line of the suite that noticed it.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl Stop {
    /// A failure at the place of the call.
    #[must_use]
    #[track_caller]
    pub fn fail(message: impl Into<String>) -> Self {
        Self::failed_at(Location::caller(), message, None)
    }

    /// A failure at the place of the call that an error of the backend caused.
    #[must_use]
    #[track_caller]
    pub fn failed_with(message: impl Into<String>, source: xstore_backend::Error) -> Self {
        Self::failed_at(Location::caller(), message, Some(source))
    }

    pub(crate) fn failed_at(
        location: &'static Location<'static>,
        message: impl Into<String>,
        source: Option<xstore_backend::Error>,
    ) -> Self {
        Self::Failure(Box::new(Failure { location, message: message.into(), source }))
    }
}

impl From<Skip> for Stop {
    fn from(skip: Skip) -> Self {
        Self::Skip(skip)
    }
}

/// So that `?` fails a case at its own line wherever an operation had to succeed.
impl From<xstore_backend::Error> for Stop {
    #[track_caller]
    fn from(error: xstore_backend::Error) -> Self {
        Self::failed_with("an operation failed that had to succeed", error)
    }
}

impl From<xstore_backend::InvalidKey> for Stop {
    #[track_caller]
    fn from(error: xstore_backend::InvalidKey) -> Self {
        Self::fail(format!("the fixture's namespace leaves too little room: {error}"))
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.message, self.location.file(), self.location.line())
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip(skip) => write!(f, "skipped: {skip}"),
            Self::Failure(failure) => failure.fmt(f),
        }
    }
}

impl StdError for Stop {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Skip(_) => None,
            Self::Failure(failure) => failure.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xstore_backend::{Error, ErrorKind};

    #[test]
    fn a_question_mark_names_its_own_line() {
        fn case() -> CaseResult {
            Err(Error::new(ErrorKind::Unavailable, "gone"))?; // this line
            Ok(())
        }
        let Err(Stop::Failure(failure)) = case() else { panic!("it failed") };
        let lines = include_str!("stop.rs").lines();
        let line = lines.take_while(|line| !line.ends_with("// this line")).count() + 1;
        assert_eq!((failure.location().file(), failure.location().line() as usize), (file!(), line));
        assert_eq!(failure.source().map(ToString::to_string).as_deref(), Some("gone"));
    }
}
