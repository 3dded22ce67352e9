//! What the two test runners understand and print.

/// Arguments that choose packages, features or a profile, understood alike by nextest and by doc tests.
const SHARED_SWITCHES: [&str; 8] = [
    "--workspace",
    "--all-features",
    "--no-default-features",
    "--release",
    "--locked",
    "--offline",
    "--frozen",
    "--keep-going",
];
const SHARED_WITH_VALUE: [&str; 6] = ["-p", "--package", "--exclude", "-F", "--features", "--target"];

/// Arguments that say which packages are meant.
const PACKAGES: [&str; 4] = ["-p", "--package", "--workspace", "--manifest-path"];

/// Arguments of `cargo test` that say which targets are meant.
const TARGETS: [&str; 10] = [
    "--lib",
    "--bin",
    "--bins",
    "--test",
    "--tests",
    "--example",
    "--examples",
    "--bench",
    "--benches",
    "--all-targets",
];

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Ran and were right.
    pub(crate) passed: u64,
    /// Ran and were wrong, timed out, or could not be started.
    pub(crate) failed: u64,
    /// Were left out by the runner.
    pub(crate) skipped: u64,
}

impl Counts {
    /// Adds what one `test result:` line says; `cargo test` prints one for every program and library.
    pub(crate) fn add_libtest(&mut self, line: &str) {
        let Some(counts) = line.trim().strip_prefix("test result: ") else { return };
        // "ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s"
        let Some((_, counts)) = counts.split_once(". ") else { return };
        for part in counts.split("; ") {
            match number_and_label(part) {
                Some((n, "passed")) => self.passed += n,
                Some((n, "failed")) => self.failed += n,
                Some((n, "ignored")) => self.skipped += n,
                _ => {}
            }
        }
    }

    /// Reads nextest's `Summary [ 1.2s] 9 tests run: 8 passed (1 slow), 1 failed, 0 skipped`, which it prints
    /// once, after everything that a failing test may have printed.
    pub(crate) fn of_nextest(line: &str) -> Option<Self> {
        let (_, after_time) = line.trim().strip_prefix("Summary [")?.split_once(']')?;
        let (_, parts) = after_time.split_once(": ")?;
        let mut counts = Self::default();
        // Remarks in brackets hold commas too; what is in them is counted outside them already.
        for part in without_brackets(parts).split(',') {
            match number_and_label(part.trim()) {
                Some((n, "passed")) => counts.passed += n,
                Some((n, "failed" | "timed out" | "exec failed")) => counts.failed += n,
                Some((n, "skipped")) => counts.skipped += n,
                _ => {}
            }
        }
        Some(counts)
    }

    /// Tests that ran.
    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

/// One test and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slow {
    /// Seconds on the wall.
    pub(crate) seconds: f64,
    /// Its program and its name.
    pub(crate) name: String,
}

impl Slow {
    /// Reads nextest's line for one finished test: `PASS [   0.012s] (1/9) xorida-core plan::tests::name`.
    pub(crate) fn of_nextest(line: &str) -> Option<Self> {
        let line = line.trim();
        let verdict_and_rest = line.split_once('[')?;
        if !matches!(verdict_and_rest.0.trim(), "PASS" | "FAIL" | "TIMEOUT") {
            return None;
        }
        let (time, rest) = verdict_and_rest.1.split_once(']')?;
        let seconds = time.trim().trim_start_matches('>').strip_suffix('s')?.parse().ok()?;
        let rest = rest.trim();
        let name = match rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            Some((_progress, name)) => name.trim(),
            None => rest,
        };
        Some(Self { seconds, name: name.to_owned() })
    }
}

/// The packages that the arguments name, if the arguments do nothing but choose packages, features and a
/// profile; such arguments mean the same to `cargo test --doc` as to the runner of the other tests.
pub(crate) fn selection(args: &[String]) -> Option<Vec<&str>> {
    let mut packages = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if SHARED_SWITCHES.contains(&word.as_str()) {
            continue;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, value),
            None if SHARED_WITH_VALUE.contains(&word.as_str()) => (word.as_str(), words.next()?.as_str()),
            None => return None,
        };
        match name {
            "-p" | "--package" => packages.push(value),
            name if SHARED_WITH_VALUE.contains(&name) => {}
            _ => return None,
        }
    }
    Some(packages)
}

/// `--workspace`, unless the arguments choose packages themselves.
pub(crate) fn whole_workspace(args: &[String]) -> &'static [&'static str] {
    if mentions(args, &PACKAGES) { &[] } else { &["--workspace"] }
}

/// What keeps `cargo test` from running doc tests too, unless the arguments choose targets themselves.
pub(crate) fn all_but_doc_tests(args: &[String]) -> &'static [&'static str] {
    if mentions(args, &TARGETS) { &[] } else { &["--tests"] }
}

/// The profile to set: `ci` where `CI` is set, unless the user chose one. `env` looks a variable up.
pub(crate) fn nextest_profile(env: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let in_ci = env("CI").is_some_and(|value| !value.is_empty() && value != "false");
    (in_ci && env("NEXTEST_PROFILE").is_none()).then_some("ci")
}

/// The line without terminal escapes, which a runner prints where it is told to use colour.
pub(crate) fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        // An escape ends with its first letter.
        let end = escape.find(|c: char| c.is_ascii_alphabetic()).map_or(escape.len(), |i| i + 1);
        rest = &escape[end..];
    }
    plain.push_str(rest);
    plain
}

fn mentions(args: &[String], names: &[&str]) -> bool {
    // What stands behind `--` belongs to the test programs.
    let own = args.iter().take_while(|word| *word != "--");
    own.into_iter().any(|word| {
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        names.contains(&name)
    })
}

fn number_and_label(text: &str) -> Option<(u64, &str)> {
    let (number, label) = text.split_once(' ')?;
    Some((number.parse().ok()?, label.trim()))
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let keep = |c: &char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn libtest_lines_add_up() {
        let mut counts = Counts::default();
        counts.add_libtest(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.1s",
        );
        counts.add_libtest("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add_libtest("test plan::tests::works ... ok");
        counts.add_libtest("test result: nonsense");
        assert_eq!(counts, Counts { passed: 5, failed: 4, skipped: 1 });
        assert_eq!(counts.ran(), 9);
    }

    #[test]
    fn nextest_summaries_are_read() {
        let of = Counts::of_nextest;
        assert_eq!(
            of("     Summary [   0.005s] 8 tests run: 8 passed, 0 skipped"),
            Some(Counts { passed: 8, failed: 0, skipped: 0 })
        );
        assert_eq!(
            of(
                "Summary [  61.1s] 10/12 tests run: 6 passed (1 slow, 2 leaky), 2 failed, 1 timed out, 1 exec failed, 3 skipped"
            ),
            Some(Counts { passed: 6, failed: 4, skipped: 3 })
        );
        assert_eq!(of("Summary [ 0.1s] 1 test run: 1 passed, 2 skipped").map(Counts::ran), Some(1));
        assert_eq!(of("test result: ok. 3 passed; 0 failed"), None);
        assert_eq!(of("Summary [ broken"), None);
    }

    #[test]
    fn times_of_single_tests_are_read() {
        let slow = |seconds, name: &str| Some(Slow { seconds, name: name.into() });
        let of = Slow::of_nextest;
        assert_eq!(
            of("        PASS [   0.012s] (1/9) xtask flags::tests::x"),
            slow(0.012, "xtask flags::tests::x")
        );
        assert_eq!(of("FAIL [ 1.500s] xtask::bin/xtask y"), slow(1.5, "xtask::bin/xtask y"));
        assert_eq!(of("TIMEOUT [ 120.0s] (  2/19) a b"), slow(120.0, "a b"));
        assert_eq!(of("SLOW [> 30.000s] (---) a b"), None);
        assert_eq!(of("Summary [ 0.1s] 1 test run: 1 passed"), None);
        assert_eq!(of("PASS [soon] a"), None);
    }

    #[test]
    fn colour_does_not_hide_a_result() {
        let line =
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.0s] 2 tests run: \u{1b}[1m2\u{1b}[0m passed, 0 skipped";
        assert_eq!(Counts::of_nextest(&without_colour(line)).map(Counts::ran), Some(2));
        assert_eq!(without_colour("cut \u{1b}[3"), "cut ");
    }

    #[test]
    fn doc_tests_run_only_with_arguments_that_both_understand() {
        let of = |line: &str| selection(&words(line)).map(|found| found.join(" "));
        assert_eq!(of("").as_deref(), Some(""));
        assert_eq!(of("-p xorida-core --release -p=b").as_deref(), Some("xorida-core b"));
        assert_eq!(of("--package=a --features b,c").as_deref(), Some("a"));
        assert_eq!(of("--workspace --exclude a --features=b").as_deref(), Some(""));
        for other in ["split", "-p a split", "--lib", "-E test(x)", "--release=", "-p", "-p a -- --nocapture"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn the_workspace_and_the_targets_are_added_only_where_nothing_was_chosen() {
        assert_eq!(whole_workspace(&words("name --release")), ["--workspace"]);
        assert_eq!(whole_workspace(&words("-- --package")), ["--workspace"]);
        assert!(whole_workspace(&words("name -p a")).is_empty());
        assert!(whole_workspace(&words("--package=a")).is_empty());
        assert_eq!(all_but_doc_tests(&words("name")), ["--tests"]);
        assert!(all_but_doc_tests(&words("--test vectors")).is_empty());
    }

    #[test]
    fn the_users_profile_wins() {
        let profile = |set: &[(&str, &str)]| {
            nextest_profile(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(profile(&[]), None);
        assert_eq!(profile(&[("CI", "true")]), Some("ci"));
        assert_eq!(profile(&[("CI", "")]), None);
        assert_eq!(profile(&[("CI", "false")]), None);
        assert_eq!(profile(&[("CI", "1"), ("NEXTEST_PROFILE", "default")]), None);
    }
}
