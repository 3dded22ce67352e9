//! Servers that answer as no real one does, or as one does that can't be had.

use super::*;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Answer = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A server whose answer to each command is what `answer` makes of it, where that is something, and otherwise that of a
/// durable one. It closes the connection after an answer that isn't complete.
async fn stub(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Config {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer: Arc<Answer> = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&answer)));
        }
    });
    Config::tcp("127.0.0.1", port)
}

async fn serve(stream: TcpStream, answer: Arc<Answer>) {
    let mut stream = BufReader::new(stream);
    while let Some(command) = command(&mut stream).await {
        let text = answer(&command).unwrap_or_else(|| usual(&command));
        if stream.write_all(text.as_bytes()).await.is_err() || text.is_empty() || !text.ends_with("\r\n") {
            return;
        }
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn usual(command: &str) -> String {
    match command.split(' ').next() {
        Some("INFO") => info("7.0.0"),
        Some("CONFIG") => format!("*2\r\n{}{}", bulk("appendfsync"), bulk("always")),
        Some("GET") => bulk("value"),
        Some("WAITAOF") => "*2\r\n:1\r\n:0\r\n".to_owned(),
        Some("PEXPIRE") => ":1\r\n".to_owned(),
        _ => "+OK\r\n".to_owned(),
    }
}

fn info(version: &str) -> String {
    bulk(&format!(
        "redis_version:{version}\r\nrun_id:r\r\nrole:master\r\naof_enabled:1\r\nmaxmemory_policy:noeviction"
    ))
}

async fn command(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let count: usize = line.strip_prefix('*')?.trim_end().parse().ok()?;
    let mut words = Vec::new();
    for _ in 0..count {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let mut word = vec![0; line.strip_prefix('$')?.trim_end().parse::<usize>().ok()? + 2];
        stream.read_exact(&mut word).await.ok()?;
        words.push(String::from_utf8_lossy(&word[..word.len() - 2]).into_owned());
    }
    Some(words.join(" "))
}

/// To commands that begin with `words`, this answer.
async fn answering(words: &'static str, answer: impl Into<String>) -> Config {
    let answer = answer.into();
    stub(move |command| command.starts_with(words).then(|| answer.clone())).await
}

async fn client(config: Config) -> Client {
    Client::open(config).await.unwrap()
}

fn key() -> Key {
    Key::new("k").unwrap()
}

fn is(error: &Error, kind: ErrorKind, is_retryable: bool, may_have_written: bool) {
    let found = (error.kind(), error.is_retryable(), error.may_have_written());
    assert_eq!(found, (kind, is_retryable, may_have_written), "{error}");
}

#[tokio::test]
async fn a_server_that_reads_its_data() {
    let config = answering("INFO", "-LOADING Redis is loading the dataset in memory\r\n").await;
    is(&Client::open(config).await.err().unwrap(), ErrorKind::Unavailable, true, false);
    let client = client(
        answering("SET", "-MISCONF Errors writing to the AOF file: No space left on device\r\n").await,
    )
    .await;
    let put = client.put(&key(), &Payload::default(), &PutOptions::replace()).await;
    is(&put.unwrap_err(), ErrorKind::QuotaExceeded, false, false);
}

#[tokio::test]
async fn values_that_are_not_as_announced() {
    let get = async |answer: &'static str, max: usize| {
        client(answering("GET", answer).await).await.get(&key(), max).await.unwrap_err()
    };
    is(&get("$100\r\nshort", 100).await, ErrorKind::Unavailable, true, true);
    is(&get("$3\r\nlonger than that\r\n", 100).await, ErrorKind::Other, false, true);
    is(&get("$101\r\n", 100).await, ErrorKind::TooLarge, false, false);
    is(&get("$9000000000000000000\r\n", usize::MAX).await, ErrorKind::TooLarge, false, false);
    is(&get(":5\r\n", 100).await, ErrorKind::Other, false, true);
    is(&get("*1\r\n$1\r\na\r\n", 100).await, ErrorKind::Other, false, true);
    is(&get("", 100).await, ErrorKind::Unavailable, true, true);
}

#[tokio::test]
async fn ranges_that_are_longer_than_asked_for() {
    let client = client(answering("EXEC", "*2\r\n:1\r\n$6\r\nabcdef\r\n").await).await;
    assert_eq!(client.get_range(&key(), 0..6).await.unwrap(), "abcdef");
    is(&client.get_range(&key(), 0..5).await.unwrap_err(), ErrorKind::Other, false, true);
    let odd =
        ["*1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n", "*2\r\n$1\r\na\r\n:1\r\n", "$-1\r\n", "-EXECABORT no\r\n"];
    for answer in odd {
        let client = self::client(answering("EXEC", answer).await).await;
        is(
            &client.get_range(&key(), 0..5).await.unwrap_err(),
            ErrorKind::Other,
            false,
            !answer.starts_with('-'),
        );
    }
    let client = self::client(answering("EXEC", "*2\r\n:1\r\n:-5\r\n").await).await;
    is(&client.stat(&key()).await.unwrap_err(), ErrorKind::Other, false, true);
}

#[tokio::test]
async fn a_write_counts_when_it_is_on_disk() {
    let put = async |wait: &'static str| {
        let config = stub(move |command| match command {
            "INFO" => Some(info("7.2.4")),
            "CONFIG GET *appendfsync*" => Some(format!("*2\r\n{}{}", bulk("appendfsync"), bulk("everysec"))),
            // The one that the opening waits for has a limit.
            "WAITAOF 1 0 0" => Some(wait.to_owned()),
            _ => None,
        });
        let client = client(config.await).await;
        assert_eq!(client.promise(), Durability::Waits);
        client.put(&key(), &Payload::default(), &PutOptions::replace()).await
    };
    assert!(put("*2\r\n:1\r\n:0\r\n").await.unwrap());
    is(&put("*2\r\n:0\r\n:0\r\n").await.unwrap_err(), ErrorKind::Timeout, true, true);
    is(&put("*0\r\n").await.unwrap_err(), ErrorKind::Timeout, true, true);
    is(&put("-UNBLOCKED force unblock\r\n").await.unwrap_err(), ErrorKind::Unavailable, true, true);
    is(&put("+OK\r\n").await.unwrap_err(), ErrorKind::Other, false, true);
}

#[tokio::test]
async fn who_may_not_wait_is_promised_nothing() {
    let promise = async |answer: &'static str| {
        let config = stub(move |command| match command {
            "INFO" => Some(info("7.2.4")),
            "CONFIG GET *appendfsync*" => Some("-NOPERM no\r\n".to_owned()),
            "WAITAOF 1 0 3000" => Some(answer.to_owned()),
            _ => None,
        });
        Client::open(config.await).await.map(|client| client.promise())
    };
    assert_eq!(promise("*2\r\n:1\r\n:0\r\n").await.unwrap(), Durability::Waits);
    assert!(matches!(promise("-NOPERM no\r\n").await.unwrap(), Durability::Volatile(_)));
    assert!(matches!(promise("*2\r\n:0\r\n:0\r\n").await.unwrap(), Durability::Volatile(_)));
    is(&promise("-LOADING x\r\n").await.unwrap_err(), ErrorKind::Unavailable, true, true);
}

#[test]
fn times_to_live() {
    for (ttl, expected) in [
        (Duration::ZERO, Some("1")),
        (Duration::from_nanos(1), Some("1")),
        (Duration::from_micros(1001), Some("2")),
        (Duration::from_secs(3600), Some("3600000")),
        (Duration::from_secs(1 << 42), None),
        (Duration::MAX, None),
    ] {
        assert_eq!(millis(ttl).as_deref(), expected, "{ttl:?}");
    }
}
