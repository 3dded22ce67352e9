//! Values in a SQLite database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xstore_backend::{BackendId, ErrorKind, Payload, PutOptions, Result, StorageBackend, async_trait};
use xstore_backend_sqlite::SqliteBackend;
use xstore_powerloss::{Disk, Failure, Limit, Mounted, Survival};

use crate::errors::{Naming, errors, some_of};
use crate::fuse::{folder, is_available};
use crate::kill::{kill, kill_beside};
use crate::model::find;
use crate::remote::{Remote, serve};
use crate::script::{name, scripts, short_script, value};
use crate::sweep::{At, Subject, block_on, over, power, survivals};

/// Findings after which a sweep need not go on.
const ENOUGH: u64 = 20;

struct Database;

#[async_trait]
impl Subject for Database {
    async fn create(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        Ok(Arc::new(SqliteBackend::create(id(), path(dir))?))
    }

    async fn open(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        Ok(Arc::new(SqliteBackend::open(id(), path(dir))?))
    }
}

fn id() -> BackendId {
    BackendId::new("database").unwrap()
}

fn path(dir: &Path) -> PathBuf {
    dir.join("store.db")
}

/// The database is used by another process: this one serves the file system, and SQLite maps a file of it.
fn remote() -> Remote {
    Remote::start("sqlite::the_process_that_uses_the_database")
}

#[test]
fn the_process_that_uses_the_database() {
    serve(&Database);
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    if !is_available("sqlite: nothing_acknowledged_is_lost_by_a_power_cut") {
        return;
    }
    let remote = remote();
    let tally = over(&scripts(short_script(), 9), |number, script| {
        power(&remote, script, At::Edges, |cut| ways(number, cut), ENOUGH)
    });
    tally.require("sqlite", "power cut", 100);
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
}

#[test]
fn what_a_killed_process_wrote_is_durable_before_anybody_relies_on_it() {
    if !is_available("sqlite: what_a_killed_process_wrote_is_durable_before_anybody_relies_on_it") {
        return;
    }
    let remote = remote();
    over(&scripts(short_script(), 9), |_, script| kill(&remote, script, At::Edges, ENOUGH)).require(
        "sqlite",
        "kill, then power cut",
        60,
    );
}
#[test]
fn what_a_killed_process_wrote_is_durable_before_one_beside_it_relies_on_it() {
    if !is_available("sqlite: what_a_killed_process_wrote_is_durable_before_one_beside_it_relies_on_it") {
        return;
    }
    let (killed, beside) = (remote(), remote());
    over(&scripts(short_script(), 9), |_, script| kill_beside(&killed, &beside, script, At::Edges, ENOUGH))
        .require("sqlite", "kill beside, then power cut", 60);
}

#[test]
fn no_failing_operation_loses_anything() {
    if !is_available("sqlite: no_failing_operation_loses_anything") {
        return;
    }
    let remote = remote();
    // One error after the other, not each at each operation.
    let failures = |number: u64| some_of(1, number);
    over(&scripts(short_script(), 9), |_, script| {
        errors(&remote, script, At::Edges, failures, Naming::Loose, ENOUGH)
    })
    .require("sqlite", "failing operation", 60);
}

/// A database in another process with the value `a` of 9,000 bytes.
async fn store(remote: &Remote, mounted: &Mounted) -> Arc<dyn StorageBackend> {
    let backend = remote.create(mounted.dir()).await.unwrap();
    put(&*backend, "a", 9_000).await.unwrap();
    backend
}

async fn put(backend: &dyn StorageBackend, key: &str, len: usize) -> Result<()> {
    backend.put(&name(key), Payload::from(value(len)), &PutOptions::replace()).await
}

#[test]
fn a_sync_that_fails_leaves_the_old_value_and_later_puts_are_durable() {
    if !is_available("sqlite: a_sync_that_fails_leaves_the_old_value_and_later_puts_are_durable") {
        return;
    }
    let (dir, remote) = (folder(), remote());
    let mounted = Disk::new().mount(dir.path()).unwrap();
    block_on(async {
        let backend = store(&remote, &mounted).await;
        mounted.fail_sync(Failure::Io);
        assert_eq!(put(&*backend, "a", 12_000).await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(find(&*backend, &name("a")).await, Ok(Some(value(9_000))));
        put(&*backend, "a", 12_001).await.unwrap();
        mounted.cut_after(0);
    });
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    block_on(async {
        let backend = remote.open(mounted.dir()).await.unwrap();
        assert_eq!(find(&*backend, &name("a")).await, Ok(Some(value(12_001))));
    });
}

#[test]
fn a_full_disk_or_quota_tears_nothing_and_a_full_disk_is_told() {
    if !is_available("sqlite: a_full_disk_or_quota_tears_nothing_and_a_full_disk_is_told") {
        return;
    }
    let remote = remote();
    for limit in [Limit::Disk as fn(u64) -> Limit, Limit::Quota] {
        let dir = folder();
        let mounted = Disk::new().mount(dir.path()).unwrap();
        block_on(async {
            let backend = store(&remote, &mounted).await;
            let used = mounted.used();
            for kib in [0, 4, 60, 300] {
                mounted.set_limit(Some(limit(used + kib * 1024)));
                for key in ["a", "b"] {
                    let kind = put(&*backend, key, 400_000).await.unwrap_err().kind();
                    // SQLite doesn't tell a quota from a broken disk.
                    let is_right = match limit(0) {
                        Limit::Disk(_) => kind == ErrorKind::QuotaExceeded,
                        _ => matches!(kind, ErrorKind::QuotaExceeded | ErrorKind::Unavailable),
                    };
                    assert!(is_right, "{:?}: {kind:?}", limit(kib));
                }
                assert_eq!(find(&*backend, &name("a")).await, Ok(Some(value(9_000))));
                assert_eq!(find(&*backend, &name("b")).await, Ok(None));
            }
            mounted.set_limit(None);
            put(&*backend, "a", 400_000).await.unwrap();
            assert_eq!(find(&*backend, &name("a")).await, Ok(Some(value(400_000))));
        });
    }
}

#[test]
fn a_disk_that_became_read_only_keeps_its_values_and_takes_new_ones_afterwards() {
    if !is_available("sqlite: a_disk_that_became_read_only_keeps_its_values_and_takes_new_ones_afterwards") {
        return;
    }
    let (dir, remote) = (folder(), remote());
    let mounted = Disk::new().mount(dir.path()).unwrap();
    block_on(async {
        let backend = store(&remote, &mounted).await;
        mounted.set_read_only(true);
        put(&*backend, "a", 5).await.unwrap_err();
        backend.delete(&name("a")).await.unwrap_err();
        assert_eq!(find(&*backend, &name("a")).await, Ok(Some(value(9_000))));
        mounted.heal();
        put(&*backend, "a", 5).await.unwrap();
        assert_eq!(find(&*backend, &name("a")).await, Ok(Some(value(5))));
    });
}

/// Ways to lose the power: of those without chance the strictest and the mildest, and two seeds.
fn ways(script: u64, cut: u64) -> Vec<Survival> {
    let all = survivals(script, cut, 2);
    all.into_iter().filter(|way| !matches!(way, Survival::Data | Survival::Names)).collect()
}
