//! `cargo xtask ci`: the jobs of the continuous integration, runnable anywhere.

mod build;
mod deps;
mod kernels;
mod mutants;
mod no_std;
mod trees;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::workspace::{self, Metadata};
use crate::{fuzz, itest, test};

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// A check that can't run for want of a tool is a failure.
    pub(crate) require: bool,
    /// The jobs, in the order in which they run.
    pub(crate) jobs: Vec<&'static Job>,
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        let names = |o: &Self| o.jobs.iter().map(|j| j.name).collect::<Vec<_>>();
        self.require == other.require && names(self) == names(other)
    }
}

impl Eq for Options {}

/// One job.
pub(crate) struct Job {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    about: &'static str,
    run: fn(&Context) -> Result<(), Failure>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What every job needs to know.
#[derive(Debug)]
pub(crate) struct Context {
    /// The folder of the workspace.
    root: PathBuf,
    metadata: Metadata,
    require: bool,
}

impl Context {
    /// A part of a job can't run here; the rest of the job goes on.
    ///
    /// # Errors
    /// [`Failure::Failed`] under `--require`.
    fn left_out(&self, part: &str, reason: &str) -> Result<(), Failure> {
        let message = format!("{part} left out: {reason}");
        if self.require {
            return Err(Failure::Missing(message).required(true));
        }
        println!("{message}");
        Ok(())
    }
}

const JOBS: &[Job] = &[
    job("fmt", "formatting, of the fuzz crate too", build::fmt),
    job("clippy", "each crate by itself, with and without injected randomness", build::clippy),
    job("test", "`cargo xtask test`", |c| test::run(&c.root, &test::Options::default())),
    job("itest", "`cargo xtask itest`", |c| itest::run(&c.root, &itest::Options::default())),
    job("docs", "documentation without warnings", build::docs),
    job("deny", "lock file, licences, sources, bans (cargo-deny)", deps::deny),
    job("trees", "no crate compiles a client that it doesn't need", trees::run),
    job("no_std", "xorida-core without the standard library", no_std::run),
    job("features", "each feature of each crate alone", build::features),
    job("msrv", "the oldest supported Rust (that toolchain)", build::msrv),
    job("kernels", "xorida-core with each kernel that this CPU has", kernels::run),
    job("miri", "xorida-core's portable kernel under Miri (nightly, miri)", kernels::miri),
    job("fuzz", "ten seconds for each target (nightly, cargo-fuzz)", fuzz_smoke),
    job("minimal", "the lowest versions that the manifests allow (nightly)", deps::minimal),
    job("mutants", "do the tests notice changes? hours (cargo-mutants)", mutants::run),
    job("advisories", "known flaws of dependencies (cargo-deny, network)", deps::advisories),
];

const fn job(name: &'static str, about: &'static str, run: fn(&Context) -> Result<(), Failure>) -> Job {
    Job { name, about, run }
}

/// The job of this name.
pub(crate) fn find(name: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.name == name)
}

/// The help, with all jobs.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "Runs jobs of the continuous integration, in the order in which they are named.\n\n\
         Usage: cargo xtask ci [--require] JOB...\n\nJobs, in brackets what they need besides Rust:\n",
    );
    for job in JOBS {
        let _ = writeln!(text, "  {:<10} {}", job.name, job.about);
    }
    text += "\nOptions:\n  --require   what can't run for want of a tool is a failure\n\n\
             A job that can't run at all exits with 3; one that leaves a part out says so.\n";
    text
}

/// Runs the jobs, all of them even if one fails.
///
/// # Errors
/// The failure, if it was one job; else [`Failure::Failed`] with the names of the jobs that failed, or
/// [`Failure::Missing`] if none did and some could not run.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    let metadata = workspace::metadata(root)?;
    let context = Context { root: root.to_owned(), metadata, require: options.require };
    let mut failures = Vec::new();
    for job in &options.jobs {
        let watch = Stopwatch::start();
        let result = (job.run)(&context).map_err(|failure| failure.required(options.require));
        let verdict = match &result {
            Ok(()) => "ok".to_owned(),
            Err(failure) => failure.to_string(),
        };
        // The sum of `test` is to be its last line, for whoever reads it.
        eprintln!("ci {}: {verdict} ({:.1} s)", job.name, watch.elapsed().as_secs_f64());
        failures.extend(result.err().map(|failure| (job.name, failure)));
    }
    sum_up(failures)
}

fn sum_up(mut failures: Vec<(&str, Failure)>) -> Result<(), Failure> {
    if failures.len() <= 1 {
        return failures.pop().map_or(Ok(()), |(_, failure)| Err(failure));
    }
    let named = |failures: &[(&str, Failure)]| failures.iter().map(|f| f.0).collect::<Vec<_>>().join(", ");
    let (missing, failed): (Vec<_>, Vec<_>) =
        failures.into_iter().partition(|(_, failure)| matches!(failure, Failure::Missing(_)));
    Err(match failed.as_slice() {
        [] => Failure::Missing(format!("could not run: {}", named(&missing))),
        failed => Failure::Failed(format!("failed: {}", named(failed))),
    })
}

fn fuzz_smoke(context: &Context) -> Result<(), Failure> {
    let options = fuzz::Options { seconds: 10, require: context.require, targets: Vec::new() };
    fuzz::run(&context.root, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_all_in_the_help() {
        for (at, job) in JOBS.iter().enumerate() {
            assert!(JOBS.iter().skip(at + 1).all(|other| other.name != job.name), "{}", job.name);
            assert!(help().contains(job.about));
        }
    }

    #[test]
    fn a_failure_outweighs_a_missing_tool() {
        let failed = || Failure::Failed("x".into());
        let missing = || Failure::Missing("y".into());
        assert_eq!(sum_up(vec![]), Ok(()));
        assert_eq!(sum_up(vec![("deny", missing())]), Err(missing()));
        assert_eq!(
            sum_up(vec![("deny", missing()), ("fmt", failed()), ("docs", failed())]),
            Err(Failure::Failed("failed: fmt, docs".into()))
        );
        assert_eq!(
            sum_up(vec![("deny", missing()), ("miri", missing())]),
            Err(Failure::Missing("could not run: deny, miri".into()))
        );
    }
}
