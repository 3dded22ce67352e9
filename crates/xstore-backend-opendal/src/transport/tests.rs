use super::*;
use futures_util::StreamExt;

#[test]
fn statuses_of_the_service_are_left_to_opendal() {
    let left = [200, 206, 207, 304, 400, 404, 405, 409, 412, 416];
    for status in left {
        assert!(!is_refusal(StatusCode::from_u16(status).unwrap()), "{status}");
    }
    for status in [301, 302, 307, 308, 401, 402, 403, 407, 408, 413, 423, 429, 500, 501, 503, 507] {
        assert!(is_refusal(StatusCode::from_u16(status).unwrap()), "{status}");
    }
}

#[test]
fn words_about_a_cap_are_found() {
    for words in [r#"{"code": "storage_cap_exceeded"}"#, r#"{"code": "quotaLimitReached"}"#] {
        assert!(is_full(words.as_bytes()), "{words}");
    }
    for words in ["", "cap", r#"{"code": "bad_auth_token"}"#] {
        assert!(!is_full(words.as_bytes()), "{words}");
    }
}

#[test]
fn a_delay_is_in_seconds() {
    let with = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        retry_after(&headers)
    };
    assert_eq!(with(" 30 "), Some(Duration::from_secs(30)));
    for other in ["", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999"] {
        assert_eq!(with(other), None, "{other}");
    }
    assert_eq!(retry_after(&HeaderMap::new()), None);
}

#[tokio::test]
async fn a_body_may_have_its_bytes_and_no_more() {
    let body = |max| {
        let pieces = futures_util::stream::iter([Ok(Buffer::from("abc")), Ok(Buffer::from("de"))]);
        Limited { body: Box::new(pieces), left: max }
    };
    let whole: Vec<_> = body(5).collect().await;
    assert!(whole.iter().all(Result::is_ok) && whole.len() == 2);
    let cut: Vec<_> = body(4).take(2).collect().await;
    let refusal = crate::error::find::<Refusal>(cut[1].as_ref().unwrap_err());
    assert_eq!(refusal, Some(&Refusal::new(Why::TooLong)));
}
