//! `cargo xtask fuzz`: every fuzz target for a while, from a corpus that begins with the vectors.
//!
//! The contract with the fuzz crate, `fuzz/`, which is a workspace of its own:
//! - Each target is `fuzz/fuzz_targets/NAME.rs`, built by cargo-fuzz as the program NAME.
//! - The program `seed` takes two arguments, the folder of the vectors and the folder of the corpora, and
//!   writes files into `CORPUS/NAME/` for each target, creating folders as needed. It writes the same files
//!   with the same names each time, touches no others, builds on stable, and exits with 0 only if all is
//!   written. A target that no vector fits may stay without seeds; it is then named here as a note.
//! - `fuzz/dictionaries/NAME.dict`, where it exists, is handed to libFuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::step::Step;
use crate::tools;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Time for each target.
    pub(crate) seconds: u32,
    /// A missing tool is a failure.
    pub(crate) require: bool,
    /// Targets by name; none means all.
    pub(crate) targets: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: 60, require: false, targets: Vec::new() }
    }
}

/// One input may take this long. In seconds.
const SLOWEST_INPUT: u32 = 5;

/// Memory of the fuzzer as a whole, and of one allocation: decoders promise to be bounded, so an input that
/// needs more is a finding. In MiB.
const MEMORY: u32 = 512;
const ALLOCATION: u32 = 64;

/// Seeds, builds and runs the targets one after the other. All are run even if one finds something.
///
/// # Errors
/// [`Failure::Missing`] without nightly or cargo-fuzz, or [`Failure::Failed`] if they are required;
/// [`Failure::Failed`] if there is no fuzz crate or no such target, and for every target that found something.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    let fuzz = root.join("fuzz");
    let all = targets(&fuzz)?;
    let chosen = choose(&all, &options.targets)?;
    let nightly = tools().map_err(|missing| missing.required(options.require))?;

    seed(root, &fuzz, &chosen)?;
    Step::cargo_of(&nightly).args(["fuzz", "build", "--fuzz-dir"]).arg(&fuzz).run()?;
    let mut failed = Vec::new();
    for target in &chosen {
        let mut step = Step::cargo_of(&nightly).args(["fuzz", "run", "--fuzz-dir"]).arg(&fuzz);
        step = step.args([target.as_str(), "--"]).args(limits(options.seconds));
        // The sanitizer keeps freed memory for a while, 256 MiB of it unless told; that is not the target's.
        step = step.env("ASAN_OPTIONS", "quarantine_size_mb=64");
        let dictionary = fuzz.join("dictionaries").join(format!("{target}.dict"));
        if dictionary.is_file() {
            step = step.arg(format!("-dict={}", dictionary.display()));
        }
        if step.run().is_err() {
            failed.push(target.as_str());
        }
    }
    println!("fuzz: {} targets, {} s each, {} failed", chosen.len(), options.seconds, failed.len());
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!("fuzz: {} failed; the inputs lie in fuzz/artifacts", failed.join(", "))))
}

fn limits(seconds: u32) -> [String; 4] {
    [
        format!("-max_total_time={seconds}"),
        format!("-timeout={SLOWEST_INPUT}"),
        format!("-rss_limit_mb={MEMORY}"),
        format!("-malloc_limit_mb={ALLOCATION}"),
    ]
}

/// The nightly toolchain to use, if that and cargo-fuzz are there.
fn tools() -> Result<String, Failure> {
    let missing = |what: &str| Failure::Missing(format!("fuzz: nothing was run: {what}"));
    let nightly = tools::toolchain("nightly");
    let nightly =
        nightly.ok_or_else(|| missing("no nightly toolchain (`rustup toolchain install nightly`)"))?;
    if !tools::has_subcommand("fuzz") {
        return Err(missing("no cargo-fuzz (`cargo install --locked cargo-fuzz`)"));
    }
    Ok(nightly)
}

/// Names of all targets, in order.
fn targets(fuzz: &Path) -> Result<Vec<String>, Failure> {
    let folder = fuzz.join("fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|e| Failure::Failed(format!("fuzz: {}: {e}", folder.display())))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let sources = paths.filter(|path: &PathBuf| path.extension().is_some_and(|ending| ending == "rs"));
    let mut names: Vec<String> =
        sources.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    if names.is_empty() {
        return Err(Failure::Failed(format!("fuzz: {}: no targets", folder.display())));
    }
    names.sort();
    Ok(names)
}

fn choose(all: &[String], wanted: &[String]) -> Result<Vec<String>, Failure> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        let known = all.join(", ");
        return Err(Failure::Failed(format!("fuzz: no target `{unknown}`; there are {known}")));
    }
    Ok(if wanted.is_empty() { all.to_vec() } else { wanted.to_vec() })
}

/// Runs the fuzz crate's `seed`, and says which targets start from nothing.
fn seed(root: &Path, fuzz: &Path, chosen: &[String]) -> Result<(), Failure> {
    let corpus = fuzz.join("corpus");
    let step = Step::cargo().args(["run", "--quiet", "--manifest-path"]).arg(fuzz.join("Cargo.toml"));
    step.args(["--bin", "seed", "--"]).arg(root.join("vectors")).arg(&corpus).run()?;
    for target in chosen {
        let seeds = fs::read_dir(corpus.join(target)).map_or(0, Iterator::count);
        match seeds {
            0 => println!("fuzz: {target} starts without seeds"),
            n => println!("fuzz: {target} starts from {n} inputs"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn targets_are_chosen_by_name() {
        let all = names("manifest share");
        assert_eq!(choose(&all, &[]), Ok(all.clone()));
        assert_eq!(choose(&all, &names("share")), Ok(names("share")));
        let unknown = choose(&all, &names("share shares")).unwrap_err();
        assert_eq!(unknown.to_string(), "fuzz: no target `shares`; there are manifest, share");
    }

    #[test]
    fn a_missing_fuzz_crate_is_no_success() {
        let error = targets(Path::new("no/such/folder")).unwrap_err();
        assert!(matches!(error, Failure::Failed(_)));
        assert_eq!(run(Path::new("no/such/folder"), &Options::default()).unwrap_err().code(), 1);
    }

    #[test]
    fn every_limit_is_handed_over() {
        assert_eq!(
            limits(10),
            ["-max_total_time=10", "-timeout=5", "-rss_limit_mb=512", "-malloc_limit_mb=64"]
        );
    }
}
