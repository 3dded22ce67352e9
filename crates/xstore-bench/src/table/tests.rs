use super::*;
use crate::measure::Series;

fn row(what: &str, micros: f64) -> Row {
    let series = Series { cpu: vec![micros / 1e6], wall: vec![micros / 5e5], calls: 1 };
    Row::new(what, what, 1024, 1024, &series)
}

#[test]
fn numbers_have_three_digits_and_round_across_powers_of_ten() {
    let cases = [
        (0.012_34, "0.0123"),
        (0.1234, "0.123"),
        (0.999_6, "1.00"),
        (1.234, "1.23"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (99.96, "100"),
        (1234.5, "1234"),
    ];
    for (value, text) in cases {
        assert_eq!(number(value), text, "{value}");
    }
}

#[test]
fn a_section_lines_up_and_leaves_missing_ratios_empty() {
    let rows = vec![row("short", 1.0), row("much longer", 1000.0).with("of memcpy", vec![0.25, 0.5, 0.75])];
    let section = Section::new("Things", vec!["What they are."], rows);
    let expected = "
Things
  What they are.
  what          size  us per call    GB/s  wall GB/s            of memcpy
  short        1 KiB         1.00    1.02      0.512
  much longer  1 KiB         1000  0.0010     0.0005  0.500 (0.250-0.750)
";
    assert_eq!(self::section(&section), expected);
}

#[test]
fn what_waits_is_told_in_wall_time_and_where_it_was() {
    let rows = vec![row("put", 3000.0).of_objects(10)];
    let section = Section::new("Things", Vec::new(), rows).in_unit(Unit::Objects).on("ext4");
    let expected = "
Things
  File system: ext4.
  what   size  wall us per object  CPU us  objects/s
  put   1 KiB                 600     300       1667
";
    assert_eq!(self::section(&section), expected);
    assert!(self::section(&section.in_unit(Unit::Wall)).ends_with("             6.00    3.00     0.0002\n"));
}

#[test]
fn peaks_have_a_table_where_there_are_any() {
    let peak =
        Peak { id: "a".into(), what: "(2,3)".into(), size: "1 GiB".into(), put_mib: 60.0, all_mib: 71.25 };
    let text = peaks(&[peak]);
    assert!(text.ends_with("\n  (2,3)  1 GiB      60.0              71.2\n"), "{text}");
    assert!(peaks(&[]).is_empty());
}

#[test]
fn floors_say_what_passed() {
    let list = [Floor::new("fast", 2.0, vec![3.0]), Floor::new("very fast", 20.0, vec![3.0])];
    let expected = "
Floors
  PASS  fast       3.00 (3.00-3.00), at least 2.00
  FAIL  very fast  3.00 (3.00-3.00), at least 20.0
";
    assert_eq!(floors(&list, false), expected);
    let ceiling = [Floor::within("small", Bound::AtMost(100.0), vec![120.0])];
    assert!(floors(&ceiling, false).ends_with("  FAIL  small  120 (120-120), at most 100\n"));
    assert!(floors(&list, true).starts_with(expected) && floors(&list, true).contains("exit code"));
    assert!(floors(&[], false).contains("No floor"));
}

#[test]
fn an_unoptimised_build_says_so() {
    let mut host = Host::here();
    host.opt_level = "0";
    assert!(self::host(&host).contains("--release"));
    host.opt_level = "3";
    assert!(!self::host(&host).contains("--release"));
}
