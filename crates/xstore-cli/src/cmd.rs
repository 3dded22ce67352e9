//! One command a file.

mod change;
mod completions;
mod config;
mod demo;
mod get;
mod init;
mod inspect;
mod join;
mod key;
mod man;
mod migrate;
mod plan;
mod put;
mod repair;
mod reshare;
mod ring;
mod rm;
mod split;
mod status;
mod sweep;
mod verify;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::Output;
pub(crate) use ring::is_missing;

/// Carries out what was typed.
pub(crate) fn run(args: &Args, out: Output) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Init(args) => init::run(args, out),
        Command::Put(args) => put::run(args, out),
        Command::Get(args) => get::run(args, out),
        Command::Rm(args) => rm::run(args, out),
        Command::Verify(args) => verify::run(args, out),
        Command::Repair(args) => repair::run(args, out),
        Command::Migrate(args) => migrate::run(args, out),
        Command::Reshare(args) => reshare::run(args, out),
        Command::Status(args) => status::run(args, out),
        Command::Plan(args) => plan::run(args, out),
        Command::Config(args) => config::run(args, out),
        Command::Sweep(args) => sweep::run(args, out),
        Command::Split(args) => done(split::run(args, out)),
        Command::Join(args) => done(join::run(args, out)),
        Command::Inspect(args) => done(inspect::run(args, out)),
        Command::Key(args) => done(key::run(args, out)),
        Command::Demo(args) => done(demo::run(args, out)),
        Command::Completions(args) => done(completions::run(args, out)),
        Command::Man(args) => done(man::run(args, out)),
    }
}

fn done(result: Result<(), Failure>) -> Result<Outcome, Failure> {
    result.map(|()| Outcome::Done)
}
