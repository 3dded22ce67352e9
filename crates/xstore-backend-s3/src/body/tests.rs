use super::*;
use std::task::Waker;

fn pieces(texts: &[&'static str]) -> Payload {
    Payload::from_chunks(texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect())
}

fn body(texts: &[&'static str]) -> ByteStream {
    sending(pieces(texts))
}

#[test]
fn a_value_is_sent_in_its_own_pieces() {
    let data = pieces(&["", "ab", "", "cde", ""]);
    let mut sent = Sending { data: data.clone(), next: 0, left: data.len() as u64 };
    let mut context = Context::from_waker(Waker::noop());
    let mut poll = || match Pin::new(&mut sent).poll_frame(&mut context) {
        Poll::Ready(frame) => frame.map(|frame| frame.unwrap().into_data().unwrap()),
        Poll::Pending => panic!("it is all there"),
    };
    let first = poll().unwrap();
    assert_eq!((first.as_ptr(), &first[..]), (data.chunks()[1].as_ptr(), &b"ab"[..]), "not a copy");
    assert_eq!(poll().unwrap(), "cde");
    assert!(poll().is_none() && poll().is_none());
    assert!(sent.is_end_stream());
    assert_eq!(sent.size_hint().exact(), Some(0));
}

#[tokio::test]
async fn checksums_are_those_of_the_whole() {
    // The check values of CRC-32/ISO-HDLC and of RFC 1321.
    let crc32 = checksum(&pieces(&["1234", "", "56789"]), Checksum::Crc32).await;
    assert_eq!(crc32.as_deref(), Some("y/Q5Jg=="));
    let md5 = checksum(&pieces(&["message", " digest"]), Checksum::Md5).await;
    assert_eq!(md5.as_deref(), Some("+WtpfXy3k41SWi8xqvFh0A=="));
    assert_eq!(checksum(&Payload::default(), Checksum::Crc32).await.as_deref(), Some("AAAAAA=="));
    assert_eq!(checksum(&pieces(&["x"]), Checksum::None).await, None);
}

#[tokio::test]
async fn what_arrives_is_counted() {
    let get = |texts: &[&'static str], len, max| receive(body(texts), len, max);
    assert_eq!(get(&["abc", "de"], Some(5), 5).await.unwrap(), "abcde");
    assert_eq!(get(&["abc", "de"], None, 5).await.unwrap(), "abcde");
    assert_eq!(get(&[], Some(0), 0).await.unwrap(), "");
    for (len, max, kind, is_retryable) in [
        (Some(5), 4, ErrorKind::TooLarge, false),
        (None, 4, ErrorKind::TooLarge, false),
        (Some(4), 4, ErrorKind::TooLarge, false),
        (Some(4), 9, ErrorKind::Other, false),
        (Some(6), 9, ErrorKind::Unavailable, true),
        (Some(u64::MAX), usize::MAX, ErrorKind::TooLarge, false),
    ] {
        let error = get(&["abc", "de"], len, max).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{len:?} {max}");
    }
}
