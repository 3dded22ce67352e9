//! `xstore split`.

use super::ring;
use crate::args::Split;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::split::{self, Job, Report};
use crate::units::{human_bytes, human_rate, printable};
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
    let (input, interrupt) = input::open(&args.file, "split")?;
    let job = Job {
        source: &input.label,
        threshold: args.threshold,
        folders: &args.into,
        manifest: &args.manifest,
        name: args.name.clone().unwrap_or_else(|| input.name.clone()),
        ttl: args.ttl,
        part: args.part,
        pad_to: args.pad_to,
        pads: if args.os_randomness { PadSource::OperatingSystem } else { PadSource::Seeded },
        length: input.length,
    };
    let report = split::run(&job, input.reader, keys, &interrupt, out)?;
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
