//! What the server says about itself, and what follows for what is kept there.

use crate::error::CLUSTER;
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// The version that brought `WAITAOF`. Valkey calls itself a Redis of the version that it descends from.
const WAITAOF_SINCE: (u32, u32) = (7, 2);

/// What INFO and CONFIG told. Where the user may not ask, nothing is known, and nothing is promised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Server {
    /// Changes with every start.
    pub(crate) run_id: String,
    version: (u32, u32),
    is_replica: bool,
    is_in_cluster: bool,
    keeps_log: bool,
    policy: Option<String>,
    fsync: Option<String>,
    fsync_pauses: bool,
    used: Option<u64>,
    max: Option<u64>,
}

/// What an answered write has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It is on disk before it is answered.
    Synced,
    /// It is in the server's log, and `WAITAOF` tells when that is on disk.
    Waits,
    /// It may be lost, for this reason.
    Volatile(&'static str),
}

impl Server {
    /// From the answers of INFO and, where they were given, of CONFIG GET: names and values in turn.
    pub(crate) fn new(info: &str, config: &[(String, String)]) -> Self {
        let mut server = Self::default();
        for line in info.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            match name {
                "run_id" => {
                    server.run_id = value.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
                }
                "redis_version" => server.version = version(value),
                "role" => server.is_replica = value != "master",
                "cluster_enabled" => server.is_in_cluster = value == "1",
                "aof_enabled" => server.keeps_log = value == "1",
                "maxmemory_policy" => server.policy = Some(value.to_owned()),
                "used_memory" => server.used = value.parse().ok(),
                "maxmemory" => server.max = value.parse().ok().filter(|&max| max > 0),
                _ => {}
            }
        }
        for (name, value) in config {
            match name.as_str() {
                "appendfsync" => server.fsync = Some(value.clone()),
                "no-appendfsync-on-rewrite" => server.fsync_pauses = value != "no",
                _ => {}
            }
        }
        server
    }

    /// Refuses what can't keep the contract at all.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_in_cluster {
            return Err(Error::new(ErrorKind::Unsupported, CLUSTER));
        }
        if self.is_replica {
            // It may become a primary, or the name may lead to another server soon.
            let message = "the server is a replica, which may lag behind: name the primary";
            return Err(Error::new(ErrorKind::Unavailable, message).with_may_have_written(false));
        }
        Ok(())
    }

    /// What a write comes to. `expires`: whether values may have a time to live.
    pub(crate) fn durability(&self, expires: bool) -> Durability {
        if !self.keeps_log {
            return Durability::Volatile("it keeps no log of its writes: set appendonly yes");
        }
        match self.policy.as_deref() {
            Some("noeviction") => {}
            // It removes only what has a time to live.
            Some(policy) if policy.starts_with("volatile-") && !expires => {}
            Some(_) => {
                return Durability::Volatile(
                    "it removes values when its memory is full: set maxmemory-policy noeviction",
                );
            }
            None => {
                return Durability::Volatile(
                    "it doesn't say whether it removes values: see maxmemory-policy",
                );
            }
        }
        match self.fsync.as_deref() {
            Some("always") if !self.fsync_pauses => Durability::Synced,
            Some("no") => Durability::Volatile("it leaves its log to the system: set appendfsync always"),
            _ if self.version >= WAITAOF_SINCE => Durability::Waits,
            Some("always") => Durability::Volatile(
                "it stops writing its log to disk while it rewrites it: set no-appendfsync-on-rewrite no",
            ),
            Some(_) => Durability::Volatile(
                "it may lose its last second, and is too old to tell when that is on disk: set appendfsync always, or \
                 use Redis 7.2 or later",
            ),
            None => Durability::Volatile(
                "the user may not ask whether writes are on disk: allow config|get, or use Redis 7.2 or later",
            ),
        }
    }

    /// Bytes used and to be had, where there is a limit.
    pub(crate) fn room(&self) -> Option<(u64, u64)> {
        Some((self.used?, self.max?))
    }
}

fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
