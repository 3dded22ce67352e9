//! The suite notices bugs: a backend that is right passes all cases, and with one bug planted it fails those that are
//! there for it. Every case has a bug that makes it fail.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "planted/backend.rs"]
mod backend;
#[path = "planted/bug.rs"]
mod bug;
#[path = "planted/list.rs"]
mod list;
#[path = "planted/names.rs"]
mod names;
#[path = "planted/place.rs"]
mod place;
#[path = "planted/read.rs"]
mod read;
#[path = "planted/write.rs"]
mod write;

use backend::Planted;
use bug::Bug;
use place::Place;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use xstore_testkit::{Case, Fixture, Stop};

/// A backend with the bug, and all hooks.
fn fixture(bug: Option<Bug>) -> Fixture {
    let place = Arc::new(Mutex::new(Place::default()));
    let open = {
        let place = Arc::clone(&place);
        move || Arc::new(Planted::new(bug, Arc::clone(&place)))
    };
    let set_missing = move |is_missing| {
        let place = Arc::clone(&place);
        move || {
            place.lock().unwrap().is_missing = is_missing;
            std::future::ready(())
        }
    };
    Fixture::new(open())
        .with_reopen(move || {
            let again = open();
            async move { again as _ }
        })
        .with_break_root(set_missing(true))
        .with_mend_root(set_missing(false))
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Passed,
    Skipped(String),
    Failed,
}

async fn run(case: Case, bug: Option<Bug>) -> Verdict {
    let task = tokio::spawn(async move { case.run(fixture(bug)).await });
    match tokio::time::timeout(Duration::from_secs(60), task).await {
        Ok(Ok(Ok(()))) => Verdict::Passed,
        Ok(Ok(Err(Stop::Skip(skip)))) => Verdict::Skipped(skip.to_string()),
        // A failure, a panic, or no end.
        end => {
            println!("{bug:?} {}: {end:?}", case.name());
            Verdict::Failed
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_bug_all_cases_pass() {
    let mut skipped = Vec::new();
    for case in Case::ALL {
        match run(*case, None).await {
            Verdict::Passed => {}
            Verdict::Skipped(_) => skipped.push(case.name()),
            Verdict::Failed => panic!("{} fails without a bug", case.name()),
        }
    }
    assert_eq!(skipped, ["write::a_replacement_without_ttl_stays", "list::what_cannot_list_says_so"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_bug_is_noticed_by_the_cases_that_are_there_for_it() {
    let mut runs = JoinSet::new();
    let mut unnoticed = Vec::new();
    for (bug, names) in Bug::ALL {
        for name in *names {
            let case = Case::ALL.iter().find(|case| case.name() == *name);
            let case = *case.unwrap_or_else(|| panic!("there is no case {name}"));
            runs.spawn(async move { (bug, name, run(case, Some(*bug)).await) });
            // Some wait for others most of the time.
            if runs.len() == 6 {
                unnoticed.push(runs.join_next().await.unwrap().unwrap());
            }
        }
    }
    unnoticed.extend(runs.join_all().await);
    unnoticed.retain(|(_, _, verdict)| *verdict != Verdict::Failed);
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

#[test]
fn each_case_has_a_bug_that_makes_it_fail() {
    let proved: BTreeSet<&str> = Bug::ALL.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let unproved: Vec<&str> =
        Case::ALL.iter().map(Case::name).filter(|name| !proved.contains(name)).collect();
    assert_eq!(unproved, [] as [&str; 0]);
}
