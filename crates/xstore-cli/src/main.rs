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
            if !error.use_stderr() {
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            // Whoever asked for JSON gets it, whatever else was wrong with what he typed.
            if std::env::args_os().any(|argument| argument == "--json") {
                let text = error.render().to_string();
                let text = text.trim().trim_start_matches("error: ");
                output::Output::new(true, false).failure(&failure::Failure::usage(text));
            } else {
                let _ = error.print();
            }
            return ExitCode::from(failure::USAGE);
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
