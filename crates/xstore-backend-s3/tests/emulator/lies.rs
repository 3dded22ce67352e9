//! Answers that can't be the server's own, or can't be true.

use crate::answers::{answering, get};
use crate::connections::every_operation;
use crate::server::{id, key};
use crate::stub::{Stub, answer, page};
use xstore_backend::{Cursor, ErrorKind, Prefix, StorageBackend};
use xstore_backend_s3::S3Backend;

#[tokio::test]
async fn lengths_that_lie() {
    let short = get("HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 9\r\nconnection: close\r\n\r\nshort", 100)
        .await
        .unwrap_err();
    assert_eq!((short.kind(), short.is_retryable()), (ErrorKind::Unavailable, true), "{short:?}");
    // Nothing is taken beyond the length that was said.
    let long =
        get("HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlonger", 100).await;
    assert_eq!(long.unwrap(), "long");
    let large = get("HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 101\r\n\r\n", 100).await.unwrap_err();
    assert_eq!((large.kind(), large.is_retryable()), (ErrorKind::TooLarge, false));
    let absurd =
        get("HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 9223372036854775807\r\n\r\nx", usize::MAX).await;
    assert_eq!(absurd.unwrap_err().kind(), ErrorKind::TooLarge, "more than there is memory");
}

#[tokio::test]
async fn without_a_length_the_bytes_are_counted() {
    let pieces =
        "HTTP/1.1 200 OK\r\netag: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(get(pieces, 5).await.unwrap(), "abcde");
    assert_eq!(get(pieces, 4).await.unwrap_err().kind(), ErrorKind::TooLarge);
    let cut = "HTTP/1.1 200 OK\r\netag: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n";
    let cut = get(cut, 5).await.unwrap_err();
    assert_eq!((cut.kind(), cut.is_retryable()), (ErrorKind::Unavailable, true));
}

/// As of a portal, or of a proxy that has a page for everything.
#[tokio::test]
async fn a_stranger_who_says_yes_to_everything_is_not_believed() {
    for bytes in [
        answer(200, "content-type: text/html\r\n", "<html>Welcome</html>"),
        answer(200, "", "OK"),
        answer(202, "", "{}"),
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
    ] {
        let (_stub, backend) = answering(bytes.clone()).await;
        for (operation, error) in every_operation(&backend).await {
            let said = (error.kind(), error.is_retryable(), error.may_have_written());
            assert_eq!(said, (ErrorKind::Unavailable, true, true), "{operation}: {error:?}");
        }
        let stub = Stub::start(move |_| bytes.clone()).await;
        let error = S3Backend::open(id(), stub.config()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn a_part_is_not_taken_for_the_whole() {
    for (told, is_good) in
        [("bytes 0-4/9", false), ("bytes 4-8/9", false), ("x", false), ("bytes 0-4/5", true)]
    {
        let head = format!("HTTP/1.1 206 Some\r\netag: x\r\ncontent-length: 5\r\ncontent-range: {told}");
        let got = get(&format!("{head}\r\n\r\n12345"), 9).await;
        assert_eq!(got.is_ok(), is_good, "{told}: {got:?}");
    }
    // Nothing tells where it ends.
    let cut = get("HTTP/1.1 200 OK\r\netag: x\r\n\r\nsho", 9).await.unwrap_err();
    assert_eq!((cut.kind(), cut.is_retryable()), (ErrorKind::Unavailable, true), "{cut:?}");
}

#[tokio::test]
async fn another_part_than_was_asked_for_is_refused() {
    for head in [
        "HTTP/1.1 206 Some\r\netag: x\r\ncontent-length: 2\r\ncontent-range: bytes 0-1/9",
        "HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 2",
    ] {
        let (_stub, backend) = answering(format!("{head}\r\n\r\n12").into_bytes()).await;
        let error = backend.get_range(&key("a"), 1..3).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Other, false), "{error:?}");
    }
    for (told, sent, kind) in [
        // More or less than was asked for, or than is said.
        ("bytes 1-3/9", "234", ErrorKind::Other),
        ("bytes 1-1/9", "2", ErrorKind::Other),
        ("bytes 1-2/*", "23", ErrorKind::Other),
        ("bytes 2-1/9", "", ErrorKind::Other),
        ("bytes 1-2/9", "234", ErrorKind::TooLarge),
        ("bytes 1-2/9", "2", ErrorKind::Unavailable),
    ] {
        let len = sent.len();
        let bytes = format!(
            "HTTP/1.1 206 Some\r\netag: x\r\ncontent-length: {len}\r\ncontent-range: {told}\r\n\r\n{sent}"
        );
        let (_stub, backend) = answering(bytes.into_bytes()).await;
        assert_eq!(backend.get_range(&key("a"), 1..3).await.unwrap_err().kind(), kind, "{told} {sent}");
    }
    let (_stub, backend) = answering(answer(416, "content-range: bytes */9\r\n", "")).await;
    assert_eq!(backend.get_range(&key("a"), 9..12).await.unwrap(), "");
    assert_eq!(backend.get_range(&key("a"), 8..12).await.unwrap_err().kind(), ErrorKind::Other);
    // Where the length isn't told, the value is asked for.
    for (size, expected) in [("9", None), ("10", Some(ErrorKind::Other)), ("x", Some(ErrorKind::Unavailable))]
    {
        let stub = Stub::with_bucket(move |head| match head.starts_with("HEAD") {
            true if size == "x" => answer(503, "", ""),
            true => format!("HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: {size}\r\n\r\n").into_bytes(),
            false => answer(416, "", "<html>"),
        });
        let stub = stub.await;
        let backend = S3Backend::open(id(), stub.config()).await.unwrap();
        let got = backend.get_range(&key("a"), 9..12).await;
        assert_eq!(got.err().map(|error| error.kind()), expected, "{size}");
    }
    // All that there is from there on.
    let end = "HTTP/1.1 206 Some\r\netag: x\r\ncontent-length: 1\r\ncontent-range: bytes 8-8/9\r\n\r\n9";
    let (_stub, backend) = answering(end.as_bytes().to_vec()).await;
    assert_eq!(backend.get_range(&key("a"), 8..u64::MAX).await.unwrap(), "9");
}

#[tokio::test]
async fn a_listing_that_makes_no_sense_is_no_empty_page() {
    let entry = "<Contents><Key>a/b</Key><Size>5</Size></Contents>";
    let list = |inside: &str| page(&format!("<ListBucketResult>{inside}</ListBucketResult>\n"));
    let ended = |inside: &str| list(&format!("<IsTruncated>false</IsTruncated>{inside}"));
    for (bytes, kind) in [
        (list("<IsTruncated>true</IsTruncated>"), ErrorKind::Other),
        (
            list("<IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>"),
            ErrorKind::Other,
        ),
        (ended("<Contents><Key>a/b</Key></Contents>"), ErrorKind::Other),
        (ended("<Contents><Key>a/b</Key><Size>-5</Size></Contents>"), ErrorKind::Other),
        (ended("<Contents><Key>z/b</Key><Size>5</Size></Contents>"), ErrorKind::Other),
        (list(entry), ErrorKind::Other),
        // Cut off between two names, where nothing says how long the page is.
        (
            format!("HTTP/1.1 200 OK\r\n\r\n<ListBucketResult><IsTruncated>false</IsTruncated>{entry}")
                .into_bytes(),
            ErrorKind::Unavailable,
        ),
        (answer(200, "", ""), ErrorKind::Unavailable),
        (page("<html>Welcome to the hotel's network"), ErrorKind::Unavailable),
        (answer(200, "content-type: text/plain\r\n", "no XML"), ErrorKind::Unavailable),
    ] {
        let said = String::from_utf8_lossy(&bytes).into_owned();
        let (_stub, backend) = answering(bytes).await;
        let listed = backend.list(&Prefix::new("a").unwrap(), Some(&Cursor::new("same"))).await;
        assert_eq!(listed.unwrap_err().kind(), kind, "{said}");
    }
    let (_stub, backend) = answering(ended(entry)).await;
    assert_eq!(backend.list(&Prefix::all(), None).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn endless_answers_are_broken_off() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n<ListBucketResult>{}",
        1u64 << 40,
        " ".repeat(17 << 20)
    );
    let (_stub, backend) = answering(endless.into_bytes()).await;
    let error = backend.list(&Prefix::all(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Other, false), "{error:?}");
    let endless =
        format!("HTTP/1.1 503 No\r\ncontent-length: {}\r\n\r\n<Error>{}", 1u64 << 40, " ".repeat(17 << 20));
    let (_stub, backend) = answering(endless.into_bytes()).await;
    assert!(backend.get(&key("a"), 10).await.is_err());
}

#[tokio::test]
async fn what_is_no_http_is_unavailable() {
    let (_stub, backend) = answering(b"220 mail.example ESMTP\r\n".to_vec()).await;
    for (operation, error) in every_operation(&backend).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{operation}: {error:?}");
    }
}
