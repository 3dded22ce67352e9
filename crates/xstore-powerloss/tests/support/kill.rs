//! Kills the process at every operation, lets another one try again, and cuts the power then.

use std::sync::Arc;

use xstore_backend::{Result, StorageBackend};
use xstore_powerloss::{Disk, Mounted, Survival};

use crate::fuse::folder;
use crate::model::{Model, Verdict};
use crate::script::{Script, Step};
use crate::sweep::{
    At, Subject, after_all, again, block_on, compare, operations, place, run, wait_until_open,
};
use crate::table::Tally;

/// A killed process leaves the system's memory as it is: what it wrote can be seen, and isn't on the disk. The next
/// one opens the backend, tries again what was cut off, and relies on the answer; "exists already", with the right
/// bytes, too.
pub(crate) fn kill(subject: &dyn Subject, script: &Script, at: At, enough: u64) -> Tally {
    let dir = folder();
    let mut tally = Tally::default();
    for cut in operations(subject, script, at) {
        if tally.bad() >= enough {
            break;
        }
        let mounted = Disk::new().mount(dir.path()).unwrap();
        mounted.cut_after(cut);
        let mut run = run(subject, script, &mounted);
        wait_until_open(&mounted, 0);
        mounted.resume();
        let mut verdicts = run.nonsense.clone();
        verdicts.extend(block_on(async {
            let backend = subject.create(mounted.dir()).await;
            rely(backend, &mounted, &mut run.model, run.cut.as_ref()).await
        }));
        let history = mounted.history();
        let mounted = mounted.power_cycle(Survival::Synced).unwrap();
        verdicts.extend(after_all(subject, &run.model, &mounted));
        tally.add(&verdicts, || place(cut, None, &run, &history));
    }
    tally
}

/// The same, but the one that tries again is `beside`, which had the backend open all the time.
pub(crate) fn kill_beside(
    subject: &dyn Subject,
    beside: &dyn Subject,
    script: &Script,
    at: At,
    enough: u64,
) -> Tally {
    let dir = folder();
    let mut tally = Tally::default();
    for cut in operations(subject, script, at) {
        if tally.bad() >= enough {
            break;
        }
        let mounted = Disk::new().mount(dir.path()).unwrap();
        let backend = block_on(beside.create(mounted.dir()));
        let (opened, before) = (mounted.open_handles(), mounted.operations());
        mounted.cut_after(before + cut);
        let mut run = run(subject, script, &mounted);
        wait_until_open(&mounted, opened);
        mounted.resume();
        let mut verdicts = run.nonsense.clone();
        verdicts.extend(block_on(rely(backend, &mounted, &mut run.model, run.cut.as_ref())));
        let history = mounted.history();
        let mounted = mounted.power_cycle(Survival::Synced).unwrap();
        verdicts.extend(after_all(subject, &run.model, &mounted));
        tally.add(&verdicts, || place(before + cut, None, &run, &history));
    }
    tally
}

async fn rely(
    backend: Result<Arc<dyn StorageBackend>>,
    mounted: &Mounted,
    model: &mut Model,
    cut: Option<&Step>,
) -> Vec<Verdict> {
    let backend = match backend {
        Ok(backend) => backend,
        Err(error) => return vec![Verdict::Wrong(format!("it doesn't open: {error:?}"))],
    };
    let mut verdicts = compare(&*backend, model).await;
    if let Some(step) = cut {
        verdicts.extend(again(&*backend, step, model).await);
    }
    // Before the backend is closed: that would write.
    mounted.cut_after(0);
    verdicts
}
