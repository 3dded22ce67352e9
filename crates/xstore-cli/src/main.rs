//! The `xstore` command: store files as shares on several backends, read them from any k of these; split and join
//! without a store; look at shares and manifests, keep keys.
#![forbid(unsafe_code)]

mod args;
mod clock;
mod cmd;
mod columns;
mod failure;
mod feed;
mod files;
mod input;
mod interrupt;
mod join;
mod outcome;
mod output;
mod patient;
mod pending;
mod progress;
mod session;
mod sink;
mod split;
mod trace;
mod trouble;
mod units;
mod watch;

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
    let out = output::Output::new(args.json, args.quiet).verbose(args.verbose > 0);
    trace::start(args.verbose);
    match cmd::run(&args, out) {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => {
            out.failure(&failure);
            failure.exit_code()
        }
    }
}
