//! What all trials came to, as tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::{Fault, Means};
use crate::kind::Kind;
use crate::trial::{Finding, Verdict};

/// The results of one row's trials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    trials: u32,
    asked: u32,
    means: BTreeSet<Means>,
    get: Counts,
    put: Counts,
}

/// How operations ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    survived: u32,
    refused: u32,
    wrong: u32,
}

impl Counts {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Survived => self.survived += 1,
            Verdict::Refused => self.refused += 1,
            Verdict::Wrong(_) => self.wrong += 1,
        }
    }
}

/// Everything that was tried.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    within: BTreeMap<Fault, Row>,
    beyond: BTreeMap<&'static str, Row>,
    codes: BTreeMap<&'static str, BTreeMap<Kind, BTreeSet<&'static str>>>,
}

impl Tally {
    /// Takes up a trial in which no more went wrong than may.
    pub fn add_within(&mut self, fault: Fault, finding: &Finding) {
        self.within.entry(fault).or_default().add(finding);
    }

    /// Takes up a trial in which more went wrong.
    pub fn add_beyond(&mut self, name: &'static str, finding: &Finding) {
        self.beyond.entry(name).or_default().add(finding);
        let codes = self.codes.entry(name).or_default();
        for (kind, found) in &finding.codes {
            codes.entry(*kind).or_default().extend(found);
        }
    }

    /// Operations that went wrong.
    #[must_use]
    pub fn wrong(&self) -> u32 {
        self.within.values().chain(self.beyond.values()).map(|row| row.get.wrong + row.put.wrong).sum()
    }

    /// Trials.
    #[must_use]
    pub fn trials(&self) -> u32 {
        self.within.values().chain(self.beyond.values()).map(|row| row.trials).sum()
    }

    /// Conditions whose trials never reached a place that went wrong: they would prove nothing.
    #[must_use]
    pub fn idle(&self) -> Vec<&'static str> {
        let rows = self.within.iter().map(|(fault, row)| (fault.name(), row));
        rows.filter(|(_, row)| row.asked == 0).map(|(name, _)| name).collect()
    }

    /// The tables in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "**One or two of six go wrong** (any three give an object back):\n\n\
             | condition | how | trials | met | gets right | gets wrong | puts kept | puts refused | puts wrong |\n\
             |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (fault, row) in &self.within {
            let (get, put) = (row.get, row.put);
            text += &format!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                fault.name(),
                row.how(),
                row.trials,
                row.asked,
                get.survived,
                get.wrong + get.refused,
                put.survived,
                put.refused,
                put.wrong
            );
        }
        if self.beyond.is_empty() {
            return text;
        }
        text += "\n**Four of six go wrong**, more than may:\n\n\
                 | condition | how | trials | gets right | gets refused | gets wrong | puts kept | puts refused | \
                 puts wrong |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n";
        for (name, row) in &self.beyond {
            let (get, put) = (row.get, row.put);
            text += &format!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                row.how(),
                row.trials,
                get.survived,
                get.refused,
                get.wrong,
                put.survived,
                put.refused,
                put.wrong
            );
        }
        text + &self.names()
    }

    /// By which codes the errors of the second table name each place.
    fn names(&self) -> String {
        let heads: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let mut text = format!(
            "\nWhat the refused gets say of each place:\n\n| condition | {} |\n|---|{}\n",
            heads.join(" | "),
            "---|".repeat(heads.len())
        );
        for (name, codes) in self.codes.iter().filter(|(_, codes)| !codes.is_empty()) {
            let cell = |kind: &Kind| match codes.get(kind) {
                Some(codes) => codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
                None => "–".to_owned(),
            };
            let cells: Vec<String> = Kind::ALL.iter().map(cell).collect();
            text += &format!("| {name} | {} |\n", cells.join(" | "));
        }
        text
    }
}

impl Row {
    fn add(&mut self, finding: &Finding) {
        self.trials += 1;
        self.asked += u32::from(finding.asked);
        self.means.extend(&finding.means);
        self.get.add(&finding.get);
        self.put.add(&finding.put);
    }

    fn how(&self) -> String {
        self.means.iter().map(|means| means.letter().to_string()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(get: Verdict, put: Verdict) -> Finding {
        Finding {
            get,
            put,
            means: [Means::Wire, Means::Layer].into(),
            asked: true,
            codes: [(Kind::S3, ["BACKEND_TIMEOUT"].into())].into(),
        }
    }

    #[test]
    fn everything_is_counted() {
        let mut tally = Tally::default();
        tally.add_within(Fault::Frozen, &finding(Verdict::Survived, Verdict::Refused));
        tally.add_within(Fault::Frozen, &finding(Verdict::Wrong("x".into()), Verdict::Survived));
        tally.add_beyond("frozen", &finding(Verdict::Refused, Verdict::Wrong("x".into())));
        assert_eq!((tally.trials(), tally.wrong()), (3, 2));
        let text = tally.markdown();
        assert!(text.contains("| frozen | w l | 2 | 2 | 1 | 1 | 1 | 1 | 0 |"), "{text}");
        assert!(text.contains("| frozen | w l | 1 | 0 | 1 | 0 | 0 | 0 | 1 |"), "{text}");
        assert!(text.contains("| frozen | `BACKEND_TIMEOUT` | – | – | – | – | – |"), "{text}");
    }

    #[test]
    fn a_condition_that_nobody_met_is_found() {
        let mut tally = Tally::default();
        let mut idle = finding(Verdict::Survived, Verdict::Survived);
        idle.asked = false;
        tally.add_within(Fault::Slow, &idle);
        assert_eq!(tally.idle(), ["slow"]);
        tally.add_within(Fault::Slow, &finding(Verdict::Survived, Verdict::Survived));
        assert_eq!(tally.idle(), [] as [&str; 0]);
    }
}
