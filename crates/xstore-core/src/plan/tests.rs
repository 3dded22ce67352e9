//! Plans against everything that there is to try.

use xstore_backend::BackendId;

use crate::placement::{Candidate, Labels, Placement};
use crate::plan::{Coalitions, Plan, Power};

mod chances;
mod costs;
mod powers;
mod rules;

/// A member: `id label=value ...`.
struct Sample {
    id: BackendId,
    labels: Labels,
}

fn samples(lines: &[&str]) -> Vec<Sample> {
    let sample = |line: &&str| {
        let mut words = line.split(' ');
        let id = BackendId::new(words.next().unwrap()).unwrap();
        let labels = Labels::new(words.map(|word| word.split_once('=').unwrap())).unwrap();
        Sample { id, labels }
    };
    lines.iter().map(sample).collect()
}

fn candidates(samples: &[Sample]) -> Vec<Candidate<'_>> {
    samples.iter().map(|sample| Candidate { id: &sample.id, labels: &sample.labels, rank: 0 }).collect()
}

fn power<'a>(plan: &'a Plan, label: &str) -> &'a Power {
    plan.powers.iter().find(|power| power.label.as_deref() == Some(label)).unwrap()
}

/// The values of each set that is listed.
fn named(power: &Power, coalitions: &Coalitions) -> Vec<Vec<String>> {
    let name = |stake: &usize| power.stakes[*stake].value.clone().unwrap_or_else(|| "-".into());
    coalitions.sets.iter().map(|set| set.iter().map(name).collect()).collect()
}
