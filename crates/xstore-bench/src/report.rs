//! What a run found out, apart from how it is shown.

use serde::Serialize;

use crate::bytes::size_name;
use crate::host::Host;
use crate::measure::{Series, Spread};

/// Everything of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Where and with what it ran.
    pub(crate) host: Host,
    /// Whether it was a short run, whose figures are rough.
    pub(crate) quick: bool,
    /// The tables.
    pub(crate) sections: Vec<Section>,
    /// What memory was needed.
    pub(crate) peaks: Vec<Peak>,
    /// What must hold.
    pub(crate) floors: Vec<Floor>,
}

/// One table.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// Heading.
    pub(crate) title: &'static str,
    /// What the figures mean, a line each.
    pub(crate) notes: Vec<&'static str>,
    /// Which figures people are shown.
    pub(crate) unit: Unit,
    /// On which file system it took place, if on any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_system: Option<String>,
    /// The lines of the table.
    pub(crate) rows: Vec<Row>,
}

/// What counts in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// CPU time, and bytes in it.
    Cpu,
    /// Time on the wall, and bytes in it.
    Wall,
    /// Time on the wall, and objects in it.
    Objects,
}

impl Section {
    /// A table of CPU times.
    pub(crate) const fn new(title: &'static str, notes: Vec<&'static str>, rows: Vec<Row>) -> Self {
        Self { title, notes, unit: Unit::Cpu, file_system: None, rows }
    }

    /// A table of other times.
    #[must_use]
    pub(crate) const fn in_unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Says which file system the figures are of.
    #[must_use]
    pub(crate) fn on(mut self, file_system: &str) -> Self {
        self.file_system = Some(file_system.to_owned());
        self
    }
}

/// One case's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// By which a filter finds it.
    pub(crate) id: String,
    /// What ran.
    pub(crate) what: String,
    /// Of how many bytes, as a name.
    pub(crate) size: String,
    /// Payload bytes of one call.
    pub(crate) bytes: usize,
    /// Objects of one call.
    pub(crate) objects: usize,
    /// Samples.
    pub(crate) rounds: usize,
    /// Calls in each sample.
    pub(crate) calls: u32,
    /// Microseconds per call, of CPU time.
    pub(crate) micros: Spread,
    /// Microseconds per call, on the wall.
    pub(crate) wall_micros: Spread,
    /// 10^9 payload bytes per second of CPU time.
    pub(crate) gb_per_s: Spread,
    /// 10^9 payload bytes per second on the wall.
    pub(crate) wall_gb_per_s: Spread,
    /// Beside what else ran, from round to round.
    pub(crate) ratios: Vec<Ratio>,
}

/// How one case compares with another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ratio {
    /// What the number says.
    pub(crate) name: &'static str,
    /// The number.
    #[serde(flatten)]
    pub(crate) spread: Spread,
}

impl Row {
    /// The figures of `series`, each of whose calls handled `bytes` payload bytes. The size is named after
    /// `nominal`, which is what was aimed at.
    pub(crate) fn new(
        id: &str,
        what: impl Into<String>,
        nominal: usize,
        bytes: usize,
        series: &Series,
    ) -> Self {
        let rate = |seconds: &[f64]| Spread::of(seconds.iter().map(|s| as_f64(bytes) / s / 1e9).collect());
        Self {
            id: id.to_owned(),
            what: what.into(),
            size: size_name(nominal),
            bytes,
            objects: 1,
            rounds: series.cpu.len(),
            calls: series.calls,
            micros: Spread::of(series.cpu.clone()).times(1e6),
            wall_micros: Spread::of(series.wall.clone()).times(1e6),
            gb_per_s: rate(&series.cpu),
            wall_gb_per_s: rate(&series.wall),
            ratios: Vec::new(),
        }
    }

    /// Says that a call handled several objects.
    #[must_use]
    pub(crate) const fn of_objects(mut self, objects: usize) -> Self {
        self.objects = objects;
        self
    }

    /// Adds a ratio, given round by round.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, ratios: Vec<f64>) -> Self {
        self.ratios.push(Ratio { name, spread: Spread::of(ratios) });
        self
    }
}

/// A number of bytes for arithmetic with seconds. Exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no buffer here comes near 2^53 bytes")]
pub(crate) fn as_f64(bytes: usize) -> f64 {
    bytes as f64
}

/// How much memory a process needed that did nothing else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Peak {
    /// By which a filter finds it.
    pub(crate) id: String,
    /// What it did.
    pub(crate) what: String,
    /// With how many bytes, as a name.
    pub(crate) size: String,
    /// MiB that it held at most until the data was stored.
    pub(crate) put_mib: f64,
    /// MiB that it held at most in all: until the data was stored and read.
    pub(crate) all_mib: f64,
}

/// Something that must hold on any machine: a comparison of two things that ran side by side, or a use of memory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Floor {
    /// What is compared.
    pub(crate) what: String,
    /// What passes.
    #[serde(flatten)]
    pub(crate) bound: Bound,
    /// What was measured; the median counts.
    pub(crate) measured: Spread,
    /// Whether it passes.
    pub(crate) pass: bool,
    /// How near the measured code is to what the machine's memory allows: its bytes moved beside memcpy's. It
    /// explains a missed floor, and doesn't excuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of_memory: Option<f64>,
}

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// This and more.
    AtLeast(f64),
    /// This and less.
    AtMost(f64),
}

impl Bound {
    fn admits(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

/// From here on memory is what holds a floor back.
const AT_THE_LIMIT: f64 = 0.9;

impl Floor {
    /// Judges ratios that were taken round by round. No measurement doesn't pass.
    pub(crate) fn new(what: impl Into<String>, at_least: f64, ratios: Vec<f64>) -> Self {
        Self::within(what, Bound::AtLeast(at_least), ratios)
    }

    /// The same for any bound.
    pub(crate) fn within(what: impl Into<String>, bound: Bound, values: Vec<f64>) -> Self {
        let measured = Spread::of(values);
        Self { what: what.into(), bound, measured, pass: bound.admits(measured.median), of_memory: None }
    }

    /// Tells a floor that the arithmetic misses from one that the machine's memory holds back. Both are missed.
    #[must_use]
    pub(crate) const fn limited_by_memory(mut self, of_memory: Option<f64>) -> Self {
        self.of_memory = of_memory;
        self
    }

    /// PASS, FAIL, or LIMIT where it is missed and the machine's memory is what holds it back.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.of_memory {
            _ if self.pass => "PASS",
            Some(of_memory) if of_memory >= AT_THE_LIMIT => "LIMIT",
            _ => "FAIL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_decimal_and_follow_from_bytes_and_seconds() {
        let series = Series { cpu: vec![0.001, 0.002, 0.004], wall: vec![0.01, 0.01, 0.01], calls: 7 };
        let row = Row::new("a/b", "b", 1 << 20, 1_000_000, &series);
        assert_eq!((row.size.as_str(), row.rounds, row.calls), ("1 MiB", 3, 7));
        assert_eq!(row.gb_per_s, Spread { median: 0.5, min: 0.25, max: 1.0 });
        assert_eq!(row.wall_gb_per_s.median, 0.1);
        assert_eq!((row.wall_micros.median, row.objects), (10_000.0, 1));
        assert_eq!(row.micros, Spread { median: 2000.0, min: 1000.0, max: 4000.0 });
    }

    #[test]
    fn a_floor_is_met_by_its_own_value_and_by_nothing_below_or_unknown() {
        assert!(Floor::new("a", 0.8, vec![0.1, 0.8, 0.9]).pass);
        assert!(!Floor::new("a", 0.8, vec![0.1, 0.79, 0.9]).pass);
        assert!(!Floor::new("a", 0.8, Vec::new()).pass);
        let at_most = |values| Floor::within("a", Bound::AtMost(100.0), values).pass;
        assert!(at_most(vec![100.0]) && !at_most(vec![100.1]) && !at_most(Vec::new()));
    }

    #[test]
    fn a_bound_is_named_in_json() {
        let json = |floor: &Floor| serde_json::to_value(floor).unwrap();
        assert_eq!(json(&Floor::new("a", 0.5, vec![1.0]))["at_least"], 0.5);
        assert_eq!(json(&Floor::within("a", Bound::AtMost(9.0), vec![1.0]))["at_most"], 9.0);
    }

    #[test]
    fn a_floor_that_memory_holds_back_is_marked_and_stays_missed() {
        let floor = |measured, of_memory| Floor::new("a", 0.8, vec![measured]).limited_by_memory(of_memory);
        assert_eq!(floor(0.8, None).verdict(), "PASS");
        assert_eq!(floor(0.8, Some(0.1)).verdict(), "PASS");
        assert_eq!(floor(0.7, Some(0.9)).verdict(), "LIMIT");
        assert!(!floor(0.7, Some(0.9)).pass);
        assert_eq!(floor(0.7, Some(0.89)).verdict(), "FAIL");
        assert_eq!(floor(0.7, Some(f64::NAN)).verdict(), "FAIL");
        assert_eq!(floor(0.7, None).verdict(), "FAIL");
    }
}
