//! Sizes that nobody can try out.

use super::*;
use crate::placement::problem::Problem;
use crate::placement::search::{self, Budget, Outcome};

/// A small generator of numbers, the same ones every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn many(count: usize, seed: u64, line: impl Fn(&mut Numbers) -> String) -> Vec<Sample> {
    let mut numbers = Numbers(seed);
    let lines: Vec<String> = (0..count).map(|i| format!("m{i} {}", line(&mut numbers))).collect();
    samples(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The same numbers as a shuffled list would give: where `i` of `count` goes.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut numbers = Numbers(seed);
    let mut all: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        all.swap(i, usize::try_from(numbers.below(u64::try_from(i).unwrap() + 1)).unwrap());
    }
    all
}

fn assert_chosen(rules: &Placement, k: u8, n: u8, all: &[Sample]) -> Vec<usize> {
    let chosen = rules.choose(k, n, &candidates(all)).unwrap();
    assert_eq!(chosen.len(), usize::from(n));
    let layout: Vec<_> = chosen.iter().copied().map(Some).collect();
    rules.holds(k, &layout, &candidates(all)).unwrap();
    chosen
}

fn problem(rules: &Placement, k: u8, n: u8, all: &[Sample]) -> Problem {
    Problem::new(&rules.rules().iter().collect::<Vec<_>>(), k, n, &candidates(all))
}

#[test]
fn one_limit_is_kept_as_a_greedy_choice_keeps_it() {
    let rules = Placement::default().spread("p").unwrap();
    for seed in 0..20 {
        let all = many(256, seed, |numbers| match numbers.below(60) {
            value @ ..40 => format!("{} p=v{value}", numbers.below(5)),
            _ => numbers.below(9).to_string(),
        });
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|&at| all[at].rank);
        let mut greedy: Vec<usize> = Vec::new();
        for at in order {
            let value = all[at].labels.value("p");
            let beside = greedy.iter().filter(|&&other| all[other].labels.value("p") == value).count();
            if greedy.len() < 64 && (value.is_none() || beside < 2) {
                greedy.push(at);
            }
        }
        greedy.sort_unstable();
        assert_eq!(assert_chosen(&rules, 3, 64, &all), greedy);
    }
}

#[test]
fn two_crossing_limits_without_pins_are_exact() {
    let rules = Placement::default().spread("p").unwrap().spread("q").unwrap();
    // One choice is sure to exist: the 64 last members, two under each value of both labels, in another order.
    let hidden = shuffled(64, 7);
    let mut numbers = Numbers(1);
    let lines: Vec<String> = (0..256)
        .map(|i| match i {
            ..192 => format!("m{i} 0 p=v{} q=v{}", i % 32, numbers.below(6)),
            _ => format!("m{i} 1 p=v{} q=v{}", (i - 192) / 2, hidden[i - 192] / 2),
        })
        .collect();
    let all = samples(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(problem(&rules, 4, 64, &all).is_exact);
    let chosen = assert_chosen(&rules, 4, 64, &all);
    // Of the better members with 6 values of q there is room for 18.
    assert_eq!(chosen.iter().filter(|&&at| at < 192).count(), 18);
}

#[test]
fn limits_within_limits_are_one_limit() {
    let all = many(256, 3, |numbers| {
        let (provider, site, rack) = (numbers.below(20), numbers.below(3), numbers.below(4));
        format!(
            "{} provider=v{provider} site=v{provider}-{site} rack=v{provider}-{site}-{rack}",
            numbers.below(4)
        )
    });
    for labels in [["rack", "site", "provider"], ["provider", "site", "rack"]] {
        let rules =
            labels.into_iter().try_fold(Placement::default(), |rules, label| rules.spread(label)).unwrap();
        let reduced = problem(&rules, 4, 52, &all);
        assert!(reduced.is_exact && reduced.networks.len() == 1 && reduced.sizes.len() <= 80);
        assert_chosen(&rules, 4, 52, &all);
    }
}

#[test]
fn one_limit_with_every_share_pinned_is_exact() {
    let homes = shuffled(64, 11);
    let lines: Vec<String> =
        (0..256).map(|i| format!("m{i} {} home=h{} p=v{}", i % 3, i % 64, i % 21)).collect();
    let all = samples(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let rules = (0..64u8)
        .try_fold(Placement::default().spread("p").unwrap(), |rules, index| {
            rules.pin(index, "home", format!("h{}", homes[usize::from(index)]))
        })
        .unwrap();
    assert!(problem(&rules, 5, 64, &all).is_exact);
    let chosen = assert_chosen(&rules, 5, 64, &all);
    assert!(chosen.iter().zip(homes).all(|(&at, home)| at % 64 == home));
}

#[test]
fn three_crossing_limits_with_pins_are_found() {
    let rules = ["a", "b", "c"]
        .into_iter()
        .try_fold(Placement::default(), |rules, label| rules.spread(label))
        .and_then(|rules| {
            rules.pin(0, "a", "v1")?.pin(0, "b", "v2")?.pin(3, "c", "v3")?.only("a", ["v0", "v1", "v2", "v3"])
        })
        .unwrap();
    for seed in 0..3 {
        let all = many(256, seed, |numbers| {
            format!(
                "{} a=v{} b=v{} c=v{}",
                numbers.below(3),
                numbers.below(5),
                numbers.below(5),
                numbers.below(6)
            )
        });
        assert!(!problem(&rules, 18, 64, &all).is_exact);
        let chosen = assert_chosen(&rules, 18, 64, &all);
        assert_eq!(all[chosen[0]].labels.value("b"), Some("v2"));
    }
}

/// Members that are so entangled that it takes very long to find 20 of them, and no longer than that without their
/// ranks, under rules by which no two may share a value of three labels.
fn riddle(seed: u64) -> (Placement, Vec<Sample>) {
    let all = many(120, seed, |numbers| {
        format!(
            "{} a=v{} b=v{} c=v{}",
            numbers.below(3),
            numbers.below(24),
            numbers.below(24),
            numbers.below(24)
        )
    });
    let rules =
        ["a", "b", "c"].into_iter().try_fold(Placement::default(), |rules, label| rules.spread(label));
    (rules.unwrap(), all)
}

#[test]
fn ranks_do_not_decide_whether_there_is_an_answer() {
    let (rules, all) = riddle(18);
    let with_ranks = search::best(&problem(&rules, 2, 19, &all), &mut Budget::new());
    assert_eq!(with_ranks, Outcome::GaveUp);
    assert_chosen(&rules, 2, 19, &all);
}

#[test]
fn the_best_layout_that_was_met_counts_when_time_is_over() {
    let (rules, all) = riddle(7);
    let costs = |layout: &[usize]| layout.iter().map(|&at| all[at].rank).sum::<u32>();
    let chosen = assert_chosen(&rules, 2, 19, &all);
    let alike: Vec<_> = candidates(&all).into_iter().map(|one| Candidate { rank: 0, ..one }).collect();
    assert!(costs(&chosen) < costs(&rules.choose(2, 19, &alike).unwrap()));
}

#[test]
fn a_riddle_is_given_up() {
    let (rules, all) = riddle(0);
    let given_up = rules.choose(2, 20, &candidates(&all));
    assert_eq!(given_up, Err(PlacementError::GaveUp { steps: Budget::STEPS }));
}

#[test]
fn what_is_to_blame_is_found_beside_a_riddle() {
    let (rules, all) = riddle(0);
    let rules = rules.pin(0, "a", "nowhere").unwrap();
    let error = rules.choose(2, 20, &candidates(&all)).unwrap_err();
    assert_eq!(obstacles(&error), [Rule::Pin { index: 0, label: "a".into(), value: "nowhere".into() }]);
}
