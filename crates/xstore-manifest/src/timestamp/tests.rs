use proptest::prelude::*;

use super::*;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millis()
}

#[test]
fn known_times() {
    for (text, millis) in [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1999-12-31T23:59:59.999Z", 946_684_799_999),
        ("2000-02-29T12:00:00.000Z", 951_825_600_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
        ("9999-12-31T00:00:00.000Z", LAST - 86_399_999),
        ("9999-12-31T23:59:59.999Z", LAST),
    ] {
        assert_eq!(at(text), millis, "{text}");
        assert_eq!(Timestamp::from_millis(millis).unwrap().to_string(), text);
    }
}

#[test]
fn every_day_has_the_next_text() {
    // An independent walk over the calendar: 30 leap cycles of 4 years around the skipped leap day of 2100.
    let (mut year, mut month, mut day) = (2000, 1, 1);
    let mut millis = 946_684_800_000;
    while year < 2120 {
        let text = format!("{year:04}-{month:02}-{day:02}T00:00:00.000Z");
        assert_eq!(at(&text), millis, "{text}");
        let leap = year % 4 == 0 && year != 2100;
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let beyond = format!("{year:04}-{month:02}-{:02}T00:00:00.000Z", days + 1);
        assert_eq!(beyond.parse::<Timestamp>(), Err(Problem::Timestamp), "{beyond}");
        day += 1;
        if day > days {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
        millis += 86_400_000;
    }
}

#[test]
fn other_forms_are_refused() {
    for text in [
        "",
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.00Z",
        "1970-01-01T00:00:00.0000Z",
        "1970-01-01t00:00:00.000Z",
        "1970-01-01T00:00:00.000z",
        "1970-01-01 00:00:00.000Z",
        "1970-01-01T00:00:00,000Z",
        "1970-01-01T00:00:00.000+00:00",
        "1970-01-01T00:00:00.000Z ",
        " 1970-01-01T00:00:00.000",
        "1970-1-001T00:00:00.000Z",
        "1970-01-01T00:00:0\u{660}.00Z",
        "1970-00-01T00:00:00.000Z",
        "1970-13-01T00:00:00.000Z",
        "1970-01-00T00:00:00.000Z",
        "1970-02-29T00:00:00.000Z",
        "1970-01-01T24:00:00.000Z",
        "1970-01-01T00:60:00.000Z",
        "2016-12-31T23:59:60.000Z",
        "1969-12-31T23:59:59.999Z",
        "0000-01-01T00:00:00.000Z",
        "-970-01-01T00:00:00.000Z",
        "+970-01-01T00:00:00.000Z",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(Problem::Timestamp), "{text:?}");
    }
    assert_eq!(Timestamp::from_millis(-1), Err(Problem::Timestamp));
    assert_eq!(Timestamp::from_millis(LAST + 1), Err(Problem::Timestamp));
}

#[test]
fn adding_stops_at_the_last_year() {
    let last = Timestamp::from_millis(LAST - 999).unwrap();
    assert_eq!(last.checked_add_seconds(0), Some(last));
    assert_eq!(last.checked_add_seconds(1), None);
    assert_eq!(last.checked_add_seconds(u64::MAX), None);
    assert_eq!(last.checked_add_seconds(u64::MAX / 1000), None);
    let first = Timestamp::from_millis(1).unwrap();
    assert_eq!(first.checked_add_seconds(2).map(Timestamp::as_millis), Some(2001));
}

proptest! {
    #[test]
    fn text_goes_both_ways(millis in 0..=LAST) {
        let time = Timestamp::from_millis(millis).unwrap();
        let text = time.to_string();
        prop_assert_eq!(text.len(), 24);
        prop_assert_eq!(text.parse(), Ok(time));
    }

    #[test]
    fn texts_sort_like_times(a in 0..=LAST, b in 0..=LAST) {
        let (a, b) = (Timestamp::from_millis(a).unwrap(), Timestamp::from_millis(b).unwrap());
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }
}
