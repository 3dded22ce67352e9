//! The harness itself: a right store passes every sweep, and each planted defect is found by one.

use xstore_powerloss::Failure;

use crate::errors::{Naming, errors};
use crate::fuse::is_available;
use crate::kill::kill;
use crate::mini::Bug;
use crate::script::short_script;
use crate::sweep::{At, power, survivals};
use crate::table::Tally;

/// Random ways to lose the power at each operation.
const SEEDS: u64 = 12;
/// Findings after which a sweep need not go on.
const ENOUGH: u64 = 10;

fn power_of(bug: Bug) -> Tally {
    let tally = power(&bug, &short_script(), At::Every, |cut| survivals(0, cut, SEEDS), ENOUGH);
    tally.print(&format!("{bug:?}"), "power cut");
    tally
}

fn kill_of(bug: Bug) -> Tally {
    let tally = kill(&bug, &short_script(), At::Every, ENOUGH);
    tally.print(&format!("{bug:?}"), "kill, then power cut");
    tally
}

fn errors_of(bug: Bug) -> Tally {
    let tally = errors(&bug, &short_script(), At::Every, |_| Failure::ALL.to_vec(), Naming::Exact, ENOUGH);
    tally.print(&format!("{bug:?}"), "failing operation");
    tally
}

#[test]
fn a_right_store_loses_nothing() {
    if !is_available("a_right_store_loses_nothing") {
        return;
    }
    let power = power_of(Bug::None);
    assert_eq!(power.bad(), 0);
    assert!(power.points >= 70 && power.old > 50 && power.new >= 7, "{power:?}");
    let kill = kill_of(Bug::None);
    assert_eq!(kill.bad(), 0);
    assert!(kill.points >= 40, "{kill:?}");
    let errors = errors_of(Bug::None);
    assert_eq!(errors.bad(), 0);
    assert!(errors.points >= 150, "{errors:?}");
}

#[test]
fn what_is_not_synced_is_found_by_cutting_the_power() {
    if !is_available("what_is_not_synced_is_found_by_cutting_the_power") {
        return;
    }
    for bug in [Bug::NoFolderSync, Bug::NoSyncOfDelete, Bug::NoSyncOfNewFolder, Bug::RemoveFirst] {
        assert!(power_of(bug).lost > 0, "{bug:?}");
    }
    for bug in [Bug::NoSync, Bug::NameFirst, Bug::InPlace, Bug::VisibleTemporary] {
        assert!(power_of(bug).wrong > 0, "{bug:?}");
    }
}

#[test]
fn a_store_that_relies_on_what_a_killed_process_wrote_is_found() {
    if !is_available("a_store_that_relies_on_what_a_killed_process_wrote_is_found") {
        return;
    }
    assert!(kill_of(Bug::ExistsUnsynced).lost > 0);
}

#[test]
fn a_store_that_misreads_errors_is_found() {
    if !is_available("a_store_that_misreads_errors_is_found") {
        return;
    }
    for bug in [Bug::SyncAgain, Bug::IgnoredWriteError] {
        assert!(errors_of(bug).wrong > 0, "{bug:?}");
    }
}
