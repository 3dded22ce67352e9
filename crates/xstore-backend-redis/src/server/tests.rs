use super::*;
use Durability::{Synced, Volatile, Waits};

fn server(version: &str, fsync: Option<&str>, rewrite: &str, further: &str) -> Server {
    let info = format!(
        "# Server\r\nredis_version:{version}\r\nrun_id:abc123\r\nrole:master\r\ncluster_enabled:0\r\naof_enabled:1\r\n\
         maxmemory_policy:noeviction\r\n{further}\r\n"
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let config =
        fsync.map(|fsync| vec![pair("no-appendfsync-on-rewrite", rewrite), pair("appendfsync", fsync)]);
    Server::new(&info, &config.unwrap_or_default())
}

#[test]
fn what_is_promised() {
    let promise = |server: Server| server.durability(true);
    for old in ["7.0.15", "6.2.0", "7.1.240", "x", ""] {
        assert_eq!(promise(server(old, Some("always"), "no", "")), Synced, "{old}");
        for (fsync, rewrite) in
            [(Some("everysec"), "no"), (Some("always"), "yes"), (None, "no"), (Some("new"), "no")]
        {
            assert!(matches!(promise(server(old, fsync, rewrite, "")), Volatile(_)), "{old} {fsync:?}");
        }
    }
    for new in ["7.2.0", "7.2.4", "8.0.1", "10.1"] {
        assert_eq!(promise(server(new, Some("always"), "no", "")), Synced);
        for (fsync, rewrite) in [(Some("everysec"), "no"), (Some("always"), "yes"), (None, "no")] {
            assert_eq!(promise(server(new, fsync, rewrite, "")), Waits, "{new} {fsync:?}");
        }
        assert!(matches!(promise(server(new, Some("no"), "no", "")), Volatile(_)));
    }
}

#[test]
fn what_forgets_is_not_durable() {
    let of =
        |further: &str, expires: bool| server("8.0.0", Some("always"), "no", further).durability(expires);
    assert!(matches!(of("aof_enabled:0", false), Volatile(_)));
    for policy in ["allkeys-lru", "allkeys-random", "something-new", ""] {
        assert!(matches!(of(&format!("maxmemory_policy:{policy}"), false), Volatile(_)), "{policy}");
    }
    for policy in ["volatile-lru", "volatile-ttl"] {
        assert_eq!(of(&format!("maxmemory_policy:{policy}"), false), Synced);
        assert!(matches!(of(&format!("maxmemory_policy:{policy}"), true), Volatile(_)));
    }
    // A server that says nothing is promised for nothing.
    assert!(matches!(Server::new("", &[]).durability(false), Volatile(_)));
    let silent = Server::new("redis_version:8.0.0\naof_enabled:1\n", &[]);
    assert!(matches!(silent.durability(false), Volatile(_)));
}

#[test]
fn who_may_be_used() {
    let check = |further: &str| server("7.0.0", None, "no", further).check();
    assert!(check("").is_ok() && Server::new("", &[]).check().is_ok());
    assert_eq!(check("role:slave").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(check("role:sentinel").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(check("cluster_enabled:1").unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn room_and_run() {
    let room = |further: &str| server("7.0.0", None, "no", further).room();
    assert_eq!(room("used_memory:5\r\nmaxmemory:20"), Some((5, 20)));
    assert_eq!(room("used_memory:5\r\nmaxmemory:0"), None);
    assert_eq!(room("used_memory:x\r\nmaxmemory:20"), None);
    let hostile = Server::new(&format!("run_id:a:b\u{e9} c{}", "d".repeat(1000)), &[]);
    assert!(hostile.run_id.starts_with("abcd") && hostile.run_id.len() == 64);
}
