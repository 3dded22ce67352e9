//! One command a file.

mod demo;
mod inspect;
mod join;
mod key;
mod ring;
mod split;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::output::Output;

/// Carries out what was typed.
pub(crate) fn run(args: &Args, out: &Output) -> Result<(), Failure> {
    match &args.command {
        Command::Split(args) => split::run(args, *out),
        Command::Join(args) => join::run(args, *out),
        Command::Inspect(args) => inspect::run(args, *out),
        Command::Key(args) => key::run(args, *out),
        Command::Demo(args) => demo::run(args, *out),
    }
}
