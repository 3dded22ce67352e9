//! `xstore demo`: a store's whole promise, shown by running the very commands that a user types.

mod scene;
mod stage;

use crate::args::Demo;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::units::human_bytes;
use scene::Step;
use serde::Serialize;
use stage::Stage;

#[derive(Serialize)]
struct Report {
    file: String,
    bytes: u64,
    /// Where everything was kept, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<std::path::PathBuf>,
    steps: Vec<Step>,
    passed: bool,
}

pub(super) fn run(args: &Demo, out: Output) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let stage = Stage::build(args, interrupt, out)?;
    let steps = scene::play(&stage)?;
    let report = Report {
        file: stage.label().to_owned(),
        bytes: stage.bytes(),
        passed: steps.iter().all(|step| step.ok),
        steps,
        folder: stage.close(args.keep),
    };
    out.result(&report, || table(&report))?;
    if report.passed {
        Ok(())
    } else {
        Err(Failure::new("RECONSTRUCTION_FAILED", "the demo didn't go as it should; see the table")
            .help("please report this, with the table"))
    }
}

fn table(report: &Report) -> String {
    let mut lines = vec![
        String::new(),
        format!(
            "{:<5} {:<34} {:<34} {:<38} {:>7}",
            "", "step", "what should happen", "what happened", "time"
        ),
    ];
    for step in &report.steps {
        let mark = if step.ok { "ok" } else { "FAIL" };
        lines.push(format!(
            "{mark:<5} {:<34} {:<34} {:<38} {:>5.1} s",
            step.step, step.expected, step.outcome, step.seconds
        ));
    }
    lines.push(String::new());
    lines.push(if report.passed {
        format!(
            "{}, {}: any two of three places give it back, a lost one is worked around, a changed one is found, and \
             one alone is not enough.",
            report.file,
            human_bytes(report.bytes)
        )
    } else {
        "Something did not go as it should.".to_owned()
    });
    if let Some(folder) = &report.folder {
        lines.push(format!("Everything is in {}; go there and try `xstore status`.", folder.display()));
    }
    lines.join("\n")
}
