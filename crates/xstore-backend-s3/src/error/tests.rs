use super::table::{CODES, STATUSES};
use super::*;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ConnectorError, ErrorMetadata};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::http::StatusCode;

type Failed = SdkError<GetObjectError, HttpResponse>;

fn response(status: u16, headers: &[(&'static str, &'static str)]) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap();
    let mut response = HttpResponse::new(status, SdkBody::from("CANARY, which no error shows"));
    for (name, value) in headers {
        response.headers_mut().insert(*name, *value);
    }
    response
}

fn refused(status: u16, code: Option<&str>, headers: &[(&'static str, &'static str)]) -> Failed {
    let mut metadata = ErrorMetadata::builder().message("It is so.");
    if let Some(code) = code {
        metadata = metadata.code(code);
    }
    Failed::service_error(GetObjectError::generic(metadata.build()), response(status, headers))
}

fn of(status: u16, code: Option<&str>) -> Error {
    classify(&refused(status, code, &[]), Operation::Put)
}

#[test]
fn there_is_one_row_a_code_and_a_status() {
    let mut codes: Vec<_> = CODES.iter().map(|row| row.0).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CODES.len());
    let mut statuses: Vec<_> = STATUSES.iter().map(|row| row.0).collect();
    statuses.dedup();
    assert_eq!(statuses.len(), STATUSES.len());
    assert!(statuses.is_sorted());
}

#[test]
fn every_code_becomes_what_its_row_says() {
    for &(code, kind, is_retryable, message) in CODES {
        for operation in [Operation::Get, Operation::Put] {
            let error = classify(&refused(400, Some(code), &[]), operation);
            let (kind, is_retryable) = match (kind, operation) {
                (ErrorKind::NotFound, Operation::Put) => (ErrorKind::Unavailable, false),
                (ErrorKind::AlreadyExists, Operation::Get) => (ErrorKind::Other, false),
                _ => (kind, is_retryable),
            };
            assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{code}");
            if !message.is_empty() {
                assert_eq!(error.to_string(), message, "{code}");
            }
        }
    }
}

#[test]
fn statuses_become_kinds_where_there_is_no_code() {
    use ErrorKind::{AlreadyExists, AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    for (status, kind, is_retryable) in [
        (301, Unavailable, false),
        (304, Other, false),
        (307, Unavailable, true),
        (400, Other, false),
        (401, AuthFailed, false),
        (403, AuthFailed, false),
        (404, Unavailable, false),
        (408, Unavailable, true),
        (409, Unavailable, true),
        (412, AlreadyExists, false),
        (413, TooLarge, false),
        (418, Other, false),
        (429, Unavailable, true),
        (500, Unavailable, true),
        (501, Unsupported, false),
        (502, Unavailable, true),
        (503, Unavailable, true),
        (504, Unavailable, true),
        (507, QuotaExceeded, false),
    ] {
        for code in [None, Some("NobodyKnowsThis")] {
            let error = of(status, code);
            assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{status}");
        }
        // The same where the answer isn't XML.
        let odd = Failed::response_error("no XML", response(status, &[]));
        let error = classify(&odd, Operation::Put);
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{status}");
    }
}

#[test]
fn only_of_a_value_it_is_not_found() {
    for (operation, kind) in [
        (Operation::Get, ErrorKind::NotFound),
        (Operation::Stat, ErrorKind::NotFound),
        (Operation::Delete, ErrorKind::NotFound),
        (Operation::Put, ErrorKind::Unavailable),
        (Operation::List, ErrorKind::Unavailable),
        (Operation::Open, ErrorKind::Unavailable),
    ] {
        for code in [None, Some("NoSuchKey"), Some("NotFound")] {
            let error = classify(&refused(404, code, &[]), operation);
            assert_eq!((error.kind(), error.is_retryable()), (kind, false), "{operation} {code:?}");
        }
        for code in ["NoSuchBucket", "NoSuchTenant"] {
            let error = classify(&refused(404, Some(code), &[]), operation);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
        }
    }
}

#[test]
fn a_refused_request_wrote_nothing_and_a_failed_one_may_have() {
    for (status, code) in [
        (400, "BadDigest"),
        (403, "AccessDenied"),
        (404, "NoSuchBucket"),
        (412, "PreconditionFailed"),
        (429, "x"),
        (301, "x"),
    ] {
        assert!(!of(status, Some(code)).may_have_written(), "{code}");
    }
    for (status, code) in
        [(500, "InternalError"), (503, "SlowDown"), (409, "OperationAborted"), (408, "x"), (507, "x")]
    {
        assert!(of(status, Some(code)).may_have_written(), "{code}");
    }
}

#[test]
fn the_region_of_a_bucket_is_told() {
    let moved = refused(301, Some("PermanentRedirect"), &[("x-amz-bucket-region", "eu-west-1")]);
    let error = classify(&moved, Operation::Open);
    assert_eq!(error.to_string(), "the bucket is in the region eu-west-1: set region");
    assert!(of(301, None).to_string().contains("another region"));
}

#[test]
fn how_long_to_wait_is_taken_where_it_is_seconds() {
    for (text, expected) in [
        ("0", Some(0)),
        (" 7 ", Some(7)),
        ("999999999999", Some(3600)),
        ("-1", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
    ] {
        let error = classify(&refused(503, Some("SlowDown"), &[("retry-after", text)]), Operation::Put);
        assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{text}");
    }
}

#[test]
fn what_a_server_says_is_cut_to_what_is_harmless() {
    let metadata = ErrorMetadata::builder()
        .code("Odd\u{1b}[31mCode")
        .message("See arn:aws:iam::123456789012:user/somebody or \"AKIAIOSFODNN7EXAMPLE\", ok?\nü");
    let failed = Failed::service_error(
        GetObjectError::generic(metadata.build()),
        response(403, &[("x-amz-request-id", "4442587FB7D0A2F9")]),
    );
    let error = classify(&failed, Operation::Get);
    let said = error.source().unwrap().to_string();
    let expected = "the server answered 403 Odd [31mCode to the request 4442587FB7D0A2F9: See \
                    arn:aws:iam::123456789012:user/somebody or ... ok?  ";
    assert_eq!(said, expected);
    assert!(!format!("{error:?} {error:#?}").contains("CANARY"));
    let long = ErrorMetadata::builder().message("word ".repeat(1000)).build();
    let failed = Failed::service_error(GetObjectError::generic(long), response(403, &[]));
    assert!(classify(&failed, Operation::Get).source().unwrap().to_string().len() < 400);
}

#[test]
fn what_gives_credentials_is_told_from_the_server() {
    let none = CredentialsError::not_loaded_no_source();
    for (error, is_retryable, words) in [
        (none, false, "there are no credentials"),
        (CredentialsError::invalid_configuration("x"), false, "profile"),
        (CredentialsError::provider_timed_out(Duration::from_secs(5)), true, "in time"),
        (
            CredentialsError::provider_error("stderr: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            true,
            "failed",
        ),
    ] {
        let failed = Failed::dispatch_failure(ConnectorError::other(error.into(), None));
        let error = classify(&failed, Operation::Get);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, is_retryable));
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error:?}").contains("EXAMPLEKEY"), "{error:?}");
        assert!(!error.may_have_written());
    }
}

#[test]
fn what_was_never_sent_wrote_nothing() {
    let io = || Box::new(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let broken = classify(&Failed::dispatch_failure(ConnectorError::io(io())), Operation::Put);
    assert_eq!((broken.kind(), broken.is_retryable()), (ErrorKind::Unavailable, true));
    assert!(broken.may_have_written());
    let late = classify(&Failed::dispatch_failure(ConnectorError::timeout(io())), Operation::Put);
    assert_eq!((late.kind(), late.is_retryable()), (ErrorKind::Unavailable, true));
    assert!(!late.may_have_written());
    let unmade = classify(&Failed::construction_failure("odd"), Operation::Put);
    assert_eq!((unmade.kind(), unmade.is_retryable()), (ErrorKind::Other, false));
    assert!(!unmade.may_have_written());
    let timeout = classify(&Failed::timeout_error("late"), Operation::Put);
    assert_eq!((timeout.kind(), timeout.may_have_written()), (ErrorKind::Timeout, true));
}

#[test]
fn an_answer_that_can_t_be_read_is_no_answer() {
    let broken = classify(&Failed::response_error("cut", response(200, &[])), Operation::List);
    assert_eq!((broken.kind(), broken.is_retryable()), (ErrorKind::Unavailable, true));
    let endless = classify(&Failed::response_error(TooLong, response(200, &[])), Operation::List);
    assert_eq!((endless.kind(), endless.is_retryable()), (ErrorKind::Other, false));
    assert!(!format!("{broken:?} {endless:?}").contains("CANARY"));
}

#[test]
fn bodies_break_off_or_change() {
    let broken = of_body(&std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    assert_eq!((broken.kind(), broken.is_retryable()), (ErrorKind::Unavailable, true));
    let mismatch = validate::Error::ChecksumMismatch {
        expected: vec![1, 2, 3, 4].into(),
        actual: vec![5, 6, 7, 8].into(),
    };
    let changed = of_body(&std::io::Error::other(mismatch));
    assert_eq!((changed.kind(), changed.is_retryable()), (ErrorKind::Unavailable, true));
    assert!(changed.to_string().contains("checksum"));
}
