//! `xstore status`.

use crate::args::Status;
use crate::failure::{Failure, cause};
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::Session;
use crate::units::human_bytes;
use serde::Serialize;
use xstore::{Attempt, BackendStatus};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    threshold: String,
    /// Every backend that isn't removable can be read from and written to.
    good: bool,
    backends: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    backend_id: String,
    /// `good`, `unavailable` or `unwritable`.
    state: &'static str,
    reachable: bool,
    writable: bool,
    /// Milliseconds for the read of a small value.
    latency_ms: Option<f64>,
    /// Free bytes, where they are known.
    free: Option<u64>,
    durable: bool,
    removable: bool,
    code: Option<&'static str>,
    problem: Option<String>,
}

pub(super) fn run(args: &Status, out: Output) -> Result<Outcome, Failure> {
    let session = Session::load(&args.configured)?;
    let interrupt = Interrupt::watch();
    let report = session.run(&interrupt, async |store| {
        let threshold = store.threshold().to_string();
        let backends: Vec<Row> = store.status().await.iter().map(Row::new).collect();
        Ok(Report { threshold, good: backends.iter().all(|row| row.removable || row.is_good()), backends })
    });
    let report = report.result.map_err(|failure| match failure.code() {
        "CANCELLED" => Failure::new("CANCELLED", "interrupted"),
        _ => failure,
    })?;
    out.result(&report, || text(&report))?;
    Ok(Outcome::degraded_unless(report.good))
}

impl Row {
    fn new(status: &BackendStatus) -> Self {
        let problem: Option<&Attempt> = match (&status.reachable, &status.writable) {
            (Err(problem), _) | (Ok(()), Some(Err(problem))) => Some(problem),
            _ => None,
        };
        let state = match (&status.reachable, status.is_good()) {
            (_, true) => "good",
            (Ok(()), false) => "unwritable",
            (Err(_), _) => "unavailable",
        };
        Self {
            backend_id: status.backend.to_string(),
            state,
            reachable: status.reachable.is_ok(),
            writable: status.is_good(),
            latency_ms: status.latency.map(|latency| latency.as_secs_f64() * 1e3),
            free: status.space.free,
            durable: status.capability.durable,
            removable: status.is_removable,
            code: problem.map(|problem| problem.code.as_str()),
            problem: problem.map(|problem| cause(problem.backend.as_str(), problem.cause())),
        }
    }

    fn is_good(&self) -> bool {
        self.state == "good"
    }

    fn text(&self) -> String {
        let state = match self.state {
            "unavailable" if self.removable => "absent",
            state => state,
        };
        let latency = self.latency_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"));
        let free = self.free.map_or_else(|| "-".to_owned(), human_bytes);
        let durable = if self.durable { "yes" } else { "NO" };
        let mut line = format!("{:<20} {state:<12} {latency:>10} {free:>12} {durable:>8}", self.backend_id);
        if self.removable {
            line.push_str("  removable");
        }
        if let (Some(code), Some(problem)) = (self.code, &self.problem) {
            line.push_str(&format!("\n    {code}: {problem}"));
        }
        line
    }
}

fn text(report: &Report) -> String {
    let mut lines =
        vec![format!("{:<20} {:<12} {:>10} {:>12} {:>8}", "backend", "state", "latency", "free", "durable")];
    lines.extend(report.backends.iter().map(Row::text));
    let total = report.backends.len();
    let good = report.backends.iter().filter(|row| row.is_good()).count();
    lines.push(format!("{}: {good} of {total} backends can be read from and written to", report.threshold));
    lines.join("\n")
}
