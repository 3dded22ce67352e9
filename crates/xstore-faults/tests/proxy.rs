//! The proxy between a client and a small server of HTTP.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use xstore_faults::proxy::{Canned, Condition, Protocol, Proxy};

/// The body that the server answers with.
const BODY: usize = 10_000;

/// Long enough for anything on the loopback, short enough for a test.
const SOON: Duration = Duration::from_secs(10);

/// Answers each request, once it is complete, with a body of zeros; the head says how long the request's body was.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    loop {
        let head = head(&mut stream).await?;
        let length = header(&head, "content-length").unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let answer = format!("HTTP/1.1 200 OK\r\nx-seen: {length}\r\ncontent-length: {BODY}\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
        stream.write_all(&[0; BODY]).await?;
    }
}

async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(head).unwrap())
}

fn header(head: &str, name: &str) -> Option<usize> {
    let value = head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| *n == name)?.1;
    value.parse().ok()
}

/// An answer: its status, what the server saw, the bytes of its body until it ended, and how it ended.
#[derive(Debug)]
struct Answer {
    status: u16,
    seen: Option<usize>,
    body: Vec<u8>,
    end: io::Result<()>,
}

async fn send(stream: &mut TcpStream, method: &str, len: usize) -> io::Result<()> {
    stream.write_all(format!("{method} / HTTP/1.1\r\ncontent-length: {len}\r\n\r\n").as_bytes()).await?;
    stream.write_all(&vec![1; len]).await
}

async fn receive(stream: &mut TcpStream) -> io::Result<Answer> {
    let head = head(stream).await?;
    let length = header(&head, "content-length").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = Vec::new();
    let mut end = Ok(());
    while body.len() < length {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) => break,
            Ok(n) => body.extend_from_slice(&buffer[..n]),
            Err(error) => {
                end = Err(error);
                break;
            }
        }
    }
    Ok(Answer { status, seen: header(&head, "x-seen"), body, end })
}

async fn ask(stream: &mut TcpStream, method: &str, len: usize) -> io::Result<Answer> {
    // A connection that is reset while we write may fail in either half.
    let sent = send(stream, method, len).await;
    let answer = receive(stream).await?;
    sent.map(|()| answer)
}

async fn started(condition: Condition) -> (Proxy, TcpStream) {
    let proxy = Proxy::start(server().await, Protocol::Http, 7).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    // The connection is there before the condition is.
    let answer = ask(&mut stream, "PUT", 3).await.unwrap();
    assert_eq!((answer.status, answer.seen, answer.body.len()), (200, Some(3), BODY));
    assert_eq!(proxy.strikes(), 0);
    proxy.set(condition).await.unwrap();
    (proxy, stream)
}

fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted
    )
}

#[tokio::test]
async fn a_refused_port_is_closed_and_comes_back() {
    let (proxy, mut stream) = started(Condition::Refused).await;
    let error = ask(&mut stream, "GET", 0).await.unwrap_err();
    assert!(is_reset(&error) || error.kind() == io::ErrorKind::UnexpectedEof, "{error}");
    let error = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    proxy.set(Condition::Pass).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut stream, "GET", 0).await.unwrap().body.len(), BODY);
}

#[tokio::test]
async fn a_frozen_one_accepts_and_answers_only_when_it_thaws() {
    let (proxy, mut old) = started(Condition::Frozen).await;
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    for stream in [&mut old, &mut new] {
        send(stream, "GET", 0).await.unwrap();
        timeout(Duration::from_millis(200), stream.read_u8()).await.unwrap_err();
    }
    assert!(proxy.strikes() >= 2);
    proxy.set(Condition::Pass).await.unwrap();
    for stream in [&mut old, &mut new] {
        assert_eq!(timeout(SOON, receive(stream)).await.unwrap().unwrap().body.len(), BODY);
    }
}

#[tokio::test]
async fn a_slow_one_takes_its_time() {
    let latency = Duration::from_millis(100);
    let (proxy, mut stream) = started(Condition::Slow { latency, bytes_per_second: 50_000 }).await;
    let begin = Instant::now();
    let answer = timeout(SOON, ask(&mut stream, "GET", 0)).await.unwrap().unwrap();
    // 10 000 bytes at 50 000 a second, and the latency.
    assert!(begin.elapsed() >= Duration::from_millis(300), "{:?}", begin.elapsed());
    assert_eq!(answer.body, [0; BODY]);
    assert!(proxy.strikes() > 0);
}

#[tokio::test]
async fn a_flaky_one_fails_as_often_as_its_seed_says() {
    async fn failures(probability: f64) -> Vec<bool> {
        let (proxy, _) = started(Condition::Flaky { probability }).await;
        let mut failed = Vec::new();
        for _ in 0..60 {
            let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
            failed.push(ask(&mut stream, "PUT", 40_000).await.is_err());
        }
        assert_eq!(proxy.strikes(), failed.iter().filter(|failed| **failed).count() as u64);
        failed
    }
    assert_eq!(failures(0.0).await, [false; 60]);
    assert_eq!(failures(1.0).await, [true; 60]);
    let some = failures(0.5).await;
    assert!(some.contains(&true) && some.contains(&false));
    assert_eq!(failures(0.5).await, some);
}

#[tokio::test]
async fn each_request_on_one_connection_is_drawn_for() {
    let (proxy, mut stream) = started(Condition::Flaky { probability: 0.2 }).await;
    let mut passed = 0;
    while let Ok(answer) = ask(&mut stream, "PUT", 40_000).await {
        assert_eq!(answer.body.len(), BODY);
        passed += 1;
        assert!(passed < 1000, "nothing was reset");
    }
    assert!(passed > 0, "the first request was reset already");
    assert_eq!(proxy.strikes(), 1);
}

#[tokio::test]
async fn an_answer_is_reset_in_its_middle() {
    let (proxy, mut stream) = started(Condition::Reset { up: None, down: Some(5000) }).await;
    let answer = ask(&mut stream, "GET", 0).await.unwrap();
    assert!(is_reset(&answer.end.unwrap_err()));
    assert!(answer.body.len() <= 5000);
    assert_eq!(proxy.strikes(), 1);
}

#[tokio::test]
async fn a_request_is_reset_in_its_middle_and_a_short_one_is_not() {
    let (proxy, mut stream) = started(Condition::Reset { up: Some(5000), down: None }).await;
    assert_eq!(ask(&mut stream, "PUT", 5000).await.unwrap().seen, Some(5000));
    assert_eq!(proxy.strikes(), 0);
    let error = ask(&mut stream, "PUT", 5001).await.unwrap_err();
    assert!(is_reset(&error), "{error}");
    assert_eq!(proxy.strikes(), 1);
}

#[tokio::test]
async fn a_truncated_answer_ends_in_good_order() {
    let (proxy, mut stream) = started(Condition::Truncated { after: 5000 }).await;
    let answer = ask(&mut stream, "GET", 0).await.unwrap();
    answer.end.unwrap();
    assert_eq!(answer.body.len(), 5000);
    assert_eq!(proxy.strikes(), 1);
}

#[tokio::test]
async fn bits_are_flipped_where_they_should_be() {
    let (proxy, mut stream) = started(Condition::Flipped { first: 100, step: 3000 }).await;
    let answer = ask(&mut stream, "GET", 0).await.unwrap();
    let wrong: Vec<usize> = (0..BODY).filter(|at| answer.body[*at] != 0).collect();
    assert_eq!(wrong, [100, 3100, 6100, 9100]);
    assert_eq!(proxy.strikes(), 4);
}

#[tokio::test]
async fn canned_answers_come_instead_of_real_ones() {
    let canned = Canned::new(503).header("retry-after", "1").body("text/plain", "busy");
    let (proxy, mut old) = started(Condition::Answered(canned.clone())).await;
    ask(&mut old, "GET", 0).await.unwrap_err();
    for method in ["GET", "PUT"] {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let answer = ask(&mut stream, method, 40_000).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), answer.seen), (503, b"busy".as_slice(), None));
        stream.read_u8().await.unwrap_err();
    }
    assert_eq!(proxy.strikes(), 2);

    proxy.set(Condition::Answered(canned.to_writes())).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut stream, "PUT", 100).await.unwrap().status, 503);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let answer = ask(&mut stream, "GET", 0).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, BODY));
    // Such a connection takes one request, so that none slips through.
    stream.read_u8().await.unwrap_err();
    assert_eq!(proxy.strikes(), 3);
}

#[tokio::test]
async fn values_of_redis_are_told_from_lines() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"+OK\r\n$4\r\naaaa\r\n").await.unwrap();
        stream.read_u8().await
    });
    let proxy = Proxy::start(address, Protocol::Redis, 1).await.unwrap();
    proxy.set(Condition::Flipped { first: 0, step: 2 }).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut answer = [0; 15];
    timeout(SOON, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"+OK\r\n$4\r\n`a`a\r\n");
}

#[tokio::test]
async fn connections_end_with_the_proxy() {
    let (proxy, mut stream) = started(Condition::Pass).await;
    let address = proxy.address();
    drop(proxy);
    timeout(SOON, stream.read_u8()).await.unwrap().unwrap_err();
    let mut refused = false;
    for _ in 0..100 {
        refused = TcpStream::connect(address).await.is_err();
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(refused);
}
