//! What was typed, checked, and the help for it. By hand: six tasks with a handful of options don't need a
//! library that every build of xtask would compile.

use std::path::PathBuf;

use crate::ci;
use crate::failure::Failure;
use crate::fuzz;

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print this text.
    Help(String),
    /// Run all tests, or those that the arguments for the runner select.
    Test(Vec<String>),
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
  test [-- ARGS]                       all tests, doc tests, vectors, tidy
  tidy                                 the house rules that no other tool checks
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

Usage: cargo xtask test [-- ARGS]

Without ARGS: all tests, all doc tests, `vectors` and `tidy`.
Tests run under cargo-nextest where it is installed and under `cargo test`
elsewhere; ARGS go to whichever it is, and leave `vectors` and `tidy` out.
ARGS that only choose packages, features or a profile apply to the doc tests
too; with any other, a name filter for example, the doc tests are left out.

The last line says `N passed, N failed`. It is an error if no test ran.
With CI set in the environment nextest uses its profile `ci`.
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
        "tidy" if wants_help => help(HELP_TIDY),
        "vectors" if wants_help => help(HELP_VECTORS),
        "bench" if wants_help => help(HELP_BENCH),
        "fuzz" if wants_help => help(HELP_FUZZ),
        "ci" if wants_help => Ok(Request::Help(ci::help())),
        "test" => Ok(Request::Test(passed_on(rest)?)),
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
        assert_eq!(of("test"), Ok(Request::Test(vec![])));
        assert_eq!(of("test -- -p xorida-core"), Ok(Request::Test(vec!["-p".into(), "xorida-core".into()])));
        assert_eq!(of("bench -- --help"), Ok(Request::Bench(vec!["--help".into()])));
        assert_eq!(refused("test split"), "put `--` before `split` to pass it on");
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
        for task in ["", "test ", "tidy ", "vectors ", "bench ", "fuzz ", "ci "] {
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
