//! What a server may say, and what becomes of it.

use std::time::Duration;

use xstore_backend::{Error, ErrorKind, OpenError, Prefix, PutOptions, StorageBackend};
use xstore_backend_opendal::OpendalBackend;

use crate::stub::{Stub, answer, multistatus};
use crate::webdav::{id, key, open};

/// What a get, a put and a deletion come to when the server answers them so.
async fn outcomes(status: u16, headers: &'static str) -> [Error; 3] {
    let stub = Stub::with_value(move |_| answer(status, headers, "words of the server")).await;
    let backend = open(stub.config()).await;
    let put = backend.put(&key("w"), b"x".as_slice().into(), &PutOptions::replace()).await;
    [
        backend.get(&key("v"), 5).await.unwrap_err(),
        put.unwrap_err(),
        backend.delete(&key("v")).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn each_status_has_its_kind() {
    use ErrorKind::{AuthFailed, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    for (status, kind, is_retryable) in [
        (301, Other, false),
        (307, Other, false),
        (401, AuthFailed, false),
        (403, AuthFailed, false),
        (413, TooLarge, false),
        (423, Unavailable, true),
        (429, Unavailable, true),
        (500, Unavailable, true),
        (501, Unsupported, false),
        (502, Unavailable, true),
        (503, Unavailable, true),
        (504, Unavailable, true),
        (507, QuotaExceeded, false),
        (418, Other, false),
    ] {
        for error in outcomes(status, "location: http://elsewhere.invalid/\r\n").await {
            assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{status}: {error:?}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("words of the server") && !text.contains("elsewhere.invalid"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_server_may_ask_for_time() {
    for status in [429, 503] {
        for error in outcomes(status, "retry-after: 17\r\n").await {
            assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
        }
        for error in outcomes(status, "retry-after: soon\r\n").await {
            assert_eq!(error.retry_after(), None);
        }
    }
}

/// No redirect is followed, and so nothing is sent to anybody else.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Stub::start(|_| answer(200, "", "other")).await;
    let place = other.config();
    let target = format!("{place:?}").split('"').find(|part| part.starts_with("http://")).unwrap().to_owned();
    let stub = Stub::with_value(move |_| answer(307, &format!("location: {target}/root/v\r\n"), "")).await;
    let backend = open(stub.config()).await;
    assert_eq!(backend.get(&key("v"), 5).await.unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(other.heads(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_asked_twice() {
    let stub = Stub::with_value(|_| answer(503, "", "")).await;
    let backend = open(stub.config()).await;
    backend.get(&key("v"), 5).await.unwrap_err();
    let gets = stub.heads().iter().filter(|head| head.starts_with("GET ")).count();
    assert_eq!(gets, 1);
}

/// Bodies that aren't what they are said to be.
#[tokio::test]
async fn a_value_is_as_long_as_it_was_said_to_be() {
    for (head, body, kind) in [
        ("content-length: 9\r\n", "short", ErrorKind::Unavailable),
        ("transfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", ErrorKind::Unsupported),
        // Ends with the connection: who could say that it wasn't cut?
        ("", "hello", ErrorKind::Unsupported),
        ("content-length: 99\r\n", "more than was asked for, by far", ErrorKind::TooLarge),
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{head}connection: close\r\n\r\n{body}").into_bytes();
        let stub = Stub::with_value(move |_| bytes.clone()).await;
        let backend = open(stub.config()).await;
        let error = backend.get(&key("v"), 20).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{head:?}: {error:?}");
        assert_eq!(error.is_retryable(), kind == ErrorKind::Unavailable);
    }
}

/// Some servers send the whole value where a part is asked for. It isn't taken for the part.
#[tokio::test]
async fn a_server_without_ranges_gives_the_same_bytes() {
    let stub = Stub::with_value(|_| answer(200, "", "hello")).await;
    let backend = open(stub.config()).await;
    assert_eq!(backend.get_range(&key("v"), 1..3).await.unwrap(), "el");
    assert_eq!(backend.get_range(&key("v"), 3..99).await.unwrap(), "lo");
    assert_eq!(backend.get_range(&key("v"), 5..9).await.unwrap(), "");
}

/// What is no answer to the question is never taken for an empty listing or a value.
#[tokio::test]
async fn nonsense_is_an_error() {
    for nonsense in [
        answer(207, "", "no xml"),
        answer(207, "", "<D:multistatus xmlns:D=\"DAV:\"/>"),
        answer(200, "content-type: text/html\r\n", "<html>Please log in</html>"),
        answer(204, "", ""),
    ] {
        let stub = Stub::start(move |_| nonsense.clone()).await;
        let opened = OpendalBackend::open(id(), stub.config()).await;
        assert!(matches!(opened.unwrap_err(), OpenError::Backend(_)));
    }
    // It went wrong after it was opened.
    let stub = Stub::start(|head| {
        if head.starts_with("PROPFIND /root/ ") && head.to_lowercase().contains("depth: 0") {
            multistatus("/root/", "<D:resourcetype><D:collection/></D:resourcetype>")
        } else {
            answer(200, "content-type: text/html\r\n", "<html>Please log in</html>")
        }
    })
    .await;
    let backend = open(stub.config()).await;
    assert_eq!(backend.list(&Prefix::all(), None).await.unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(backend.stat(&key("v")).await.unwrap_err().kind(), ErrorKind::Other);
}

/// An answer without end is ended here.
#[tokio::test]
async fn a_listing_without_end_is_refused() {
    let long = "x".repeat(65 << 20);
    let body = answer(207, "", &long);
    let stub = Stub::start(move |_| body.clone()).await;
    let OpenError::Backend(error) = OpendalBackend::open(id(), stub.config()).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(error.to_string(), "dav: open: the service's answer is longer than it may be");
}

/// What the page says about the cost.
#[tokio::test]
async fn requests_are_counted() {
    let stub = Stub::start(|head| match head.split(' ').collect::<Vec<_>>()[..2] {
        ["PROPFIND", "/root/"] => multistatus("/root/", "<D:resourcetype><D:collection/></D:resourcetype>"),
        ["PROPFIND", path] if path == "/root/v" || path.starts_with("/root/.xstore-tmp-") => {
            multistatus(path, "<D:resourcetype/><D:getcontentlength>5</D:getcontentlength>")
        }
        // There while it takes the place of the value.
        ["PROPFIND", "/root/.xstore-new-v"] => {
            multistatus("/root/.xstore-new-v", "<D:resourcetype/><D:getcontentlength>5</D:getcontentlength>")
        }
        ["PROPFIND", _] => answer(404, "", ""),
        ["GET", _] => answer(200, "", "hello"),
        ["DELETE", _] => answer(204, "", ""),
        _ => answer(201, "", ""),
    })
    .await;
    let backend = open(stub.config()).await;
    let (v, w, replace) = (key("v"), key("w"), PutOptions::replace());
    let mut before = stub.heads().len();
    let mut count = || {
        let now = stub.heads().len();
        now - std::mem::replace(&mut before, now)
    };
    backend.put(&w, b"hello".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(count(), 10);
    backend.put(&v, b"hello".as_slice().into(), &replace).await.unwrap();
    assert_eq!(count(), 10);
    backend.get(&v, 5).await.unwrap();
    assert_eq!(count(), 2);
    backend.stat(&v).await.unwrap();
    assert_eq!(count(), 1);
    backend.delete(&v).await.unwrap();
    assert_eq!(count(), 3);
    backend.get(&w, 5).await.unwrap_err();
    assert_eq!(count(), 5);
    backend.list(&Prefix::all(), None).await.unwrap();
    assert_eq!(count(), 2);
}
