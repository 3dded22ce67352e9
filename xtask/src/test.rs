//! `cargo xtask test`: every test of the workspace, and the rest of what must hold before a commit.

pub(crate) mod report;
pub(crate) mod runner;

use std::path::Path;

use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::step::{Step, Stream};
use crate::test::report::{Report, Stage};
use crate::test::runner::{Counts, Slow};
use crate::{itest, tidy, tools, vectors, workspace};

/// The condition under which crates let a test take the place of the operating system's random source.
pub(crate) const INJECT: &str = "xstore_inject";

/// The folder for builds with [`INJECT`].
const INJECT_FOLDER: &str = "inject";

/// Compiles a step with [`INJECT`], apart from the ordinary builds.
pub(crate) fn with_inject(step: Step, target: &Path) -> Step {
    step.cfg(INJECT).apart(target, INJECT_FOLDER)
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Leave out the tests that need servers.
    pub(crate) no_emulators: bool,
    /// Words for the runner, which select among the tests that need none.
    pub(crate) args: Vec<String>,
}

/// Runs the tests that are selected, or everything if none are, and prints a report.
///
/// # Errors
/// [`Failure::Reported`] if something failed or no test ran; [`Failure::Failed`] without a readable workspace.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    let args = options.args.as_slice();
    let metadata = workspace::metadata(root)?;
    let target = &metadata.target_directory;
    let suite = Suite { target, args, nextest: tools::has_subcommand("nextest") };
    let mut report = Report::default();
    let selection = runner::selection(args);

    // Without a build there is nothing to run, but the rules can still be checked.
    let built = selection.is_none() || report.add(suite.build());
    if built {
        let tests = suite.tests(&mut report.slowest);
        report.add(tests);
        match selection {
            None => eprintln!("doc tests: left out, since the arguments choose among the other tests"),
            Some(packages) if packages.iter().any(|p| metadata.is_without_library(p)) => {
                eprintln!("doc tests: left out, since only libraries have them");
            }
            Some(_) => drop(report.add(suite.doc_tests())),
        }
    }
    if args.is_empty() {
        if options.no_emulators {
            report.leave_out("itest: left out, as --no-emulators says: nothing was tried on a server");
        } else {
            itest::add(root, &metadata, &itest::Options::default(), &mut report);
        }
        report.add(own("vectors", || vectors::run(None)));
        report.add(own("tidy", || tidy::run(root)));
    }
    report.finish()
}

/// Runs a `cargo test` and insists that it tested something: a run that finds no test exits with 0 too.
///
/// # Errors
/// [`Failure::Failed`] if a test failed, or none ran.
pub(crate) fn insist(step: &Step) -> Result<(), Failure> {
    let stage = counted("tests", step, Stream::Stdout, Counts::add_libtest);
    match (stage.failure, stage.counts.map(Counts::ran)) {
        (Some(failure), _) => Err(Failure::Failed(failure)),
        (None, Some(1..)) => Ok(()),
        (None, _) => Err(Failure::Failed(format!("`{}` ran no test", step.shown()))),
    }
}

/// How this machine runs the tests.
struct Suite<'a> {
    target: &'a Path,
    args: &'a [String],
    nextest: bool,
}

impl Suite<'_> {
    /// Compiles, so that the time of the tests is theirs alone and the compiler keeps the terminal.
    fn build(&self) -> Stage {
        let step = self.runner().arg("--no-run").args(self.args);
        own("build", || step.run())
    }

    fn tests(&self, slowest: &mut Vec<Slow>) -> Stage {
        let step = self.runner().args(self.args);
        if !self.nextest {
            return counted("tests", &step, Stream::Stdout, Counts::add_libtest);
        }
        counted("tests", &step, Stream::Stderr, |counts, line| {
            if let Some(summary) = Counts::of_nextest(line) {
                *counts = summary;
            }
            slowest.extend(Slow::of_nextest(line));
        })
    }

    /// Nextest has no doc tests, so cargo runs them in both cases.
    fn doc_tests(&self) -> Stage {
        let step = Step::cargo().args(["test", "--doc", "--no-fail-fast"]);
        let step = step.args(runner::whole_workspace(self.args)).args(self.args);
        counted("doc tests", &with_inject(step, self.target), Stream::Stdout, Counts::add_libtest)
    }

    fn runner(&self) -> Step {
        let step = match self.nextest {
            true => Step::cargo().args(["nextest", "run"]),
            false => {
                Step::cargo().args(["test", "--no-fail-fast"]).args(runner::all_but_doc_tests(self.args))
            }
        };
        let step = with_inject(step.args(runner::whole_workspace(self.args)), self.target);
        match runner::nextest_profile(|name| std::env::var(name).ok()) {
            Some(profile) => step.env("NEXTEST_PROFILE", profile),
            None => step,
        }
    }
}

/// A stage that counts tests by what its runner prints.
pub(crate) fn counted(
    name: &'static str,
    step: &Step,
    stream: Stream,
    mut read: impl FnMut(&mut Counts, &str),
) -> Stage {
    let watch = Stopwatch::start();
    let mut counts = Counts::default();
    let outcome = step.follow(stream, |line| read(&mut counts, &runner::without_colour(line)));
    let failure = match outcome {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("`{}` ended with {status}", step.shown())),
        Err(failure) => Some(failure.to_string()),
    };
    Stage { name, seconds: watch.elapsed().as_secs_f64(), counts: Some(counts), failure }
}

/// A stage without tests of its own.
pub(crate) fn own(name: &'static str, task: impl FnOnce() -> Result<(), Failure>) -> Stage {
    let watch = Stopwatch::start();
    let failure = task().err().map(|f| f.to_string());
    Stage { name, seconds: watch.elapsed().as_secs_f64(), counts: None, failure }
}
