//! What users read.

use super::*;
use crate::placement::InvalidLabel;

fn refusal(rules: Result<Placement, InvalidLabel>, k: u8, n: u8, all: &[&str]) -> String {
    rules.unwrap().choose(k, n, &candidates(&samples(all))).unwrap_err().to_string()
}

#[test]
fn rules_are_sentences() {
    let rules = Placement::default()
        .spread("provider")
        .and_then(|rules| rules.only("jurisdiction", ["eu", "ch"]))
        .and_then(|rules| rules.only("site", [] as [&str; 0]))
        .and_then(|rules| rules.never("jurisdiction", ["xx", "ww"])?.never("site", [] as [&str; 0]))
        .and_then(|rules| rules.pin(2, "site", "home"))
        .unwrap();
    let words: Vec<String> = rules.rules().iter().map(Rule::to_string).collect();
    assert_eq!(
        words,
        [
            "at most k-1 shares under one provider",
            "only members whose jurisdiction is ch or eu",
            "only members whose site is in an empty list",
            "never a member whose jurisdiction is ww or xx or isn't given",
            "only members that have a site",
            "share 2 only on a member whose site is home",
        ]
    );
}

#[test]
fn a_refusal_names_the_rule_and_what_stands_against_it() {
    let all = ["a 0 p=aws j=us", "b 0 p=aws", "c 0 p=gcs j=eu"];
    assert_eq!(
        refusal(Placement::default().spread("p"), 2, 3, &all),
        "no layout of 3 shares with k = 2 keeps this rule: at most k-1 shares under one p (aws: a, b)"
    );
    assert_eq!(
        refusal(Placement::default().only("j", ["eu"]), 2, 2, &all),
        "no layout of 2 shares with k = 2 keeps this rule: only members whose j is eu (us: a, b)"
    );
    assert_eq!(
        refusal(Placement::default().never("j", ["us"]), 2, 2, &all),
        "no layout of 2 shares with k = 2 keeps this rule: never a member whose j is us or isn't given (us: a, b)"
    );
    assert_eq!(
        refusal(Placement::default().pin(1, "p", "azure"), 2, 2, &all),
        "no layout of 2 shares with k = 2 keeps this rule: share 1 only on a member whose p is azure (azure: no member)"
    );
    assert_eq!(refusal(Ok(Placement::default()), 2, 4, &all), "4 shares need 4 members, and there are 3");
}

#[test]
fn a_conflict_names_all_rules_that_it_takes_and_no_other() {
    let all = ["a 0 p=aws", "b 0 p=aws", "c 0 p=gcs", "d 0 p=gcs j=eu"];
    let rules = Placement::default()
        .only("p", ["aws", "gcs"])
        .and_then(|rules| rules.pin(0, "p", "aws")?.pin(2, "j", "eu")?.pin(1, "p", "aws")?.spread("p"));
    assert_eq!(
        refusal(rules, 2, 2, &all),
        "no layout of 2 shares with k = 2 keeps these rules together: share 0 only on a member whose p is aws (aws: a, \
         b); share 1 only on a member whose p is aws (aws: a, b); at most k-1 shares under one p (aws, gcs: a, b, c, d)"
    );
    let rules = Placement::default().pin(0, "p", "aws").and_then(|rules| rules.pin(0, "p", "gcs"));
    assert_eq!(
        refusal(rules, 2, 2, &all),
        "no layout of 2 shares with k = 2 keeps these rules together: share 0 only on a member whose p is aws (aws: a, \
         b); share 0 only on a member whose p is gcs (gcs: c, d)"
    );
}

#[test]
fn a_broken_layout_is_told_with_the_culprits() {
    let all = samples(&["a 0 p=aws j=us", "b 0 p=aws", "c 0 p=gcs j=eu"]);
    let broken = |rules: Result<Placement, InvalidLabel>| {
        rules.unwrap().holds(2, &[Some(0), Some(1), Some(2)], &candidates(&all)).unwrap_err().to_string()
    };
    assert_eq!(
        broken(Placement::default().spread("p")),
        "the layout breaks a rule: at most k-1 shares under one p (aws: a, b)"
    );
    assert_eq!(
        broken(Placement::default().only("j", ["eu", "us"])),
        "the layout breaks a rule: only members whose j is eu or us (without the label: b)"
    );
    assert_eq!(
        broken(Placement::default().never("j", ["us"])),
        "the layout breaks a rule: never a member whose j is us or isn't given (us: a, b)"
    );
    assert_eq!(
        broken(Placement::default().pin(2, "p", "aws")),
        "the layout breaks a rule: share 2 only on a member whose p is aws (gcs: c)"
    );
}

#[test]
fn long_lists_are_cut() {
    let lines: Vec<String> = (10..22).map(|i| format!("m{i} 0 p=x")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(
        refusal(Placement::default().spread("p"), 3, 4, &lines),
        "no layout of 4 shares with k = 3 keeps this rule: at most k-1 shares under one p (x: m10, m11, m12, m13, \
         m14, m15, m16, m17 and 4 more)"
    );
}

#[test]
fn other_errors_are_sentences_too() {
    let error = PlacementError::SameMember { member: BackendId::new("a").unwrap(), indexes: [1, 3] };
    assert_eq!(error.to_string(), "the shares 1 and 3 are both on a: a member holds one share");
    let error = PlacementError::UnknownMember { index: 1, at: 7, members: 3 };
    assert_eq!(error.to_string(), "share 1 is on member 7 of 3, counted from 0");
    assert_eq!(
        PlacementError::GaveUp { steps: 9 }.to_string(),
        "the placement rules are too entangled: no layout was found in 9 steps, nor that there is none"
    );
}
