//! `xstore split`.

use super::ring;
use crate::args::Split;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::split::{self, Job, Report};
use crate::units::{human_bytes, human_rate, printable};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use xstore_share::PadSource;

pub(super) fn run(args: &Split, out: Output) -> Result<(), Failure> {
    let n = usize::from(args.threshold.n());
    if args.into.len() != n {
        return Err(Failure::usage(format!(
            "--threshold {} needs {n} folders, but --into names {}",
            args.threshold,
            args.into.len()
        ))
        .help("name one folder per share"));
    }
    let keys = ring::load(&args.keys.key_file, "make a key first: xstore key new")?;
    let keys = keys.current().map_err(|error| {
        Failure::new(
            "KEY_UNAVAILABLE",
            format!("{} has no current key to write with", args.keys.key_file.display()),
        )
        .caused_by(error)
        .help("add one: xstore key new --rotate")
    })?;
    let from_stdin = args.file.as_os_str() == "-";
    let fail = |error| Failure::io("SOURCE_FAILED", "read", &args.file, error);
    // Some systems don't even open a folder.
    if !from_stdin && args.file.is_dir() {
        return Err(Failure::usage(format!("{} is a folder", args.file.display()))
            .help("split takes one file; pipe a folder through tar: tar c FOLDER | xstore split - ..."));
    }
    // Opening a pipe waits for its writer; signals are watched after it, so that one ends the waiting.
    let file = if from_stdin { None } else { Some(File::open(&args.file).map_err(fail)?) };
    let interrupt = Interrupt::watch();
    let (input, length, default_name): (Box<dyn Read>, Option<u64>, String) = match file {
        None => (split::standard_input(&interrupt).map_err(fail)?, None, "stdin".to_owned()),
        Some(file) => {
            let metadata = file.metadata().map_err(fail)?;
            let name =
                args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if metadata.is_file() {
                (Box::new(file), Some(metadata.len()), name)
            } else {
                (split::patient(file, &interrupt), None, name)
            }
        }
    };
    let job = Job {
        source: if from_stdin { Path::new("standard input") } else { &args.file },
        threshold: args.threshold,
        folders: &args.into,
        manifest: &args.manifest,
        name: args.name.clone().unwrap_or(default_name),
        ttl: args.ttl,
        part: args.part,
        pad_to: args.pad_to,
        pads: if args.os_randomness { PadSource::OperatingSystem } else { PadSource::Seeded },
        length,
    };
    let report = split::run(&job, input, keys, &interrupt, out)?;
    out.result(&report, || text(&report))
}

fn text(report: &Report) -> String {
    let mut lines = vec![format!(
        "{}: {} in {} {}, {}, {:.1} s, {}",
        printable(&report.name),
        human_bytes(report.bytes),
        report.parts,
        if report.parts == 1 { "part" } else { "parts" },
        report.threshold,
        report.seconds,
        human_rate(report.bytes, report.seconds)
    )];
    for folder in &report.folders {
        lines.push(format!(
            "  share {}  {:>10}  {}",
            folder.index,
            human_bytes(folder.bytes),
            folder.path.display()
        ));
    }
    lines.push(format!("manifest: {}", report.manifest.display()));
    lines.push("Keep the manifest and the key file apart from the folders; joining needs both.".to_owned());
    lines.join("\n")
}
