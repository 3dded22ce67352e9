//! From what the server and the network say to kinds of errors.

use crate::wire::Broken;
use std::error::Error as StdError;
use std::{fmt, io};
use tokio_rustls::rustls;
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// Bytes of the word that an error of the server begins with.
const MAX_CODE: usize = 32;

/// That the server refused a command, by the word that its answer begins with. The rest of an answer may quote what
/// was sent, a password or a piece of a value, and is not kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: Box<str>,
    row: &'static Row,
}

/// An answer and what it means: its first word, a piece of the rest, kind, whether another attempt makes sense, what
/// to say.
type Row = (&'static str, &'static str, ErrorKind, bool, &'static str);

impl Refusal {
    /// From a line of the server, without the mark of an error before it.
    pub(crate) fn from_line(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line);
        let (code, detail) = text.split_once(' ').unwrap_or((&text, ""));
        let is_code = code.len() <= MAX_CODE
            && !code.is_empty()
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b));
        let code = if is_code { code } else { "ERR" };
        let row = ANSWERS.iter().find(|row| row.0 == code && detail.contains(row.1)).unwrap_or(&UNKNOWN);
        Self { code: code.into(), row }
    }

    /// The word that the answer began with.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The server isn't any more what it was when the connection was opened, or doesn't know who we are.
    pub(crate) fn is_about_the_connection(&self) -> bool {
        ["READONLY", "MASTERDOWN", "NOAUTH", "MOVED", "ASK"].contains(&self.code())
    }

    /// The command can't be had, or not by this user; others may do.
    pub(crate) fn is_of_the_command(&self) -> bool {
        self.code() == "NOPERM" || (self.code() == "ERR" && self.row.2 == ErrorKind::Unsupported)
    }

    /// The error for the caller. Redis refuses before it does anything.
    pub(crate) fn into_error(self) -> Error {
        let &(_, _, kind, is_retryable, message) = self.row;
        let error = Error::new(kind, message).with_retryable(is_retryable).with_may_have_written(false);
        error.with_source(self)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.code)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refusal").field(&self.code).finish()
    }
}

impl StdError for Refusal {}

impl Broken {
    /// The error for the caller. What was asked may have been done.
    pub(crate) fn into_error(self) -> Error {
        let unavailable = |message| Error::new(ErrorKind::Unavailable, message);
        match self {
            Self::Io(error) => from_io(error, "the connection to the server broke"),
            Self::Closed => unavailable("the server closed the connection"),
            Self::Refused(refusal) => refusal.into_error(),
            Self::Malformed(what) => {
                Error::new(ErrorKind::Other, format!("the server's answer makes no sense: {what}"))
            }
            Self::Memory => unavailable("there is not enough memory for the value"),
        }
    }
}

/// What the network or TLS said; `doing` says when.
pub(crate) fn from_io(error: io::Error, doing: &'static str) -> Error {
    use io::ErrorKind as Io;
    let tls = error.get_ref().and_then(|source| source.downcast_ref::<rustls::Error>());
    let (kind, is_retryable, message) = match (tls, error.kind()) {
        (Some(error), _) => of_tls(error),
        (None, Io::PermissionDenied) => (ErrorKind::AuthFailed, false, doing),
        (None, Io::TimedOut) => (ErrorKind::Timeout, true, doing),
        (None, _) => (ErrorKind::Unavailable, true, doing),
    };
    Error::new(kind, message).with_retryable(is_retryable).with_source(error)
}

fn of_tls(error: &rustls::Error) -> (ErrorKind, bool, &'static str) {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            (ErrorKind::AuthFailed, false, "the server's certificate isn't trusted: see the setting ca-file")
        }
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnknownCA
            | Alert::CertificateUnknown
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::UnsupportedCertificate
            | Alert::AccessDenied
            | Alert::HandshakeFailure,
        ) => (
            ErrorKind::AuthFailed,
            false,
            "the server refuses our certificate: see the setting client-certificate-file",
        ),
        rustls::Error::InvalidMessage(_) => {
            (ErrorKind::Unavailable, false, "the server doesn't speak TLS on this port")
        }
        _ => (ErrorKind::Unavailable, true, "TLS with the server failed"),
    }
}

const UNKNOWN: Row = ("", "", ErrorKind::Other, false, "the server refused the command");

/// The first that fits counts: what is special stands before what is general.
#[rustfmt::skip]
const ANSWERS: &[Row] = {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    &[
        // The server is full.
        ("OOM", "", QuotaExceeded, false, "the server's memory is full (maxmemory)"),
        ("MISCONF", "No space left", QuotaExceeded, false, "the server's disk is full"),
        ("MISCONF", "", Unavailable, true, "the server can't write to its disk, and so takes no writes"),
        // Who we are, and what we may do.
        ("NOAUTH", "", AuthFailed, false, "the server wants a password: see the settings username and password"),
        ("WRONGPASS", "", AuthFailed, false, "the server refuses the user name or the password"),
        ("NOPERM", "", AuthFailed, false, "the user may not do this on the server, or not with this key"),
        ("DENIED", "", AuthFailed, false, "the server is in protected mode: it has no password and takes local users only"),
        ("ERR", "invalid password", AuthFailed, false, "the server refuses the password"),
        ("ERR", "without any password configured", AuthFailed, false, "the server has no password, but the settings give one"),
        ("ERR", "unauthenticated", AuthFailed, false, "the server wants a password: see the settings username and password"),
        // It is at work, or about to be.
        ("LOADING", "", Unavailable, true, "the server is reading its data"),
        ("BUSY", "", Unavailable, true, "the server is busy with a script"),
        ("TRYAGAIN", "", Unavailable, true, "the server asks to try again"),
        ("NOREPLICAS", "", Unavailable, true, "the server has too few replicas to take writes"),
        ("ERR", "max number of clients", Unavailable, true, "the server has too many connections"),
        ("ERR", "max clients", Unavailable, true, "the server has too many connections"),
        // It isn't the one that it was.
        ("READONLY", "", Unavailable, true, "the server is a replica and takes no writes"),
        ("MASTERDOWN", "", Unavailable, true, "the server is a replica that has lost its primary"),
        ("UNBLOCKED", "", Unavailable, true, "the server became a replica"),
        ("ERR", "WAITAOF cannot be used", Unavailable, false, "the server has stopped keeping a log of its writes (appendonly)"),
        ("CLUSTERDOWN", "", Unavailable, true, "the cluster is down"),
        ("MOVED", "", Unsupported, false, CLUSTER),
        ("ASK", "", Unsupported, false, CLUSTER),
        ("CROSSSLOT", "", Unsupported, false, CLUSTER),
        // What we want of it.
        ("ERR", "invalid bulk length", TooLarge, false, "the value is longer than the server takes (proto-max-bulk-len)"),
        ("ERR", "exceeds maximum allowed size", TooLarge, false, "the value is longer than the server takes (proto-max-bulk-len)"),
        ("ERR", "DB index is out of range", Unavailable, false, "the server has no database of this number"),
        ("ERR", "SELECT is not allowed", Unsupported, false, CLUSTER),
        ("ERR", "unknown command", Unsupported, false, "the server doesn't know the command, or it was renamed"),
        ("ERR", "unknown subcommand", Unsupported, false, "the server doesn't know the command, or it was renamed"),
        ("WRONGTYPE", "", Other, false, "somebody else keeps something under this key that is no value of ours"),
    ]
};

/// Why a node of a cluster is of no use.
pub(crate) const CLUSTER: &str =
    "the server is a node of a cluster, which isn't supported: name a server that stands alone";
