//! What is promised is what the server's settings allow.

use crate::server::{DURABLE, FORGETFUL, Server};
use crate::support::{get, key, open, put, value};
use std::time::Duration;
use xstore_backend::{Error, ErrorKind, StorageBackend};
use xstore_backend_redis::Config;

fn with(further: &[&'static str]) -> Vec<&'static str> {
    [DURABLE, further].concat()
}

#[tokio::test]
async fn it_is_read_from_the_server() {
    let is_new = Server::start(&[]).tells_when_on_disk();
    // Arguments, whether values may expire, whether it is durable, and the reason if not.
    for (arguments, expiry, durable, reason) in [
        (with(&[]), false, true, ""),
        (with(&[]), true, true, ""),
        (FORGETFUL.to_vec(), false, false, "appendonly yes"),
        (with(&["--maxmemory-policy", "allkeys-lru"]), false, false, "maxmemory-policy noeviction"),
        (with(&["--maxmemory-policy", "volatile-lru"]), false, true, ""),
        (with(&["--maxmemory-policy", "volatile-lru"]), true, false, "maxmemory-policy noeviction"),
        (with(&["--appendfsync", "no"]), false, false, "appendfsync always"),
        (with(&["--appendfsync", "everysec"]), false, is_new, "Redis 7.2 or later"),
        (with(&["--no-appendfsync-on-rewrite", "yes"]), false, is_new, "no-appendfsync-on-rewrite no"),
    ] {
        let server = Server::start(&arguments);
        let backend = open(server.config().with_expiry(expiry)).await;
        assert_eq!(backend.capability().durable, durable, "{arguments:?}");
        assert_eq!(backend.capability().expiry, expiry);
        match backend.why_not_durable() {
            None => assert!(durable, "{arguments:?}"),
            Some(why) => assert!(!durable && why.contains(reason), "{arguments:?}: {why}"),
        }
        put(&backend, "v", value(1, 10)).await.unwrap();
        backend.delete(&key("v")).await.unwrap();
    }
}

#[tokio::test]
async fn it_can_be_done_without() {
    let server = Server::start(DURABLE);
    let backend = open(server.config().with_durable(false)).await;
    assert!(!backend.capability().durable && backend.why_not_durable().is_some());
}

#[track_caller]
fn refused(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
    assert!(!error.may_have_written() && error.to_string().contains("isn't durable any more"), "{error}");
}

#[tokio::test]
async fn a_server_that_became_weaker_takes_no_writes() {
    let server = Server::start(DURABLE);
    let backend = open(server.config()).await;
    put(&backend, "v", value(1, 10)).await.unwrap();
    for (setting, weak, strong) in
        [("appendfsync", "no", "always"), ("maxmemory-policy", "allkeys-lfu", "noeviction")]
    {
        server.ask(&["CONFIG", "SET", setting, weak]);
        server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        refused(put(&backend, "v", value(2, 10)).await);
        refused(backend.delete(&key("v")).await);
        assert_eq!(get(&backend, "v").await.unwrap(), value(1, 10));
        server.ask(&["CONFIG", "SET", setting, strong]);
        server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        put(&backend, "v", value(1, 10)).await.unwrap();
    }
    server.restart_with(&["--appendonly", "no"]);
    refused(put(&backend, "v", value(3, 10)).await);
    server.restart();
    put(&backend, "v", value(4, 10)).await.unwrap();
    assert!(backend.capability().durable);
}

#[tokio::test]
async fn a_connection_that_stays_is_asked_again() {
    let server = Server::start(DURABLE);
    let backend = open(server.config()).await;
    server.ask(&["CONFIG", "SET", "appendfsync", "no"]);
    put(&backend, "v", value(1, 10)).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    refused(put(&backend, "v", value(2, 10)).await);
}

#[tokio::test]
async fn a_write_is_waited_for_where_the_server_can_tell() {
    let server = Server::start(&with(&["--appendfsync", "everysec"]));
    if !server.tells_when_on_disk() {
        let backend = open(server.config()).await;
        assert!(!backend.capability().durable);
        return;
    }
    let backend = open(server.config()).await;
    let info = |name: &str| {
        let redis::Value::BulkString(info) = server.ask(&["INFO", "commandstats"]) else { panic!("no INFO") };
        let info = String::from_utf8(info).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.and_then(|line| line.split(',').next()).map_or(0, |calls| calls.parse::<u32>().unwrap())
    };
    let before = info("waitaof");
    put(&backend, "v", value(1, 10)).await.unwrap();
    assert_eq!(info("waitaof"), before + 1);
    // What is there already, or gone already, may have been written a moment ago.
    let fences = info("pexpire");
    let create = xstore_backend::PutOptions::create_only();
    let error = backend.put(&key("v"), value(1, 10).into(), &create).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    backend.delete(&key("never")).await.unwrap();
    assert_eq!((info("waitaof"), info("pexpire")), (before + 5, fences + 2));
    backend.delete(&key("v")).await.unwrap();
    assert_eq!(info("waitaof"), before + 6);
    // The fence is gone, and comes back.
    server.ask(&["FLUSHALL"]);
    backend.delete(&key("never")).await.unwrap();
    assert_eq!(server.ask(&["EXISTS", "@fence"]), redis::Value::Int(1));
    // The log is switched off under an open connection.
    server.ask(&["CONFIG", "SET", "appendonly", "no"]);
    let error = put(&backend, "v", value(2, 10)).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Unavailable, true), "{error}");
}

#[tokio::test]
async fn a_log_that_is_never_on_disk_is_noticed_when_opening() {
    let server = Server::start(&with(&["--appendfsync", "no"]));
    // Nobody may ask how the log is synced.
    let allow = ["ACL", "SETUSER", "xstore", "on", ">secret", "~*", "+@all", "-config"];
    server.ask(&allow);
    let secret = xstore_backend::Secret::new("secret".to_owned());
    let config: Config = server.config().with_credentials(Some("xstore".to_owned()), secret);
    let backend = open(config).await;
    assert!(!backend.capability().durable);
    let reason = if server.tells_when_on_disk() { "within 3 seconds" } else { "allow config|get" };
    assert!(backend.why_not_durable().unwrap().contains(reason));
}
