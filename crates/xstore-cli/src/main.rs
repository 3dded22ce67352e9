//! The `xstore` command: split a file into shares on several folders, join it from any k of them, look at shares
//! and manifests, keep keys.
#![forbid(unsafe_code)]

mod args;
mod clock;
mod cmd;
mod failure;
mod interrupt;
mod join;
mod output;
mod progress;
mod split;
mod units;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors; everything else is a usage error. A closed pipe changes neither.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(failure::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let out = output::Output::new(args.json, args.quiet);
    match cmd::run(&args, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out.failure(&failure);
            failure.exit_code()
        }
    }
}
