//! What `cargo xtask test` says in the end.

use crate::failure::Failure;
use crate::test::runner::{Counts, Slow};

/// So many of the slowest tests are listed.
const SLOWEST: usize = 10;

/// Tests faster than this are not worth a line, in seconds.
const NOT_SLOW: f64 = 0.5;

/// One stage, done.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Its tests, where it has any.
    pub(crate) counts: Option<Counts>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
}

/// All stages and the slowest tests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    stages: Vec<Stage>,
    left_out: Vec<&'static str>,
    /// Tests with their times, in any order.
    pub(crate) slowest: Vec<Slow>,
}

impl Report {
    /// Takes a stage up; true if it succeeded.
    pub(crate) fn add(&mut self, stage: Stage) -> bool {
        let succeeded = stage.failure.is_none();
        self.stages.push(stage);
        succeeded
    }

    /// Says in the end what did not run, and why.
    pub(crate) fn leave_out(&mut self, what: &'static str) {
        self.left_out.push(what);
    }

    /// Prints the report; its last line is the sum alone.
    ///
    /// # Errors
    /// [`Failure::Reported`] if a stage failed or no test ran.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        print!("{}", self.text());
        if self.is_good() { Ok(()) } else { Err(Failure::Reported) }
    }

    /// A run in which nothing was tested is not a good one, whatever its exit codes were.
    fn is_good(&self) -> bool {
        self.total().failed == 0 && self.total().ran() > 0
    }

    /// A stage that failed without saying which test did it counts as one failed test: the sum must never
    /// look better than the run was.
    fn total(&self) -> Counts {
        self.stages.iter().fold(Counts::default(), |sum, stage| {
            let counts = stage.counts.unwrap_or_default();
            let unnamed = u64::from(stage.failure.is_some() && counts.failed == 0);
            Counts {
                passed: sum.passed + counts.passed,
                failed: sum.failed + counts.failed + unnamed,
                skipped: sum.skipped + counts.skipped,
            }
        })
    }

    fn text(&self) -> String {
        let mut lines =
            vec![String::new(), format!("{:<12}{:>9}{:>9}{:>9}", "stage", "seconds", "passed", "failed")];
        for stage in &self.stages {
            let mut line = format!("{:<12}{:>9.1}", stage.name, stage.seconds);
            if let Some(counts) = stage.counts {
                line += &format!("{:>9}{:>9}", counts.passed, counts.failed);
            }
            if stage.failure.is_some() {
                line += "   FAILED";
            }
            lines.push(line);
        }
        let mut slowest: Vec<&Slow> = self.slowest.iter().filter(|s| s.seconds >= NOT_SLOW).collect();
        slowest.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        if !slowest.is_empty() {
            lines.push("slowest tests".into());
        }
        lines.extend(slowest.iter().take(SLOWEST).map(|s| format!("{:>9.1} s  {}", s.seconds, s.name)));
        lines.extend(self.stages.iter().filter_map(|s| Some(format!("{}: {}", s.name, s.failure.as_ref()?))));
        lines.extend(self.left_out.iter().map(|&what| what.to_owned()));
        let total = self.total();
        if total.ran() == 0 {
            lines.push("no test ran".into());
        }
        let skipped = if total.skipped > 0 { format!(", {} skipped", total.skipped) } else { String::new() };
        lines.push(format!("{} passed, {} failed{skipped}\n", total.passed, total.failed));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &'static str, counts: Option<(u64, u64, u64)>, failure: Option<&str>) -> Stage {
        let counts = counts.map(|(passed, failed, skipped)| Counts { passed, failed, skipped });
        Stage { name, seconds: 1.0, counts, failure: failure.map(str::to_owned) }
    }

    fn report(stages: &[Stage]) -> Report {
        let mut report = Report::default();
        for stage in stages {
            report.add(stage.clone());
        }
        report
    }

    fn last_line(report: &Report) -> String {
        report.text().lines().last().unwrap().to_owned()
    }

    #[test]
    fn all_stages_are_summed_up() {
        let report = report(&[
            stage("tests", Some((3, 0, 1)), None),
            stage("doc tests", Some((2, 0, 0)), None),
            stage("tidy", None, None),
        ]);
        assert_eq!(last_line(&report), "5 passed, 0 failed, 1 skipped");
        assert!(report.is_good());
    }

    #[test]
    fn a_failing_stage_shows_in_the_sum() {
        let tidy = report(&[stage("tests", Some((3, 0, 0)), None), stage("tidy", None, Some("a rule"))]);
        assert_eq!(last_line(&tidy), "3 passed, 1 failed");
        assert!(!tidy.is_good());
        assert!(tidy.text().contains("tidy: a rule"));

        let crashed = report(&[stage("tests", Some((3, 0, 0)), Some("a signal"))]);
        assert_eq!(last_line(&crashed), "3 passed, 1 failed");

        let counted = report(&[stage("tests", Some((3, 2, 0)), Some("exit code 100"))]);
        assert_eq!(last_line(&counted), "3 passed, 2 failed");
    }

    #[test]
    fn what_was_left_out_is_said() {
        let mut report = report(&[stage("tests", Some((3, 0, 0)), None)]);
        assert!(!report.text().contains("left out"));
        report.leave_out("itest: left out");
        assert!(report.text().contains("\nitest: left out\n"), "{}", report.text());
        assert_eq!(last_line(&report), "3 passed, 0 failed");
    }

    #[test]
    fn nothing_run_is_not_good() {
        let idle = report(&[stage("tests", Some((0, 0, 4)), None), stage("tidy", None, None)]);
        assert!(!idle.is_good());
        assert!(idle.text().contains("no test ran"));
        assert_eq!(idle.finish(), Err(Failure::Reported));
    }

    #[test]
    fn the_slowest_come_first_and_the_fast_not_at_all() {
        let mut report = report(&[stage("tests", Some((9, 0, 0)), None)]);
        report.slowest = [0.4, 2.0, 0.6, 7.0]
            .into_iter()
            .map(|seconds| Slow { seconds, name: format!("t{seconds}") })
            .collect();
        let text = report.text();
        let at = |name: &str| text.find(name);
        assert!(at("t7") < at("t2") && at("t2") < at("t0.6"), "{text}");
        assert_eq!(at("t0.4"), None);
    }
}
