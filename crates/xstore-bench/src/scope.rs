//! What of all this a run measures, and how thoroughly.

use std::path::PathBuf;
use std::time::Duration;

use crate::bytes::MIB;
use crate::clock::Whose;
use crate::failure::Failure;
use crate::measure::{Case, Effort};
use crate::store;

/// The command line, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// A short run: everything once for its result, then a few short samples.
    pub(crate) quick: bool,
    /// JSON instead of text.
    pub(crate) json: bool,
    /// Where files are written. Beside the program if nowhere else.
    pub(crate) dir: Option<PathBuf>,
    /// Only cases whose id contains this.
    pub(crate) filter: Option<String>,
}

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Measures xStore beside the limits of this machine and beside other projects.

Usage: xstore-bench [--quick] [--json] [--dir FOLDER] [FILTER]

  --quick       a few short samples of everything, in seconds instead of minutes
  --json        print the results as JSON
  --dir FOLDER  where the store writes its files, which are removed again: 10 GiB at most, 1 GiB with --quick;
                beside the program if not said
  FILTER        only cases whose id contains it, such as `xorida/`, `/2-3/`, `64MiB/encode`, `store` or `store/file`

Exit code 1 where a floor isn't reached (but not with --quick) or something computes a wrong result, 2 for wrong
arguments.
";

/// A command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print [`HELP`].
    Help,
    /// Put and get under the eyes of a process that measures.
    Child(store::Task),
    /// Measure.
    Run(Scope),
}

impl Request {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut scope = Scope::default();
        let mut words = words.peekable();
        if words.next_if(|word| word == store::CHILD).is_some() {
            let task = store::Task::parse(&words.collect::<Vec<_>>());
            return task.map(Self::Child).ok_or_else(|| Failure::Usage("that is no task".to_owned()));
        }
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--quick" => scope.quick = true,
                "--json" => scope.json = true,
                "--dir" => {
                    let dir =
                        words.next().ok_or_else(|| Failure::Usage("--dir needs a folder".to_owned()))?;
                    scope.dir = Some(dir.into());
                }
                option if option.starts_with('-') => {
                    return Err(Failure::Usage(format!("unknown option `{option}`")));
                }
                _ if scope.filter.is_none() => scope.filter = Some(word),
                _ => {
                    return Err(Failure::Usage(format!(
                        "a second filter, `{word}`; one is all there can be"
                    )));
                }
            }
        }
        Ok(Self::Run(scope))
    }
}

impl Scope {
    /// Whether the case is to be measured.
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| id.contains(filter.as_str()))
    }

    /// The cases that are to be measured. `references` stay if any other case does: ratios are taken with them.
    pub(crate) fn choose<W>(&self, references: usize, mut cases: Vec<Case<W>>) -> Vec<Case<W>> {
        let chosen: Vec<bool> = cases.iter().map(|case| self.wants(&case.id)).collect();
        if !chosen.contains(&true) {
            return Vec::new();
        }
        let mut at = 0;
        cases.retain(|_| {
            at += 1;
            at <= references || chosen[at - 1]
        });
        cases
    }

    /// How long to look at a group whose cases handle `bytes` at a time.
    pub(crate) fn effort(&self, bytes: usize) -> Effort {
        let large = bytes > 4 * MIB;
        let (rounds, micros) = match (self.quick, large) {
            (false, false) => (25, 4000),
            (false, true) => (11, 4000),
            (true, false) => (3, 500),
            (true, true) => (1, 500),
        };
        Effort { rounds, sample: Duration::from_micros(micros), whose: Whose::Thread }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Request, Failure> {
        Request::parse(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn arguments_in_any_order() {
        let scope =
            Scope { quick: true, json: true, dir: Some("a b".into()), filter: Some("xorida/".into()) };
        assert_eq!(parse(&["xorida/", "--json", "--dir", "a b", "--quick"]).unwrap(), Request::Run(scope));
        assert_eq!(parse(&[]).unwrap(), Request::Run(Scope::default()));
        assert_eq!(parse(&["--quick", "-h"]).unwrap(), Request::Help);
    }

    #[test]
    fn wrong_arguments_are_named() {
        assert_eq!(parse(&["--fast"]).unwrap_err().to_string(), "unknown option `--fast`");
        assert!(parse(&["a", "b"]).unwrap_err().to_string().contains("`b`"));
        assert_eq!(parse(&["--quick", "--dir"]).unwrap_err().to_string(), "--dir needs a folder");
        assert_eq!(parse(&[store::CHILD, "2", "3"]).unwrap_err().to_string(), "that is no task");
    }

    #[test]
    fn a_filter_keeps_the_references_of_what_it_keeps() {
        let ids = |filter: &str| -> Vec<String> {
            let scope = Scope { filter: Some(filter.into()), ..Scope::default() };
            let cases = ["a/reference", "a/split", "a/combine"].map(|id| Case::new(id, |(): &mut ()| Ok(())));
            scope.choose(1, cases.into()).into_iter().map(|case| case.id).collect()
        };
        assert_eq!(ids("split"), ["a/reference", "a/split"]);
        assert_eq!(ids("a/"), ["a/reference", "a/split", "a/combine"]);
        assert_eq!(ids("reference"), ["a/reference"]);
        assert!(ids("b/").is_empty());
    }

    #[test]
    fn quick_runs_and_large_buffers_take_fewer_samples() {
        let quick = Scope { quick: true, ..Scope::default() };
        let rounds = |scope: &Scope, bytes| scope.effort(bytes).rounds;
        assert!(rounds(&quick, 64 * MIB) < rounds(&quick, MIB));
        assert!(rounds(&quick, MIB) < rounds(&Scope::default(), 64 * MIB));
        assert!(rounds(&Scope::default(), 64 * MIB) < rounds(&Scope::default(), MIB));
    }
}
