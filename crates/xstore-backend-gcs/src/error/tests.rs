use super::*;
use google_cloud_gax::error::Error as Sdk;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use std::time::Duration;

const NOBODY: &Credentials = &Credentials::Anonymous;

fn json(status: u16, reason: &str, message: &str) -> Vec<u8> {
    let text = format!(
        r#"{{"error": {{"code": {status}, "message": "{message}",
            "errors": [{{"message": "{message}", "domain": "global", "reason": "{reason}"}}]}}}}"#
    );
    text.into_bytes()
}

/// The same answer, as the JSON API gives it and as the service's client passes it on.
fn both(status: u16, headers: &HeaderMap, body: &[u8]) -> [Error; 2] {
    let code = StatusCode::from_u16(status).unwrap();
    let body = bytes::Bytes::copy_from_slice(body);
    let sdk = match google_cloud_gax::error::rpc::Status::try_from(&body) {
        Ok(details) => Sdk::service_with_http_metadata(details, Some(status), Some(headers.clone())),
        Err(_) => Sdk::http(status, headers.clone(), body.clone()),
    };
    [Failure::Answer(Answer::new(code, headers, &body)), from_storage(sdk, NOBODY)]
        .map(|failure| failure.into_error(NOBODY))
}

#[test]
fn every_row() {
    use ErrorKind::*;
    for (status, reason, message, kind, is_retryable, may_have_written) in [
        (
            400,
            "invalid",
            "Provided CRC32C \\\"a\\\" doesn't match calculated CRC32C \\\"b\\\".",
            Unavailable,
            true,
            false,
        ),
        (400, "invalid", "Invalid argument.", Other, false, false),
        (400, "userProjectMissing", "x", AuthFailed, false, false),
        (400, "required", "x", AuthFailed, false, false),
        (400, "uploadTooLarge", "x", TooLarge, false, false),
        (400, "entityTooLarge", "x", TooLarge, false, false),
        (401, "authError", "Invalid Credentials", AuthFailed, false, false),
        (401, "required", "Anonymous caller", AuthFailed, false, false),
        (403, "forbidden", "x does not have storage.objects.get access", AuthFailed, false, false),
        (403, "accountDisabled", "x", AuthFailed, false, false),
        (403, "rateLimitExceeded", "x", Unavailable, true, false),
        (403, "userRateLimitExceeded", "x", Unavailable, true, false),
        (403, "quotaExceeded", "x", QuotaExceeded, false, false),
        (403, "dailyLimitExceeded", "x", QuotaExceeded, false, false),
        (403, "storageQuotaExceeded", "x", QuotaExceeded, false, false),
        (403, "retentionPolicyNotMet", "x", Unsupported, false, false),
        (403, "objectUnderActiveHold", "x", Unsupported, false, false),
        (408, "uploadBrokenConnection", "x", Timeout, true, true),
        (409, "conflict", "x", Unavailable, true, false),
        (412, "conditionNotMet", "x", AlreadyExists, false, false),
        (412, "", "x", AlreadyExists, false, false),
        (412, "orgPolicyConstraintFailed", "x", AuthFailed, false, false),
        (413, "uploadTooLarge", "x", TooLarge, false, false),
        (429, "rateLimitExceeded", "x", Unavailable, true, false),
        (500, "backendError", "x", Unavailable, true, true),
        (501, "notImplemented", "x", Unsupported, false, false),
        (502, "badGateway", "x", Unavailable, true, true),
        (503, "backendError", "x", Unavailable, true, true),
        (504, "gatewayTimeout", "x", Timeout, true, true),
        (302, "", "", Other, false, true),
        (418, "teapot", "x", Other, false, false),
        (599, "", "x", Other, false, true),
    ] {
        for error in both(status, &HeaderMap::new(), &json(status, reason, message)) {
            assert_eq!(error.kind(), kind, "{status} {reason}");
            assert_eq!(error.is_retryable(), is_retryable, "{status} {reason}");
            assert_eq!(error.may_have_written(), may_have_written, "{status} {reason}");
            assert!(error.source().is_some_and(|source| source.is::<Answer>()), "{status} {reason}");
            assert!(error.source().unwrap().to_string().contains(&status.to_string()));
        }
    }
}

#[test]
fn a_row_is_reached_or_it_is_none() {
    for (at, row) in ANSWERS.iter().enumerate() {
        let earlier = &ANSWERS[..at];
        let is_hidden = |other: &Meaning| other.status == row.status && other.reasons.is_empty();
        assert!(!earlier.iter().any(is_hidden), "{} {:?}", row.status, row.reasons);
    }
}

#[test]
fn a_status_is_enough() {
    for body in [&b""[..], b"<html>oops</html>", b"\xff\xfe", b"{}", br#"{"error": "text"}"#] {
        for (status, kind) in
            [(401, ErrorKind::AuthFailed), (403, ErrorKind::AuthFailed), (503, ErrorKind::Unavailable)]
        {
            for error in both(status, &HeaderMap::new(), body) {
                assert_eq!(error.kind(), kind);
                let words = error.source().unwrap().to_string();
                assert!(words.ends_with(&status.to_string()), "{words}");
            }
        }
    }
}

#[test]
fn how_long_to_wait() {
    for (text, delay) in
        [("7", Some(7)), (" 0 ", Some(0)), ("999999", Some(3600)), ("-1", None), ("soon", None)]
    {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        for status in [429, 503] {
            for error in both(status, &headers, b"") {
                assert_eq!(error.retry_after(), delay.map(Duration::from_secs), "{text}");
            }
        }
    }
}

#[test]
fn what_is_missing() {
    let missing = |status, body: &[u8]| {
        Answer::new(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body).missing()
    };
    assert_eq!(missing(404, &json(404, "notFound", "No such object: b/a")), Some(Missing::Object));
    assert_eq!(missing(404, b"No such object: b/a"), Some(Missing::Object));
    let bucket = json(404, "notFound", "The specified bucket does not exist.");
    assert_eq!(missing(404, &bucket), Some(Missing::Bucket));
    assert_eq!(missing(404, b"Not Found"), None);
    assert_eq!(missing(404, b"x No such object: b/a"), None);
    assert_eq!(missing(403, b"No such object: b/a"), None);
}

#[test]
fn the_words_of_the_service_are_bounded_and_harmless() {
    let long = format!("\\u001b[31m{}", "z".repeat(5000));
    for error in both(403, &HeaderMap::new(), &json(403, "for\\u0007bid\\nden<", &long)) {
        let words = error.source().unwrap().to_string();
        assert!(words.len() < 500 && !words.contains(char::is_control), "{words:?}");
        assert!(words.contains("forbidden: "), "{words}");
    }
}

#[test]
fn no_access_token() {
    let error = from_credentials(&CredentialsError::from_msg(false, "HUNTER2"), &Credentials::Default);
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, false));
    assert!(error.to_string().contains("gcloud auth application-default login"));
    let wrapped = Sdk::authentication(CredentialsError::from_msg(true, "HUNTER2"));
    let error = from_storage(wrapped, &Credentials::Default).into_error(&Credentials::Default);
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
    assert!(!error.may_have_written());
    let all = format!("{error} {error:?} {}", error.source().unwrap());
    assert!(!all.contains("HUNTER2") && all.contains("can't be reached"), "{all}");
}

#[test]
fn damage_on_the_way_is_worth_another_attempt() {
    use google_cloud_storage::error::ChecksumMismatch;
    let mismatch = || ChecksumMismatch::Crc32c { got: 1, want: 2 };
    let object = Box::default();
    for error in [
        Sdk::deser(ReadError::ChecksumMismatch(mismatch())),
        Sdk::io(ReadError::ShortRead(5)),
        Sdk::deser(ReadError::LongRead { got: 5, expected: 4 }),
        Sdk::ser(WriteError::ChecksumMismatch { mismatch: mismatch(), object }),
    ] {
        let error = from_storage(error, NOBODY).into_error(NOBODY);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
        assert!(error.may_have_written());
    }
    for error in [Sdk::deser(ReadError::MissingHeader("x")), Sdk::binding("x")] {
        let error = from_storage(error, NOBODY).into_error(NOBODY);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Other, false), "{error:?}");
    }
}
