//! `xstore config`: what is wrong with a configuration.

use super::status;
use crate::args::{self, ConfigCommand};
use crate::failure::{Failure, chain};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::Session;
use crate::units::{count, printable};
use serde::Serialize;
use std::path::{Path, PathBuf};
use xstore::Code;
use xstore::config::{Config, ConfigError, ConfigErrors, MAX_LEN, Position, Problem, Snippet};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    config: PathBuf,
    /// There is no mistake, and with `--connect` every backend that isn't removable is in order.
    good: bool,
    mistakes: Vec<Finding>,
    warnings: Vec<Finding>,
    /// As `xstore status` reports them; None unless they were asked.
    status: Option<status::Report>,
}

/// One thing that isn't as it should be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    code: &'static str,
    /// None where the file as a whole is meant, or nothing in it.
    line: Option<usize>,
    column: Option<usize>,
    field: Option<String>,
    problem: String,
    hint: Option<String>,
    /// The line, without what may be a secret.
    text: Option<String>,
    /// How many characters of it are before the place that is meant.
    caret: Option<usize>,
}

pub(super) fn run(args: &args::Config, out: Output) -> Result<Outcome, Failure> {
    let ConfigCommand::Check { connect, configured } = &args.command;
    let path = &*configured.config;
    let source = source(path);
    let (mut mistakes, mut warnings) = (Vec::new(), Vec::new());
    let loaded = match Config::load(path) {
        Ok(config) => {
            mistakes = of_config(&config, &source);
            warnings = beside(&config, &source);
            Some(config)
        }
        Err(errors) => {
            if errors.errors().iter().any(|error| matches!(error.problem, Problem::Unreadable(_))) {
                return Err(Failure::of_config_file(path, &errors));
            }
            mistakes.extend(of_errors(&errors, &source));
            None
        }
    };
    let status = match loaded {
        Some(config) if *connect && mistakes.is_empty() => Some(status::ask(&Session::of(config))?),
        _ => None,
    };
    let is_up = status.as_ref().is_none_or(|status| status.good);
    let report =
        Report { config: path.to_owned(), good: mistakes.is_empty() && is_up, mistakes, warnings, status };
    out.result(&report, || report.text())?;
    Ok(report.outcome())
}

/// The text of the file, for its lines; what is wrong with it is found by those who read it.
fn source(path: &Path) -> String {
    let is_short = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_LEN);
    if is_short { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

/// What is wrong with a configuration whose text is in order.
fn of_config(config: &Config, source: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let registry = xstore::registry();
    match config.check(&registry) {
        Err(errors) => findings.extend(of_errors(&errors, source)),
        // What the backends can do is only known where their settings are in order.
        Ok(()) => {
            if let Err(error) = config.check_layout(&registry) {
                let mut finding = Finding::new(error.code(), chain(&error));
                finding.hint = Some(error.guidance().to_owned());
                findings.push(finding);
            }
        }
    }
    let at = config.key_file_position();
    match config.load_keys() {
        Err(error) => {
            let missing =
                "make one with `xstore key new`, or bring back the one that the store was set up with";
            let hint = super::is_missing(&error).then(|| missing.to_owned());
            findings.push(Finding::of_keys(chain(&error), hint, at, source));
        }
        Ok(ring) if ring.current().is_err() => {
            let problem =
                format!("no key in {} is current: nothing can be stored", config.key_file().display());
            let hint = "make one with `xstore key new --rotate`".to_owned();
            findings.push(Finding::of_keys(problem, Some(hint), at, source));
        }
        Ok(_) => {}
    }
    findings
}

/// A key file among the shares.
fn beside(config: &Config, source: &str) -> Vec<Finding> {
    let beside = config.backends_around_keys().into_iter();
    let warn = |backend: &xstore::config::Backend| {
        let problem = format!(
            "the key file is inside the backend {}: whoever has one of its shares has the key",
            backend.id()
        );
        let hint = "move it elsewhere, and name its place as key-file".to_owned();
        Finding::of_keys(problem, Some(hint), config.key_file_position(), source)
    };
    beside.map(warn).collect()
}

fn of_errors(errors: &ConfigErrors, source: &str) -> Vec<Finding> {
    errors.errors().iter().map(|error| Finding::of_error(error, source)).collect()
}

impl Finding {
    fn new(code: Code, problem: String) -> Self {
        Self {
            code: code.as_str(),
            line: None,
            column: None,
            field: None,
            problem,
            hint: None,
            text: None,
            caret: None,
        }
    }

    fn of_error(error: &ConfigError, source: &str) -> Self {
        let code = match error.problem {
            Problem::Layout(_) => Code::LayoutRefused,
            _ => Code::ConfigInvalid,
        };
        let mut finding = Self::new(code, error.problem.to_string()).at(error.position, source);
        finding.field = Some(error.field.clone()).filter(|field| !field.is_empty());
        finding.hint = error.problem.hint();
        finding
    }

    fn of_keys(problem: String, hint: Option<String>, at: Position, source: &str) -> Self {
        let mut finding = Self::new(Code::KeyUnavailable, problem).at(at, source);
        finding.field = Some("key-file".to_owned());
        finding.hint = hint;
        finding
    }

    fn at(mut self, position: Position, source: &str) -> Self {
        if position != Position::FILE {
            (self.line, self.column) = (Some(position.line), Some(position.column));
        }
        if let Some(snippet) = Snippet::at(source, position) {
            (self.text, self.caret) = (Some(snippet.text), Some(snippet.caret));
        }
        self
    }

    fn lines(&self, word: &str, file: &Path) -> Vec<String> {
        let field = self.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        let code = if word == "error" { format!("[{}]", self.code) } else { String::new() };
        let mut lines = vec![format!("{word}{code}: {}", printable(&format!("{field}{}", self.problem)))];
        if let (Some(line), Some(column)) = (self.line, self.column) {
            lines.push(format!("  --> {}:{line}:{column}", file.display()));
        }
        if let (Some(line), Some(text), Some(caret)) = (self.line, &self.text, self.caret) {
            let number = line.to_string();
            // What is written as an escape is longer than it was.
            let before: String = text.chars().take(caret).collect();
            let caret = printable(&before).chars().count();
            lines.push(format!("  {number} | {}", printable(text)));
            lines.push(format!("  {} | {}^", " ".repeat(number.len()), " ".repeat(caret)));
        }
        lines.extend(self.hint.as_ref().map(|hint| format!("  help: {}", printable(hint))));
        lines
    }
}

impl Report {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        let all = self.mistakes.iter().map(|finding| ("error", finding));
        let all = all.chain(self.warnings.iter().map(|finding| ("warning", finding)));
        for (word, finding) in all {
            lines.extend(finding.lines(word, &self.config));
            lines.push(String::new());
        }
        let found = match self.mistakes.len() {
            0 => "no mistakes".to_owned(),
            mistakes => count(mistakes, "mistake"),
        };
        lines.push(format!("{}: {found}", self.config.display()));
        if let Some(status) = &self.status {
            lines.push(String::new());
            lines.push(status.text());
        }
        lines.join("\n")
    }

    /// The gravest mistake decides.
    fn outcome(&self) -> Outcome {
        let of = |code: Code| self.mistakes.iter().find(|finding| finding.code == code.as_str());
        let codes = [Code::ConfigInvalid, Code::KeyUnavailable, Code::LayoutRefused];
        match codes.into_iter().find(|code| of(*code).is_some()) {
            Some(code) => Outcome::Mistakes(Failure::new(code.as_str(), "").exit()),
            None => Outcome::degraded_unless(self.good),
        }
    }
}
