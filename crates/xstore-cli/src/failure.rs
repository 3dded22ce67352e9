//! Errors as the user meets them: a stable code, what is wrong with what, what to do.

mod config;
mod store;

use core::fmt;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
pub(crate) use store::{cause, chain};

/// Wrong usage, as clap's own errors have it.
pub(crate) const USAGE: u8 = 2;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
    help: Option<String>,
    details: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, details: Vec::new(), source: None }
    }

    /// Wrong arguments that the parser can't see.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("USAGE", message)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new("CANCELLED", "interrupted; what had been written was removed")
    }

    /// An operation on a file failed.
    pub(crate) fn io(code: &'static str, doing: &str, path: &Path, source: std::io::Error) -> Self {
        let help = match source.kind() {
            std::io::ErrorKind::NotFound => Some("check the path"),
            std::io::ErrorKind::PermissionDenied => Some("check who owns it and its permissions"),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Some("free some space there, or choose another place")
            }
            std::io::ErrorKind::FileTooLarge => {
                Some("no file may be that long there; choose another place, or split with a smaller --part")
            }
            std::io::ErrorKind::ReadOnlyFilesystem => {
                Some("it is on a read-only file system; choose another place")
            }
            _ => None,
        };
        let mut failure = Self::new(code, format!("can't {doing} {}", path.display())).caused_by(source);
        failure.help = help.map(str::to_owned);
        failure
    }

    /// What to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A line per thing that contributed.
    pub(crate) fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// One more of these lines.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The file that it is about, before the message.
    pub(crate) fn about(mut self, path: &Path) -> Self {
        self.message = format!("{}: {}", path.display(), self.message);
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Where the output goes, before the message of an output that failed.
    pub(crate) fn to(self, output: &Path) -> Self {
        match self.code {
            "SINK_FAILED" if output.as_os_str() == "-" => self.about(Path::new("standard output")),
            "SINK_FAILED" => self.about(output),
            _ => self,
        }
    }

    /// Something of what failed is still there, unlike what the failure says.
    pub(crate) fn left(mut self) -> Self {
        if self.code == "CANCELLED" {
            self.message = "interrupted".to_owned();
        }
        self
    }

    /// Without these words.
    pub(crate) fn without(mut self, words: &str) -> Self {
        self.message = self.message.replace(words, "");
        self
    }

    /// Message and causes, as a part of another message.
    pub(crate) fn in_one_line(&self) -> String {
        let mut text = self.message.clone();
        for cause in self.causes() {
            text.push_str(": ");
            text.push_str(&cause);
        }
        text
    }

    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(crate) fn detail_lines(&self) -> &[String] {
        &self.details
    }

    /// The causes, outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next: Option<&(dyn Error + 'static)> = self.source.as_deref().map(|error| error as _);
        while let Some(error) = next {
            causes.push(error.to_string());
            next = error.source();
        }
        causes
    }

    /// The number that the process exits with; `xstore --help` lists them.
    pub(crate) fn exit(&self) -> u8 {
        match self.code {
            "USAGE" | "CONFIG_INVALID" | "RANGE_UNSATISFIABLE" => 2,
            "INSUFFICIENT_SHARES" => 3,
            "MANIFEST_INVALID"
            | "MANIFEST_EXPIRED"
            | "PENDING_INVALID"
            | "SHARE_INTEGRITY_FAILED"
            | "SHARE_VERSION_MISMATCH"
            | "RECONSTRUCTION_FAILED"
            | "PADDING_INVALID"
            | "PAYLOAD_HMAC_FAILED" => 4,
            "KEY_UNAVAILABLE" => 5,
            "LAYOUT_REFUSED" => 7,
            "INSUFFICIENT_BACKENDS" | "SHARE_UPLOAD_FAILED" => 8,
            "CANCELLED" => 130,
            _ => 1,
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The README's table of codes is what scripts rely on.
    #[test]
    fn codes_end_the_process_as_the_readme_says() {
        let (_, table) = include_str!("../README.md").split_once("\n## Codes\n").unwrap();
        let rows = table.split("\n## ").next().unwrap().lines().filter_map(|line| line.strip_prefix("| `"));
        let mut count = 0;
        for row in rows {
            let (codes, rest) = row.split_once("` | ").unwrap();
            // What only stands in reports ends nothing.
            let Ok(exit) = rest.split(' ').next().unwrap().parse::<u8>() else { continue };
            for code in codes.split("`, `") {
                assert_eq!(Failure::new(code, "").exit(), exit, "{code}");
                count += 1;
            }
        }
        assert!(count > 20);
    }
}
