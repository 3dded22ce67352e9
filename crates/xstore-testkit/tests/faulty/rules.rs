//! When rules apply.

use crate::{faulty, get, key, put};
use xstore_backend::{Operation, Prefix, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Rule};

/// Which of these gets fail.
async fn failures(seed: u64, rule: Rule, keys: impl IntoIterator<Item = String>) -> Vec<bool> {
    let backend = faulty(seed);
    backend.faults().add(rule);
    let mut failed = Vec::new();
    for at in keys {
        let error = get(&backend, &at).await.unwrap_err();
        failed.push(error.kind() == xstore_backend::ErrorKind::Unavailable);
    }
    failed
}

fn down() -> Rule {
    Rule::new(Behaviour::Down)
}

#[tokio::test]
async fn after_so_many_and_so_many_times() {
    let same = || std::iter::repeat_n("a".to_owned(), 6);
    assert_eq!(failures(1, down().times(2), same()).await, [true, true, false, false, false, false]);
    assert_eq!(failures(1, down().after(4), same()).await, [false, false, false, false, true, true]);
    let both = down().after(2).times(3);
    assert_eq!(failures(1, both, same()).await, [false, false, true, true, true, false]);
    let others = (0..6).map(|at| format!("k{at}"));
    let odd = down().for_keys(|key| key.as_str().ends_with(['1', '3', '5']));
    assert_eq!(failures(1, odd.after(1), others).await, [false, false, false, true, false, true]);
}

#[tokio::test]
async fn fail_after_counts_every_operation() {
    let backend = faulty(1);
    backend.faults().fail_after(3);
    put(&backend, "a", "x").await.unwrap();
    backend.space().await.unwrap();
    get(&backend, "a").await.unwrap();
    assert!(get(&backend, "a").await.is_err());
    assert!(backend.list(&Prefix::all(), None).await.is_err());
}

#[tokio::test]
async fn chances_are_the_seed_s_and_do_not_depend_on_the_order() {
    let keys = || (0..1000).map(|at| format!("k{at}"));
    let rule = || down().with_probability(0.3);
    let one = failures(1, rule(), keys()).await;
    let count = one.iter().filter(|failed| **failed).count();
    assert!((250..350).contains(&count), "{count} of 1000 at 0.3");
    assert_eq!(one, failures(1, rule(), keys()).await);
    assert_ne!(one, failures(2, rule(), keys()).await);
    let mut turned = failures(1, rule(), keys().collect::<Vec<_>>().into_iter().rev()).await;
    turned.reverse();
    assert_eq!(one, turned);
    // The same key again is another chance.
    let same = failures(1, rule(), std::iter::repeat_n("a".to_owned(), 1000)).await;
    let count = same.iter().filter(|failed| **failed).count();
    assert!((250..350).contains(&count), "{count} of 1000 at 0.3");
    let never = failures(1, down().with_probability(0.0), keys().take(50)).await;
    let always = failures(1, down().with_probability(1.0), keys().take(50)).await;
    assert!(!never.contains(&true) && !always.contains(&false));
}

#[tokio::test]
async fn rules_of_one_probability_are_independent() {
    let backend = faulty(1);
    let half = |behaviour| Rule::new(behaviour).with_probability(0.5);
    backend.faults().set_rules([half(Behaviour::Down), half(Behaviour::Auth)]);
    let mut counts = [0; 3];
    for at in 0..1000 {
        let error = get(&backend, &format!("k{at}")).await.unwrap_err();
        let place = match error.kind() {
            xstore_backend::ErrorKind::Unavailable => 0,
            xstore_backend::ErrorKind::AuthFailed => 1,
            _ => 2,
        };
        counts[place] += 1;
    }
    let is_near = |count: i32, expected: i32| (count - expected).abs() < 60;
    assert!(is_near(counts[0], 500) && is_near(counts[1], 250) && is_near(counts[2], 250), "{counts:?}");
}

#[tokio::test]
async fn operations_and_keys_are_chosen() {
    let backend = faulty(1);
    let rule = down().on([Operation::Put, Operation::List]).below(Prefix::new("f").unwrap());
    backend.faults().set_rules([rule]);
    assert!(put(&backend, "f/a", "x").await.is_err());
    put(&backend, "fa", "x").await.unwrap();
    backend.delete(&key("f/a")).await.unwrap();
    // A listing has no key.
    backend.list(&Prefix::new("f").unwrap(), None).await.unwrap();
    backend.faults().set_rules([down().on([Operation::List])]);
    assert!(backend.list(&Prefix::new("f").unwrap(), None).await.is_err());
    // A behaviour that an operation can't show isn't shown.
    backend.faults().set_rules([Rule::new(Behaviour::Ghost).on([Operation::Get, Operation::Stat])]);
    backend.faults().reset_counts();
    assert_eq!(get(&backend, "fa").await.unwrap(), "x");
    assert_eq!(backend.faults().log()[0].fault, None);
}

#[tokio::test]
async fn the_first_rule_that_fires_decides() {
    let backend = faulty(1);
    put(&backend, "a", "value").await.unwrap();
    backend.faults().set_rules([
        Rule::new(Behaviour::Truncated { by: 4 }).times(1),
        Rule::new(Behaviour::Truncated { by: 1 }).times(1),
    ]);
    for expected in ["v", "valu", "value"] {
        assert_eq!(get(&backend, "a").await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_clone_of_the_handle_is_the_same_handle() {
    let backend = faulty(1);
    let faults = backend.faults().clone();
    let task = tokio::spawn(async move {
        let result = get(&backend, "a").await.unwrap_err().kind();
        (result, backend)
    });
    faults.set(Behaviour::Auth);
    let (_, backend) = task.await.unwrap();
    assert_eq!(get(&backend, "a").await.unwrap_err().kind(), xstore_backend::ErrorKind::AuthFailed);
}
