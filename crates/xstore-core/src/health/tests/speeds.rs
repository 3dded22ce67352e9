//! What is learned of speed, and how members are ordered by it.

use super::*;

const MIB: u64 = 1 << 20;

fn is_close(actual: Option<Duration>, expected: Duration, percent: u32) -> bool {
    let actual = actual.unwrap();
    actual.abs_diff(expected) <= expected * percent / 100
}

/// What a member with 30 ms latency and 50 MB/s takes.
fn true_time(bytes: u64) -> Duration {
    ms(30) + Duration::from_nanos(bytes * 20)
}

fn settled(time: &Time) -> Health {
    let health = Health::default();
    for i in 0..100 {
        let bytes = [1000, 8 * MIB][i % 2];
        health.succeeded(time.at(0), bytes, true_time(bytes));
    }
    health
}

#[test]
fn the_first_sample_scales_what_is_typical() {
    let time = Time::new();
    let health = Health::default();
    assert_eq!(health.expected(1), None);
    health.succeeded(time.at(0), 1_000_000, ms(300));
    assert!(is_close(health.expected(1_000_000), ms(300), 1));
    assert!(is_close(health.expected(0), ms(100), 1), "a third of it is latency, as is typical");
}

#[test]
fn latency_and_pace_are_told_apart() {
    let time = Time::new();
    let health = settled(&time);
    for bytes in [0, 1000, 100_000, MIB, 8 * MIB, 64 * MIB] {
        assert!(
            is_close(health.expected(bytes), true_time(bytes), 3),
            "{bytes} {:?}",
            health.expected(bytes)
        );
    }
    assert!(is_close(health.snapshot(time.at(0)).latency, ms(30), 3));
    assert!(health.snapshot(time.at(0)).throughput.unwrap().abs_diff(50_000_000) < 1_500_000);
}

#[test]
fn one_kind_of_request_does_not_spoil_what_is_known_of_the_other() {
    let time = Time::new();
    let health = settled(&time);
    for _ in 0..1000 {
        health.succeeded(time.at(0), 100, ms(30));
    }
    assert!(is_close(health.expected(8 * MIB), true_time(8 * MIB), 3));
    for _ in 0..100 {
        health.succeeded(time.at(0), 100, ms(300));
    }
    assert!(is_close(health.expected(8 * MIB), true_time(8 * MIB) + ms(270), 3), "the pace stays");
    for _ in 0..100 {
        health.succeeded(time.at(0), 100, ms(30));
    }
    for _ in 0..1000 {
        health.succeeded(time.at(0), 8 * MIB, true_time(8 * MIB) * 2);
    }
    assert!(is_close(health.expected(8 * MIB), true_time(8 * MIB) * 2, 3));
    assert!(is_close(health.expected(100), ms(30), 35), "{:?}", health.expected(100));
}

#[test]
fn an_outlier_moves_little_and_a_change_is_followed() {
    let time = Time::new();
    let health = settled(&time);
    health.succeeded(time.at(0), 1000, secs(3600));
    let after = health.expected(1000).unwrap();
    assert!(after > true_time(1000) && after < true_time(1000).mul_f64(1.62), "{after:?}");
    for _ in 0..20 {
        health.succeeded(time.at(0), 1000, true_time(1000));
    }
    assert!(is_close(health.expected(1000), true_time(1000), 2));
    for _ in 0..20 {
        health.succeeded(time.at(0), 1000, true_time(1000) * 10);
    }
    assert!(is_close(health.expected(1000), true_time(1000) * 10, 5));
}

#[test]
fn a_slow_beginning_is_soon_forgotten() {
    let time = Time::new();
    let health = Health::default();
    health.succeeded(time.at(0), 1000, secs(1));
    for _ in 0..8 {
        health.succeeded(time.at(0), 1000, ms(10));
    }
    assert!(health.expected(1000).unwrap() < ms(120), "{:?}", health.expected(1000));
}

#[test]
fn an_abandoned_request_raises_the_estimate_if_it_was_slow() {
    let time = Time::new();
    let health = settled(&time);
    let before = health.expected(8 * MIB).unwrap();
    health.abandoned(time.at(0), before * 9 / 10);
    assert_eq!(health.expected(8 * MIB), Some(before), "it may have been about to come");
    health.abandoned(time.at(0), before * 3);
    let raised = health.expected(8 * MIB).unwrap();
    assert!(raised > before * 5 / 4 && raised < before * 2, "{before:?} {raised:?}");
    for _ in 0..100 {
        health.abandoned(time.at(0), before * 3);
    }
    let most = health.expected(8 * MIB).unwrap();
    assert!(most > raised && most < before * 6, "no more than what was waited for tells: {most:?}");
}

#[test]
fn an_unknown_member_that_never_came_falls_behind_without_an_estimate() {
    let time = Time::new();
    let (health, other) = (Health::default(), Health::default());
    health.abandoned(time.at(0), ms(5));
    assert_eq!(health.score(time.at(0), MIB), other.score(time.at(0), MIB));
    health.abandoned(time.at(0), ms(250));
    assert!(health.score(time.at(0), MIB) > other.score(time.at(0), MIB));
    assert_eq!((health.expected(MIB), health.snapshot(time.at(0)).latency), (None, None));
    // Its first success counts alone.
    health.succeeded(time.at(1), 1000, ms(10));
    assert!(is_close(health.expected(1000), ms(10), 1));
}

/// A member on which everything takes that long.
fn member(time: &Time, elapsed: Duration) -> Health {
    let health = Health::default();
    for _ in 0..10 {
        health.succeeded(time.at(0), 0, elapsed);
    }
    health
}

#[test]
fn scores_order_members_for_reads() {
    let time = Time::new();
    let score = |health: &Health| health.score(time.at(0), 0);
    let (fast, slow, unknown) = (member(&time, ms(5)), member(&time, ms(500)), Health::default());
    assert!(score(&fast) < score(&unknown) && score(&unknown) < score(&slow));
    let open = member(&time, ms(1));
    open.failed(time.at(0), ErrorKind::AuthFailed);
    assert!(score(&slow) < score(&open) && score(&open).is_open());
    // When its time is over, it may be tried, but isn't what it was.
    let later = |health: &Health| health.score(time.at(10), 0);
    assert!(!later(&open).is_open() && later(&fast) < later(&open) && later(&open) < later(&slow));
    // Size matters.
    let health = Health::default();
    for _ in 0..50 {
        health.succeeded(time.at(0), 0, ms(5));
        health.succeeded(time.at(0), MIB, ms(1000));
    }
    assert!(score(&health) < score(&unknown));
    assert!(health.score(time.at(0), MIB) > unknown.score(time.at(0), MIB));
}

#[test]
fn failures_cost_and_are_forgiven() {
    let time = Time::new();
    let (health, other) = (member(&time, ms(5)), member(&time, ms(100)));
    health.failed(time.at(0), ErrorKind::Timeout);
    assert!(is_close(Some(health.score(time.at(0), 0).cost()), ms(5 * 2 + 250), 1));
    assert!(health.score(time.at(0), 0) > other.score(time.at(0), 0));
    assert!(is_close(Some(health.score(time.at(30), 0).cost()), ms(7 + 125), 1));
    assert!(health.score(time.at(60), 0) < other.score(time.at(60), 0));
    // Answers don't cost.
    let answering = member(&time, ms(5));
    answering.failed(time.at(0), ErrorKind::NotFound);
    assert_eq!(answering.score(time.at(0), 0), member(&time, ms(5)).score(time.at(0), 0));
    // Successes halve it.
    let before = health.score(time.at(0), 0).cost();
    health.succeeded(time.at(0), 0, ms(5));
    health.succeeded(time.at(0), 0, ms(5));
    assert!(health.score(time.at(0), 0).cost() < before / 3);
}

#[test]
fn an_unused_estimate_becomes_hopeful_and_members_that_rest_keep_their_order() {
    let time = Time::new();
    let (slow, used) = (member(&time, ms(400)), member(&time, ms(60)));
    let resting = member(&time, ms(60));
    for hours in 0..1000 {
        let now = time.at(hours * 3600);
        assert!(resting.score(now, 0) < slow.score(now, 0), "{hours}");
    }
    let half_an_hour = time.at(1800);
    used.succeeded(half_an_hour, 0, ms(60));
    assert!(slow.score(time.at(600), 0) > used.score(half_an_hour, 0));
    assert!(slow.score(half_an_hour, 0) < used.score(half_an_hour, 0), "it gets another chance");
    assert!(is_close(slow.expected(0), ms(400), 1), "what is expected stays");
}
