//! `xstore completions`.

use crate::args::{Args, Completions};
use crate::failure::Failure;
use crate::output::Output;
use clap::CommandFactory;

pub(super) fn run(args: &Completions, out: Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "xstore", &mut script);
    out.data(&String::from_utf8_lossy(&script))
}
