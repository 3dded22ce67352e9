//! From a configuration to a server, and what lies beside each other on one.

use crate::server::{DURABLE, Server};
use crate::support::{chain, get, id, key, names, open, put, value};
use std::sync::Arc;
use xstore_backend::{
    BackendUrl, Error, ErrorKind, OpenError, OpenRequest, Prefix, Registry, Secret, Setting, Settings,
    StorageBackend,
};
use xstore_backend_redis::{Config, RedisBackend};

async fn by_url(url: &str, settings: Settings) -> Result<Arc<dyn StorageBackend>, OpenError> {
    let mut registry = Registry::new();
    xstore_backend_redis::register(&mut registry);
    let request = OpenRequest::new(id(), BackendUrl::new(url).unwrap()).with_settings(settings);
    let promised = registry.capability(&request);
    let opened = registry.open(request).await?;
    let capability = opened.capability();
    assert!(!promised.durable && promised.with_durable(capability.durable) == capability);
    Ok(opened)
}

async fn refused(url: &str) -> Error {
    match by_url(url, Settings::new()).await {
        Err(OpenError::Backend(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn by_url_and_settings() {
    let server = Server::start(DURABLE);
    server.ask(&["ACL", "SETUSER", "me", "on", ">secret", "~*", "+@all"]);
    let settings = Settings::new()
        .with("username", Setting::Text("me".into()))
        .with("password", Setting::Secret(Secret::new("secret".into())))
        .with("prefix", Setting::Text("shares".into()))
        .with("expiry", Setting::Flag(true))
        .with("connections", Setting::Integer(2));
    let url = format!("redis://127.0.0.1:{}/3", server.port());
    let backend = by_url(&url, settings).await.unwrap();
    assert!(backend.capability().durable && backend.capability().expiry);
    put(&*backend, "v", value(1, 10)).await.unwrap();
    let mut peer = server.peer();
    crate::server::ask(&mut peer, &["SELECT", "3"]);
    assert_eq!(crate::server::ask(&mut peer, &["STRLEN", "shares:v"]), redis::Value::Int(10));
    let options = xstore_backend::PutOptions::replace().with_ttl(Some(std::time::Duration::from_secs(100)));
    backend.put(&key("w"), value(1, 10).into(), &options).await.unwrap();
    let redis::Value::Int(left) = crate::server::ask(&mut peer, &["PTTL", "shares:w"]) else {
        panic!("no time")
    };
    assert!((90_000..=100_000).contains(&left), "{left}");
}

#[tokio::test]
async fn by_socket() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder, DURABLE, |port| {
        ["--port", &port.to_string(), "--unixsocket", "redis.sock"].map(str::to_owned).to_vec()
    });
    let socket = server.folder().join("redis.sock");
    let url = format!("redis+unix:{}", socket.display());
    let database = Settings::new().with("database", Setting::Integer(5));
    let backend = by_url(&url, database).await.unwrap();
    put(&*backend, "v", value(2, 100_000)).await.unwrap();
    assert_eq!(get(&*backend, "v").await.unwrap(), value(2, 100_000));
    assert!(names(&open(server.config()).await).await.is_empty());
    let error = RedisBackend::open(id(), Config::unix(server.folder().join("none"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", chain(&error));
}

#[tokio::test]
async fn what_is_not_there_is_unavailable() {
    let server = Server::start(DURABLE);
    let error = refused(&format!("redis://127.0.0.1:{}/999", server.port())).await;
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("no database of this number"), "{error}");
    let error = refused("redis://host.invalid").await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", chain(&error));
}

#[tokio::test]
async fn prefixes_and_strangers_beside_each_other() {
    let server = Server::start(DURABLE);
    let below = |prefix: &str| open(server.config().with_prefix(Prefix::new(prefix).unwrap()));
    let (all, a, ab, deep) = (below("").await, below("a").await, below("ab").await, below("a/b").await);
    for (at, backend) in (0..).zip([&all, &a, &ab, &deep]) {
        put(backend, &format!("n{at}/v"), value(at, 10)).await.unwrap();
    }
    for (at, backend) in [&all, &a, &ab, &deep].into_iter().enumerate() {
        assert_eq!(names(backend).await.into_iter().collect::<Vec<_>>(), [format!("n{at}/v")]);
    }
    // Names that are no keys, one of them long, and one that is no text.
    for name in ["Upper", "a:", "a:-", "a:n1/v/", &"z".repeat(5000)] {
        server.ask(&["SET", name, "x"]);
    }
    redis::cmd("SET").arg(&b"\xff\xfe"[..]).arg("x").query::<()>(&mut server.peer()).unwrap();
    assert_eq!(names(&all).await.len(), 1);
    assert_eq!(names(&a).await.len(), 1);
}

#[tokio::test]
async fn a_listing_does_not_go_on_in_another_run_of_the_server() {
    let server = Server::start(DURABLE);
    let backend = open(server.config()).await;
    let mut peer = server.peer();
    let mut many = redis::cmd("MSET");
    for number in 0..5000 {
        many.arg(format!("k{number}")).arg("x");
    }
    many.query::<()>(&mut peer).unwrap();
    assert_eq!(names(&backend).await.len(), 5000);
    let page = backend.list(&Prefix::all(), None).await.unwrap();
    let cursor = page.next.unwrap();
    backend.list(&Prefix::all(), Some(&cursor)).await.unwrap();
    server.restart();
    let error = backend.list(&Prefix::all(), Some(&cursor)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
    assert_eq!(names(&backend).await.len(), 5000);
}
