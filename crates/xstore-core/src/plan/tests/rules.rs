//! How rules stand.

use super::*;

#[test]
fn slack_is_what_may_still_happen() {
    let all = samples(&["a p=aws s=x", "b p=aws s=y", "c p=gcs s=x", "d p=gcs s=x", "e p=gcs s=z"]);
    let rules = Placement::default()
        .spread("p")
        .and_then(|rules| rules.never("s", ["z"])?.pin(0, "s", "x")?.pin(7, "s", "none"))
        .unwrap();
    let plan = Plan::new(3, 3, &rules, &candidates(&all)).unwrap();
    let found: Vec<_> =
        plan.rules.iter().map(|rule| (rule.broken.is_none(), rule.slack, rule.fullest.clone())).collect();
    assert_eq!(
        found,
        [
            (true, Some(0), Some(("aws".to_owned(), 2))),
            (true, Some(1), None),
            (true, Some(2), None),
            // It speaks of a share that isn't there.
            (true, Some(0), None),
        ]
    );
}

#[test]
fn a_layout_from_before_the_rules_is_judged_too() {
    let all = samples(&["a p=aws", "b p=aws", "c p=gcs", "d"]);
    let rules = Placement::default().spread("p").and_then(|rules| rules.only("p", ["aws", "gcs"])).unwrap();
    let plan = Plan::of_layout(2, &rules, &candidates(&all), vec![0, 1, 3, 9]);
    assert_eq!((plan.n, plan.layout.clone()), (3, vec![0, 1, 3]));
    let broken: Vec<String> =
        plan.rules.iter().map(|rule| rule.broken.as_ref().unwrap().to_string()).collect();
    assert_eq!(
        broken,
        [
            "at most k-1 shares under one p (aws: a, b)",
            "only members whose p is aws or gcs (without the label: d)"
        ]
    );
    assert!(plan.rules.iter().all(|rule| rule.slack.is_none()));
}
