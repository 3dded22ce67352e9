//! Which trials are made, in which order.

use std::time::Duration;

use tokio::time::Instant;

use crate::fault::Fault;
use crate::kind::{Kind, Trouble};
use crate::mix::Mix;
use crate::tally::Tally;
use crate::trial::{self, Finding, Stock, Verdict};

/// What bytes of objects and choices come from.
const SEED: u64 = 7;

/// Places that go wrong in a trial of too many.
const TOO_MANY: usize = 4;

/// The row of trials in which every place goes wrong in another way.
const MIXED: &str = "each in another way";

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every fault once, each at another place: for tests.
    Sample,
    /// Every fault at every place, at some pairs, and once at too many.
    Quick,
    /// Every fault at every place and every pair, and several times at too many.
    Thorough,
}

/// Places of one trial with what goes wrong there.
type Wrong = Vec<(Kind, Fault)>;

/// The trials in which no more goes wrong than may.
#[must_use]
pub fn within(extent: Extent) -> Vec<(Fault, Wrong)> {
    let pairs: Vec<[Kind; 2]> = pairs();
    let mut trials = Vec::new();
    for (at, fault) in Fault::ALL.into_iter().enumerate() {
        let single = |kind: Kind| (fault, vec![(kind, fault)]);
        let double = |pair: [Kind; 2]| (fault, pair.map(|kind| (kind, fault)).to_vec());
        // Steps that have no factor in common with the number of pairs, so that all of them get their turn.
        let some = |number: usize| pairs[(at * 7 + number * 4) % pairs.len()];
        match extent {
            Extent::Sample => trials.push(double(some(0))),
            Extent::Quick => {
                trials.extend(Kind::ALL.map(single));
                trials.extend([double(some(0)), double(some(1))]);
            }
            Extent::Thorough => {
                trials.extend(Kind::ALL.map(single));
                trials.extend(pairs.iter().copied().map(double));
            }
        }
    }
    trials
}

/// The trials in which more goes wrong than may.
#[must_use]
pub fn beyond(extent: Extent) -> Vec<(&'static str, Wrong)> {
    let rotations = match extent {
        Extent::Sample => return vec![(MIXED, mixed(0))],
        Extent::Quick => 1,
        Extent::Thorough => Kind::ALL.len(),
    };
    let mut trials = Vec::new();
    for (at, fault) in Fault::ALL.into_iter().enumerate() {
        for turn in 0..rotations {
            trials.push((fault.name(), rotated(at + turn).map(|kind| (kind, fault)).collect()));
        }
    }
    trials.extend((0..rotations).map(|turn| (MIXED, mixed(turn))));
    trials
}

fn mixed(turn: usize) -> Wrong {
    rotated(turn).zip([Fault::Stopped, Fault::Frozen, Fault::Revoked, Fault::Flipped]).collect()
}

fn rotated(turn: usize) -> impl Iterator<Item = Kind> {
    (0..TOO_MANY).map(move |at| Kind::ALL[(turn + at) % Kind::ALL.len()])
}

fn pairs() -> Vec<[Kind; 2]> {
    let all = Kind::ALL.iter().enumerate();
    all.flat_map(|(at, first)| Kind::ALL[at + 1..].iter().map(move |second| [*first, *second])).collect()
}

/// Makes the trials, and says of each that it was made and how long it took.
///
/// # Errors
/// If a trial can't be made.
pub async fn carry_out(mix: &Mix, extent: Extent, mut say: impl FnMut(&str)) -> Result<Tally, Trouble> {
    let (mut tally, mut stock) = (Tally::default(), Stock::new(SEED));
    for (fault, wrong) in within(extent) {
        let (finding, time) = timed(mix, &mut stock, &wrong).await?;
        say(&line(fault.name(), &wrong, &finding, time));
        tally.add_within(fault, &finding);
    }
    for (name, wrong) in beyond(extent) {
        let (finding, time) = timed(mix, &mut stock, &wrong).await?;
        say(&line(name, &wrong, &finding, time));
        tally.add_beyond(name, &finding);
    }
    Ok(tally)
}

async fn timed(mix: &Mix, stock: &mut Stock, wrong: &Wrong) -> Result<(Finding, Duration), Trouble> {
    let begin = Instant::now();
    let finding = trial::run(mix, stock, wrong).await;
    let places: Vec<&str> = wrong.iter().map(|(kind, _)| kind.name()).collect();
    let finding = finding.map_err(|error| format!("{}: {error}", places.join("+")))?;
    Ok((finding, begin.elapsed()))
}

fn line(name: &str, wrong: &Wrong, finding: &Finding, time: Duration) -> String {
    let places: Vec<&str> = wrong.iter().map(|(kind, _)| kind.name()).collect();
    let word = |verdict: &Verdict| match verdict {
        Verdict::Survived => "ok".to_owned(),
        Verdict::Refused => "refused".to_owned(),
        Verdict::Wrong(why) => format!("WRONG ({why})"),
    };
    format!(
        "{name:<20} {:<24} get {}, put {}, {:.1} s",
        places.join("+"),
        word(&finding.get),
        word(&finding.put),
        time.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_thorough_run_leaves_nothing_out() {
        let trials = within(Extent::Thorough);
        assert_eq!(trials.len(), 10 * (6 + 15));
        let different: BTreeSet<_> = trials.iter().map(|(fault, wrong)| (*fault, wrong.clone())).collect();
        assert_eq!(different.len(), trials.len());
        assert_eq!(beyond(Extent::Thorough).len(), 11 * 6);
    }

    #[test]
    fn shorter_runs_have_every_fault() {
        for (extent, number) in [(Extent::Sample, 10), (Extent::Quick, 80)] {
            let trials = within(extent);
            assert_eq!(trials.len(), number);
            let faults: BTreeSet<Fault> = trials.iter().map(|(fault, _)| *fault).collect();
            assert_eq!(faults.len(), Fault::ALL.len());
            let kinds: BTreeSet<Kind> =
                trials.iter().flat_map(|(_, wrong)| wrong.iter().map(|(kind, _)| *kind)).collect();
            assert_eq!(kinds.len(), Kind::ALL.len());
        }
    }

    #[test]
    fn too_many_are_more_than_may_go_wrong() {
        for (name, wrong) in beyond(Extent::Thorough) {
            let kinds: BTreeSet<Kind> = wrong.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds.len(), TOO_MANY, "{name}");
            assert!(Kind::ALL.len() - TOO_MANY < usize::from(trial::K));
        }
    }
}
