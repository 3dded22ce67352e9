//! Who could read, who could destroy.

use super::*;
use proptest::prelude::*;

/// All sets of values that hold enough and none of which can be left out, the smallest first.
fn minimal(weights: &[usize], needed: usize) -> Vec<Vec<usize>> {
    let sum = |set: &[usize]| set.iter().map(|&at| weights[at]).sum::<usize>();
    let mut sets: Vec<Vec<usize>> = (0..1_usize << weights.len())
        .map(|bits| (0..weights.len()).filter(|at| bits >> at & 1 == 1).collect::<Vec<_>>())
        .filter(|set| sum(set) >= needed && set.iter().all(|&at| sum(set) - weights[at] < needed))
        .collect();
    sets.sort_by_key(|set| (set.len(), set.clone()));
    sets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn sets_are_all_that_there_are(
        mut weights in prop::collection::vec(0..5_usize, 0..=9),
        needed in 1..=12_usize,
        listed in 0..=20_usize,
    ) {
        weights.sort_by_key(|weight| std::cmp::Reverse(*weight));
        let found = Coalitions::new(&weights, needed, listed);
        let all = minimal(&weights, needed);
        prop_assert_eq!(found.count, all.len() as u128);
        prop_assert_eq!(found.smallest, all.first().map(Vec::len));
        prop_assert_eq!(&found.sets[..], &all[..listed.min(all.len())]);
    }
}

#[test]
fn many_sets_are_counted_and_not_listed() {
    let found = Coalitions::new(&[1; 64], 32, Plan::LISTED);
    assert_eq!(found.count, 1_832_624_140_942_590_534);
    assert_eq!((found.smallest, found.sets.len()), (Some(32), Plan::LISTED));
    assert_eq!(found.sets[0], (0..32).collect::<Vec<_>>());
    assert_eq!(Coalitions::new(&[], 2, 5).count, 0);
}

#[test]
fn a_provider_with_two_of_three_is_told() {
    let all = samples(&["a p=aws j=eu", "b p=aws j=us", "c p=gcs"]);
    let plan = Plan::new(2, 3, &Placement::default(), &candidates(&all)).unwrap();
    let labels: Vec<Option<&str>> = plan.powers.iter().map(|power| power.label.as_deref()).collect();
    assert_eq!(labels, [None, Some("j"), Some("p")]);
    let provider = power(&plan, "p");
    assert_eq!(named(provider, &provider.read), [["aws"]]);
    assert_eq!(named(provider, &provider.destroy), [["aws"]]);
    let place = power(&plan, "j");
    assert_eq!(named(place, &place.read), [["eu", "us"], ["eu", "-"], ["us", "-"]]);
    assert_eq!((plan.powers[0].read.count, plan.powers[0].read.smallest), (3, Some(2)));
}

#[test]
fn spares_may_give_a_value_more_than_it_has() {
    let all = samples(&["a p=aws", "b p=gcs", "c p=azure", "d p=aws", "e p=aws"]);
    let free = Plan::new(2, 3, &Placement::default(), &candidates(&all)).unwrap();
    assert_eq!((free.layout.clone(), free.spares.clone()), (vec![0, 1, 2], vec![3, 4]));
    let aws = &power(&free, "p").stakes[0];
    assert_eq!((aws.value.as_deref(), aws.shares, aws.most), (Some("aws"), 1, Some(3)));
    let rules = Placement::default().spread("p").unwrap();
    let bound = Plan::new(2, 3, &rules, &candidates(&all)).unwrap();
    assert_eq!(power(&bound, "p").stakes[0].most, Some(1));
    assert_eq!(bound.essential, [1, 2]);
    assert_eq!(free.essential, [0_usize; 0]);
}

#[test]
fn members_that_a_rule_keeps_out_are_no_spares() {
    let all = samples(&["a j=eu", "b j=us", "c j=eu", "d", "e j=eu"]);
    let rules = Placement::default().never("j", ["us"]).unwrap();
    let plan = Plan::new(2, 2, &rules, &candidates(&all)).unwrap();
    assert_eq!((plan.layout, plan.spares, plan.excluded), (vec![0, 2], vec![4], vec![1, 3]));
}
