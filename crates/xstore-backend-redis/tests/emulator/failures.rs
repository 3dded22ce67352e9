//! Each class of failure, provoked for real.

use crate::proxy::Proxy;
use crate::server::{DURABLE, FORGETFUL, Server, ask};
use crate::support::{chain, get, id, key, names, open, put, value};
use rustix::process::Signal;
use std::time::Duration;
use xstore_backend::layer::{Timeouts, TimingOut};
use xstore_backend::{Error, ErrorKind, PutOptions, Secret, StorageBackend};
use xstore_backend_redis::{Config, RedisBackend};

#[track_caller]
fn expect<T>(result: Result<T, Error>, kind: ErrorKind, is_retryable: bool, words: &str) -> Error {
    let Err(error) = result else { panic!("it must fail with {kind:?}") };
    let text = chain(&error);
    assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{text}");
    assert!(text.contains(words), "{text}");
    error
}

async fn refused(config: Config, kind: ErrorKind, is_retryable: bool, words: &str) {
    let error = expect(RedisBackend::open(id(), config).await, kind, is_retryable, words);
    assert!(!error.may_have_written());
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

#[tokio::test]
async fn credentials_that_are_wrong() {
    let server = Server::start(&["--requirepass", "right"]);
    let config = server.config();
    let auth = ErrorKind::AuthFailed;
    open(config.clone().with_credentials(None, secret("right"))).await;
    refused(config.clone().with_credentials(None, secret("wrong")), auth, false, "the password").await;
    let nobody = config.clone().with_credentials(Some("nobody".to_owned()), secret("right"));
    refused(nobody, auth, false, "user name or the password").await;
    // Nothing was asked that only a user may ask: it is the first operation that fails, or the opening.
    let error = match RedisBackend::open(id(), config).await {
        Ok(backend) => get(&backend, "v").await.unwrap_err(),
        Err(error) => error,
    };
    expect(Err::<(), _>(error), auth, false, "wants a password");
    let open_to_all = Server::start(&[]);
    let config = open_to_all.config().with_credentials(None, secret("any"));
    refused(config, auth, false, "has no password").await;
}

#[tokio::test]
async fn what_a_user_may_not_do() {
    let server = Server::start(DURABLE);
    let allow =
        ["ACL", "SETUSER", "xstore", "on", ">secret", "~mine/*", "+get", "+set", "+info", "+config|get"];
    server.ask(&allow);
    let config = server.config().with_credentials(Some("xstore".to_owned()), secret("secret"));
    let backend = open(config.clone()).await;
    put(&backend, "mine/v", value(1, 10)).await.unwrap();
    let error = expect(put(&backend, "other/v", value(1, 10)).await, ErrorKind::AuthFailed, false, "NOPERM");
    assert!(!error.may_have_written());
    expect(get(&backend, "other/v").await, ErrorKind::AuthFailed, false, "NOPERM");
    expect(backend.delete(&key("mine/v")).await, ErrorKind::AuthFailed, false, "NOPERM");
    expect(backend.stat(&key("mine/v")).await, ErrorKind::AuthFailed, false, "NOPERM");
    expect(backend.list(&"mine".parse().unwrap(), None).await, ErrorKind::AuthFailed, false, "NOPERM");
    assert_eq!(get(&backend, "mine/v").await.unwrap(), value(1, 10));
    // Revoked while it is in use: the server cuts the connections of a user that is gone.
    server.ask(&["ACL", "DELUSER", "xstore"]);
    expect(get(&backend, "mine/v").await, ErrorKind::AuthFailed, false, "WRONGPASS");
    expect(put(&backend, "mine/v", value(2, 10)).await, ErrorKind::AuthFailed, false, "WRONGPASS");
}

#[tokio::test]
async fn a_server_that_is_gone() {
    let server = Server::start(DURABLE);
    let backend = open(server.config()).await;
    put(&backend, "v", value(1, 10)).await.unwrap();
    server.kill();
    refused(server.config(), ErrorKind::Unavailable, true, "can't be reached").await;
    let error =
        expect(put(&backend, "v", value(2, 10)).await, ErrorKind::Unavailable, true, "can't be reached");
    // The connection was seen to be closed before anything was sent.
    assert!(!error.may_have_written());
    server.restart();
    assert_eq!(get(&backend, "v").await.unwrap(), value(1, 10));
}

#[tokio::test]
async fn a_put_that_is_cut_off_is_whole_or_nothing() {
    let server = Server::start(DURABLE);
    let proxy = Proxy::before(server.port()).await;
    let backend = open(Config::tcp("127.0.0.1", proxy.port())).await;
    let direct = open(server.config()).await;
    let large = value(3, 1 << 20);
    let (command, end) = ("*3\r\n$3\r\nSET\r\n$4\r\nv000\r\n$1048576\r\n".len() as u64, (1 << 20) + 2);
    let whole = command + end;
    for (at, bytes) in [0, 1, command - 1, command, 70_000, whole - 2, whole - 1].into_iter().enumerate() {
        let name = format!("v{at:03}");
        get(&backend, "none").await.unwrap_err();
        proxy.cut_up_after(bytes);
        expect(put(&backend, &name, large.clone()).await, ErrorKind::Unavailable, true, "connection");
        proxy.mend();
        expect(get(&direct, &name).await, ErrorKind::NotFound, false, "");
    }
    // All arrived, but nobody heard of it.
    get(&backend, "none").await.unwrap_err();
    proxy.cut_down_after(3);
    let error = expect(put(&backend, "v999", large.clone()).await, ErrorKind::Unavailable, true, "closed");
    assert!(error.may_have_written());
    proxy.mend();
    assert_eq!(get(&direct, "v999").await.unwrap(), large);
    put(&backend, "v000", large.clone()).await.unwrap();
    assert_eq!(get(&direct, "v000").await.unwrap(), large);
}

#[tokio::test]
async fn a_get_that_is_cut_off_is_an_error() {
    let server = Server::start(DURABLE);
    let proxy = Proxy::before(server.port()).await;
    let backend = open(Config::tcp("127.0.0.1", proxy.port())).await;
    let large = value(4, 1 << 20);
    put(&backend, "v", large.clone()).await.unwrap();
    let head = "$1048576\r\n".len() as u64;
    let whole = head + (1 << 20) + 2;
    for bytes in [0, 1, head - 1, head, head + 1, 70_000, whole - 3, whole - 2, whole - 1] {
        proxy.cut_down_after(bytes);
        expect(get(&backend, "v").await, ErrorKind::Unavailable, true, "closed the connection");
        proxy.mend();
        assert_eq!(get(&backend, "v").await.unwrap(), large);
    }
}

#[tokio::test]
async fn a_frozen_server_holds_nobody() {
    let server = Server::start(DURABLE);
    let backend = open(server.config()).await;
    put(&backend, "v", value(5, 1000)).await.unwrap();
    server.signal(Signal::STOP);
    // Dropped, while nothing is answered.
    for _ in 0..20 {
        let short = Duration::from_millis(20);
        tokio::time::timeout(short, get(&backend, "v")).await.unwrap_err();
        tokio::time::timeout(short, put(&backend, "w", value(6, 9 << 20))).await.unwrap_err();
        tokio::time::timeout(short, backend.list(&Default::default(), None)).await.unwrap_err();
    }
    let timeouts = Timeouts::new(Duration::from_millis(200), 1_000_000_000.try_into().unwrap());
    let timing_out = TimingOut::new(backend, timeouts);
    expect(timing_out.get(&key("v"), 1000).await, ErrorKind::Timeout, true, "");
    // A new connection is accepted by the system, but nobody serves it.
    let soon = server.config().with_connect_timeout(Duration::from_millis(200));
    refused(soon, ErrorKind::Timeout, true, "connect-timeout").await;
    server.signal(Signal::CONT);
    assert_eq!(timing_out.inner().get(&key("v"), 1000).await.unwrap(), value(5, 1000));
}

#[tokio::test]
async fn a_full_server() {
    let mut arguments = DURABLE.to_vec();
    arguments.extend(["--maxmemory", "12mb", "--maxmemory-policy", "noeviction"]);
    let server = Server::start(&arguments);
    let backend = open(server.config()).await;
    let mut stored = 0;
    let error = loop {
        match put(&backend, &format!("v{stored}"), value(stored, 1 << 20)).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(stored > 2, "{stored}");
    assert!(!error.may_have_written());
    expect(Err::<(), _>(error), ErrorKind::QuotaExceeded, false, "OOM");
    for at in 0..stored {
        assert_eq!(get(&backend, &format!("v{at}")).await.unwrap(), value(at, 1 << 20));
    }
    let space = backend.space().await.unwrap();
    assert!(space.total == Some(12 << 20) && space.free.unwrap() < 4 << 20, "{space:?}");
    // What isn't there can be deleted, too.
    backend.delete(&key("never")).await.unwrap();
    backend.delete(&key("v0")).await.unwrap();
    backend.delete(&key("v1")).await.unwrap();
    put(&backend, "v0", value(99, 1 << 20)).await.unwrap();
}

#[tokio::test]
async fn a_value_longer_than_the_server_takes() {
    let mut arguments = DURABLE.to_vec();
    arguments.extend(["--proto-max-bulk-len", "1mb"]);
    let server = Server::start(&arguments);
    let backend = open(server.config()).await;
    let error =
        expect(put(&backend, "v", value(1, 9 << 20)).await, ErrorKind::TooLarge, false, "proto-max-bulk-len");
    assert!(!error.may_have_written());
    put(&backend, "v", value(1, 1 << 20)).await.unwrap();
}

#[tokio::test]
async fn something_else_under_the_key() {
    let server = Server::start(DURABLE);
    let backend = open(server.config()).await;
    server.ask(&["RPUSH", "list", "a", "b"]);
    put(&backend, "value", value(7, 10)).await.unwrap();
    for result in [
        get(&backend, "list").await.map(drop),
        backend.get_range(&key("list"), 0..5).await.map(drop),
        backend.stat(&key("list")).await.map(drop),
    ] {
        expect(result, ErrorKind::Other, false, "WRONGTYPE");
    }
    assert_eq!(names(&backend).await.into_iter().collect::<Vec<_>>(), ["value"]);
    let create = backend.put(&key("list"), value(8, 10).into(), &PutOptions::create_only()).await;
    expect(create, ErrorKind::AlreadyExists, false, "");
}

#[tokio::test]
async fn a_server_that_is_no_primary() {
    let (first, second) = (Server::start(DURABLE), Server::start(DURABLE));
    let backend = open(second.config()).await;
    put(&backend, "v", value(9, 10)).await.unwrap();
    second.ask(&["REPLICAOF", "127.0.0.1", &first.port().to_string()]);
    let error = expect(put(&backend, "v", value(10, 10)).await, ErrorKind::Unavailable, true, "replica");
    assert!(!error.may_have_written());
    // The connection was given up; the next one asks first, and reads are refused as well.
    expect(get(&backend, "v").await, ErrorKind::Unavailable, true, "replica");
    refused(second.config(), ErrorKind::Unavailable, true, "name the primary").await;
    second.ask(&["REPLICAOF", "NO", "ONE"]);
    put(&backend, "v", value(11, 10)).await.unwrap();
    assert_eq!(get(&backend, "v").await.unwrap(), value(11, 10));
}

#[tokio::test]
async fn a_node_of_a_cluster() {
    let server = Server::start(&["--cluster-enabled", "yes"]);
    refused(server.config(), ErrorKind::Unsupported, false, "node of a cluster").await;
}

#[tokio::test]
async fn a_server_that_is_busy() {
    let server = Server::start(&["--appendonly", "no", "--save", "", "--busy-reply-threshold", "50"]);
    let backend = open(server.config()).await;
    let mut peer = server.peer();
    let script = std::thread::spawn(move || {
        redis::cmd("EVAL").arg("while true do end").arg(0).query::<()>(&mut peer).unwrap_err();
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    expect(put(&backend, "v", value(1, 10)).await, ErrorKind::Unavailable, true, "BUSY");
    expect(get(&backend, "v").await, ErrorKind::Unavailable, true, "BUSY");
    server.ask(&["SCRIPT", "KILL"]);
    script.join().unwrap();
    put(&backend, "v", value(1, 10)).await.unwrap();
}

#[tokio::test]
async fn a_server_with_too_many_connections() {
    let server = Server::start(&["--appendonly", "no", "--save", "", "--maxclients", "3"]);
    let mut peers: Vec<_> = (0..3).map(|_| server.peer()).collect();
    refused(server.config(), ErrorKind::Unavailable, true, "too many connections").await;
    ask(&mut peers.pop().unwrap(), &["PING"]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    open(server.config()).await;
}

#[tokio::test]
async fn a_server_whose_disk_refuses() {
    let server = Server::start(FORGETFUL);
    let backend = open(server.config()).await;
    // A folder where the snapshot would be.
    std::fs::create_dir(server.folder().join("dump.rdb")).unwrap();
    server.ask(&["CONFIG", "SET", "save", "3600 1"]);
    put(&backend, "v", value(1, 10)).await.unwrap();
    server.ask(&["BGSAVE"]);
    let mut result = Ok(());
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        result = put(&backend, "v", value(2, 10)).await;
        if result.is_err() {
            break;
        }
    }
    let error = expect(result, ErrorKind::Unavailable, true, "MISCONF");
    assert!(!error.may_have_written());
    assert!(get(&backend, "v").await.is_ok());
}
