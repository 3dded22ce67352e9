//! Timing: all cases of a group take turns, so that whatever the machine does besides hits all of them alike.

use std::time::Duration;

use serde::Serialize;

use crate::clock::{Spent, Stopwatch, Whose};
use crate::failure::Failure;

/// How long to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Samples of each case.
    pub(crate) rounds: usize,
    /// What one sample should last; calls are repeated until they do. One call at least.
    pub(crate) sample: Duration,
    /// Whose CPU time is looked at.
    pub(crate) whose: Whose,
}

/// What a case calls.
type Run<W> = dyn FnMut(&mut W) -> Result<(), Failure>;

/// One thing to time. `W` is what all cases of its group work on.
pub(crate) struct Case<W> {
    /// By which a filter finds it.
    pub(crate) id: String,
    run: Box<Run<W>>,
    after: Option<Box<Run<W>>>,
}

impl<W> Case<W> {
    /// A case that calls `run`.
    pub(crate) fn new(
        id: impl Into<String>,
        run: impl FnMut(&mut W) -> Result<(), Failure> + 'static,
    ) -> Self {
        Self { id: id.into(), run: Box::new(run), after: None }
    }

    /// Calls `after` at the end of each sample, when nobody counts any more: to remove what the calls made.
    #[must_use]
    pub(crate) fn followed_by(mut self, after: impl FnMut(&mut W) -> Result<(), Failure> + 'static) -> Self {
        self.after = Some(Box::new(after));
        self
    }

    fn call(&mut self, world: &mut W, times: u32, whose: Whose) -> Result<Spent, Failure> {
        let watch = Stopwatch::start(whose);
        for _ in 0..times {
            (self.run)(world)?;
        }
        let spent = watch.spent();
        if let Some(after) = &mut self.after {
            after(world)?;
        }
        Ok(spent)
    }
}

/// The samples of one case, in the order of the rounds: seconds per call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    /// On the CPU; on the wall where the system doesn't tell.
    pub(crate) cpu: Vec<f64>,
    /// On the wall.
    pub(crate) wall: Vec<f64>,
    /// Calls in one sample.
    pub(crate) calls: u32,
}

impl Series {
    /// How many times as long as `other` a call of this case takes, round by round.
    pub(crate) fn over(&self, other: &Self) -> Vec<f64> {
        ratios(&self.cpu, &other.cpu)
    }

    /// The same on the wall: for what waits for a disk, or computes on several threads.
    pub(crate) fn wall_over(&self, other: &Self) -> Vec<f64> {
        ratios(&self.wall, &other.wall)
    }

    fn push(&mut self, spent: Spent, calls: u32) {
        let calls = f64::from(calls);
        // Clocks tick: a call that took no time at all would make ratios infinite.
        let seconds = |time: Duration| time.as_secs_f64().max(1e-9) / calls;
        self.cpu.push(seconds(spent.preferred()));
        self.wall.push(seconds(spent.wall));
    }
}

fn ratios(own: &[f64], other: &[f64]) -> Vec<f64> {
    own.iter().zip(other).map(|(own, other)| own / other).collect()
}

/// Runs all cases, first to warm up, then in rounds, and returns their series in the order of the cases.
///
/// Each round runs every case once. The first one of a round is another each time, and every second round goes
/// backwards, so that nobody always follows the same neighbour.
///
/// # Errors
/// Whatever a case returns.
pub(crate) fn interleaved<W>(
    world: &mut W,
    cases: &mut [Case<W>],
    effort: Effort,
) -> Result<Vec<Series>, Failure> {
    let mut calls = Vec::with_capacity(cases.len());
    for case in cases.iter_mut() {
        calls.push(calibrate(world, case, effort)?);
    }
    rounds(world, cases, &calls, effort)
}

/// The same for calls that take seconds: one of each case a round, and nothing to warm up, which is left to whoever
/// makes the world. CPU times are those of the process.
///
/// # Errors
/// Whatever a case returns.
pub(crate) fn in_turns<W>(
    world: &mut W,
    cases: &mut [Case<W>],
    number: usize,
) -> Result<Vec<Series>, Failure> {
    let effort = Effort { rounds: number, sample: Duration::ZERO, whose: Whose::Process };
    rounds(world, cases, &vec![1; cases.len()], effort)
}

/// Samples of so many calls of each case.
fn rounds<W>(
    world: &mut W,
    cases: &mut [Case<W>],
    calls: &[u32],
    effort: Effort,
) -> Result<Vec<Series>, Failure> {
    let mut series: Vec<Series> = calls.iter().map(|&calls| Series { calls, ..Series::default() }).collect();
    for round in 0..effort.rounds {
        for at in turn(round, cases.len()) {
            if calls[at] > 1 {
                // What the neighbour left in the caches is not this case's doing.
                cases[at].call(world, 1, effort.whose)?;
            }
            let spent = cases[at].call(world, calls[at], effort.whose)?;
            series[at].push(spent, calls[at]);
        }
    }
    Ok(series)
}

/// How many calls fill a sample. Its calls are the warm-up.
fn calibrate<W>(world: &mut W, case: &mut Case<W>, effort: Effort) -> Result<u32, Failure> {
    let Effort { sample, whose, .. } = effort;
    // The first call may be the slowest. One that is longer than many samples says enough all the same.
    if case.call(world, 1, whose)?.preferred() >= 8 * sample {
        return Ok(1);
    }
    let mut calls = 1_u32;
    loop {
        let spent = case.call(world, calls, whose)?.preferred();
        if spent >= sample || calls >= 1 << 24 {
            return Ok(calls);
        }
        // At most eightfold at once: the first calls are slower than the later ones.
        let factor = sample.as_secs_f64() / spent.as_secs_f64().max(1e-9);
        calls = if factor >= 8.0 { calls * 8 } else { scaled(calls, factor) };
    }
}

/// `calls` times `factor`, which is above 1 and below 8; at least one more than `calls`.
fn scaled(calls: u32, factor: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 8 * 2^24")]
    let scaled = (f64::from(calls) * factor).ceil() as u32;
    scaled.max(calls + 1)
}

/// The order of the cases in a round.
fn turn(round: usize, cases: usize) -> impl Iterator<Item = usize> {
    (0..cases).map(move |step| {
        let at = (step + round / 2) % cases;
        if round.is_multiple_of(2) { at } else { cases - 1 - at }
    })
}

/// The middle and the ends of what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// Half of the values are below.
    pub(crate) median: f64,
    /// The least.
    pub(crate) min: f64,
    /// The greatest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of at least one value; of none everything is NaN.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (values.first(), values.last()) else {
            return Self { median: f64::NAN, min: f64::NAN, max: f64::NAN };
        };
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Self { median, min, max }
    }

    /// All three times `factor`, which is positive.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { median: self.median * factor, min: self.min * factor, max: self.max * factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Effort = Effort { rounds: 4, sample: Duration::ZERO, whose: Whose::Thread };

    #[test]
    fn every_round_runs_every_case_and_begins_elsewhere() {
        let name = |id: &'static str| {
            Case::new(id, move |log: &mut String| {
                log.push_str(id);
                Ok(())
            })
        };
        let mut log = String::new();
        let mut cases = [name("a"), name("b"), name("c")];
        let series = interleaved(&mut log, &mut cases, SHORT).unwrap();
        // Warm-up, which is enough for samples of no length, then four rounds of one call each.
        assert_eq!(log, "abc".to_owned() + "abc" + "cba" + "bca" + "bac");
        assert!(series.iter().all(|s| s.calls == 1 && s.cpu.len() == 4 && s.wall.len() == 4));
    }

    #[test]
    fn what_follows_a_sample_follows_all_of_its_calls_and_is_not_timed() {
        let mut log = String::new();
        let mut cases = [Case::new("a", |log: &mut String| {
            log.push('a');
            Ok(())
        })
        .followed_by(|log| {
            std::thread::sleep(Duration::from_millis(90));
            log.push(';');
            Ok(())
        })];
        let series = rounds(&mut log, &mut cases, &[3], SHORT).unwrap();
        assert_eq!(log, "a;aaa;".repeat(4));
        // Counted, it would make each of the three calls 30 ms long.
        assert!(series[0].wall.iter().any(|&wall| wall < 0.03), "{series:?}");
    }

    #[test]
    fn turns_are_single_calls_without_a_warm_up() {
        let mut count = 0_u32;
        let mut cases = [Case::new("count", |count: &mut u32| {
            *count += 1;
            Ok(())
        })];
        let series = in_turns(&mut count, &mut cases, 3).unwrap();
        assert_eq!((count, series[0].wall.len(), series[0].calls), (3, 3, 1));
    }

    #[test]
    fn calls_are_repeated_until_a_sample_is_long_enough() {
        let mut count = 0_u32;
        let mut cases = [Case::new("spin", |count: &mut u32| {
            *count += 1;
            std::hint::black_box((0..500_u32).map(std::hint::black_box).sum::<u32>());
            Ok(())
        })];
        let effort = Effort { rounds: 2, sample: Duration::from_millis(20), whose: Whose::Thread };
        let series = interleaved(&mut count, &mut cases, effort).unwrap();
        assert!(series[0].calls > 1);
        assert!(count > 2 * series[0].calls);
    }

    #[test]
    fn a_case_that_fails_ends_the_run() {
        let mut cases = [Case::new("bad", |(): &mut ()| Err(Failure::Wrong("it")))];
        assert!(matches!(interleaved(&mut (), &mut cases, SHORT), Err(Failure::Wrong("it"))));
    }

    #[test]
    fn medians_and_ends() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 9.0]), Spread { median: 3.0, min: 1.0, max: 9.0 });
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 9.0]), Spread { median: 3.0, min: 1.0, max: 9.0 });
        assert_eq!(Spread::of(vec![2.0]).times(3.0), Spread { median: 6.0, min: 6.0, max: 6.0 });
        assert!(Spread::of(Vec::new()).median.is_nan());
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let own = Series { cpu: vec![2.0, 8.0], wall: vec![9.0, 9.0], calls: 1 };
        let other = Series { cpu: vec![1.0, 2.0], wall: vec![1.0, 1.0], calls: 1 };
        assert_eq!(own.over(&other), [2.0, 4.0]);
        assert_eq!(own.wall_over(&other), [9.0, 9.0]);
    }

    #[test]
    fn a_call_never_took_no_time() {
        let mut series = Series::default();
        series.push(Spent { wall: Duration::ZERO, cpu: Some(Duration::ZERO) }, 1);
        assert!(series.cpu[0] > 0.0 && series.wall[0] > 0.0);
    }
}
