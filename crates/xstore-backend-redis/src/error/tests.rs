use super::*;
use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};

#[test]
fn answers_become_kinds() {
    for (line, kind, is_retryable, words) in [
        ("OOM command not allowed when used memory > 'maxmemory'.", QuotaExceeded, false, "memory"),
        (
            "MISCONF Errors writing to the AOF file: No space left on device",
            QuotaExceeded,
            false,
            "disk is full",
        ),
        ("MISCONF Redis is configured to save RDB snapshots, but ...", Unavailable, true, "disk"),
        ("NOAUTH Authentication required.", AuthFailed, false, "wants a password"),
        ("WRONGPASS invalid username-password pair or user is disabled.", AuthFailed, false, "refuses"),
        ("NOPERM this user has no permissions to run the 'set' command", AuthFailed, false, "may not"),
        ("DENIED Redis is running in protected mode because ...", AuthFailed, false, "protected"),
        ("ERR invalid password", AuthFailed, false, "password"),
        (
            "ERR AUTH <password> called without any password configured for the default user.",
            AuthFailed,
            false,
            "no password",
        ),
        ("ERR Protocol error: unauthenticated bulk length", AuthFailed, false, "wants a password"),
        ("LOADING Redis is loading the dataset in memory", Unavailable, true, "reading"),
        ("BUSY Redis is busy running a script.", Unavailable, true, "script"),
        ("TRYAGAIN Multiple keys request during rehashing of slot", Unavailable, true, "again"),
        ("NOREPLICAS Not enough good replicas to write.", Unavailable, true, "replicas"),
        ("ERR max number of clients reached", Unavailable, true, "connections"),
        ("ERR max clients reached", Unavailable, true, "connections"),
        ("READONLY You can't write against a read only replica.", Unavailable, true, "replica"),
        ("MASTERDOWN Link with MASTER is down", Unavailable, true, "primary"),
        ("UNBLOCKED force unblock from blocking operation", Unavailable, true, "replica"),
        (
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
            Unavailable,
            false,
            "log",
        ),
        ("CLUSTERDOWN The cluster is down", Unavailable, true, "cluster"),
        ("MOVED 3999 127.0.0.1:6381", Unsupported, false, "cluster"),
        ("ASK 3999 127.0.0.1:6381", Unsupported, false, "cluster"),
        ("CROSSSLOT Keys in request don't hash to the same slot", Unsupported, false, "cluster"),
        ("ERR Protocol error: invalid bulk length", TooLarge, false, "proto-max-bulk-len"),
        (
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            TooLarge,
            false,
            "proto-max-bulk-len",
        ),
        ("ERR DB index is out of range", Unavailable, false, "number"),
        ("ERR SELECT is not allowed in cluster mode", Unsupported, false, "cluster"),
        ("ERR unknown command 'FOO', with args beginning with: 'x' ", Unsupported, false, "know"),
        ("ERR unknown subcommand 'GET'. Try CONFIG HELP.", Unsupported, false, "know"),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", Other, false, "somebody else"),
        ("ERR something new", Other, false, "refused"),
        ("NEWCODE", Other, false, "refused"),
    ] {
        let error = Refusal::from_line(line.as_bytes()).into_error();
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{line}");
        assert!(error.to_string().contains(words), "{line}: {error}");
        assert!(!error.may_have_written());
        let code = line.split(' ').next().unwrap();
        assert_eq!(error.source().unwrap().to_string(), format!("the server answered {code}"));
    }
}

#[test]
fn every_row_can_be_met() {
    for row in ANSWERS {
        let met = Refusal::from_line(format!("{} {}", row.0, row.1).as_bytes());
        assert_eq!(met.row, row, "{} {}", row.0, row.1);
    }
}

#[test]
fn nothing_that_the_server_quotes_is_kept() {
    for line in [
        &b"ERR unknown command 'AUTH', with args beginning with: 'CANARY' 'CANARY'"[..],
        b"CANARY",
        b"canary CANARY",
        b"\xff\xfe CANARY",
        b"",
        &[b'C'; 200],
    ] {
        let error = Refusal::from_line(line).into_error();
        let text = format!("{error} {error:?} {:?}", error.source());
        let is_code = line == b"CANARY";
        assert!(is_code || !text.contains("CANARY") && !text.contains("CCCC"), "{text}");
    }
}

#[test]
fn the_network_and_tls() {
    let io = |kind: io::ErrorKind| from_io(kind.into(), "doing");
    for (error, kind, is_retryable) in [
        (io(io::ErrorKind::ConnectionRefused), Unavailable, true),
        (io(io::ErrorKind::ConnectionReset), Unavailable, true),
        (io(io::ErrorKind::NotFound), Unavailable, true),
        (io(io::ErrorKind::TimedOut), ErrorKind::Timeout, true),
        (io(io::ErrorKind::PermissionDenied), AuthFailed, false),
    ] {
        assert_eq!(
            (error.kind(), error.is_retryable(), error.may_have_written()),
            (kind, is_retryable, kind != AuthFailed)
        );
        assert_eq!(error.to_string(), "doing");
    }
    use rustls::{AlertDescription, CertificateError, Error as Tls, InvalidMessage};
    for (error, kind, is_retryable) in [
        (Tls::InvalidCertificate(CertificateError::Expired), AuthFailed, false),
        (Tls::NoCertificatesPresented, AuthFailed, false),
        (Tls::AlertReceived(AlertDescription::CertificateRequired), AuthFailed, false),
        (Tls::AlertReceived(AlertDescription::UnknownCA), AuthFailed, false),
        (Tls::AlertReceived(AlertDescription::InternalError), Unavailable, true),
        (Tls::InvalidMessage(InvalidMessage::InvalidContentType), Unavailable, false),
        (Tls::DecryptError, Unavailable, true),
    ] {
        let error = from_io(io::Error::new(io::ErrorKind::InvalidData, error), "doing");
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{error}");
    }
}

#[test]
fn what_broke_off_may_have_been_done() {
    let broken = [Broken::Closed, Broken::Io(io::ErrorKind::BrokenPipe.into()), Broken::Malformed("x")];
    for broken in broken {
        assert!(broken.into_error().may_have_written());
    }
    assert!(!Broken::Refused(Refusal::from_line(b"OOM")).into_error().may_have_written());
    assert!(Broken::Memory.into_error().is_retryable());
}
