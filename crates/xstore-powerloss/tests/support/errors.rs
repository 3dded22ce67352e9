//! Lets every operation fail once.

use std::sync::Arc;

use xstore_backend::{ErrorKind, Result, StorageBackend};
use xstore_powerloss::{Disk, Failure, Mounted, Survival};

use crate::fuse::folder;
use crate::model::{Model, Verdict};
use crate::script::{Script, Step};
use crate::sweep::{At, Run, Subject, after_all, again, block_on, compare, operations, place};
use crate::table::{Tally, scale};

/// How exactly a backend can tell that there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// It sees every error of the system.
    Exact,
    /// A library stands between, which doesn't show them all: what isn't known to be a want of room is a broken disk,
    /// and a disk that became read-only may look like one that this user may not write.
    Loose,
}

/// Each operation fails once with each of the errors that it is to fail with, a sync of a file so that its pages are
/// lost. The step that fails is tried again; then the power goes.
pub(crate) fn errors(
    subject: &dyn Subject,
    script: &Script,
    at: At,
    failures: impl Fn(u64) -> Vec<Failure>,
    naming: Naming,
    enough: u64,
) -> Tally {
    let dir = folder();
    let mut tally = Tally::default();
    // The operation after that many is the one that fails; there is none after the last.
    let numbers = operations(subject, script, at).into_iter().map(|before| before + 1);
    let points: Vec<_> =
        numbers.flat_map(|number| failures(number).into_iter().map(move |f| (number, f))).collect();
    for (number, failure) in points {
        if tally.bad() >= enough {
            break;
        }
        let mounted = Disk::new().mount(dir.path()).unwrap();
        mounted.fail_operation(number, failure);
        let (run, mut verdicts) = run_on(subject, script, &mounted, (failure, naming));
        let history = mounted.history();
        let mounted = mounted.power_cycle(Survival::Synced).unwrap();
        if run.is_created {
            verdicts.extend(after_all(subject, &run.model, &mounted));
        }
        tally.add(&verdicts, || {
            let failed = usize::try_from(number - 1).ok().and_then(|at| history.get(at));
            let mut lines = vec![format!("{failure:?}: {failed:?}")];
            lines.extend(place(number, None, &run, &history));
            lines
        });
    }
    tally
}

/// So many of the errors for an operation, other ones for the next, so that each has its turn; all in a long run.
pub(crate) fn some_of(count: usize, number: u64) -> Vec<Failure> {
    let count = if scale() > 1 { Failure::ALL.len() } else { count };
    let first = usize::try_from(number).unwrap() * count;
    Failure::ALL.into_iter().cycle().skip(first % Failure::ALL.len()).take(count).collect()
}

/// Runs the whole script whatever fails. `cut` in the answer is the step that failed.
fn run_on(
    subject: &dyn Subject,
    script: &Script,
    mounted: &Mounted,
    failure: (Failure, Naming),
) -> (Run, Vec<Verdict>) {
    let mut run = Run { model: Model::default(), is_created: false, cut: None, nonsense: Vec::new() };
    let mut verdicts = Vec::new();
    block_on(async {
        for (session, is_last) in
            script.iter().zip(1..).map(|(session, number)| (session, number == script.len()))
        {
            let backend = match open(subject, &run, mounted).await {
                Ok(backend) => backend,
                Err(error) => {
                    verdicts.extend(misnamed("open", &error, failure));
                    match open(subject, &run, mounted).await {
                        Ok(backend) => backend,
                        Err(error) => {
                            return verdicts
                                .push(Verdict::Wrong(format!("it doesn't open again: {error:?}")));
                        }
                    }
                }
            };
            run.is_created = true;
            for step in session {
                verdicts.extend(persist(&*backend, step, &mut run, failure).await);
            }
            verdicts.extend(compare(&*backend, &run.model).await);
            if is_last {
                // Before the backend is closed: that would write.
                mounted.cut_after(0);
            }
        }
    });
    (run, verdicts)
}

async fn open(subject: &dyn Subject, run: &Run, mounted: &Mounted) -> Result<Arc<dyn StorageBackend>> {
    if run.is_created { subject.open(mounted.dir()).await } else { subject.create(mounted.dir()).await }
}

/// Does a step, once more if it fails.
async fn persist(
    backend: &dyn StorageBackend,
    step: &Step,
    run: &mut Run,
    failure: (Failure, Naming),
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let result = step.run(backend).await;
    verdicts.extend(run.model.note(step, &result).err().map(Verdict::Wrong));
    let Err(error) = result else { return verdicts };
    if error.kind() == ErrorKind::AlreadyExists {
        return verdicts;
    }
    run.cut = Some(step.clone());
    verdicts.extend(misnamed(&step.to_string(), &error, failure));
    verdicts.extend(compare(backend, &run.model).await);
    verdicts.extend(again(backend, step, &mut run.model).await);
    verdicts
}

/// An error of room must be one of room to the caller, and the others errors of the disk.
fn misnamed(what: &str, error: &xstore_backend::Error, failure: (Failure, Naming)) -> Option<Verdict> {
    let is_of_room = matches!(failure.0, Failure::NoSpace | Failure::OverQuota);
    let is_right = match error.kind() {
        ErrorKind::QuotaExceeded => is_of_room,
        ErrorKind::Unavailable => !is_of_room || failure.1 == Naming::Loose,
        ErrorKind::AuthFailed => failure == (Failure::ReadOnly, Naming::Loose),
        _ => false,
    };
    (!is_right).then(|| Verdict::Wrong(format!("{what}: {:?} is {:?}: {error:?}", failure.0, error.kind())))
}
