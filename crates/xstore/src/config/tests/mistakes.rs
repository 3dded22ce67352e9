//! Every mistake, with its line, its column and its words.

use super::*;

/// Each text is in line 4 of a good configuration and makes these mistakes and no others.
#[track_caller]
fn at_line_4(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(mistakes(&with(text)), *expected, "{text}");
    }
}

/// The same, behind the last backend in line 14.
#[track_caller]
fn at_line_14(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(mistakes(&behind(text)), *expected, "{text}");
    }
}

#[test]
fn unknown_fields_and_what_was_meant() {
    at_line_4(&[
        ("treshold = 1", &["4:1: treshold: there is no such field; did you mean threshold?"]),
        ("Key_File = 1", &["4:1: Key_File: there is no such field; did you mean key-file?"]),
        ("  writequorum = 1", &["4:3: writequorum: there is no such field; did you mean write-quorum?"]),
        ("zzz = 2", &["4:1: zzz: there is no such field"]),
        ("a.b.c = 1", &["4:1: a: there is no such field"]),
        ("\"a\\nb\" = 1", &["4:1: \"a\\nb\": there is no such field"]),
        ("\"\" = 1", &["4:1: \"\": there is no such field"]),
        ("[retry]\natempts = 1", &["5:1: retry.atempts: there is no such field; did you mean attempts?"]),
        (
            "retry.max_delay = '1s'",
            &["4:7: retry.max_delay: there is no such field; did you mean max-delay?"],
        ),
        ("[backends.x]\na = 1", &["4:2: backends: there is no such field; did you mean backend?"]),
    ]);
    let long = "z".repeat(1000);
    let shown = format!("4:1: \"{}\": there is no such field", "z".repeat(64));
    assert_eq!(mistakes(&with(&format!("{long} = 1"))), [shown]);
}

#[test]
fn wrong_types() {
    at_line_4(&[
        ("allow-volatile = 1", &["4:18: allow-volatile: it must be true or false, not a whole number"]),
        ("key-file = true", &["4:12: key-file: it must be text, not true or false"]),
        ("write-quorum = '2'", &["4:16: write-quorum: it must be a whole number, not text"]),
        (
            "write-quorum = 2.0",
            &["4:16: write-quorum: it must be a whole number, not a number with a fraction"],
        ),
        ("retry = 3", &["4:9: retry: it must be a table, not a whole number"]),
        ("hedge.factor = '3'", &["4:16: hedge.factor: it must be a number, not text"]),
        ("placement = []", &["4:13: placement: it must be a table, not a list"]),
        (
            "ttl = 30",
            &[
                "4:7: ttl: it must be a text with a duration, not a whole number; a duration is a whole number and ms, \
               s, m, h, d or w without a space between, for example \"30s\"",
            ],
        ),
        (
            "part-size = 8388608",
            &[
                "4:13: part-size: it must be a text with a size, not a whole number; a size is a whole number and B, \
               KiB, MiB, GiB or TiB without a space between, for example \"8MiB\"",
            ],
        ),
        (
            "limits.up = 1000",
            &[
                "4:13: limits.up: it must be a text with a rate, not a whole number; a rate is a size above zero and /s \
               without a space between, for example \"1MiB/s\"",
            ],
        ),
    ]);
    at_line_14(&[
        ("[placement]\nspread = 'site'", &["15:10: placement.spread: it must be a list of texts, not text"]),
        (
            "[placement]\npin = [{ index = 0, label = 'a', value = 'b' }, 3]",
            &["15:49: placement.pin[1]: it must be a table, not a whole number"],
        ),
        ("[placement.pin]\n", &["14:1: placement.pin: it must be a list of tables, not a table"]),
    ]);
    assert_eq!(
        mistakes("version = 1\nthreshold = '2-of-2'\nbackend = 'file:red'"),
        ["3:11: backend: it must be a list of tables, not text"]
    );
}

#[test]
fn numbers_out_of_bounds() {
    at_line_4(&[
        ("write-quorum = 3", &["4:16: write-quorum: it must be 2"]),
        ("retry.attempts = 0", &["4:18: retry.attempts: it must be 1 to 100"]),
        ("retry.attempts = 101", &["4:18: retry.attempts: it must be 1 to 100"]),
        ("retry.attempts = 99999999999999999999", &["4:18: retry.attempts: it has more than 64 bits"]),
        ("retry.factor = -1", &["4:16: retry.factor: it must be 1 to 100"]),
        ("breaker.threshold = 0", &["4:21: breaker.threshold: it must be 1 to 1000"]),
        ("limits.concurrency = 0x3e9", &["4:22: limits.concurrency: it must be 1 to 1000"]),
        ("hedge.factor = 0", &["4:16: hedge.factor: it must be above 0 and at most 1000"]),
        ("hedge.factor = nan", &["4:16: hedge.factor: it must be above 0 and at most 1000"]),
        ("hedge.factor = inf", &["4:16: hedge.factor: it must be above 0 and at most 1000"]),
        ("hedge.factor = 9007199254740993", &["4:16: hedge.factor: it must be above 0 and at most 1000"]),
    ]);
}

#[test]
fn values_that_make_no_sense() {
    at_line_4(&[
        ("key-file = ''", &["4:12: key-file: it must be the path of a file"]),
        ("ttl = '0s'", &["4:7: ttl: it must be longer than nothing"]),
        ("ttl = '1500ms'", &["4:7: ttl: it must be whole seconds"]),
        (
            "ttl = '101w9'",
            &["4:7: ttl: a duration is a whole number and ms, s, m, h, d or w without a space between, \
                             for example \"30s\""],
        ),
        ("ttl = '5300w'", &["4:7: ttl: it is more than can be meant"]),
        ("part-size = '65MiB'", &["4:13: part-size: a part has at most 64 MiB"]),
        ("part-size = '0B'", &["4:13: part-size: it must be more than nothing"]),
        ("pad-to = '3MiB'", &["4:10: pad-to: it must divide part-size"]),
        ("pad-to = '4MiB'\npart-size = '6MiB'", &["4:10: pad-to: it must divide part-size"]),
        ("timeouts.attempt = '25h'", &["4:20: timeouts.attempt: it is at most a day"]),
        (
            "retry.initial-delay = '11s'",
            &[
                "4:23: retry.initial-delay: the first delay is at least a millisecond and at most the longest, and that \
               is at most an hour",
            ],
        ),
        (
            "retry.max-delay = '100ms'",
            &[
                "4:19: retry.max-delay: the first delay is at least a millisecond and at most the longest, and that is \
               at most an hour",
            ],
        ),
        ("hedge.min = '6s'", &["4:13: hedge.min: hedge.min is at most hedge.max"]),
        ("hedge.max = '10ms'", &["4:13: hedge.max: hedge.min is at most hedge.max"]),
        (
            "breaker.cool-down = '6m'",
            &["4:21: breaker.cool-down: breaker.cool-down is at most breaker.max-cool-down"],
        ),
        (
            "limits.up = '54KiB/s'",
            &[
                "4:13: limits.up: at this rate it takes 304 s to send the shares of two parts, and timeouts.share is \
               300 s: allow more of either, or make part-size smaller",
            ],
        ),
    ]);
    good(&with("limits.up = '55KiB/s'"));
    good(&with("limits.up = '54KiB/s'\ntimeouts.share = '6m'"));
}

#[test]
fn the_threshold() {
    let text = |threshold: &str| with("").replace("\"2-of-2\"", threshold);
    assert_eq!(mistakes(&text("2")), ["2:13: threshold: it must be text, not a whole number"]);
    assert_eq!(mistakes(&text("'3-of-2'")), ["2:13: threshold: threshold 3 is above the 2 shares"]);
    assert_eq!(mistakes(&text("'2-of-3'")), ["2:13: threshold: 2-of-3 needs 3 backends, and there are 2"]);
    for other in ["'2of3'", "'1-of-2'", "'2-of-65'", "''"] {
        assert_eq!(read(&text(other)).unwrap_err().errors().len(), 1, "{other}");
    }
}

#[test]
fn another_version_is_all_that_can_be_said() {
    assert_eq!(
        mistakes("version = 2\nfoo = 1"),
        ["1:11: version: this program reads version 1 of the configuration; it may be too old for this one"]
    );
    assert_eq!(mistakes("version = '1'\nfoo = 1"), ["1:11: version: it must be a whole number, not text"]);
    assert_eq!(
        mistakes(&with("").replace("version = 1", "")),
        ["1:1: version: it is missing; write for example version = 1"]
    );
}

#[test]
fn an_empty_file_lacks_everything() {
    assert_eq!(
        mistakes(""),
        [
            "1:1: backend: it is missing; write for example [[backend]]",
            "1:1: threshold: it is missing; write for example threshold = \"2-of-3\"",
            "1:1: version: it is missing; write for example version = 1",
        ]
    );
}

/// The words are the parser's.
#[test]
fn no_toml() {
    let places = |text: &str| -> Vec<_> {
        let errors = read(text).unwrap_err();
        let is_syntax =
            |error: &ConfigError| matches!(&error.problem, Problem::Syntax(words) if !words.is_empty());
        assert!(errors.errors().iter().all(is_syntax), "{errors}");
        errors.errors().iter().map(|error| (error.position.line, error.position.column)).collect()
    };
    assert_eq!(places(&with("x = 1\nx = 2")), [(5, 1)]);
    assert_eq!(places(&with("x = ")), [(4, 5)]);
    // Columns count characters, in lines that end with CR LF too. What else is wrong isn't known yet.
    assert_eq!(places("a = 'é' x\r\nb = 'éé' y\r\n"), [(1, 9), (2, 10)]);
    assert!(!places(&with(&format!("x = {}", "[".repeat(100_000)))).is_empty());
}

#[test]
fn many_mistakes_are_cut_short() {
    let lines: String = (0..1000).map(|at| format!("x{at} = 1\n")).collect();
    assert_eq!(mistakes(&with(&lines)).len(), 100);
    let lines: String = (0..1000).map(|_| "x\n").collect();
    assert_eq!(mistakes(&with(&lines)).len(), 100);
}

#[test]
fn a_text_that_is_too_long_is_not_looked_at() {
    let text = format!("{}#{}", with(""), "x".repeat(1 << 20));
    assert_eq!(read(&text).unwrap_err().errors()[0].problem, Problem::TooLong(1 << 20));
    let text = with("");
    let rest = usize::try_from(MAX_LEN).unwrap() - text.len() - 1;
    good(&format!("{text}#{}", "x".repeat(rest)));
}

#[test]
fn backends() {
    at_line_14(&[
        (
            "[[backend]]",
            &[
                "14:1: backend[2].id: it is missing; write for example id = \"disk\"",
                "14:1: backend[2].url: it is missing; write for example url = \"file:/mnt/disk\"",
            ],
        ),
        (
            "[[backend]]\nid = 'Red'\nurl = 'red'\nnamespace = 'A'\nlabels = { A = 1, b = 2, c = '' }\nremovable = 0",
            &[
                "15:6: backend[2].id: a backend id is 1 to 64 of the characters a-z 0-9 . _ -, beginning with a \
                 letter or digit",
                "16:7: backend[2].url: a backend's URL begins with its kind and a colon, for example file:/mnt/disk",
                "17:13: backend[2].namespace: a namespace is 1 to 64 of the characters a-z 0-9 -, beginning with a \
                 letter or digit",
                "18:12: backend[2].labels.A: a label's name is 1 to 64 of the characters a-z 0-9 . _ -",
                "18:23: backend[2].labels.b: it must be text, not a whole number",
                "18:30: backend[2].labels.c: a label's value is 1 to 128 bytes without control characters",
                "19:13: backend[2].removable: it must be true or false, not a whole number",
            ],
        ),
        ("[[backend]]\nid = 'red'\nurl = 'mem:'", &["15:6: backend[2].id: line 7 has this already"]),
        (
            "[[backend]]\nid = 'green'\nurl = 'file:/nowhere/x/../blue/'",
            &[
                "16:7: backend[2].url: it is the same place as blue in line 12; every share needs a place of its own",
            ],
        ),
        (
            "[[backend]]\nid = '?'\nurl = 's3://B/a'\n[[backend]]\nid = 'c'\nurl = 's3://b/a/'",
            &[
                "15:6: backend[2].id: a backend id is 1 to 64 of the characters a-z 0-9 . _ -, beginning with a \
                 letter or digit",
                "19:7: backend[3].url: it is the same place as backend[2] in line 16; every share needs a place of \
                 its own",
            ],
        ),
    ]);
    for namespace in ["", "a/b", "a/m", "-a", "a_b", "con", &"a".repeat(65)] {
        let text = behind(&format!("[[backend]]\nid = 'c'\nurl = 'mem:'\nnamespace = '{namespace}'"));
        assert_eq!(read(&text).unwrap_err().errors()[0].field, "backend[2].namespace", "{namespace}");
    }
    good(&behind(&format!("[[backend]]\nid = 'c'\nurl = 'mem:'\nnamespace = '{}'", "a".repeat(64))));
}

#[test]
fn secrets() {
    at_line_14(&[
        (
            "[backend.settings]\na = 1.5\nb = [1]\nc = {}\nd = { env = 'A', file = 'b' }\ne = { env = 'NOPE' }\nf = { \
             file = 'none' }\ng = { vault = 'x' }\nh = { env = 3 }\ni = { env = '' }",
            &[
                "15:5: backend[1].settings.a: it must be text, a whole number, true or false, or a secret, not a \
                 number with a fraction",
                "16:5: backend[1].settings.b: it must be text, a whole number, true or false, or a secret, not a list",
                "17:5: backend[1].settings.c: it must be a secret, not a table; write { env = \"VARIABLE\" } or { \
                 file = \"PATH\" }",
                "18:5: backend[1].settings.d: it must be a secret, not a table; write { env = \"VARIABLE\" } or { \
                 file = \"PATH\" }",
                "19:13: backend[1].settings.e.env: the environment variable is not set; set it, or name another one",
                "20:14: backend[1].settings.f.file: the file with the secret can't be read: there is no such file",
                "21:7: backend[1].settings.g.vault: there is no such field",
                "22:13: backend[1].settings.h.env: it must be text, not a whole number",
                "23:13: backend[1].settings.i.env: the name of an environment variable is not empty and has no =",
            ],
        ),
        ("[backend]\nsettings = 'x'", &["14:2: duplicate key"]),
    ]);
}

#[test]
fn placement_rules() {
    at_line_14(&[
        (
            "[placement]\nspread = ['Prov', 3]\nsprad = 2\nonly = { a = [], b = [3, ''], C = ['x'] }\nnever = { a = [], b = 3 }",
            &[
                "15:11: placement.spread[0]: a label's name is 1 to 64 of the characters a-z 0-9 . _ -",
                "15:19: placement.spread[1]: it must be text, not a whole number",
                "16:1: placement.sprad: there is no such field; did you mean spread?",
                "17:14: placement.only.a: it lets no backend in: name a value, or leave the rule out",
                "17:23: placement.only.b[0]: it must be text, not a whole number",
                "17:26: placement.only.b[1]: a label's value is 1 to 128 bytes without control characters",
                "17:31: placement.only.C: a label's name is 1 to 64 of the characters a-z 0-9 . _ -",
                "18:15: placement.never.a: it keeps nothing out: name a value, or leave the rule out",
                "18:23: placement.never.b: it must be a list of texts, not a whole number",
            ],
        ),
        (
            "[[placement.pin]]\nindex = 2\nlabel = 'L'\nvalue = ''\n[[placement.pin]]",
            &[
                "15:9: placement.pin[0].index: it must be 0 to 1",
                "16:9: placement.pin[0].label: a label's name is 1 to 64 of the characters a-z 0-9 . _ -",
                "17:9: placement.pin[0].value: a label's value is 1 to 128 bytes without control characters",
                "18:1: placement.pin[1].index: it is missing; write for example index = 0",
                "18:1: placement.pin[1].label: it is missing; write for example label = \"site\"",
                "18:1: placement.pin[1].value: it is missing; write for example value = \"home\"",
            ],
        ),
    ]);
    // Rules that no layout obeys are found where they stand.
    let impossible = read(&behind("[placement]\nonly = { site = ['home'] }")).unwrap_err();
    let [error] = impossible.errors() else { panic!("{impossible}") };
    assert_eq!((error.position.line, error.field.as_str()), (14, "placement"));
    assert!(error.to_string().contains("site"), "{error}");
    // Nothing else is wrong: it is the layout that is refused.
    assert_eq!(impossible.code(), xstore_core::Code::LayoutRefused);
    let both = read(&behind("[placement]\nonly = { site = ['home'] }\nx = 1")).unwrap_err();
    assert_eq!(both.code(), xstore_core::Code::ConfigInvalid);
    let text = behind("[placement]\nnever = { site = ['home'] }");
    assert!(mistakes(&text)[0].contains("never a member whose site is home or isn't given"));
    good(&text.replace("[[backend]]", "[[backend]]\nlabels.site = 'away'"));
}

/// Wherever a secret may stand in a URL, the URL is refused, and not shown.
#[test]
fn urls_with_secrets() {
    for url in [
        "azure://account/box?sig=canary-91",
        "s3://canary-91@bucket",
        "redis:me:canary-91@host",
        "opendal:webdav://me:canary-91@host/x",
        "s3://bucket#canary-91",
    ] {
        let text = behind(&format!("[[backend]]\nid = 'c'\nurl = '{url}'"));
        let errors = read(&text).unwrap_err();
        let [error] = errors.errors() else { panic!("{errors}") };
        assert_eq!((error.position.line, error.position.column, &*error.field), (16, 7, "backend[2].url"));
        let snippet = Snippet::new(&text, error).unwrap();
        assert_eq!((&*snippet.text, snippet.caret), ("url = \"…\"", 6));
        assert!(!format!("{errors} {errors:?}").contains("canary"), "{errors:?}");
    }
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("xstore.toml");
    let load = || Config::load(&path).unwrap_err();
    let missing = load();
    assert_eq!(missing.errors()[0].problem, Problem::Unreadable(std::io::ErrorKind::NotFound));
    assert_eq!(
        missing.to_string(),
        format!(
            "{}: it can't be read: there is no such file; make one with `xstore init`, or check the path",
            path.display()
        )
    );
    std::fs::write(&path, "x = 1\n\nversion = 1").unwrap();
    let wrong = load();
    assert_eq!(wrong.file(), Some(&*path));
    assert!(wrong.to_string().starts_with(&format!("{}:1:1: ", path.display())), "{wrong}");
    assert_eq!(wrong.to_string().lines().count(), wrong.errors().len());
    std::fs::write(&path, b"x = '\xff'").unwrap();
    assert_eq!(load().errors()[0].problem, Problem::NotText);
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(load().errors()[0].problem, Problem::TooLong(1 << 20));
    std::fs::write(&path, with("")).unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!((config.file(), config.key_file()), (Some(&*path), &*folder.path().join("xstore.key")));
}
