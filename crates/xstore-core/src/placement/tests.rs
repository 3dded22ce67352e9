use xstore_backend::BackendId;

use super::{Candidate, Labels, Placement, PlacementError, Rule};

mod admit;
mod brute;
mod large;
mod words;

/// A member with its labels, as the tests write it: `id rank label=value label=value`.
struct Sample {
    id: BackendId,
    labels: Labels,
    rank: u32,
}

fn samples(lines: &[&str]) -> Vec<Sample> {
    let sample = |line: &&str| {
        let mut words = line.split(' ');
        let id = BackendId::new(words.next().unwrap()).unwrap();
        let rank = words.next().unwrap().parse().unwrap();
        let labels = Labels::new(words.map(|word| word.split_once('=').unwrap())).unwrap();
        Sample { id, labels, rank }
    };
    lines.iter().map(sample).collect()
}

fn candidates(samples: &[Sample]) -> Vec<Candidate<'_>> {
    samples
        .iter()
        .map(|sample| Candidate { id: &sample.id, labels: &sample.labels, rank: sample.rank })
        .collect()
}

#[test]
fn without_rules_the_first_ones_by_rank_are_taken_in_their_order() {
    let all = samples(&["a 0", "b 0", "c 0", "d 0"]);
    assert_eq!(Placement::default().choose(2, 3, &candidates(&all)), Ok(vec![0, 1, 2]));
    assert_eq!(Placement::default().choose(2, 0, &candidates(&all)), Ok(vec![]));
    let all = samples(&["a 7", "b 1", "c 9", "d 0"]);
    assert_eq!(Placement::default().choose(2, 3, &candidates(&all)), Ok(vec![0, 1, 3]));
    let error = PlacementError::TooFewMembers { shares: 5, members: 4 };
    assert_eq!(Placement::default().choose(2, 5, &candidates(&all)), Err(error));
}

#[test]
fn one_name_gets_one_share() {
    let all = samples(&["a 0", "a 0", "b 5"]);
    assert_eq!(Placement::default().choose(2, 2, &candidates(&all)), Ok(vec![0, 2]));
    let error = PlacementError::TooFewMembers { shares: 3, members: 2 };
    assert_eq!(Placement::default().choose(2, 3, &candidates(&all)), Err(error));
    let holds = Placement::default().holds(2, &[Some(0), None, Some(1)], &candidates(&all));
    let member = BackendId::new("a").unwrap();
    assert_eq!(holds, Err(PlacementError::SameMember { member, indexes: [0, 2] }));
    assert_eq!(Placement::default().replace(2, &[Some(0), None], 1, &[], &candidates(&all)), Some(2));
}

#[test]
fn a_layout_must_name_members_that_are_there() {
    let all = samples(&["a 0", "b 0"]);
    let error = PlacementError::UnknownMember { index: 1, at: 2, members: 2 };
    assert_eq!(Placement::default().holds(2, &[Some(0), Some(2)], &candidates(&all)), Err(error));
    assert_eq!(Placement::default().replace(2, &[Some(0), Some(2)], 1, &[9], &candidates(&all)), Some(1));
    assert_eq!(Placement::default().replace(2, &[Some(0)], 200, &[], &candidates(&all)), Some(1));
}

#[test]
fn the_sum_of_the_ranks_is_the_smallest_then_the_first_members_are_taken() {
    let rules = || Placement::default().spread("p").unwrap();
    let crossing = || rules().spread("q").unwrap();
    // `a` stands in the way of `b` and `c`, and with it goes only `d`.
    let all = samples(&["a 1 p=1 q=1", "b 2 p=1 q=2", "c 3 p=2 q=1", "d 9 p=3 q=3"]);
    assert_eq!(crossing().choose(2, 2, &candidates(&all)), Ok(vec![1, 2]));
    let all = samples(&["a 0 p=1 q=1", "b 0 p=1 q=2", "c 0 p=2 q=1", "d 0 p=3 q=3"]);
    assert_eq!(crossing().choose(2, 2, &candidates(&all)), Ok(vec![0, 3]));
    // The same with three limits, where a flow doesn't tell everything.
    let three = crossing().spread("r").unwrap().pin(0, "p", "2").unwrap();
    let all = samples(&["a 1 p=1 q=1 r=1", "b 2 p=1 q=2 r=2", "c 3 p=2 q=1 r=1", "d 9 p=2 q=3 r=3"]);
    assert_eq!(three.choose(2, 2, &candidates(&all)), Ok(vec![2, 1]));
    // Each two of both limits and the pins could be kept for 0, but not all together.
    let all = samples(&[
        "x 0 g=0 a=1 b=1",
        "y 0 g=1 a=1 b=2",
        "z 0 g=1 a=2 b=1",
        "v 9 g=1 a=3 b=3",
        "w 10 g=1 a=4 b=4",
    ]);
    let together = Placement::default()
        .spread("a")
        .and_then(|rules| rules.spread("b")?.pin(0, "g", "0")?.pin(1, "g", "1"))
        .unwrap();
    assert_eq!(together.choose(2, 2, &candidates(&all)), Ok(vec![0, 3]));
    // Between 0 + 4 and 2 + 2 the order decides.
    let all = samples(&["a 2 p=1", "b 2 p=2", "c 0 p=1 q=1", "d 4 p=2 q=1"]);
    let pinned = rules().pin(1, "p", "2").unwrap();
    assert_eq!(pinned.choose(2, 2, &candidates(&all)), Ok(vec![2, 1]));
}

#[test]
fn a_rule_is_kept_once_and_its_labels_are_checked() {
    let rules = Placement::default().spread("p").unwrap().spread("p").unwrap().pin(1, "p", "x").unwrap();
    assert_eq!(rules.rules().len(), 2);
    assert_eq!(rules.rules()[0], Rule::Spread { label: "p".into() });
    assert!(Placement::default().spread("P").is_err());
    assert!(Placement::default().only("p", ["x", ""]).is_err());
    assert!(Placement::default().never("p", ["x", "\t"]).is_err());
    assert!(Placement::default().pin(0, "p", "\n").is_err());
}

#[test]
fn a_layout_from_before_the_rules_is_mended_share_by_share() {
    let all = samples(&["a 0 p=1", "b 0 p=1", "c 0 p=1", "d 0 p=2", "e 0 p=3"]);
    let rules = Placement::default().spread("p").unwrap();
    let mut layout = vec![Some(0), Some(1), Some(2)];
    assert!(rules.holds(2, &layout, &candidates(&all)).is_err());
    // The first two shares still break the rule together, which is not the fault of the third one's new place.
    layout[2] = rules.replace(2, &layout, 2, &[], &candidates(&all));
    assert_eq!(layout[2], Some(3));
    layout[1] = rules.replace(2, &layout, 1, &[], &candidates(&all));
    assert_eq!(layout, [Some(0), Some(4), Some(3)]);
    assert_eq!(rules.holds(2, &layout, &candidates(&all)), Ok(()));
    assert_eq!(rules.replace(2, &layout, 0, &[1, 2], &candidates(&all)), None);
    assert_eq!(rules.replace(2, &layout, 0, &[], &candidates(&all)), Some(1));
}

/// Rules of an [`PlacementError::Impossible`].
fn obstacles(error: &PlacementError) -> Vec<Rule> {
    match error {
        PlacementError::Impossible { obstacles, .. } => obstacles.iter().map(|o| o.rule.clone()).collect(),
        other => panic!("not impossible but {other:?}"),
    }
}

#[test]
fn what_was_ever_seen_counts() {
    let all = samples(&["a 0 site=x", "b 0 site=x", "c 0 site=y", "d 0", "e 0", "f 0 site=x"]);
    let all = candidates(&all);
    let free = Placement::default();
    let spread = free.clone().spread("site").unwrap();
    let seen = [(0, 0), (1, 2), (2, 3)];
    // A member that saw an index may see it again, and no other one.
    assert!(free.admits(3, 0, 0, &seen, &all).is_ok() && free.admits(3, 1, 0, &seen, &all).is_err());
    assert!(free.admits(3, 7, 4, &seen, &all).is_ok() && free.admits(3, 7, 9, &seen, &all).is_err());
    // Under one value at most k-1 indexes, those that went elsewhere since included.
    assert!(spread.admits(2, 1, 1, &seen, &all).is_err() && spread.admits(2, 0, 1, &seen, &all).is_ok());
    assert!(spread.admits(3, 1, 1, &seen, &all).is_ok());
    let more = [&seen[..], &[(1, 1)]].concat();
    assert!(spread.admits(3, 4, 5, &more, &all).is_err() && spread.admits(3, 0, 5, &more, &all).is_ok());
    // Without the label each is alone.
    assert!(spread.admits(2, 5, 4, &seen, &all).is_ok());
    let pinned = Placement::default().pin(4, "site", "y").unwrap().only("site", ["x", "y"]).unwrap();
    assert!(pinned.admits(2, 4, 5, &[], &all).is_err() && pinned.admits(2, 4, 2, &[], &all).is_ok());
    assert!(pinned.admits(2, 1, 4, &[], &all).is_err() && pinned.admits(2, 1, 5, &[], &all).is_ok());
}
