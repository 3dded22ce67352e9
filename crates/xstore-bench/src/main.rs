#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bytes;
mod clock;
mod failure;
mod host;
mod limits;
mod measure;
mod part;
mod peers;
mod report;
mod scope;
mod store;
mod table;
mod xorida;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::failure::Failure;
use crate::host::Host;
use crate::report::Report;
use crate::scope::{HELP, Request, Scope};

/// Wrong arguments.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        // Whoever reads has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("xstore-bench: {failure}");
            let mut cause = failure.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            if matches!(failure, Failure::Usage(_)) { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let scope = match Request::parse(words)? {
        Request::Help => {
            io::stdout().write_all(HELP.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        Request::Child(task) => {
            writeln!(io::stdout(), "{}", task.perform()?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Request::Run(scope) => scope,
    };
    let report = measure(&scope)?;
    let text =
        if scope.json { serde_json::to_string_pretty(&report)? + "\n" } else { table::report(&report) };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(verdict(&report))
}

fn measure(scope: &Scope) -> Result<Report, Failure> {
    let host = Host::here();
    let progress = |what: &str| eprintln!("measuring {what} ...");
    progress("limits");
    let limits = limits::section(scope)?;
    progress("xorida-core");
    let xorida = xorida::section(scope)?;
    progress("xstore-share");
    let (part, mut floors) = part::section(scope)?;
    progress("segment lengths");
    let segments = part::segments(scope)?;
    progress("peers");
    let (peers, peer_floors) = peers::section(scope)?;
    let store = store::measure(scope, progress)?;
    // The split's rows say how near it is to what the memory gives.
    let of_memory = |size: &str| {
        let row = xorida.rows.iter().find(|row| row.what == "(2,3) split" && row.size == size)?;
        Some(row.ratios.iter().find(|ratio| ratio.name == "per byte moved")?.spread.median)
    };
    floors.extend(peer_floors.into_iter().map(|floor| match floor.what.contains("1 MiB") {
        true => floor.limited_by_memory(of_memory("1 MiB")),
        false => floor,
    }));
    floors.extend(store.floors);
    let sections = [limits, xorida, part, segments, peers].into_iter().chain(store.sections);
    let sections: Vec<_> = sections.filter(|section| !section.rows.is_empty()).collect();
    if sections.is_empty() && store.peaks.is_empty() {
        let filter = scope.filter.as_deref().unwrap_or_default();
        return Err(Failure::Usage(format!("no case has `{filter}` in its id")));
    }
    Ok(Report { host, quick: scope.quick, sections, peaks: store.peaks, floors })
}

/// A floor that isn't reached is a failure, but for a quick run, whose figures are too rough to judge by.
fn verdict(report: &Report) -> ExitCode {
    if report.quick || report.floors.iter().all(|floor| floor.pass) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Floor;

    #[test]
    fn a_floor_fails_a_full_run_only() {
        let of = |quick, measured| {
            let floors = vec![Floor::new("a", 1.0, vec![2.0]), Floor::new("b", 1.0, vec![measured])];
            verdict(&Report { host: Host::here(), quick, sections: Vec::new(), peaks: Vec::new(), floors })
        };
        assert_eq!(of(false, 1.5), ExitCode::SUCCESS);
        assert_eq!(of(false, 0.5), ExitCode::FAILURE);
        assert_eq!(of(true, 0.5), ExitCode::SUCCESS);
    }

    #[test]
    fn a_filter_that_finds_nothing_is_a_mistake() {
        let scope = Scope { quick: true, filter: Some("nothing".into()), ..Scope::default() };
        assert!(matches!(measure(&scope), Err(Failure::Usage(_))));
    }
}
