//! Job: do the tests notice when the code is changed?

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;
use crate::{test, tools};

/// The crates whose every line decides about bytes.
const CRATES: [&str; 4] = ["xorida-core", "xstore-keys", "xstore-share", "xstore-manifest"];

/// Mutates the core crates; every mutant that no test notices is printed and fails the job.
///
/// `XTASK_MUTANTS_SHARD`, as `0/4`, has this run take one share of the mutants, so that machines can divide
/// them.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    if !tools::has_subcommand("mutants") {
        let how = "mutants: no cargo-mutants (`cargo install --locked cargo-mutants`)";
        return Err(Failure::Missing(how.into()));
    }
    let mut step = Step::cargo().args(["mutants", "--no-shuffle", "--colors", "never", "--output"]);
    step = step.arg(&context.metadata.target_directory);
    for name in CRATES {
        step = step.args(["--package", name]);
    }
    if let Ok(shard) = std::env::var("XTASK_MUTANTS_SHARD") {
        step = step.args(["--shard", &shard]);
    }
    // It builds in copies of the tree, each with a target folder of its own.
    step.cfg(test::INJECT).run()
}
