//! What a repair or a migration came to.

use super::{Change, kept};
use crate::outcome::Outcome;
use crate::pending::Recovered;
use crate::trouble::{Trouble, Troubles};
use crate::units::{count, human_bytes, printable};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use xstore::{Attempt, Outcome as Fate, Repaired, ShareRepair, Why};

/// The report of the command.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    name: String,
    object: String,
    manifest: PathBuf,
    /// The revision of the manifest.
    revision: u64,
    threshold: String,
    parts: usize,
    dry_run: bool,
    /// The manifest is another one than before.
    changed: bool,
    /// Every share is good now, as far as was looked.
    whole: bool,
    /// Shares that were good and stay, over all parts.
    good: usize,
    bytes_read: u64,
    bytes_written: u64,
    shares: Vec<Row>,
    /// Where the journal is kept, while values that aren't needed any more couldn't be removed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<PathBuf>,
    #[serde(skip)]
    done: &'static str,
    #[serde(skip)]
    idle: String,
    #[serde(skip)]
    advice: Option<String>,
}

/// Shares of one index with which one thing was wrong, and with which one thing was done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    share: u8,
    /// Where they were; null where they were never stored.
    from: Option<String>,
    /// Where they are now, or would be.
    to: Option<String>,
    why: &'static str,
    outcome: &'static str,
    /// In how many parts.
    parts: usize,
    problems: Vec<Trouble>,
    #[serde(skip)]
    fate: Fate,
    #[serde(skip)]
    is_unreachable: bool,
}

type Group<'a> = (u8, Option<&'a str>, Option<&'a str>, &'static str, &'static str);

impl Report {
    pub(super) fn new(change: &Change<'_>, repaired: &Repaired, left: Option<&Recovered>) -> Self {
        let (body, report) = (repaired.manifest.body(), &repaired.report);
        let mut groups: BTreeMap<Group<'_>, Vec<&ShareRepair>> = BTreeMap::new();
        for share in &report.shares {
            let key = (
                share.index,
                share.from.as_ref().map(|id| id.as_str()),
                share.to.as_ref().map(|id| id.as_str()),
                share.why.as_str(),
                share.outcome.as_str(),
            );
            groups.entry(key).or_default().push(share);
        }
        let (pending, advice) = kept(left).unzip();
        Self {
            name: body.key.as_str().to_owned(),
            object: body.object.to_string(),
            manifest: change.manifest.to_owned(),
            revision: body.revision,
            threshold: format!("{}-of-{}", report.k, report.n),
            parts: report.parts,
            dry_run: report.is_dry_run,
            changed: repaired.is_changed(),
            whole: report.is_whole(),
            good: report.good,
            bytes_read: report.read,
            bytes_written: report.written,
            shares: groups.values().map(|shares| Row::new(shares)).collect(),
            pending,
            done: change.done,
            idle: change.idle.clone(),
            advice,
        }
    }

    /// How the command ends.
    pub(super) fn outcome(&self) -> Outcome {
        // What would be moved is in order where it is; what would be mended isn't, yet.
        let is_in_order = |row: &Row| row.why == Why::Moving.as_str() && row.would_be_done();
        if self.shares.iter().any(|row| row.fate == Fate::NoSources) {
            return Outcome::Unreadable;
        }
        Outcome::degraded_unless(self.whole || self.shares.iter().all(is_in_order))
    }

    /// What an operator has to do still about the values that were replaced.
    pub(super) fn warning(&self) -> Option<String> {
        let advice = self.advice.as_ref()?;
        Some(format!("values that aren't needed any more may still be there\nhelp: {advice}"))
    }

    pub(super) fn text(&self) -> String {
        let name = printable(&self.name);
        if self.shares.is_empty() {
            return format!("{name}: nothing to do: {}", self.idle);
        }
        let of = |is: fn(&Row) -> bool| -> usize {
            self.shares.iter().filter(|row| is(row)).map(|row| row.parts).sum()
        };
        let done = of(|row| row.fate.is_done() || row.would_be_done());
        let left = self.shares.iter().map(|row| row.parts).sum::<usize>() - done;
        let verb = if self.dry_run { format!("would be {}", self.done) } else { self.done.to_owned() };
        let mut first = format!("{name}: {} {verb}", count(done, "share"));
        if left > 0 {
            first.push_str(&format!(
                ", {} left as {}",
                count(left, "share"),
                if left == 1 { "it is" } else { "they are" }
            ));
        }
        first.push_str(&format!(
            "; {} read, {} written",
            human_bytes(self.bytes_read),
            human_bytes(self.bytes_written)
        ));
        let mut lines = vec![first];
        lines.extend(self.shares.iter().map(|row| row.text(self.parts)));
        if self.changed {
            lines.push(format!("manifest: {} (revision {})", self.manifest.display(), self.revision));
        }
        lines.extend(self.help().map(|help| format!("help: {help}")));
        lines.join("\n")
    }

    fn help(&self) -> Option<&'static str> {
        let any = |is: fn(&Row) -> bool| self.shares.iter().any(is);
        if any(|row| row.fate == Fate::NoSources) {
            return Some("bring back any of the named backends; see how each one is with: xstore status");
        }
        if any(|row| row.fate == Fate::LeftAlone && row.is_unreachable) {
            return Some(
                "bring the backend back, or give it up: xstore repair --abandon BACKEND, or xstore migrate --from BACKEND --to ANOTHER",
            );
        }
        if any(|row| row.fate == Fate::NoPlace) {
            return Some(
                "add a backend to the configuration that has never held another share of this object, or reshare it",
            );
        }
        any(|row| !row.fate.is_done() && row.fate == Fate::Refused)
            .then_some("see how each backend is with: xstore status; then repeat the command")
    }
}

impl Row {
    fn new(shares: &[&ShareRepair]) -> Self {
        let first = shares[0];
        let attempts = |share: &'_ &ShareRepair| -> Vec<Attempt> {
            share.problem.iter().chain(&share.attempts).cloned().collect()
        };
        let attempts: Vec<Attempt> = shares.iter().flat_map(attempts).collect();
        Self {
            share: first.index,
            from: first.from.as_ref().map(|id| id.as_str().to_owned()),
            to: first.to.as_ref().map(|id| id.as_str().to_owned()),
            why: first.why.as_str(),
            outcome: first.outcome.as_str(),
            parts: shares.len(),
            problems: Troubles::of(&attempts),
            fate: first.outcome,
            is_unreachable: first.why == Why::Unreachable,
        }
    }

    /// A dry run found out that it can be done.
    const fn would_be_done(&self) -> bool {
        matches!(self.fate, Fate::WouldRebuild | Fate::WouldCopy)
    }

    fn text(&self, parts: usize) -> String {
        let place = match (&self.from, &self.to) {
            (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
            (Some(id), _) | (None, Some(id)) => id.clone(),
            (None, None) => "-".to_owned(),
        };
        let mut line =
            format!("  share {:<3} {place:<24} {}: {}", self.share, words(self.why), words(self.outcome));
        if self.parts < parts {
            line.push_str(&format!(" in {} of {}", self.parts, count(parts, "part")));
        }
        for problem in &self.problems {
            line.push_str("\n      ");
            line.push_str(&problem.line());
        }
        line
    }
}

/// The stable word, for people.
fn words(word: &str) -> String {
    word.replace('-', " ")
}
