//! Chances against all combinations of what may be up.

use super::*;
use crate::plan::{Fleet, Need, Node, Odds};
use proptest::prelude::*;

fn odds(percent: u32) -> Odds {
    format!("{percent}%").parse().unwrap()
}

/// The probability that `holds` is true of the members that are up: over every combination of members and causes.
fn tried(nodes: &[Node], causes: &[Odds], holds: impl Fn(&[bool]) -> bool) -> f64 {
    let mut sum = 0.0;
    for bits in 0..1_usize << (nodes.len() + causes.len()) {
        let is = |place: usize| bits >> place & 1 == 1;
        let mut weight = 1.0;
        for (at, odds) in nodes.iter().map(|node| &node.own).chain(causes).enumerate() {
            weight *= if is(at) { odds.up() } else { odds.down() };
        }
        let up: Vec<bool> = (0..nodes.len())
            .map(|at| is(at) && nodes[at].causes.iter().all(|cause| is(nodes.len() + cause)))
            .collect();
        if holds(&up) {
            sum += weight;
        }
    }
    sum
}

/// The most shares that can be placed on members that are up.
fn placeable(k: u8, n: u8, rules: &Placement, all: &[Candidate<'_>], up: &[bool]) -> usize {
    let there: Vec<Candidate<'_>> = (0..all.len()).filter(|at| up[*at]).map(|at| all[at]).collect();
    (0..=n).rev().find(|shares| rules.choose(k, *shares, &there).is_ok()).map_or(0, usize::from)
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn they_are_what_trying_everything_gives(
        digits in prop::collection::vec((0..3_usize, 0..3_usize, 0..=100_u32, any::<bool>()), 3..=6),
        common in prop::collection::vec(0..=100_u32, 0..=3),
        k in 2..=3_u8,
        (spread, never) in any::<(bool, bool)>(),
        durable in 0..=3_usize,
    ) {
        let lines: Vec<String> = digits
            .iter()
            .enumerate()
            .map(|(at, (p, s, ..))| {
                let label = if *p == 0 { String::new() } else { format!(" p={p}") };
                format!("m{at}{label} s={s}")
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let all = samples(&lines);
        let all = candidates(&all);
        let mut rules = Placement::default();
        if spread {
            rules = rules.spread("p").unwrap();
        }
        if never {
            rules = rules.never("s", ["2"]).unwrap();
        }
        let n = 3_u8.max(k);
        let Ok(plan) = Plan::new(k, n, &rules, &all) else { return Ok(()) };
        let nodes: Vec<Node> = digits
            .iter()
            .map(|&(_, s, percent, is_durable)| Node {
                own: odds(percent),
                causes: (0..common.len()).filter(|cause| (s + cause).is_multiple_of(2)).collect(),
                is_durable,
            })
            .collect();
        let causes: Vec<Odds> = common.iter().map(|percent| odds(*percent)).collect();
        let fleet = Fleet::new(&plan, &rules, &all, nodes.clone(), causes.clone()).unwrap();

        let up_holders = |up: &[bool]| plan.layout.iter().filter(|at| up[**at]).count();
        let read = fleet.at_least(k.into());
        prop_assert!(near(read.good, tried(&nodes, &causes, |up| up_holders(up) >= k.into())));
        prop_assert!(near(read.good + read.bad, 1.0));

        let need = Need { durable, total: k.into() };
        let put = fleet.put(need);
        let durable_up = |up: &[bool]| plan.layout.iter().filter(|at| up[**at] && nodes[**at].is_durable).count();
        let enough = |up: &[bool]| durable_up(up) >= durable && up_holders(up) >= need.total;
        prop_assert!(near(put.good, tried(&nodes, &causes, enough)));

        // With spares, in shares whatever they are stored on.
        let any = Need { durable: 0, total: n.into() };
        let found = fleet.put_with_spares(any).unwrap();
        let placed = |up: &[bool]| placeable(k, n, &rules, &all, up) >= any.total;
        prop_assert!(near(found.good, tried(&nodes, &causes, placed)), "{} {:?}", found.good, plan);
        // And where only those that are durable count.
        let lasting = fleet.put_with_spares(Need { durable, total: 0 }).unwrap();
        let placed = |up: &[bool]| {
            let up: Vec<bool> = up.iter().zip(&nodes).map(|(up, node)| *up && node.is_durable).collect();
            placeable(k, n, &rules, &all, &up) >= durable
        };
        prop_assert!(near(lasting.good, tried(&nodes, &causes, placed)));
    }
}

#[test]
fn what_is_improbable_keeps_its_digits() {
    let all = samples(&["a p=x", "b p=x", "c p=y"]);
    let all = candidates(&all);
    let plan = Plan::new(2, 3, &Placement::default(), &all).unwrap();
    let loss: Odds = "1e-11".parse().unwrap();
    let node = Node { own: loss.inverted(), causes: Vec::new(), is_durable: true };
    let fleet = Fleet::new(&plan, &Placement::default(), &all, vec![node; 3], Vec::new()).unwrap();
    // Two of three, or all: 3 q² (1 - q) + q³
    let lost = fleet.at_least(2).bad;
    assert!((lost / 3e-22 - 1.0).abs() < 1e-10, "{lost}");
}

#[test]
fn what_fails_together_is_worse() {
    let all = samples(&["a p=x", "b p=x", "c p=y"]);
    let all = candidates(&all);
    let plan = Plan::new(2, 3, &Placement::default(), &all).unwrap();
    let node = |causes: &[usize]| Node { own: Odds::CERTAIN, causes: causes.to_vec(), is_durable: true };
    let together = vec![node(&[0]), node(&[0]), node(&[])];
    let fleet = |nodes| Fleet::new(&plan, &Placement::default(), &all, nodes, vec![odds(90)]).unwrap();
    assert!(near(fleet(together).at_least(2).bad, 0.1));
    assert!(near(fleet(vec![node(&[0]), node(&[]), node(&[])]).at_least(2).bad, 0.0));
}

#[test]
fn several_spread_rules_and_pins_leave_spares_open() {
    let all = samples(&["a p=x s=1", "b p=x s=2", "c p=y s=1", "d p=y s=2"]);
    let all = candidates(&all);
    let of = |rules: &Placement| {
        let plan = Plan::new(2, 2, rules, &all).unwrap();
        let node = Node { own: odds(50), causes: Vec::new(), is_durable: true };
        let need = Need { durable: 2, total: 2 };
        let fleet = Fleet::new(&plan, rules, &all, vec![node; 4], vec![Odds::CERTAIN; 12]).unwrap();
        assert!(near(fleet.put(need).good, 0.25));
        fleet.put_with_spares(need).map(|chance| chance.good)
    };
    let one = Placement::default().spread("p").unwrap();
    assert!(near(of(&one).unwrap(), 0.75 * 0.75));
    assert_eq!(of(&one.clone().spread("s").unwrap()), None);
    assert_eq!(of(&one.clone().pin(0, "p", "x").unwrap()), None);
    // A pin on a share that isn't there counts as little as a rule that limits nothing.
    assert!(of(&one.pin(5, "p", "x").unwrap()).is_some());
    let plan = Plan::new(2, 2, &Placement::default(), &all).unwrap();
    let node = Node { own: odds(50), causes: Vec::new(), is_durable: true };
    let many = Fleet::new(&plan, &Placement::default(), &all, vec![node; 4], vec![Odds::CERTAIN; 13]);
    assert_eq!(many, Err(crate::plan::TooManyCauses));
}
