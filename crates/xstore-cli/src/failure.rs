//! Errors as the user meets them: a stable code, what is wrong with what, what to do.

use core::fmt;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

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

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
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
            "USAGE" => 2,
            "INSUFFICIENT_SHARES" => 3,
            "MANIFEST_INVALID"
            | "MANIFEST_EXPIRED"
            | "SHARE_INTEGRITY_FAILED"
            | "SHARE_VERSION_MISMATCH"
            | "RECONSTRUCTION_FAILED"
            | "PADDING_INVALID"
            | "PAYLOAD_HMAC_FAILED" => 4,
            "KEY_UNAVAILABLE" => 5,
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
