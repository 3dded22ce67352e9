//! `cargo xtask bench`: the benchmarks, optimised.

use crate::failure::Failure;
use crate::step::Step;

/// Runs `xstore-bench` in the release profile and hands it `args`.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    Step::cargo().args(["run", "--release", "-p", "xstore-bench", "--"]).args(args).run()
}
