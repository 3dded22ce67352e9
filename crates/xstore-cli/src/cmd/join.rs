//! `xstore join`.

use super::ring;
use crate::args::Join;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::join::{self, Job, Report};
use crate::output::Output;
use crate::sink::Sink;
use crate::units::{human_bytes, human_rate, printable};

pub(super) fn run(args: &Join, out: Output) -> Result<(), Failure> {
    let ring =
        ring::load(&args.keys.key_file, "give the key file that the object was split with: --key-file FILE")?;
    let to_stdout = args.output.as_os_str() == "-";
    let job =
        Job { manifest: &args.manifest, folders: &args.from, name: args.name.as_deref(), fast: args.fast };
    // What may wait for its reader comes before signals are watched, so that one signal ends the waiting.
    let manifest = join::open_manifest(&job, &ring)?;
    refuse_replacing(args)?;
    // Before there is a temporary file that a signal would leave behind.
    let interrupt = if to_stdout { Interrupt::at_once() } else { Interrupt::watch() };
    let mut sink = if to_stdout { Sink::stdout() } else { Sink::file(&args.output, args.force)? };
    let report = join::run(&job, &manifest, &ring, &mut sink, &interrupt, out)?;
    interrupt.check()?;
    sink.commit()?;
    for folder in report.folders.iter().filter(|folder| !folder.is_good()) {
        out.warn(&folder.line());
    }
    if to_stdout {
        out.result_aside(&report, || text(&report));
        return Ok(());
    }
    out.result(&report, || text(&report))
}

/// The manifest and the key file are needed for every other copy of the object: `--force` isn't meant for them.
fn refuse_replacing(args: &Join) -> Result<(), Failure> {
    let Ok(output) = args.output.canonicalize() else { return Ok(()) };
    for (path, what) in [(&args.manifest, "manifest"), (&args.keys.key_file, "key file")] {
        if path.canonicalize().is_ok_and(|path| path == output) {
            return Err(Failure::usage(format!("{} is the {what}", args.output.display()))
                .help("name another file with --output"));
        }
    }
    Ok(())
}

fn text(report: &Report) -> String {
    let mut lines = vec![format!(
        "{}: {} joined and verified, {}, {:.1} s, {}",
        printable(&report.name),
        human_bytes(report.bytes),
        report.threshold,
        report.seconds,
        human_rate(report.bytes, report.seconds)
    )];
    lines.extend(report.folders.iter().map(|folder| format!("  {}", folder.line())));
    lines.join("\n")
}
