use super::*;
use tokio::io::{DuplexStream, duplex};

async fn answered(bytes: &[u8], limit: usize) -> (Result<Reply, Broken>, Wire<DuplexStream>) {
    let (near, mut far) = duplex(1 << 20);
    far.write_all(bytes).await.unwrap();
    drop(far);
    let mut wire = Wire::new(near);
    wire.owed = 1;
    (wire.reply(limit).await, wire)
}

#[tokio::test]
async fn answers() {
    let value = |text: &'static [u8]| Reply::Value(Bytes::from_static(text));
    for (bytes, expected) in [
        (&b"+OK\r\n"[..], Reply::Status),
        (b":-42\r\n", Reply::Number(-42)),
        (b"$-1\r\n", Reply::Nothing),
        (b"*-1\r\n", Reply::Nothing),
        (b"*0\r\n", Reply::List(vec![])),
        (b"$0\r\n\r\n", value(b"")),
        (b"$4\r\n\r\n\r\n\r\n", value(b"\r\n\r\n")),
        (b"-OOM no room\r\n", Reply::Refused(Refusal::from_line(b"OOM no room"))),
        (
            b"*2\r\n$1\r\n0\r\n*3\r\n$1\r\na\r\n$-1\r\n:7\r\n",
            Reply::List(vec![value(b"0"), Reply::List(vec![value(b"a"), Reply::Nothing, Reply::Number(7)])]),
        ),
        (b"*2\r\n*0\r\n+x\r\n", Reply::List(vec![Reply::List(vec![]), Reply::Status])),
    ] {
        let (reply, wire) = answered(bytes, 100).await;
        assert_eq!(reply.unwrap(), expected, "{}", String::from_utf8_lossy(bytes));
        assert!(wire.is_idle());
    }
}

#[tokio::test]
async fn what_is_no_answer_breaks_the_connection() {
    let long_line = [b"+", "x".repeat(20_000).as_bytes(), b"\r\n"].concat();
    for bytes in [
        &b"?\r\n"[..],
        b"\r\n",
        b"OK\r\n",
        b":x\r\n",
        b":\r\n",
        b":99999999999999999999\r\n",
        b"$-2\r\n",
        b"$x\r\n",
        b"$3\r\nabcd\r\n",
        b"$3\r\nabc\n",
        b"*-2\r\n",
        b"*65537\r\n",
        b"*9999999999999\r\n",
        b"*1\r\n*1\r\n*1\r\n:1\r\n",
        &long_line,
    ] {
        let (reply, wire) = answered(bytes, 100).await;
        assert!(matches!(reply, Err(Broken::Malformed(_))), "{}: {reply:?}", String::from_utf8_lossy(bytes));
        assert!(!wire.is_idle());
    }
}

#[tokio::test]
async fn what_ends_too_soon_is_no_answer() {
    let whole = b"*3\r\n$5\r\nabcde\r\n:5\r\n-ERR x\r\n";
    for len in 0..whole.len() {
        let (reply, wire) = answered(&whole[..len], 100).await;
        assert!(matches!(reply, Err(Broken::Closed)), "{len}: {reply:?}");
        assert!(!wire.is_idle());
    }
    assert!(answered(whole, 100).await.0.is_ok());
}

#[tokio::test]
async fn a_value_that_is_too_long_is_not_kept() {
    // Alone, it isn't even read, whatever length it claims.
    let (reply, wire) = answered(b"$18446744073709551615\r\n", 100).await;
    assert!(matches!(reply, Err(Broken::Malformed(_))) && !wire.is_idle());
    let (reply, wire) = answered(b"$9223372036854775807\r\nab", 100).await;
    assert_eq!(reply.unwrap(), Reply::TooLong);
    assert!(!wire.is_idle());
    // In a list it is passed over.
    let (reply, wire) = answered(b"*2\r\n$5\r\nabcde\r\n$4\r\nabcd\r\n", 4).await;
    assert_eq!(reply.unwrap(), Reply::List(vec![Reply::TooLong, Reply::Value(Bytes::from_static(b"abcd"))]));
    assert!(wire.is_idle());
    let (reply, _) = answered(b"*1\r\n$500000\r\nabcde", 4).await;
    assert!(matches!(reply, Err(Broken::Closed)));
}

#[tokio::test]
async fn commands_and_values() {
    let (near, mut far) = duplex(1 << 20);
    let mut wire = Wire::new(near);
    let pieces = ["ab", "", "cde"].map(|piece| Bytes::from_static(piece.as_bytes()));
    let request = Request::new()
        .command(&[b"GET", b"k"])
        .command_with(&[b"SET", b"k"], &Payload::from_chunks(pieces.to_vec()), &[b"NX"])
        .command(&[b"PING"]);
    wire.send(request).await.unwrap();
    assert!(!wire.is_idle());
    far.write_all(b"$-1\r\n+OK\r\n+PONG\r\n").await.unwrap();
    assert_eq!(wire.reply(10).await.unwrap(), Reply::Nothing);
    assert_eq!(wire.reply(10).await.unwrap(), Reply::Status);
    assert!(!wire.is_idle());
    assert_eq!(wire.reply(10).await.unwrap(), Reply::Status);
    assert!(wire.is_idle() && wire.is_silent().await);
    drop(wire);
    let mut sent = Vec::new();
    far.read_to_end(&mut sent).await.unwrap();
    let expected = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nabcde\r\n$2\r\nNX\r\n*1\r\n$4\r\nPING\r\n";
    assert_eq!(String::from_utf8(sent).unwrap(), expected);
}

#[tokio::test]
async fn a_connection_that_speaks_unasked_or_is_closed_is_not_silent() {
    let (near, mut far) = duplex(100);
    let mut wire = Wire::new(near);
    assert!(wire.is_silent().await);
    far.write_all(b"+OK\r\n").await.unwrap();
    assert!(!wire.is_silent().await);
    let (near, far) = duplex(100);
    drop(far);
    assert!(!Wire::new(near).is_silent().await);
}

#[tokio::test]
async fn a_dropped_future_leaves_a_connection_that_is_not_idle() {
    let (near, _far) = duplex(10);
    let mut wire = Wire::new(near);
    let large = Request::new().command_with(&[b"SET", b"k"], &vec![0; 1 << 20].into(), &[]);
    assert!(wire.send(large).now_or_never().is_none());
    assert!(!wire.is_idle());
    let (near, mut far) = duplex(1000);
    let mut wire = Wire::new(near);
    wire.send(Request::new().command(&[b"GET", b"k"])).await.unwrap();
    far.write_all(b"$5\r\nab").await.unwrap();
    assert!(wire.reply(10).now_or_never().is_none());
    assert!(!wire.is_idle());
}

#[tokio::test]
async fn the_last_word_of_a_server_that_closes_is_heard() {
    let (near, mut far) = duplex(100);
    far.write_all(b"-ERR Protocol error: invalid bulk length\r\n").await.unwrap();
    drop(far);
    let mut wire = Wire::new(near);
    let sent = wire.send(Request::new().command_with(&[b"SET", b"k"], &vec![0; 1 << 20].into(), &[])).await;
    assert!(matches!(sent, Err(Broken::Refused(_))), "{sent:?}");
}

#[test]
fn no_value_is_printed() {
    let reply =
        Reply::List(vec![Reply::Value(Bytes::from_static(b"CANARY")), Reply::Nothing, Reply::TooLong]);
    let text = format!("{reply:?} {:?} {:?}", Reply::Status, Reply::Number(3));
    assert!(text.contains("len: 6") && !text.contains("CANARY") && !text.contains("67"), "{text}");
}
