//! What came of a run.

use std::process::{Command, Output};

use serde_json::Value;

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; None where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(mut command: Command) -> Self {
        Self::new(command.output().expect("the command starts"))
    }

    /// Whatever a test is about, the command never panics.
    pub(crate) fn new(output: Output) -> Self {
        let ran = Self {
            code: output.status.code(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        };
        assert!(ran.code != Some(101) && !ran.err.contains("panicked"), "{ran:?}");
        ran
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self
    }

    /// Ends with this exit code, and may have printed a result.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Self {
        assert_eq!(self.code, Some(exit), "{}", self.err);
        self
    }

    /// Fails with this exit code and prints no result.
    #[track_caller]
    pub(crate) fn fails(self, exit: i32) -> Self {
        assert_eq!(self.code, Some(exit), "{}", self.err);
        assert_eq!(self.text(), "");
        self
    }

    /// Fails in this way, told as text.
    #[track_caller]
    pub(crate) fn fails_with(self, exit: i32, code: &str) -> Self {
        let ran = self.fails(exit);
        assert!(ran.err.starts_with(&format!("error[{code}]: ")), "{}", ran.err);
        ran
    }

    /// The whole of standard error.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert_eq!(self.err, text);
        self
    }

    #[track_caller]
    pub(crate) fn mentions(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no `{text}` in: {}", self.err);
        self
    }

    /// Standard output.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("text is UTF-8")
    }

    /// Standard output, where it is one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).expect("standard output is one JSON document")
    }

    /// The error, where standard error is one JSON document.
    pub(crate) fn error(&self) -> Value {
        let mut document: Value =
            serde_json::from_str(&self.err).expect("standard error is one JSON document");
        document["error"].take()
    }
}
