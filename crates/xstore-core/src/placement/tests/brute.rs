//! Everything against all layouts there are, for small numbers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

pub(super) const LABELS: [&str; 3] = ["l0", "l1", "l2"];
const VALUES: [&str; 3] = ["x", "y", "z"];

/// A member: its labels' values (0 for none), and its rank.
pub(super) type Digits = ([usize; 3], u32);

pub(super) fn build(members: &[Digits]) -> Vec<Sample> {
    let sample = |(i, (digits, rank)): (usize, &Digits)| {
        let labels = digits.iter().zip(LABELS).filter(|(digit, _)| **digit > 0);
        Sample {
            id: BackendId::new(&format!("m{i}")).unwrap(),
            labels: Labels::new(labels.map(|(digit, label)| (label, VALUES[digit - 1]))).unwrap(),
            rank: *rank,
        }
    };
    members.iter().enumerate().map(sample).collect()
}

pub(super) fn rule() -> impl Strategy<Value = Rule> {
    let label = || (0..3usize).prop_map(|label| LABELS[label].to_owned());
    let value = || (0..3usize).prop_map(|value| VALUES[value].to_owned());
    prop_oneof![
        2 => label().prop_map(|label| Rule::Spread { label }),
        1 => (label(), prop::collection::btree_set(value(), 1..=3))
            .prop_map(|(label, values)| Rule::Only { label, values }),
        1 => (label(), prop::collection::btree_set(value(), 1..=2))
            .prop_map(|(label, values)| Rule::Never { label, values }),
        2 => (0..5u8, label(), value()).prop_map(|(index, label, value)| Rule::Pin { index, label, value }),
    ]
}

pub(super) fn placement(rules: &[Rule]) -> Placement {
    rules
        .iter()
        .try_fold(Placement::default(), |placement, rule| match rule.clone() {
            Rule::Spread { label } => placement.spread(label),
            Rule::Only { label, values } => placement.only(label, values),
            Rule::Never { label, values } => placement.never(label, values),
            Rule::Pin { index, label, value } => placement.pin(index, label, value),
        })
        .unwrap()
}

/// The rules as they are written in words, one share at a time.
pub(super) fn is_valid(rules: &[Rule], k: u8, layout: &[Option<usize>], members: &[Sample]) -> bool {
    let holder = |index: usize| layout.get(index).copied().flatten();
    let value = |index: usize, label: &str| holder(index).and_then(|at| members[at].labels.value(label));
    let placed: Vec<usize> = (0..layout.len()).filter(|&index| layout[index].is_some()).collect();
    rules.iter().all(|rule| match rule {
        Rule::Spread { label } => placed.iter().all(|&one| {
            let same = |other: usize| match value(one, label) {
                None => other == one,
                some => value(other, label) == some,
            };
            placed.iter().filter(|&&other| same(other)).count() < usize::from(k)
        }),
        Rule::Only { label, values } => {
            placed.iter().all(|&index| value(index, label).is_some_and(|value| values.contains(value)))
        }
        Rule::Never { label, values } => {
            placed.iter().all(|&index| value(index, label).is_some_and(|value| !values.contains(value)))
        }
        Rule::Pin { index, label, value: wanted } => {
            holder(usize::from(*index)).is_none_or(|at| members[at].labels.value(label) == Some(wanted))
        }
    })
}

/// A layout behind what is compared first: the sum of its ranks, and its ranks and places, sorted.
type Judged = (u32, Vec<(u32, usize)>, Vec<usize>);

fn judge(layout: &[usize], members: &[Sample]) -> Judged {
    let mut ranks: Vec<(u32, usize)> = layout.iter().map(|&at| (members[at].rank, at)).collect();
    ranks.sort_unstable();
    (ranks.iter().map(|(rank, _)| rank).sum(), ranks, layout.to_vec())
}

/// Calls `each` with every layout of `n` shares on different members.
fn layouts(n: usize, members: usize, begun: &mut Vec<usize>, each: &mut impl FnMut(&[usize])) {
    if begun.len() == n {
        return each(begun);
    }
    for at in 0..members {
        if !begun.contains(&at) {
            begun.push(at);
            layouts(n, members, begun, each);
            begun.pop();
        }
    }
}

/// The best of all valid layouts where there are no pins, so that the shares are dealt in the order of the members.
fn best_sorted(rules: &[Rule], k: u8, n: u8, members: &[Sample]) -> Option<Vec<usize>> {
    let sets = (0..1_u32 << members.len()).filter(|set| set.count_ones() == u32::from(n));
    let judged = sets.filter_map(|set| {
        let layout: Vec<usize> = (0..members.len()).filter(|at| set >> at & 1 == 1).collect();
        let places: Vec<Option<usize>> = layout.iter().copied().map(Some).collect();
        is_valid(rules, k, &places, members).then(|| judge(&layout, members))
    });
    judged.min().map(|(_, _, layout)| layout)
}

/// The best of all valid layouts.
fn best(rules: &[Rule], k: u8, n: u8, members: &[Sample]) -> Option<Vec<usize>> {
    let mut best: Option<Judged> = None;
    layouts(usize::from(n), members.len(), &mut Vec::new(), &mut |layout| {
        let places: Vec<Option<usize>> = layout.iter().copied().map(Some).collect();
        if is_valid(rules, k, &places, members) {
            let this = judge(layout, members);
            if best.as_ref().is_none_or(|best| this < *best) {
                best = Some(this);
            }
        }
    });
    best.map(|(_, _, layout)| layout)
}

pub(super) fn members() -> impl Strategy<Value = Vec<Digits>> {
    prop::collection::vec(([0..4usize, 0..4usize, 0..3usize], 0..4u32), 1..=6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_layout_chosen_is_the_best_and_a_refusal_is_minimal(
        digits in members(),
        rules in prop::collection::vec(rule(), 0..=5),
        k in 1..=4u8,
        n in 1..=5u8,
    ) {
        let members = build(&digits);
        let placement = placement(&rules);
        prop_assume!(members.len() >= usize::from(n));
        let chosen = placement.choose(k, n, &candidates(&members));
        match best(&rules, k, n, &members) {
            Some(best) => prop_assert_eq!(chosen, Ok(best)),
            None => {
                let guilty = obstacles(&chosen.unwrap_err());
                prop_assert!(best(&guilty, k, n, &members).is_none());
                for rule in &guilty {
                    let others: Vec<Rule> = guilty.iter().filter(|other| *other != rule).cloned().collect();
                    prop_assert!(best(&others, k, n, &members).is_some(), "{} is not needed", rule);
                }
            }
        }
    }

    #[test]
    fn entangled_limits_are_exact(
        digits in prop::collection::vec(([1..4usize, 1..4usize, 1..4usize], 0..4u32), 6..=12),
        n in 3..=5u8,
        k in 2..=3u8,
    ) {
        let members = build(&digits);
        let rules = LABELS.map(|label| Rule::Spread { label: label.to_owned() });
        let chosen = placement(&rules).choose(k, n, &candidates(&members)).ok();
        prop_assert_eq!(chosen, best_sorted(&rules, k, n, &members));
    }

    #[test]
    fn a_layout_is_judged_as_the_rules_say(
        digits in members(),
        rules in prop::collection::vec(rule(), 0..=4),
        k in 1..=4u8,
        places in prop::collection::vec(prop::option::weighted(0.8, 0..6usize), 0..=5),
    ) {
        let members = build(&digits);
        let mut seen = BTreeSet::new();
        let layout: Vec<Option<usize>> =
            places.iter().map(|at| at.filter(|&at| at < members.len() && seen.insert(at))).collect();
        let judged = placement(&rules).holds(k, &layout, &candidates(&members));
        prop_assert_eq!(judged.is_ok(), is_valid(&rules, k, &layout, &members));
        if let Err(error) = judged {
            let PlacementError::Broken(obstacle) = error else { panic!("{error:?}") };
            prop_assert!(!is_valid(std::slice::from_ref(&obstacle.rule), k, &layout, &members));
            // Taking all that are named out of the layout mends it.
            let is_named = |at: &usize| obstacle.members.contains(&members[*at].id);
            let mended: Vec<Option<usize>> = layout.iter().map(|at| at.filter(|at| !is_named(at))).collect();
            prop_assert!(is_valid(std::slice::from_ref(&obstacle.rule), k, &mended, &members));
        }
    }

    #[test]
    fn a_replacement_is_the_best_that_breaks_nothing(
        digits in members(),
        rules in prop::collection::vec(rule(), 0..=4),
        k in 2..=4u8,
        n in 1..=4u8,
        index in 0..4u8,
        excluded in prop::collection::vec(0..6usize, 0..=2),
    ) {
        let members = build(&digits);
        let placement = placement(&rules);
        let Ok(layout) = placement.choose(k, n, &candidates(&members)) else { return Ok(()) };
        prop_assume!(index < n);
        let layout: Vec<Option<usize>> = layout.into_iter().map(Some).collect();
        let with = |at: usize| {
            let mut changed = layout.clone();
            changed[usize::from(index)] = Some(at);
            changed
        };
        let expected = (0..members.len())
            .filter(|at| !layout.contains(&Some(*at)) && !excluded.contains(at))
            .filter(|&at| is_valid(&rules, k, &with(at), &members))
            .min_by_key(|&at| (members[at].rank, at));
        prop_assert_eq!(placement.replace(k, &layout, index, &excluded, &candidates(&members)), expected);
    }
}
