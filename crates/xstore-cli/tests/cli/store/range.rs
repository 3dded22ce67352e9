//! `xstore get --range`: as HTTP has it.

use crate::support::{Shop, URLS, payload};

const LENGTH: usize = 300_000;
/// The range's first and last bytes, as `--range` has them, and what it gives.
type Case = (&'static str, std::ops::Range<usize>);

fn check(shop: &Shop, cases: &[Case]) {
    for (range, expected) in cases {
        let ran = shop.run(&format!("get --quiet --manifest m.json --output - --range {range}")).succeeds();
        assert!(ran.out == shop.data[expected.clone()], "{range}: {} bytes", ran.out.len());
        assert_eq!(ran.err, "");
    }
}

#[test]
fn ends_of_all_kinds() {
    // Parts of 65,536 bytes, and segments that don't divide them.
    let shop = Shop::over("2-of-3", URLS, "part-size = \"64KiB\"").holding(payload(LENGTH, 1));
    check(
        &shop,
        &[
            ("0-0", 0..1),
            ("0-", 0..LENGTH),
            ("0-299999", 0..LENGTH),
            ("0-18446744073709551615", 0..LENGTH),
            ("65535-65535", 65_535..65_536),
            ("65535-65536", 65_535..65_537),
            ("65536-65536", 65_536..65_537),
            ("65500-200000", 65_500..200_001),
            ("299999-299999", LENGTH - 1..LENGTH),
            ("299999-", LENGTH - 1..LENGTH),
            ("299990-400000", 299_990..LENGTH),
            ("-1", LENGTH - 1..LENGTH),
            ("-40000", LENGTH - 40_000..LENGTH),
            ("-299999", 1..LENGTH),
            ("-300000", 0..LENGTH),
            ("-300001", 0..LENGTH),
            ("-18446744073709551615", 0..LENGTH),
        ],
    );
}

#[test]
fn what_begins_behind_the_end_is_refused() {
    let shop = Shop::over("2-of-3", URLS, "part-size = \"64KiB\"").holding(payload(LENGTH, 2));
    for range in ["300000-", "300000-300000", "300001-", "400000-500000", "18446744073709551615-"] {
        let first = range.split('-').next().expect("a number");
        shop.run(&format!("get --manifest m.json --output out --range {range}")).fails(2).says(&format!(
            "error[RANGE_UNSATISFIABLE]: the range begins at byte {first}, and the object has 300000 bytes\n\
             help: bytes are counted from 0\n"
        ));
        assert!(!shop.stage.has("out"));
    }
    for range in ["5", "-", "-0", "9-8", "a-b", "1-2-3", ""] {
        shop.run(&format!("get --manifest m.json --output out --range={range}")).fails(2);
    }
}

/// The shares hide the exact length; a range must not show the filling.
#[test]
fn of_an_object_that_was_filled_up() {
    let shop =
        Shop::over("2-of-3", URLS, "part-size = \"1MiB\"\npad-to = \"256KiB\"").holding(payload(1000, 3));
    check(&shop, &[("0-", 0..1000), ("-5", 995..1000), ("999-", 999..1000), ("500-2000", 500..1000)]);
    for range in ["1000-", "5000-", "262143-", "262144-"] {
        shop.run(&format!("get --manifest m.json --output out --range {range}"))
            .fails_with(2, "RANGE_UNSATISFIABLE")
            .mentions("the object has 1000 bytes");
    }
}

#[test]
fn of_nothing() {
    let shop = Shop::new().holding(Vec::new());
    check(&shop, &[("0-", 0..0), ("0-5", 0..0), ("-5", 0..0)]);
    shop.run("get --manifest m.json --output out --range 1-").fails_with(2, "RANGE_UNSATISFIABLE");
}

#[test]
fn a_report_says_which_bytes() {
    let shop = Shop::new().holding(payload(1000, 4));
    let get = "get --manifest m.json --output out --force --range";
    let ran = shop.run(&format!("{get} 10-19")).succeeds();
    assert!(ran.text().starts_with("file: 10 B (bytes 10 to 19) read and verified, "), "{}", ran.text());
    let report = shop.run(&format!("{get} -3 --json")).succeeds().json();
    assert_eq!([&report["first"], &report["bytes"]], [997, 3]);
    shop.run(&format!("{get} 0-9 --name other")).fails_with(4, "MANIFEST_INVALID");
}

#[test]
fn a_bad_segment_matters_only_where_it_is_needed() {
    let shop = Shop::over("2-of-2", "file:red file:blue", "").holding(payload(500_000, 5));
    // In the middle of the fourth segment or so.
    shop.change(0, 0, |bytes| bytes[230_000] ^= 1);
    check(&shop, &[("0-9", 0..10), ("-10", 499_990..500_000)]);
    shop.run("get --manifest m.json --output out --range 200000-260000").fails_with(3, "INSUFFICIENT_SHARES");
    assert!(!shop.stage.has("out"));
}
