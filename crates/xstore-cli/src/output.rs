//! Everything that is printed: results on standard output, the rest on standard error.

use crate::failure::Failure;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    verbose: bool,
}

#[derive(Serialize)]
struct FailureReport<'a> {
    error: FailureBody<'a>,
}

#[derive(Serialize)]
struct FailureBody<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    details: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    exit: u8,
}

impl Output {
    pub(crate) const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, verbose: false }
    }

    /// The same, with a line per event.
    pub(crate) const fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Whether a line is printed for each event.
    pub(crate) const fn is_verbose(self) -> bool {
        self.verbose
    }

    /// Whether a progress bar has somebody to look at it.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && !self.json && !self.verbose && std::io::stderr().is_terminal()
    }

    /// The result: as JSON, or as text that isn't printed when quiet.
    pub(crate) fn result(
        self,
        report: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            self.data(&serde_json::to_string_pretty(report).unwrap_or_default())
        } else if self.quiet {
            Ok(())
        } else {
            self.data(&text())
        }
    }

    /// The same where the payload itself goes to standard output: the report must not mix with it.
    pub(crate) fn result_aside(self, report: &impl Serialize, text: impl FnOnce() -> String) {
        if self.json {
            aside(&self.document(report));
        } else if !self.quiet {
            aside(&text());
        }
    }

    /// What was asked for, always printed.
    pub(crate) fn data(self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::new("SINK_FAILED", "can't write to standard output").caused_by(error))
            }
            _ => Ok(()),
        }
    }

    /// Something that isn't as it should be, though the command goes on. In JSON it is part of the report.
    pub(crate) fn warn(self, text: &str) {
        if !self.json {
            aside(&format!("warning: {text}"));
        }
    }

    /// What the command does beside what it was asked for. In JSON it is part of the report.
    pub(crate) fn note(self, text: &str) {
        if !self.json && !self.quiet {
            aside(text);
        }
    }

    /// A line about an event.
    pub(crate) fn line(self, report: &impl Serialize, text: impl FnOnce() -> String) {
        aside(&if self.json { serde_json::to_string(report).unwrap_or_default() } else { text() });
    }

    /// A document for people's eyes, unless it stands among lines for programs.
    fn document(self, report: &impl Serialize) -> String {
        let text =
            if self.verbose { serde_json::to_string(report) } else { serde_json::to_string_pretty(report) };
        text.unwrap_or_default()
    }

    /// Why the command failed.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            let body = FailureBody {
                code: failure.code(),
                message: failure.message(),
                causes: failure.causes(),
                details: failure.detail_lines(),
                help: failure.hint(),
                exit: failure.exit(),
            };
            aside(&self.document(&FailureReport { error: body }));
            return;
        }
        let mut text = format!("error[{}]: {failure}", failure.code());
        for cause in failure.causes() {
            text.push_str(": ");
            text.push_str(&cause);
        }
        for line in failure.detail_lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
        if let Some(help) = failure.hint() {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        aside(&text);
    }
}

/// A line on standard error. Where that is closed nobody reads, and the work and its exit code still count:
/// `eprintln!` would panic.
fn aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
