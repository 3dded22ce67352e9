//! Values in files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xstore_backend::{
    BackendId, ErrorKind, Operation, Payload, PutOptions, Result, StorageBackend, async_trait,
};
use xstore_backend_fs::FsBackend;
use xstore_powerloss::{Disk, Failure, Limit, Mounted, Survival};

use crate::errors::{Naming, errors, some_of};
use crate::fuse::{folder, is_available};
use crate::kill::{kill, kill_beside};
use crate::model::find;
use crate::script::{name, script, scripts, value};
use crate::sweep::{At, Subject, block_on, over, power, survivals};

/// Findings after which a sweep need not go on.
const ENOUGH: u64 = 20;

struct Files {
    durable: bool,
}

const FILES: Files = Files { durable: true };

#[async_trait]
impl Subject for Files {
    async fn create(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        Ok(Arc::new(FsBackend::create(id(), &root(dir))?.with_durable(self.durable)))
    }

    async fn open(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        Ok(Arc::new(FsBackend::open(id(), &root(dir))?.with_durable(self.durable)))
    }
}

fn id() -> BackendId {
    BackendId::new("files").unwrap()
}

fn root(dir: &Path) -> PathBuf {
    dir.join("store")
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    if !is_available("fs: nothing_acknowledged_is_lost_by_a_power_cut") {
        return;
    }
    let tally = over(&scripts(script(), 22), |number, script| {
        power(&FILES, script, At::Every, |cut| survivals(number, cut, 40), ENOUGH)
    });
    tally.require("fs", "power cut", 300);
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
}

#[test]
fn a_store_that_is_told_not_to_sync_loses_what_it_acknowledged() {
    if !is_available("fs: a_store_that_is_told_not_to_sync_loses_what_it_acknowledged") {
        return;
    }
    let tally = power(&Files { durable: false }, &script(), At::Every, |cut| survivals(0, cut, 10), ENOUGH);
    tally.print("fs, not durable", "power cut");
    assert!(tally.bad() >= ENOUGH, "{tally:?}");
}

#[test]
fn what_a_killed_process_wrote_is_durable_before_anybody_relies_on_it() {
    if !is_available("fs: what_a_killed_process_wrote_is_durable_before_anybody_relies_on_it") {
        return;
    }
    over(&scripts(script(), 22), |_, script| kill(&FILES, script, At::Every, ENOUGH)).require(
        "fs",
        "kill, then power cut",
        60,
    );
}

#[test]
fn what_a_killed_process_wrote_is_durable_before_one_beside_it_relies_on_it() {
    if !is_available("fs: what_a_killed_process_wrote_is_durable_before_one_beside_it_relies_on_it") {
        return;
    }
    over(&scripts(script(), 22), |_, script| kill_beside(&FILES, &FILES, script, At::Every, ENOUGH)).require(
        "fs",
        "kill beside, then power cut",
        60,
    );
}

#[test]
fn no_failing_operation_loses_anything() {
    if !is_available("fs: no_failing_operation_loses_anything") {
        return;
    }
    // Two errors after the other, not each at each operation.
    let failures = |number: u64| some_of(2, number);
    over(&scripts(script(), 22), |_, script| {
        errors(&FILES, script, At::Every, failures, Naming::Exact, ENOUGH)
    })
    .require("fs", "failing operation", 240);
}

/// A store with the value `a` of 9,000 bytes.
fn store(mounted: &Mounted) -> FsBackend {
    let backend = FsBackend::create(id(), &root(mounted.dir())).unwrap();
    block_on(put(&backend, "a", 9_000)).unwrap();
    backend
}

async fn put(backend: &FsBackend, key: &str, len: usize) -> Result<()> {
    backend.put(&name(key), Payload::from(value(len)), &PutOptions::replace()).await
}

#[test]
fn a_sync_that_fails_leaves_the_old_value_and_later_puts_are_durable() {
    if !is_available("fs: a_sync_that_fails_leaves_the_old_value_and_later_puts_are_durable") {
        return;
    }
    let dir = folder();
    let mounted = Disk::new().mount(dir.path()).unwrap();
    let backend = store(&mounted);
    let used = mounted.used();
    mounted.fail_sync(Failure::Io);
    block_on(async {
        let error = put(&backend, "a", 12_000).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some(Operation::Put)));
        assert_eq!(find(&backend, &name("a")).await, Ok(Some(value(9_000))));
        assert_eq!(mounted.used(), used, "nothing is left of the put that failed");
        put(&backend, "a", 12_000).await.unwrap();
    });
    drop(backend);
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    let backend = FsBackend::open(id(), &root(mounted.dir())).unwrap();
    assert_eq!(block_on(find(&backend, &name("a"))), Ok(Some(value(12_000))));
}

#[test]
fn a_full_disk_or_quota_is_told_and_nothing_is_torn() {
    if !is_available("fs: a_full_disk_or_quota_is_told_and_nothing_is_torn") {
        return;
    }
    for limit in [Limit::Disk as fn(u64) -> Limit, Limit::Quota] {
        let dir = folder();
        let mounted = Disk::new().mount(dir.path()).unwrap();
        let backend = store(&mounted);
        let used = mounted.used();
        block_on(async {
            // From no room at all to a byte too little.
            for pages in 0..6 {
                mounted.set_limit(Some(limit(used + pages * 4096)));
                for key in ["a", "b"] {
                    let error = put(&backend, key, 5 * 4096 + 1).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
                    assert_eq!(mounted.used(), used, "nothing is left of the put that failed");
                }
                assert_eq!(find(&backend, &name("a")).await, Ok(Some(value(9_000))));
                assert_eq!(find(&backend, &name("b")).await, Ok(None));
            }
            mounted.set_limit(Some(limit(used + 7 * 4096)));
            put(&backend, "a", 5 * 4096 + 1).await.unwrap();
            backend.delete(&name("a")).await.unwrap();
        });
    }
}

#[test]
fn a_disk_that_became_read_only_or_unreadable_is_unavailable() {
    if !is_available("fs: a_disk_that_became_read_only_or_unreadable_is_unavailable") {
        return;
    }
    let dir = folder();
    let mounted = Disk::new().mount(dir.path()).unwrap();
    let backend = store(&mounted);
    block_on(async {
        mounted.set_read_only(true);
        assert_eq!(put(&backend, "a", 5).await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(backend.delete(&name("a")).await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(find(&backend, &name("a")).await, Ok(Some(value(9_000))));
        mounted.heal();
        mounted.fail_reads(Path::new("store/a")).unwrap();
        assert_eq!(backend.get(&name("a"), 1 << 20).await.unwrap_err().kind(), ErrorKind::Unavailable);
        mounted.heal();
        assert_eq!(find(&backend, &name("a")).await, Ok(Some(value(9_000))));
    });
}
