use super::*;
use opendal_core::Error as Report;

const WORDS: &str = "CANARY words of the service";

fn report(kind: Theirs) -> Report {
    Report::new(kind, WORDS).with_context("url", WORDS).with_operation("op")
}

fn summary(report: Report, doing: Doing) -> (ErrorKind, bool) {
    let error = classify(report, doing);
    let text = format!("{error} {error:?} {error:#?} {:?}", error.source().map(ToString::to_string));
    assert!(!text.contains("CANARY"), "{text}");
    (error.kind(), error.is_retryable())
}

#[test]
fn the_table_of_opendals_kinds() {
    use ErrorKind::{AlreadyExists, AuthFailed, NotFound, Other, Unavailable, Unsupported};
    for (kind, reading, otherwise) in [
        (Theirs::NotFound, (NotFound, false), (Unavailable, true)),
        (Theirs::IsADirectory, (NotFound, false), (Other, false)),
        (Theirs::NotADirectory, (NotFound, false), (Other, false)),
        (Theirs::PermissionDenied, (AuthFailed, false), (AuthFailed, false)),
        (Theirs::ConditionNotMatch, (AlreadyExists, false), (AlreadyExists, false)),
        (Theirs::AlreadyExists, (Other, false), (Other, false)),
        (Theirs::IsSameFile, (Other, false), (Other, false)),
        (Theirs::Conflict, (Unavailable, true), (Unavailable, true)),
        (Theirs::RateLimited, (Unavailable, true), (Unavailable, true)),
        (Theirs::RangeNotSatisfied, (Other, false), (Other, false)),
        (Theirs::Unsupported, (Unsupported, false), (Unsupported, false)),
        (Theirs::ConfigInvalid, (Other, false), (Other, false)),
        (Theirs::Unexpected, (Other, false), (Other, false)),
    ] {
        assert_eq!(summary(report(kind), Doing::Reading), reading, "{kind:?}");
        assert_eq!(summary(report(kind), Doing::Else), otherwise, "{kind:?}");
    }
    let temporary = report(Theirs::Unexpected).set_temporary();
    assert_eq!(summary(temporary, Doing::Else), (Unavailable, true));
}

#[test]
fn a_bucket_that_is_not_there_is_unavailable() {
    let report = Report::new(Theirs::Unexpected, "B2Error { status: 400, code: \"bad_bucket_id\" }");
    assert_eq!(summary(report, Doing::Else), (ErrorKind::Unavailable, false));
}

#[test]
fn the_table_of_the_system() {
    use ErrorKind::{AuthFailed, NotFound, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    use io::ErrorKind as Io;
    for (kind, reading, otherwise) in [
        (Io::IsADirectory, (NotFound, false), (Other, false)),
        (Io::NotADirectory, (NotFound, false), (Other, false)),
        (Io::DirectoryNotEmpty, (Other, false), (Other, false)),
        (Io::NotFound, (Unavailable, false), (Unavailable, false)),
        (Io::PermissionDenied, (AuthFailed, false), (AuthFailed, false)),
        (Io::ReadOnlyFilesystem, (Unavailable, false), (Unavailable, false)),
        (Io::StorageFull, (QuotaExceeded, false), (QuotaExceeded, false)),
        (Io::QuotaExceeded, (QuotaExceeded, false), (QuotaExceeded, false)),
        (Io::FileTooLarge, (TooLarge, false), (TooLarge, false)),
        (Io::InvalidFilename, (Unsupported, false), (Unsupported, false)),
        (Io::ConnectionRefused, (Unavailable, true), (Unavailable, true)),
        (Io::ConnectionAborted, (Unavailable, true), (Unavailable, true)),
        (Io::TimedOut, (Unavailable, true), (Unavailable, true)),
    ] {
        let of_system = || report(Theirs::Unexpected).set_temporary().set_source(io::Error::from(kind));
        assert_eq!(summary(of_system(), Doing::Reading), reading, "{kind:?}");
        assert_eq!(summary(of_system(), Doing::Else), otherwise, "{kind:?}");
    }
    let stranger = io::Error::new(Io::ConnectionAborted, "Host key verification failed.");
    let stranger = report(Theirs::Unexpected).set_source(stranger);
    assert_eq!(summary(stranger, Doing::Else), (AuthFailed, false));
}

#[test]
fn the_table_of_http() {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    for (why, expected) in [
        (Why::TooLong, (Other, false)),
        (Why::NoLength, (Unsupported, false)),
        (Why::NoRange, (Unsupported, false)),
        (Why::NoProperties, (Other, false)),
        (Why::Full, (QuotaExceeded, false)),
        (Why::Status(302), (Other, false)),
        (Why::Status(401), (AuthFailed, false)),
        (Why::Status(402), (AuthFailed, false)),
        (Why::Status(403), (AuthFailed, false)),
        (Why::Status(407), (AuthFailed, false)),
        (Why::Status(408), (Unavailable, true)),
        (Why::Status(413), (TooLarge, false)),
        (Why::Status(418), (Other, false)),
        (Why::Status(423), (Unavailable, true)),
        (Why::Status(429), (Unavailable, true)),
        (Why::Status(500), (Unavailable, true)),
        (Why::Status(501), (Unsupported, false)),
        (Why::Status(503), (Unavailable, true)),
        (Why::Status(507), (QuotaExceeded, false)),
        (Why::Status(599), (Unavailable, true)),
    ] {
        let refused = report(Theirs::Unexpected).set_source(Refusal::new(why));
        assert_eq!(summary(refused, Doing::Else), expected, "{why:?}");
        assert!(!Refusal::new(why).to_string().is_empty());
    }
}

#[test]
fn a_delay_is_passed_on() {
    let delay = Some(Duration::from_secs(7));
    let refusal = Refusal { why: Why::Status(503), retry_after: delay };
    let error = classify(report(Theirs::Unexpected).set_source(refusal), Doing::Else);
    assert_eq!(error.retry_after(), delay);
    assert!(error.may_have_written());
}

#[test]
fn the_cause_of_the_system_is_kept() {
    let full = report(Theirs::Unexpected).set_source(io::Error::from(io::ErrorKind::StorageFull));
    let error = classify(full, Doing::Else);
    let cause = error.source().unwrap();
    assert_eq!(cause.to_string(), "OpenDAL reports Unexpected");
    assert!(cause.source().unwrap().is::<io::Error>());
}

#[test]
fn opendals_words_about_options_are_shown() {
    let error = classify_options(Report::new(Theirs::ConfigInvalid, "endpoint is empty"));
    assert_eq!(error.to_string(), "OpenDAL refuses the options: endpoint is empty");
    assert!(!error.may_have_written());
}
