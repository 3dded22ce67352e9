//! What was typed.

mod change;
mod likelihood;
mod offline;
mod range;
mod store;

pub(crate) use change::{Migrate, Place, Repair, Reshare};
use clap::{Parser, Subcommand};
pub(crate) use likelihood::{Likelihood, Whose};
pub(crate) use offline::{Demo, Inspect, Join, Key, KeyCommand, KeyFile, Split};
pub(crate) use range::ByteRange;
pub(crate) use store::{
    Completions, Config, ConfigCommand, Configured, Get, Init, Man, Plan, Put, Rm, Status, Sweep, Verify,
};

/// Split data so that any k of n places give it back and any k-1 hold noise.
#[derive(Debug, Parser)]
#[command(name = "xstore", version, max_term_width = 110, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Print one JSON document on standard output instead of text; with -v, events as JSON lines on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors, warnings and what was asked for.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Tell on standard error what happens to each share; twice, what the libraries do, too.
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 input, output, backend or system error; 2 wrong usage or configuration;
3 not enough good shares; 4 integrity: data, share or manifest refused; 5 key missing, unreadable or revoked;
6 degraded: done, but not with every share or backend; 7 layout refused;
8 too few backends can be used; 130 interrupted.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up a store: configuration, key and backends.
    Init(Init),
    /// Store a file, or standard input, as one share per backend.
    Put(Put),
    /// Read an object back from any k of its backends.
    Get(Get),
    /// Remove an object's shares, and then its manifest.
    Rm(Rm),
    /// Check every share of an object.
    Verify(Verify),
    /// Find missing and bad shares, and make them again from the good ones.
    Repair(Repair),
    /// Move an object's shares from one backend to another.
    Migrate(Migrate),
    /// Split an object anew, with another threshold.
    Reshare(Reshare),
    /// Ask every backend whether it is there and what may be done with it.
    Status(Status),
    /// Tell what a configuration means: who could read or destroy, which rules hold, what objects cost.
    Plan(Plan),
    /// Check a configuration.
    Config(Config),
    /// Clean up after puts and changes that didn't come to their end.
    Sweep(Sweep),
    /// Without a store: split a file, or standard input, into one share per folder.
    Split(Split),
    /// Without a store: join a file from any k of its folders.
    Join(Join),
    /// Show what a share or a manifest says of itself.
    Inspect(Inspect),
    /// Make and manage integrity keys.
    Key(Key),
    /// Store a file over three places, lose one, damage another, and see what happens: on this machine, in seconds.
    Demo(Demo),
    /// Print a script that completes this command in a shell.
    Completions(Completions),
    /// Print the manual page, or write those of all commands.
    Man(Man),
}
