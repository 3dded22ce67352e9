//! Cuts the power at every operation.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use xstore_backend::{ErrorKind, Result, StorageBackend, async_trait};
use xstore_powerloss::{Disk, Mounted, Survival};

use crate::fuse::folder;
use crate::model::{Model, Verdict, find, list};
use crate::script::{Script, Step, name, value};
use crate::table::{Tally, scale};

/// A kind of backend that keeps its values below a folder.
#[async_trait]
pub(crate) trait Subject: Send + Sync {
    /// Makes what is missing.
    async fn create(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>>;

    /// Opens what exists.
    async fn open(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>>;
}

/// How far a script came.
pub(crate) struct Run {
    pub(crate) model: Model,
    /// Whether the backend said that it is made.
    pub(crate) is_created: bool,
    /// The step that was cut off.
    pub(crate) cut: Option<Step>,
    /// What can't be, power or not.
    pub(crate) nonsense: Vec<Verdict>,
}

/// Runs the script until the power is gone.
pub(crate) fn run(subject: &dyn Subject, script: &Script, mounted: &Mounted) -> Run {
    let mut run = Run { model: Model::default(), is_created: false, cut: None, nonsense: Vec::new() };
    block_on(async {
        for session in script {
            let opened = if run.is_created {
                subject.open(mounted.dir()).await
            } else {
                subject.create(mounted.dir()).await
            };
            let backend = match opened {
                Ok(backend) => backend,
                Err(_) if mounted.is_cut() => return,
                Err(error) => {
                    return run.nonsense.push(Verdict::Wrong(format!("it doesn't open: {error:?}")));
                }
            };
            run.is_created = true;
            for step in session {
                let result = step.run(&*backend).await;
                if let Err(what) = run.model.note(step, &result) {
                    run.nonsense.push(Verdict::Wrong(what));
                }
                if mounted.is_cut() {
                    // The last operation may have been the last of its step.
                    run.cut = result.is_err().then(|| step.clone());
                    return;
                }
            }
        }
    });
    run
}

/// After which operations the power goes, or which ones fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// Each.
    Every,
    /// Each but those in the midst of a row of writes, of which there are some. For backends that write much and
    /// sync seldom. In a long run these, too.
    Edges,
}

/// How often the power goes in the midst of a row of writes.
const IN_A_ROW: usize = 8;

/// Runs the whole script to see which operations there are: the numbers from 0, before the first one, to the last.
pub(crate) fn operations(subject: &dyn Subject, script: &Script, at: At) -> Vec<u64> {
    let dir = folder();
    let mounted = Disk::new().mount(dir.path()).unwrap();
    let whole = run(subject, script, &mounted);
    assert_eq!(whole.nonsense, []);
    let history = mounted.history();
    let is_write = |number: usize| history.get(number).is_some_and(|what| what.starts_with("write "));
    let is_edge = |n: usize| n == 0 || !is_write(n - 1) || !is_write(n) || n.is_multiple_of(IN_A_ROW);
    let all = at == At::Every || scale() > 1;
    (0..=history.len()).filter(|n| all || is_edge(*n)).map(|n| n as u64).collect()
}

/// Cuts the power after each number of operations, and looks at the disk in all these ways: once at each that is
/// unlike the others. Ends early after so many findings.
pub(crate) fn power(
    subject: &dyn Subject,
    script: &Script,
    at: At,
    survivals: impl Fn(u64) -> Vec<Survival>,
    enough: u64,
) -> Tally {
    let dir = folder();
    let mut tally = Tally::default();
    for cut in operations(subject, script, at) {
        if tally.bad() >= enough {
            break;
        }
        let mounted = Disk::new().mount(dir.path()).unwrap();
        mounted.cut_after(cut);
        let run = run(subject, script, &mounted);
        let history = mounted.history();
        let disk = mounted.pull_plug().unwrap();
        let mut seen: Vec<Disk> = Vec::new();
        for survival in survivals(cut) {
            let mut disk = disk.clone();
            disk.settle(survival);
            if seen.iter().any(|other| other.is_same(&disk)) {
                continue;
            }
            seen.push(disk.clone());
            let mut verdicts = look(subject, &run, disk.mount(dir.path()).unwrap());
            verdicts.extend(run.nonsense.iter().cloned());
            tally.add(&verdicts, || place(cut, Some(survival), &run, &history));
        }
    }
    tally
}

/// Opens what is on the disk, compares it with the model, goes on writing, and loses the power once more.
fn look(subject: &dyn Subject, run: &Run, mounted: Mounted) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut model = run.model.clone();
    block_on(async {
        let backend = if run.is_created {
            subject.open(mounted.dir()).await
        } else {
            subject.create(mounted.dir()).await
        };
        match backend {
            Ok(backend) => {
                verdicts.extend(compare(&*backend, &model).await);
                verdicts.extend(go_on(&*backend, &mut model, run.cut.as_ref()).await);
                // Before the backend is closed: that would write.
                mounted.cut_after(0);
            }
            Err(error) if run.is_created => {
                verdicts.push(Verdict::Lost(format!("it doesn't open: {error:?}")));
            }
            Err(error) => verdicts.push(Verdict::Wrong(format!("it can't be made again: {error:?}"))),
        }
    });
    let mounted = mounted.power_cycle(Survival::Synced).unwrap();
    if !verdicts.iter().any(|verdict| *verdict > Verdict::New) {
        verdicts.extend(after_all(subject, &model, &mounted));
    }
    verdicts
}

/// What is there must be exactly what the model acknowledged.
pub(crate) fn after_all(subject: &dyn Subject, model: &Model, mounted: &Mounted) -> Vec<Verdict> {
    block_on(async {
        match subject.open(mounted.dir()).await {
            Ok(backend) => compare(&*backend, model).await,
            Err(error) => vec![Verdict::Lost(format!("it doesn't open any more: {error:?}"))],
        }
    })
}

/// Reads every key and lists them.
pub(crate) async fn compare(backend: &dyn StorageBackend, model: &Model) -> Vec<Verdict> {
    let (mut verdicts, mut present) = (Vec::new(), Vec::new());
    for key in model.keys() {
        let found = find(backend, key).await;
        verdicts.push(model.judge(key, &found));
        if matches!(found, Ok(Some(_))) {
            present.push(key.clone());
        }
    }
    match list(backend).await {
        Ok(listed) if listed == present => {}
        Ok(listed) => verdicts.push(Verdict::Wrong(format!("listed: {listed:?}, readable: {present:?}"))),
        Err(error) => verdicts.push(Verdict::Wrong(format!("list: {error}"))),
    }
    verdicts
}

/// The backend is as good as new: what was cut off is done once more, and something else.
async fn go_on(backend: &dyn StorageBackend, model: &mut Model, cut: Option<&Step>) -> Vec<Verdict> {
    let again = cut.map(|step| match step {
        // A create-only put may have landed.
        Step::Put { key, value, .. } => {
            Step::Put { key: key.clone(), value: value.clone(), create_only: false }
        }
        Step::Delete { .. } => step.clone(),
    });
    let more = [
        Step::Put { key: name("after/all"), value: value(6_000), create_only: true },
        Step::Put { key: name("after/that"), value: value(1), create_only: true },
        Step::Delete { key: name("after/that") },
    ];
    let mut verdicts = Vec::new();
    for step in again.iter().chain(&more) {
        let result = step.run(backend).await;
        let noted = model.note(step, &result);
        if let Some(what) = noted.err().or(result.err().map(|error| format!("afterwards, {step}: {error:?}")))
        {
            verdicts.push(Verdict::Wrong(what));
        }
    }
    verdicts.extend(compare(backend, model).await.into_iter().filter(|verdict| *verdict > Verdict::New));
    verdicts
}

/// Does a step once more after it failed. That a value exists already is as good as Ok if it is the right one: so does
/// every caller that isn't told what became of a write.
pub(crate) async fn again(backend: &dyn StorageBackend, step: &Step, model: &mut Model) -> Vec<Verdict> {
    let result = step.run(backend).await;
    let mut verdicts: Vec<_> = model.note(step, &result).err().map(Verdict::Wrong).into_iter().collect();
    match result {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if let Ok(Some(found)) = find(backend, step.key()).await
                && Some(&found) == step.effect().as_ref()
            {
                model.rely_on(step.key(), &found);
            }
        }
        Err(error) => verdicts.push(Verdict::Wrong(format!("once more, {step}: {error:?}"))),
    }
    verdicts
}

/// How to come to a finding again.
pub(crate) fn place(number: u64, survival: Option<Survival>, run: &Run, history: &[String]) -> Vec<String> {
    let step = run.cut.as_ref().map_or_else(|| "none".to_owned(), Step::to_string);
    let mut lines = vec![format!("operation {number}, {survival:?}, step cut off: {step}")];
    lines.extend(history.iter().enumerate().rev().take(12).map(|(at, what)| format!("{}: {what}", at + 1)));
    lines
}

/// Waits until a store that was dropped has let go of its files, and so many are open.
pub(crate) fn wait_until_open(mounted: &Mounted, handles: usize) {
    for _ in 0..10_000 {
        if mounted.open_handles() <= handles {
            return;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    panic!("{} files are still open, not {handles}", mounted.open_handles());
}

/// In a runtime of its own, which is gone afterwards.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}

/// With one thread for what blocks, so that the operations come in order.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
}

/// Runs a sweep over each script, numbered, and adds up.
pub(crate) fn over(scripts: &[Script], sweep: impl Fn(u64, &Script) -> Tally) -> Tally {
    let scripts = (0..).zip(scripts);
    scripts.fold(Tally::default(), |tally, (number, script)| tally.merge(sweep(number, script)))
}

/// Ways to lose the power: all those without chance, and so many seeds, other ones for each script and operation.
pub(crate) fn survivals(script: u64, operation: u64, seeds: u64) -> Vec<Survival> {
    let first = script * 1_000_000 + operation * 100;
    let random = (first..first + seeds).map(|seed| Survival::Random { seed });
    [Survival::Synced, Survival::Data, Survival::Names, Survival::Everything]
        .into_iter()
        .chain(random)
        .collect()
}
