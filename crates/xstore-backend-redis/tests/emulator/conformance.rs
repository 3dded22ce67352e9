//! The suite that every backend passes, on servers of several kinds.

use crate::server::{DURABLE, Server};
use crate::support::{id, open, shared};
use crate::tls::secured;
use std::num::NonZeroUsize;
use std::sync::Arc;
use xstore_backend::layer::{Limited, Limiter, Limits, Prefixed, Retrying, Timeouts, TimingOut};
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Key, Prefix, Secret, StorageBackend};
use xstore_backend_redis::{Config, RedisBackend};
use xstore_testkit::{Fixture, Hook, backend_conformance};

/// What the README says that a user needs.
const LEAST: &str = "+get +set +del +getrange +strlen +exists +multi +exec +scan +select +info";

fn reopening(fixture: Fixture, config: Config) -> Fixture {
    fixture.refusing_by_length().with_reopen(move || {
        let config = config.clone();
        async move { Arc::new(open(config).await) as Arc<dyn StorageBackend> }
    })
}

fn without_breaking(fixture: Fixture) -> Fixture {
    let reason = "the server is shared; it is stopped in the suites with a server of their own";
    fixture.without(Hook::BreakRoot, reason).without(Hook::MendRoot, reason)
}

/// Stopping the server is what takes the place away.
fn breaking(fixture: Fixture, server: Server) -> Fixture {
    let server = Arc::new(server);
    let (breaks, mends) = (Arc::clone(&server), Arc::clone(&server));
    fixture
        .with_break_root(move || {
            breaks.kill();
            std::future::ready(())
        })
        .with_mend_root(move || {
            mends.restart();
            std::future::ready(())
        })
        .with_guard(server)
}

backend_conformance!(on_redis, async || {
    let config = shared().with_prefix(Prefix::new("tests").unwrap());
    let backend = open(config.clone()).await;
    assert_eq!(backend.why_not_durable(), None);
    without_breaking(reopening(Fixture::new(Arc::new(backend)), config))
});

fn wrapped(backend: RedisBackend) -> Arc<dyn StorageBackend> {
    let prefixed = Prefixed::new(backend, Prefix::new("tests/below").unwrap());
    let limits = Limiter::new(Limits::new(NonZeroUsize::new(16).unwrap()));
    let limited = Limited::new(TimingOut::new(prefixed, Timeouts::default()), limits);
    Arc::new(Retrying::new(limited, RetryPolicy::default()))
}

backend_conformance!(as_a_store_uses_it, async || {
    let config = shared().with_expiry(true).with_connections(3);
    let fixture = Fixture::new(wrapped(open(config.clone()).await));
    let fixture = fixture.with_longest_key(Key::MAX_LEN - "tests/below/".len());
    without_breaking(fixture.refusing_by_length().with_reopen(move || {
        let config = config.clone();
        async move { wrapped(open(config).await) }
    }))
});

/// A server that knows a user who may do this and nothing else, and nobody else.
fn restricted(allowed: &str) -> (Server, Config) {
    let folder = tempfile::tempdir().unwrap();
    let rules = format!(
        "user default off\nuser admin on >canary-admin ~* &* +@all\nuser xstore on >canary-user ~shares:* {allowed}\n"
    );
    std::fs::write(folder.path().join("users.acl"), rules).unwrap();
    let mut arguments = DURABLE.to_vec();
    arguments.extend(["--aclfile", "users.acl"]);
    let server = Server::start_in(folder, &arguments, |port| vec!["--port".into(), port.to_string()]);
    let config = server
        .config()
        .with_credentials(Some("xstore".to_owned()), Secret::new("canary-user".to_owned()))
        .with_prefix(Prefix::new("shares").unwrap());
    (server, config)
}

backend_conformance!(with_least_privilege, async || {
    let (server, config) = restricted(&format!("{LEAST} +config|get"));
    let backend = open(config.clone()).await;
    assert!(backend.capability().durable);
    breaking(reopening(Fixture::new(Arc::new(backend)), config), server)
});

// Where the settings can't be asked, a server that is new enough tells when each write is on disk.
backend_conformance!(without_config, async || {
    let is_new = Server::start(&[]).tells_when_on_disk();
    let waiting = if is_new { "+waitaof +pexpire" } else { "" };
    let (server, config) = restricted(&format!("{LEAST} {waiting}"));
    let backend = open(config.clone()).await;
    assert_eq!(backend.capability().durable, is_new);
    breaking(reopening(Fixture::new(Arc::new(backend)), config), server)
});

backend_conformance!(over_tls, async || {
    let (server, config) = secured(&[]);
    let backend = RedisBackend::open(id(), config.clone()).await.unwrap();
    breaking(reopening(Fixture::new(Arc::new(backend)), config), server)
});
