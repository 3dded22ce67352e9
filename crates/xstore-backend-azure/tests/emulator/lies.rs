//! Answers that can't be the service's own, or can't be true.

use crate::stub::{Stub, answer, refusal};
use crate::support::{id, key, soon};
use crate::wire::passing;
use xstore_backend::{ErrorKind, Prefix, PutOptions, StorageBackend};
use xstore_backend_azure::AzureBackend;

/// Answers to a get of `max` 100: what is promised, and what comes.
#[tokio::test]
async fn lies_about_lengths_and_ranges() {
    let body = [b'x'; 40];
    let promised = |length: usize| {
        let head = format!(
            "HTTP/1.1 206 P\r\ncontent-range: bytes 0-39/40\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        [head.as_bytes(), &body].concat()
    };
    let ranged = |range: &str| answer(206, &format!("content-range: {range}\r\n"), &body);
    let chunked = b"HTTP/1.1 206 P\r\ncontent-range: bytes 0-3/4\r\ntransfer-encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n0\r\n\r\n";
    let lies = [
        promised(60),
        promised(39),
        ranged("bytes 1-40/41"),
        ranged("bytes 0-39/41"),
        ranged("bytes 0-40/41"),
        ranged("bytes 0-18446744073709551615/18446744073709551615"),
        ranged("bytes 0-39/*"),
        ranged("bytes */40"),
        ranged("bytes 0--1/0"),
        ranged("nonsense"),
        answer(206, "", &body),
        answer(200, "", &body),
        answer(206, "content-range: bytes 0-39/40\r\n", b""),
        chunked.to_vec(),
        b"HTTP/1.1 206 P\r\ncontent-range: bytes 0-39/40\r\n\r\nshort".to_vec(),
        b"HTTP/9.9 nonsense\r\n\r\n".to_vec(),
        b"HTTP/1.1 206 P\r\ncontent-le".to_vec(),
    ];
    for lie in lies {
        let shown = String::from_utf8_lossy(&lie).into_owned();
        let stub = Stub::start(move |_| lie.clone()).await;
        let error = stub.open().await.get(&key("k"), 100).await.expect_err(&shown);
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Unavailable, true),
            "{shown}: {error:?}"
        );
    }
    let honest = answer(206, "content-range: bytes 0-39/40\r\n", &body);
    let stub = Stub::start(move |_| honest.clone()).await;
    assert_eq!(stub.open().await.get(&key("k"), 100).await.unwrap(), body[..]);
    assert_eq!(stub.heads().len(), 1);
}

/// As of a portal, or of a proxy that has a page for everything.
#[tokio::test]
async fn a_stranger_who_says_yes_to_everything_is_not_believed() {
    for (status, body) in [(200, ""), (200, "OK"), (200, "<html>Welcome</html>"), (204, "")] {
        let stub = Stub::start(move |_| answer(status, "", body.as_bytes())).await;
        let backend = stub.open().await;
        let key = key("k");
        let put = backend.put(&key, b"value"[..].into(), &PutOptions::replace()).await.unwrap_err();
        assert!(put.may_have_written(), "{put:?}");
        assert!(backend.delete(&key).await.unwrap_err().may_have_written());
        for (what, read) in [
            ("get", backend.get(&key, 100).await.map(drop)),
            ("range", backend.get_range(&key, 0..10).await.map(drop)),
            ("range", backend.get_range(&key, 5..10).await.map(drop)),
            ("stat", backend.stat(&key).await.map(drop)),
            ("list", backend.list(&Prefix::all(), None).await.map(drop)),
        ] {
            assert!(read.is_err(), "{what} {status} {body}");
        }
        let stub = Stub::answering_all(move |_| answer(status, "", body.as_bytes())).await;
        assert!(AzureBackend::open(id(), stub.config()).await.is_err(), "{status} {body}");
    }
}

#[tokio::test]
async fn a_range_is_empty_where_the_service_itself_says_so() {
    let stub = Stub::start(|_| refusal(416, "InvalidRange")).await;
    assert_eq!(stub.open().await.get_range(&key("k"), 5..10).await.unwrap(), "");
    let stub = Stub::start(|_| answer(416, "", b"")).await;
    let error = stub.open().await.get_range(&key("k"), 5..10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other, "{error:?}");
    assert!(stub.open().await.get(&key("k"), 10).await.is_err());
}

#[tokio::test]
async fn an_endless_answer_ends() {
    let endless = |head: &str| {
        let status = if head.contains("comp=list") { "200 OK" } else { "503 Busy" };
        let mut bytes = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n").into_bytes();
        bytes.resize(bytes.len() + (40 << 20), b'<');
        bytes
    };
    let stub = Stub::start(endless).await;
    let backend = stub.open().await;
    passing(soon(backend.list(&Prefix::all(), None)).await);
    passing(soon(backend.get(&key("k"), 10)).await);
}

#[tokio::test]
async fn a_listing_that_makes_no_sense_is_not_empty() {
    for body in [
        "",
        "<",
        "<html>Welcome to the hotel</html>",
        "<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>",
        "<EnumerationResults ContainerName=\"other\"><Blobs/><NextMarker/></EnumerationResults>",
        // Cut off.
        "<EnumerationResults ContainerName=\"container\"><Blobs><Blob><Name>k",
        "<EnumerationResults ContainerName=\"container\"><Blobs></Blobs>",
    ] {
        let stub =
            Stub::start(move |_| answer(200, "content-type: application/xml\r\n", body.as_bytes())).await;
        let listed = stub.open().await.list(&Prefix::all(), None).await;
        assert!(listed.is_err(), "{body:?}: {listed:?}");
    }
    let empty = "<EnumerationResults ContainerName=\"container\"><Blobs/><NextMarker/></EnumerationResults>";
    let stub = Stub::start(|_| answer(200, "", empty.as_bytes())).await;
    assert_eq!(stub.open().await.list(&Prefix::all(), None).await.unwrap(), Default::default());
}
