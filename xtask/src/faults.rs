//! `cargo xtask faults`: what becomes of objects while servers go wrong.

use std::path::Path;
use std::time::Duration;

use crate::failure::Failure;
use crate::itest::{self, Runtime, Servers, Suite};
use crate::step::Stream;
use crate::workspace;

/// The document that holds the tables, relative to the root of the workspace.
const DOCUMENT: &str = "docs/resilience.md";

/// What it runs.
const PROGRAM: &str = "xstore-faults";

/// A thorough run may take this long.
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// A few minutes instead of many.
    pub(crate) quick: bool,
    /// Put the tables into the document.
    pub(crate) write: bool,
    /// Where the servers run, if not wherever they can.
    pub(crate) runtime: Option<Runtime>,
}

/// Starts the servers and runs the program of `xstore-faults` over them.
///
/// # Errors
/// [`Failure::Failed`] if something went wrong, or nothing could be tried.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Failure> {
    let metadata = workspace::metadata(root)?;
    let programs = itest::build(&metadata, &[])?;
    let servers = Servers::start(root, &metadata, &[Suite::Faults], options.runtime)?;
    let program = programs.iter().find(|program| program.name == PROGRAM);
    let program = program.ok_or_else(|| Failure::Failed(format!("there is no program {PROGRAM}")))?;
    let mut step = servers.tell(program.step()).guarded(LIMIT);
    if options.quick {
        step = step.arg("--quick");
    }
    if options.write {
        step = step.arg("--write").arg(root.join(DOCUMENT));
    }
    let status = step.follow(Stream::Stdout, |_| {})?;
    if status.success() { Ok(()) } else { Err(Failure::Failed(format!("faults: ended with {status}"))) }
}
