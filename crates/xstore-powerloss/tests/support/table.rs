//! Counts what a sweep found, prints it, and fails below a floor or at a finding.

use std::collections::BTreeMap;

use crate::fuse::say;
use crate::model::Verdict;

/// Findings that are shown of each sweep.
const SHOWN: usize = 5;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Disks that were looked at.
    pub(crate) points: u64,
    /// What was in flight had not happened, or nothing was in flight.
    pub(crate) old: u64,
    /// What was in flight had happened.
    pub(crate) new: u64,
    pub(crate) lost: u64,
    pub(crate) wrong: u64,
    findings: BTreeMap<String, Vec<String>>,
}

impl Tally {
    /// Counts a point by the worst of what was found there. `place` says how to get there again.
    pub(crate) fn add(&mut self, verdicts: &[Verdict], place: impl FnOnce() -> Vec<String>) {
        self.points += 1;
        match verdicts.iter().max().unwrap_or(&Verdict::Old) {
            Verdict::Old => self.old += 1,
            Verdict::New => self.new += 1,
            Verdict::Lost(what) => {
                self.lost += 1;
                self.show(what, place);
            }
            Verdict::Wrong(what) => {
                self.wrong += 1;
                self.show(what, place);
            }
        }
    }

    fn show(&mut self, what: &str, place: impl FnOnce() -> Vec<String>) {
        if self.findings.len() < SHOWN && !self.findings.contains_key(what) {
            self.findings.insert(what.to_owned(), place());
        }
    }

    /// Adds what another script came to.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.points += other.points;
        self.old += other.old;
        self.new += other.new;
        self.lost += other.lost;
        self.wrong += other.wrong;
        self.findings.extend(other.findings);
        self
    }

    pub(crate) fn bad(&self) -> u64 {
        self.lost + self.wrong
    }

    /// Prints the row.
    pub(crate) fn print(&self, name: &str, sweep: &str) {
        let Self { points, old, new, lost, wrong, .. } = self;
        let head = format!("{:<34} | points |   old |   new |  lost | wrong\n", "adapter | sweep");
        let name = format!("{name} | {sweep}");
        say(&format!("{head}{name:<34} | {points:>6} | {old:>5} | {new:>5} | {lost:>5} | {wrong:>5}\n"));
    }

    /// Says what was found and how to come there again.
    fn findings(&self) -> String {
        let mut text = String::new();
        for (what, place) in &self.findings {
            text.push_str(&format!("\n{what}"));
            place.iter().for_each(|line| text.push_str(&format!("\n  {line}")));
        }
        text
    }

    /// Prints the row; fails at the first finding, and where fewer points were tried than there have to be.
    pub(crate) fn require(&self, name: &str, sweep: &str, floor: u64) {
        self.print(name, sweep);
        assert_eq!(self.bad(), 0, "{name}, {sweep}: lost or wrong{}", self.findings());
        let floor = floor * scale();
        assert!(
            self.points >= floor,
            "{name}, {sweep}: {} points, at least {floor} are required",
            self.points
        );
    }
}

/// With `XSTORE_LONG=1` there are ten times as many points.
pub(crate) fn scale() -> u64 {
    if std::env::var_os("XSTORE_LONG").is_some_and(|value| value == "1") { 10 } else { 1 }
}
