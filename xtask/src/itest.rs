//! `cargo xtask itest`: the adapters against real servers, which are started for it and stopped after it.

mod azure;
mod container;
mod emulator;
mod http;
mod install;
mod native;
mod port;
mod programs;
mod running;

use std::path::Path;
use std::time::Duration;

use crate::failure::Failure;
use crate::itest::emulator::Emulator;
use crate::itest::programs::Program;
use crate::step::{Step, Stream};
use crate::test::report::{Report, Stage};
use crate::test::runner::Counts;
use crate::test::{self, counted};
use crate::workspace::{self, Metadata};

pub(crate) use container::Engine;
pub(crate) use programs::{TESTS, build};
pub(crate) use running::{Running, Runtime};

/// The folder of emulators under cargo's `target`.
const FOLDER: &str = "emulators";

/// The tests of one crate may take this long.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Start the emulators, say where they are, and stay.
    pub(crate) up: bool,
    /// Where they run, if not wherever they can.
    pub(crate) runtime: Option<Runtime>,
    /// Whose tests; none means all.
    pub(crate) suites: Vec<Suite>,
}

/// The tests of one crate that need servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    /// The adapter for S3.
    S3,
    /// The adapter for Azure.
    Azure,
    /// The adapter for GCS.
    Gcs,
    /// The adapter for Redis.
    Redis,
    /// The adapter for OpenDAL.
    OpenDal,
    /// The store over all of them, and faults between.
    Faults,
}

impl Suite {
    /// All, in the order in which they run.
    pub(crate) const ALL: [Self; 6] =
        [Self::S3, Self::Azure, Self::Gcs, Self::Redis, Self::OpenDal, Self::Faults];

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "azure",
            Self::Gcs => "gcs",
            Self::Redis => "redis",
            Self::OpenDal => "opendal",
            Self::Faults => "faults",
        }
    }

    /// The suite of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    fn package(self) -> &'static str {
        match self {
            Self::S3 => "xstore-backend-s3",
            Self::Azure => "xstore-backend-azure",
            Self::Gcs => "xstore-backend-gcs",
            Self::Redis => "xstore-backend-redis",
            Self::OpenDal => "xstore-backend-opendal",
            Self::Faults => "xstore-faults",
        }
    }

    fn stage(self) -> &'static str {
        match self {
            Self::S3 => "itest s3",
            Self::Azure => "itest azure",
            Self::Gcs => "itest gcs",
            Self::Redis => "itest redis",
            Self::OpenDal => "itest dal",
            Self::Faults => "itest faults",
        }
    }

    fn emulators(self) -> &'static [Emulator] {
        match self {
            Self::S3 => &[Emulator::S3],
            Self::Azure => &[Emulator::Azure],
            Self::Gcs => &[Emulator::Gcs],
            Self::Redis => &[Emulator::Redis],
            Self::OpenDal => &[Emulator::WebDav],
            Self::Faults => &[Emulator::S3, Emulator::Azure, Emulator::Gcs, Emulator::Redis],
        }
    }

    /// Cases that the server can't pass, and why.
    const fn left_out(self) -> &'static [(&'static str, &'static str)] {
        const STAT: &str = "this WebDAV server looks at a file's length before it opens the file, so that a value may \
                            be cut while another one takes its place";
        match self {
            Self::OpenDal => &[
                ("over_webdav::concurrency::replacements_are_seen_whole", STAT),
                ("over_webdav::concurrency::ranges_are_of_one_value", STAT),
                ("over_webdav::concurrency::sizes_are_of_one_value", STAT),
            ],
            _ => &[],
        }
    }

    /// Programs that its tests start themselves, to stop, freeze and kill them: the variable that tells where one
    /// is, its name, the package that brings it.
    fn own_servers(self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self {
            Self::Redis => &[("XSTORE_ITEST_REDIS_SERVER", "redis-server", "redis-server")],
            Self::OpenDal => &[("XSTORE_ITEST_SSHD", "sshd", "openssh-server")],
            Self::S3 | Self::Azure | Self::Gcs | Self::Faults => &[],
        }
    }
}

/// Runs the suites, or holds the emulators up.
///
/// # Errors
/// [`Failure::Reported`] if something failed or no test ran; [`Failure::Failed`] without a readable workspace.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    let metadata = workspace::metadata(root)?;
    if options.up {
        return up(root, &metadata, options);
    }
    let mut report = Report::default();
    add(root, &metadata, options, &mut report);
    report.finish()
}

/// Runs the suites as stages of a report.
pub(crate) fn add(root: &Path, metadata: &Metadata, options: &Options, report: &mut Report) {
    let suites = chosen(options);
    let mut programs = Vec::new();
    let built = report.add(test::own("itest build", || {
        let packages: Vec<&str> = options.suites.iter().map(|suite| suite.package()).collect();
        programs = build(metadata, &packages)?;
        Ok(())
    }));
    if !built {
        return;
    }
    let mut servers = None;
    let up = report.add(test::own("emulators", || {
        servers = Some(Servers::start(root, metadata, &suites, options.runtime)?);
        Ok(())
    }));
    let Some(mut servers) = servers.filter(|_| up) else { return };
    for suite in suites {
        report.add(run_one(suite, &programs, &servers));
    }
    let outcome = test::own("stopping", || {
        let alive = servers.running.check();
        drop(servers);
        alive
    });
    report.add(outcome);
}

/// Emulators and all that the tests are told.
#[derive(Debug)]
pub(crate) struct Servers {
    running: Running,
    /// Variables for whoever talks to them.
    variables: Vec<(&'static str, String)>,
}

impl Servers {
    /// Starts what these suites need.
    ///
    /// # Errors
    /// [`Failure::Failed`] if something can't be had or doesn't start.
    pub(crate) fn start(
        root: &Path,
        metadata: &Metadata,
        suites: &[Suite],
        runtime: Option<Runtime>,
    ) -> Result<Self, Failure> {
        if cfg!(not(unix)) {
            // Nothing could make sure that they end with this process.
            return Err(Failure::Failed("servers are started on Unix only".into()));
        }
        let mut variables = Vec::new();
        for (variable, program, package) in suites.iter().flat_map(|suite| suite.own_servers()) {
            variables.push((*variable, install::system(program, package)?.to_string_lossy().into_owned()));
        }
        let mut emulators: Vec<Emulator> =
            suites.iter().flat_map(|suite| suite.emulators()).copied().collect();
        emulators.sort_unstable();
        emulators.dedup();
        let runtime = runtime.unwrap_or_else(Runtime::found);
        eprintln!(
            "itest: emulators run {}",
            match runtime {
                Runtime::Native => "as processes of this machine".to_owned(),
                Runtime::Container(_) => format!("in containers of {}", runtime.name()),
            }
        );
        let folder = metadata.target_directory.join(FOLDER);
        let running = Running::start(&emulators, runtime, root, &folder)?;
        variables.extend(running.variables());
        Ok(Self { running, variables })
    }

    /// Tells a program where they are.
    pub(crate) fn tell(&self, step: Step) -> Step {
        self.variables.iter().fold(step, |step, (name, value)| step.env(name, value))
    }
}

fn chosen(options: &Options) -> Vec<Suite> {
    if options.suites.is_empty() { Suite::ALL.to_vec() } else { options.suites.clone() }
}

fn run_one(suite: Suite, programs: &[Program], servers: &Servers) -> Stage {
    let package = suite.package();
    let is_it = |program: &&Program| program.package == package && program.name == TESTS;
    let Some(program) = programs.iter().find(is_it) else {
        return test::own(suite.stage(), || {
            Err(Failure::Failed(format!("{package} has no tests `{TESTS}`")))
        });
    };
    let mut step = servers.tell(program.step());
    for (case, why) in suite.left_out() {
        println!("left out: {case}: {why}");
        step = step.args(["--skip", *case]);
    }
    let step = step.env("XSTORE_REQUIRE", "1").guarded(LIMIT);
    let stage = counted(suite.stage(), &step, Stream::Stdout, Counts::add_libtest);
    // A program without tests succeeds as well.
    match (&stage.failure, stage.counts.map(Counts::ran)) {
        (None, Some(0) | None) => Stage { failure: Some(format!("{package}: no test ran")), ..stage },
        _ => stage,
    }
}

fn up(root: &Path, metadata: &Metadata, options: &Options) -> Result<(), Failure> {
    let mut servers = Servers::start(root, metadata, &chosen(options), options.runtime)?;
    for (name, value) in &servers.variables {
        println!("export {name}='{value}'");
    }
    eprintln!("itest: they run until this ends (Ctrl-C)");
    servers.running.stay()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_found_by_name_and_fit_the_report() {
        for suite in Suite::ALL {
            assert_eq!(Suite::find(suite.name()), Some(suite));
            assert!(suite.stage().len() <= 12, "{}", suite.stage());
            assert!(!suite.emulators().is_empty());
        }
        assert_eq!(Suite::find("s4"), None);
    }

    #[test]
    fn no_name_means_all() {
        assert_eq!(chosen(&Options::default()), Suite::ALL);
        let one = Options { suites: vec![Suite::Redis], ..Options::default() };
        assert_eq!(chosen(&one), [Suite::Redis]);
    }
}
