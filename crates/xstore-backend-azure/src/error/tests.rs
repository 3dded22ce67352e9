use super::*;
use azure_core::http::headers::HeaderValue;
use table::{CODES, Fate};

const CREATE: Intent = Intent::Put { create_only: true };
const REPLACE: Intent = Intent::Put { create_only: false };
const INTENTS: [Intent; 4] = [Intent::Read, CREATE, REPLACE, Intent::Other];

fn answered(status: u16, headers: &[(&'static str, &str)], intent: Intent) -> Error {
    let mut all = Headers::new();
    for (name, value) in headers {
        all.insert(*name, HeaderValue::from((*value).to_owned()));
    }
    let status = StatusCode::from(status);
    let response = RawResponse::from_bytes(status, all, &b"<Error><Message>SECRET</Message></Error>"[..]);
    let kind = Sdk::HttpResponse { status, error_code: None, raw_response: Some(Box::new(response)) };
    classify(azure_core::Error::with_message(kind, "SECRET"), intent)
}

fn coded(status: u16, code: &str, intent: Intent) -> Error {
    answered(status, &[("x-ms-error-code", code), ("x-ms-request-id", "0b1c-2d3e")], intent)
}

#[test]
fn every_row() {
    for (code, kind, fate, message) in CODES {
        for intent in INTENTS {
            let error = coded(400, code, intent);
            let answer = error.source().unwrap().downcast_ref::<ServiceError>().unwrap();
            assert_eq!(
                (answer.status(), answer.code(), answer.request_id()),
                (400, Some(*code), Some("0b1c-2d3e"))
            );
            let is_special = [AlreadyExists, NotFound].contains(kind)
                || ["UnauthorizedBlobOverwrite", "BlobImmutableDueToPolicy", "LeaseIdMissing"].contains(code);
            if !is_special {
                let expected = (*kind, *fate != Fate::Never, *fate == Fate::Maybe);
                assert_eq!(
                    (error.kind(), error.is_retryable(), error.may_have_written()),
                    expected,
                    "{code}"
                );
                assert_eq!(error.to_string(), *message);
            }
        }
    }
    let mut codes: Vec<_> = CODES.iter().map(|(code, ..)| code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CODES.len(), "a code stands there twice");
}

use xstore_backend::ErrorKind::{
    AlreadyExists, AuthFailed, NotFound, Other, QuotaExceeded, Timeout, TooLarge, Unavailable,
};

#[test]
fn not_found_is_for_readers_and_already_there_for_creators() {
    for intent in INTENTS {
        let expected = if intent == Intent::Read { NotFound } else { Other };
        assert_eq!(coded(404, "BlobNotFound", intent).kind(), expected);
        for code in ["BlobAlreadyExists", "ConditionNotMet"] {
            let error = coded(409, code, intent);
            assert_eq!(error.kind(), if intent == CREATE { AlreadyExists } else { Other });
            assert!(!error.may_have_written() && !error.is_retryable());
        }
        for (code, otherwise) in [
            ("UnauthorizedBlobOverwrite", AuthFailed),
            ("BlobImmutableDueToPolicy", AuthFailed),
            ("LeaseIdMissing", Unavailable),
        ] {
            let error = coded(409, code, intent);
            assert_eq!(error.kind(), if intent == CREATE { AlreadyExists } else { otherwise }, "{code}");
            assert!(!error.may_have_written() && !error.is_retryable());
        }
        // A missing place is never a missing value.
        for code in ["ContainerNotFound", "ResourceNotFound", "NobodyKnows"] {
            assert_eq!(coded(404, code, intent).kind(), Unavailable);
        }
        assert_eq!(answered(404, &[], intent).kind(), Unavailable);
    }
}

#[test]
fn without_a_code_the_status_counts() {
    for (status, kind, is_retryable, may_have_written) in [
        (301, Unavailable, false, false),
        (307, Unavailable, false, false),
        (400, Other, false, false),
        (401, AuthFailed, false, false),
        (403, AuthFailed, false, false),
        (404, Unavailable, false, false),
        (407, AuthFailed, false, false),
        (408, Timeout, true, true),
        (409, Other, false, false),
        (412, Other, false, false),
        (413, TooLarge, false, false),
        (416, Other, false, false),
        (429, Unavailable, true, false),
        (500, Unavailable, true, true),
        (502, Unavailable, true, true),
        (503, Unavailable, true, true),
        (504, Timeout, true, true),
        (507, QuotaExceeded, true, true),
        (599, Unavailable, true, true),
        (204, Other, true, true),
    ] {
        let error = answered(status, &[], REPLACE);
        let seen = (error.kind(), error.is_retryable(), error.may_have_written());
        assert_eq!(seen, (kind, is_retryable, may_have_written), "{status}");
    }
}

#[test]
fn nothing_of_what_the_service_wrote_is_repeated() {
    for hostile in ["SECRET value", "SECRET\u{1b}[2J", "", &"SECRET".repeat(11), "<SECRET>"] {
        let error =
            answered(400, &[("x-ms-error-code", hostile), ("x-ms-request-id", hostile)], Intent::Other);
        let answer = error.source().unwrap().downcast_ref::<ServiceError>().unwrap();
        assert_eq!((answer.code(), answer.request_id()), (None, None));
        assert!(!format!("{error} {error:?} {answer}").contains("SECRET"));
    }
    let error = coded(503, "ServerBusy", Intent::Other);
    let answer = error.source().unwrap().to_string();
    assert_eq!(answer, "the service answered 503 ServerBusy to request 0b1c-2d3e");
}

#[test]
fn what_the_sdk_says_itself() {
    let with = |kind, cause: &'static str| {
        azure_core::Error::with_error(kind, std::io::Error::other(cause), "SECRET")
    };
    let error = classify(with(Sdk::Connection, "refused"), REPLACE);
    assert_eq!((error.kind(), error.is_retryable(), error.may_have_written()), (Unavailable, true, false));
    assert_eq!(error.source().unwrap().to_string(), "refused");
    let error = classify(with(Sdk::Io, "reset"), REPLACE);
    assert_eq!((error.kind(), error.is_retryable(), error.may_have_written()), (Unavailable, true, true));
    let error = classify(crate::client::transport::garbled("it is short"), Intent::Read);
    assert_eq!(
        (error.kind(), error.is_retryable(), error.to_string()),
        (Unavailable, true, "it is short".to_owned())
    );
    let error = classify(with(Sdk::DataConversion, "no XML"), Intent::Other);
    assert_eq!((error.kind(), error.is_retryable()), (Other, false));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
    let error = classify(with(Sdk::Other, "?"), REPLACE);
    assert_eq!((error.kind(), error.is_retryable(), error.may_have_written()), (Other, false, true));
}

#[test]
fn tokens() {
    let no_token = |cause: azure_core::Error| {
        let error = classify(azure_core::Error::with_error(Sdk::Credential, cause, "no"), REPLACE);
        assert!(!error.may_have_written());
        (error.kind(), error.is_retryable())
    };
    let answer = |status: u16| {
        let kind =
            Sdk::HttpResponse { status: StatusCode::from(status), error_code: None, raw_response: None };
        azure_core::Error::with_message(kind, "no")
    };
    for passing in [
        Sdk::Connection.into_error(),
        Sdk::Io.into_error(),
        Sdk::DataConversion.into_error(),
        answer(503),
        answer(429),
        answer(408),
    ] {
        assert_eq!(no_token(passing), (Unavailable, true));
    }
    for lasting in [Sdk::Credential.into_error(), answer(400), answer(401), Sdk::Other.into_error()] {
        assert_eq!(no_token(lasting), (AuthFailed, false));
    }
}

#[test]
fn what_gives_tokens_repeats_no_secret() {
    let says = |text: String| {
        let cause = azure_core::Error::with_message(Sdk::Other, text);
        let error = classify(azure_core::Error::with_error(Sdk::Credential, cause, "no"), REPLACE);
        error.source().unwrap().source().unwrap().to_string()
    };
    let said = says(
        r#"ClientSecretCredential: {"error":"AADSTS7000215: Invalid client secret.","sent":"client_secret=aB3~cdefghijklmnop"}"#
            .to_owned(),
    );
    assert_eq!(
        said,
        r#"ClientSecretCredential: {"error":"AADSTS7000215: Invalid client secret.","sent":"..."}"#
    );
    assert!(
        says("AZURE_FEDERATED_TOKEN_FILE is missing".to_owned()).starts_with("AZURE_FEDERATED_TOKEN_FILE")
    );
    assert_eq!(says("word ".repeat(1000)).len(), 400);
    assert_eq!(says("a\u{1b}[2Jb\u{e9}".to_owned()), "a [2Jb ");
}
