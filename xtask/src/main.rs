#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bench;
mod ci;
mod clock;
mod failure;
mod faults;
mod flags;
mod fuzz;
mod guard;
mod itest;
mod step;
mod test;
mod tidy;
mod tools;
mod vectors;
mod workspace;

use std::env;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::flags::Request;

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    if let (Some(guard::TASK), Some(spec)) = (words.next().as_deref(), words.next()) {
        return guard::main(&spec);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match failure {
                Failure::Reported => {}
                Failure::Usage(_) => eprintln!("xtask: {failure}\n`cargo xtask --help` lists the tasks"),
                Failure::Failed(_) | Failure::Missing(_) => eprintln!("xtask: {failure}"),
            }
            ExitCode::from(failure.code())
        }
    }
}

fn run() -> Result<(), Failure> {
    let words = env::args_os().skip(1).map(|word| {
        word.into_string().map_err(|w| Failure::Usage(format!("not UTF-8: {}", w.to_string_lossy())))
    });
    let request = flags::parse(words.collect::<Result<_, _>>()?)?;
    match request {
        Request::Help(text) => {
            print!("{text}");
            Ok(())
        }
        Request::Test(options) => test::run(&workspace::root()?, &options),
        Request::Itest(options) => itest::run(&workspace::root()?, &options),
        Request::Faults(options) => faults::run(&workspace::root()?, &options),
        Request::Tidy => tidy::run(&workspace::root()?),
        // File names on the command line are relative to where the user stands, so this comes before any root.
        Request::Vectors(files) => vectors::run(files.as_deref()),
        Request::Bench(args) => bench::run(&args),
        Request::Fuzz(options) => fuzz::run(&workspace::root()?, &options),
        Request::Ci(options) => ci::run(&workspace::root()?, &options),
    }
}
