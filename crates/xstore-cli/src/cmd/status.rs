//! `xstore status`.

use crate::args::Status;
use crate::columns::{Side, columns};
use crate::failure::{Failure, cause};
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::Session;
use crate::units::{count, human_bytes, printable};
use serde::Serialize;
use std::collections::BTreeMap;
use xstore::{Attempt, BackendStatus, Code, Step};

/// What each backend said.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    threshold: String,
    /// Every backend that isn't removable can be read from and written to.
    pub(super) good: bool,
    pub(super) backends: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    backend_id: String,
    url: Option<String>,
    labels: BTreeMap<String, String>,
    /// `good`, `unavailable` or `unwritable`.
    state: &'static str,
    reachable: bool,
    writable: bool,
    /// Milliseconds for the read of a small value.
    latency_ms: Option<f64>,
    /// Free bytes, where they are known.
    free: Option<u64>,
    durable: bool,
    create_only: bool,
    removable: bool,
    /// Each thing that was tried.
    steps: Vec<Tried>,
    /// Probes of killed runs that were removed.
    leftovers: usize,
    code: Option<&'static str>,
    problem: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    /// `mark`, `put`, `get`, `list` or `delete`.
    step: &'static str,
    ok: bool,
    ms: Option<f64>,
    code: Option<&'static str>,
    problem: Option<String>,
}

pub(super) fn run(args: &Status, out: Output) -> Result<Outcome, Failure> {
    let session = Session::load(&args.configured)?;
    let report = ask(&session)?;
    out.result(&report, || report.text())?;
    Ok(Outcome::degraded_unless(report.good))
}

/// Asks every backend.
pub(super) fn ask(session: &Session) -> Result<Report, Failure> {
    let interrupt = Interrupt::watch();
    let config = session.config();
    let report = session.run(&interrupt, async |store| {
        let threshold = store.threshold().to_string();
        let url = |status: &BackendStatus| {
            let backend = config.backends().iter().find(|backend| *backend.id() == status.backend);
            backend.map(|backend| backend.url().to_string())
        };
        let status = store.status().await;
        let backends: Vec<Row> = status.iter().map(|status| Row::new(status, url(status))).collect();
        Ok(Report { threshold, good: backends.iter().all(|row| row.removable || row.is_good()), backends })
    });
    report.result.map_err(|failure| match failure.code() {
        "CANCELLED" => Failure::new("CANCELLED", "interrupted"),
        _ => failure,
    })
}

impl Tried {
    fn new(step: &Step) -> Self {
        let problem = step.result.as_ref().err();
        Self {
            step: step.kind.as_str(),
            ok: problem.is_none(),
            ms: step.result.as_ref().ok().map(|time| time.as_secs_f64() * 1e3),
            code: problem.map(|problem| problem.code.as_str()),
            problem: problem.map(|problem| cause(problem.backend.as_str(), problem.cause())),
        }
    }

    /// `put ok`, `list refused`.
    fn word(&self) -> String {
        let came = match self.code {
            None => "ok",
            Some(code) if code == Code::BackendAuthFailed.as_str() => "refused",
            Some(_) => "failed",
        };
        format!("{} {came}", self.step)
    }

    fn line(&self) -> Option<String> {
        let (code, problem) = (self.code?, self.problem.as_ref()?);
        Some(format!("    {}: {code}: {problem}", self.word()))
    }
}

impl Row {
    fn new(status: &BackendStatus, url: Option<String>) -> Self {
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
            url,
            labels: status.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            state,
            reachable: status.reachable.is_ok(),
            writable: status.is_good(),
            latency_ms: status.latency.map(|latency| latency.as_secs_f64() * 1e3),
            free: status.space.free,
            durable: status.capability.durable,
            create_only: status.capability.create_only,
            removable: status.is_removable,
            steps: status.steps.iter().map(Tried::new).collect(),
            leftovers: status.leftovers,
            code: problem.map(|problem| problem.code.as_str()),
            problem: problem.map(|problem| cause(problem.backend.as_str(), problem.cause())),
        }
    }

    fn is_good(&self) -> bool {
        self.state == "good"
    }

    fn cells(&self) -> Vec<String> {
        let state = match self.state {
            "unavailable" if self.removable => "absent",
            state => state,
        };
        let yes = |is: bool| if is { "yes" } else { "NO" }.to_owned();
        vec![
            self.backend_id.clone(),
            state.to_owned(),
            self.latency_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms")),
            self.free.map_or_else(|| "-".to_owned(), human_bytes),
            yes(self.durable),
            yes(self.create_only),
            labels(self.removable, &self.labels),
        ]
    }

    /// What goes below the line: nothing where all is well.
    fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let is_told = self.steps.len() > 1 && self.steps.iter().any(|step| !step.ok);
        if is_told {
            let words: Vec<String> = self.steps.iter().map(Tried::word).collect();
            lines.push(format!("    {}", words.join(", ")));
        }
        match &self.steps[..] {
            [only] => lines.extend(
                only.code.zip(only.problem.as_ref()).map(|(code, problem)| format!("    {code}: {problem}")),
            ),
            steps => lines.extend(steps.iter().filter_map(Tried::line)),
        }
        if self.leftovers > 0 {
            lines.push(format!("    removed {} of earlier runs", count(self.leftovers, "probe")));
        }
        lines
    }
}

/// `removable site=home`, or a hyphen.
pub(super) fn labels(is_removable: bool, labels: &BTreeMap<String, String>) -> String {
    let removable = is_removable.then(|| "removable".to_owned());
    let labels = labels.iter().map(|(name, value)| format!("{name}={}", printable(value)));
    let words: Vec<String> = removable.into_iter().chain(labels).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

impl Report {
    pub(super) fn text(&self) -> String {
        use Side::{Left, Right};
        let head = ["backend", "state", "latency", "free", "durable", "create-only", "labels"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.backends.iter().map(Row::cells));
        let mut table = columns(&[Left, Left, Right, Right, Left, Left, Left], &rows).into_iter();
        let mut lines: Vec<String> = table.next().into_iter().collect();
        for (line, row) in table.zip(&self.backends) {
            lines.push(line);
            lines.extend(row.remarks());
        }
        let total = self.backends.len();
        let good = self.backends.iter().filter(|row| row.is_good()).count();
        let requests = self.backends.iter().map(|row| row.steps.len() + row.leftovers).sum();
        lines.push(format!("asked with {}; nothing of that stays there", count(requests, "small request")));
        lines.push(format!("{}: {good} of {total} backends can be read from and written to", self.threshold));
        lines.join("\n")
    }
}
