//! Who may receive what, over long histories of moves.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::brute::{LABELS, build, is_valid, members, placement, rule};
use super::*;

/// The question in words: who alone may know what afterwards.
fn may(rules: &[Rule], k: u8, seen: &[(u8, usize)], asked: (u8, usize), members: &[Sample]) -> bool {
    let is_other = |(share, at): &(u8, usize)| *at == asked.1 && *share != asked.0;
    let value = |at: usize, label: &str| members[at].labels.value(label);
    let keeps = |rule: &Rule| match rule {
        Rule::Spread { label } => {
            let is_under = |at: usize| match value(asked.1, label) {
                None => at == asked.1,
                value_of => value(at, label) == value_of,
            };
            let known: BTreeSet<u8> =
                seen.iter().filter(|(_, at)| is_under(*at)).map(|(share, _)| *share).collect();
            known.contains(&asked.0) || known.len() + 1 < usize::from(k)
        }
        Rule::Only { label, values } => value(asked.1, label).is_some_and(|value| values.contains(value)),
        Rule::Never { label, values } => value(asked.1, label).is_some_and(|value| !values.contains(value)),
        Rule::Pin { index, label, value: wanted } => {
            asked.0 != *index || value(asked.1, label) == Some(wanted)
        }
    };
    !seen.iter().any(is_other) && rules.iter().all(keeps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_question_is_answered_as_the_rules_say(
        digits in members(),
        rules in prop::collection::vec(rule(), 0..=4),
        k in 2..=4u8,
        seen in prop::collection::vec((0..4u8, 0..6usize), 0..=6),
        (share, at) in (0..4u8, 0..6usize),
    ) {
        let members = build(&digits);
        let at = at % members.len();
        let seen: Vec<(u8, usize)> =
            seen.into_iter().map(|(share, at)| (share, at % members.len())).collect();
        let answer = placement(&rules).admits(k, share, at, &seen, &candidates(&members));
        prop_assert_eq!(answer.is_ok(), may(&rules, k, &seen, (share, at), &members), "{:?}", answer);
        if let Err(PlacementError::Broken(obstacle)) = answer {
            prop_assert!(obstacle.members.contains(&members[at].id), "{}", obstacle);
        }
    }

    /// Whatever is moved wherever it may go: the rules hold, and nobody learns two shares or a value k of them.
    #[test]
    fn no_history_of_moves_breaks_a_rule(
        digits in prop::collection::vec(([0..4usize, 0..4usize, 0..3usize], 0..2u32), 3..=9),
        rules in prop::collection::vec(rule(), 1..=3),
        k in 2..=3u8,
        n in 2..=4u8,
        moves in prop::collection::vec((0..4u8, 0..9usize), 0..40),
    ) {
        let members = build(&digits);
        let placement = placement(&rules);
        let all = candidates(&members);
        let Ok(chosen) = placement.choose(k, n, &all) else { return Ok(()) };
        let mut layout: Vec<Option<usize>> = chosen.into_iter().map(Some).collect();
        let mut seen: Vec<(u8, usize)> =
            (0..n).zip(&layout).filter_map(|(share, at)| at.map(|at| (share, at))).collect();
        for (share, at) in moves {
            let is_there = share < n && at < members.len();
            if is_there && placement.admits(k, share, at, &seen, &all).is_ok() {
                layout[usize::from(share)] = Some(at);
                seen.push((share, at));
            }
            prop_assert!(is_valid(&rules, k, &layout, &members), "{:?}", layout);
        }
        let mut of_member: BTreeMap<usize, BTreeSet<u8>> = BTreeMap::new();
        for (share, at) in &seen {
            of_member.entry(*at).or_default().insert(*share);
        }
        prop_assert!(of_member.values().all(|shares| shares.len() == 1));
        for label in LABELS {
            if !rules.contains(&Rule::Spread { label: label.to_owned() }) {
                continue;
            }
            let mut of_value: BTreeMap<&str, BTreeSet<u8>> = BTreeMap::new();
            for (share, at) in &seen {
                if let Some(value) = members[*at].labels.value(label) {
                    of_value.entry(value).or_default().insert(*share);
                }
            }
            prop_assert!(of_value.values().all(|shares| shares.len() < usize::from(k)), "{}", label);
        }
    }
}

#[test]
fn what_left_a_value_still_counts_there() {
    let all = samples(&["a 0 p=aws", "b 0 p=aws", "c 0 p=gcs", "d 0 p=gcs"]);
    let rules = Placement::default().spread("p").unwrap();
    let seen = [(0, 0), (0, 2), (1, 3)];
    // Share 0 went from `a` to `c`; `aws` may have kept it, so that share 1 must not come there.
    let refused = rules.admits(2, 1, 1, &seen, &candidates(&all)).unwrap_err();
    assert_eq!(refused.to_string(), "the layout breaks a rule: at most k-1 shares under one p (aws: a, b)");
    assert_eq!(rules.admits(2, 0, 1, &seen, &candidates(&all)), Ok(()));
    let other = rules.admits(2, 1, 0, &seen, &candidates(&all)).unwrap_err();
    assert_eq!(other.to_string(), "the shares 0 and 1 are both on a: a member holds one share");
    let unknown = rules.admits(2, 1, 4, &seen, &candidates(&all)).unwrap_err();
    assert_eq!(unknown, PlacementError::UnknownMember { index: 1, at: 4, members: 4 });
}
