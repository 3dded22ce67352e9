//! When a member is left alone.

use super::*;

/// A health whose circuit opened at second 0.
fn open(time: &Time) -> Health {
    let health = Health::default();
    for _ in 0..3 {
        health.failed(time.at(0), ErrorKind::Unavailable);
    }
    health
}

#[test]
fn failures_in_a_row_open_it() {
    let time = Time::new();
    let health = Health::default();
    for _ in 0..2 {
        health.failed(time.at(0), ErrorKind::Timeout);
    }
    health.succeeded(time.at(0), 1, ms(1));
    for _ in 0..2 {
        health.failed(time.at(1), ErrorKind::Timeout);
        assert!(!health.is_open(time.at(1)) && health.admit(time.at(1)));
    }
    health.failed(time.at(2), ErrorKind::Timeout);
    assert!(health.is_open(time.at(2)) && !health.admit(time.at(2)));
    assert!(health.is_open(time.at(11)) && !health.admit(time.at(11)));
    assert!(!health.is_open(time.at(12)));
}

#[test]
fn kinds_that_are_answers_do_not_count_and_a_refusal_counts_at_once() {
    let time = Time::new();
    for kind in ErrorKind::ALL {
        let is_answer = matches!(
            kind,
            ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::TooLarge | ErrorKind::Unsupported
        );
        let health = Health::default();
        health.failed(time.at(0), kind);
        assert_eq!(health.is_open(time.at(0)), kind == ErrorKind::AuthFailed, "{kind}");
        for _ in 0..5 {
            health.failed(time.at(0), kind);
        }
        assert_eq!(health.is_open(time.at(0)), !is_answer, "{kind}");
        // An answer ends the row, and closes what is open.
        let health = Health::default();
        for _ in 0..2 {
            health.failed(time.at(0), ErrorKind::Other);
        }
        health.failed(time.at(0), kind);
        assert_eq!(health.snapshot(time.at(0)).consecutive_failures, if is_answer { 0 } else { 3 }, "{kind}");
        let health = open(&time);
        health.failed(time.at(0), kind);
        assert_eq!(health.is_open(time.at(0)), !is_answer, "{kind}");
    }
}

#[test]
fn exactly_one_trial_is_let_through() {
    let time = Time::new();
    let health = open(&time);
    let admitted = std::thread::scope(|scope| {
        let ask = || scope.spawn(|| (0..100).filter(|_| health.admit(time.at(10))).count());
        let asked: Vec<_> = (0..8).map(|_| ask()).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(admitted, 1);
    assert_eq!(health.snapshot(time.at(10)).circuit, Circuit::HalfOpen);
    health.succeeded(time.at(11), 1, ms(1));
    assert!(health.admit(time.at(11)) && health.admit(time.at(11)));
    assert_eq!(health.snapshot(time.at(11)).circuit, Circuit::Closed);
}

#[test]
fn a_failed_trial_doubles_the_time_up_to_a_limit() {
    let time = Time::new();
    let health = open(&time);
    let mut now = 0;
    for wait in [10, 20, 40, 80, 160, 300, 300] {
        assert!(health.is_open(time.at(now + wait - 1)) && !health.admit(time.at(now + wait - 1)), "{wait}");
        now += wait;
        assert!(!health.is_open(time.at(now)) && health.admit(time.at(now)), "{wait}");
        health.failed(time.at(now), ErrorKind::Unavailable);
    }
    // A success begins anew.
    health.succeeded(time.at(now + 300), 1, ms(1));
    health.failed(time.at(now + 300), ErrorKind::AuthFailed);
    assert!(health.is_open(time.at(now + 309)) && !health.is_open(time.at(now + 310)));
}

#[test]
fn late_failures_do_not_make_it_longer() {
    let time = Time::new();
    let health = open(&time);
    for second in 0..10 {
        health.failed(time.at(second), ErrorKind::AuthFailed);
    }
    assert!(health.admit(time.at(10)));
}

#[test]
fn a_failure_without_asking_is_a_trial_that_failed() {
    let time = Time::new();
    let health = open(&time);
    health.failed(time.at(10), ErrorKind::Timeout);
    assert!(!health.admit(time.at(29)) && health.admit(time.at(30)));
}

#[test]
fn a_trial_that_vanishes_makes_way_for_another() {
    let time = Time::new();
    let health = open(&time);
    assert!(health.admit(time.at(10)));
    assert!(!health.admit(time.at(19)) && health.admit(time.at(20)));
    health.abandoned(time.at(21), secs(1));
    assert!(health.is_open(time.at(30)));
    assert!(!health.admit(time.at(30)) && health.admit(time.at(31)), "as long as before, not longer");
}
