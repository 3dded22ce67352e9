//! Rust sources: what must not be left in them, and where unsafe code may be allowed.

use crate::tidy::Finding;

/// Macros of unfinished code. Clippy denies them too, but not behind a `cfg` that it wasn't run with.
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Only below this may a file allow unsafe code.
const KERNELS: &str = "crates/xorida-core/src/kernel";

/// Judges one Rust source.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let code = without_text(text);
    for (at, (line, original)) in code.lines().zip(text.lines()).enumerate() {
        let mut found = |rule, message: String| findings.push(Finding::new(rule, path, message).at(at + 1));
        for name in UNFINISHED {
            if calls_macro(line, name) {
                found("unfinished", format!("`{name}!` must not be committed"));
            }
        }
        if switches_test_off(line) {
            found("ignored", "an ignored test proves nothing: make it run or remove it".into());
        }
        let doc = original.trim_start();
        if (doc.starts_with("///") || doc.starts_with("//!")) && doc.contains("```ignore") {
            found("ignored", "an ignored example is not compiled: make it compile, or mark it `text`".into());
        }
        if allows_unsafe(line) && !path.starts_with(KERNELS) {
            found("unsafe", format!("unsafe code may be allowed only below {KERNELS}"));
        }
    }
    findings
}

fn calls_macro(code: &str, name: &str) -> bool {
    words(code).any(|(at, word)| {
        let after = code[at + word.len()..].trim_start();
        word == name && after.starts_with('!') && !after.starts_with("!=")
    })
}

/// `#[ignore]` and its like. Too slow for Miri is a reason, since the same test runs elsewhere.
fn switches_test_off(code: &str) -> bool {
    code.match_indices("#[").any(|(at, _)| {
        let attribute = code[at + 2..].split(']').next().unwrap_or_default().trim();
        let mut names = words(attribute).map(|(_, word)| word);
        match names.next() {
            Some("ignore") => true,
            Some("cfg_attr") => names.next() != Some("miri") && names.any(|word| word == "ignore"),
            _ => false,
        }
    })
}

fn allows_unsafe(code: &str) -> bool {
    let mut names = words(code).map(|(_, word)| word);
    names.any(|word| word == "allow" || word == "expect") && names.any(|word| word == "unsafe_code")
}

/// The identifiers of a line with their places.
fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |n| start + n);
        rest = end;
        Some((start, &code[start..end]))
    })
}

/// The source with comments and the insides of literals blanked, line for line: a rule about code must not
/// trip over a sentence about it.
pub(crate) fn without_text(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_text(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself if there begins none.
fn end_of_text(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let length = match rest {
        ['/', '/', ..] => find(rest, 2, &['\n']).unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['\'', '\\', ..] => quoted(rest, '\''),
        ['\'', _, '\'', ..] => 3,
        ['r' | 'b' | 'c', ..] if at == 0 || !is_word(chars[at - 1]) => raw_string(rest).unwrap_or(0),
        _ => 0,
    };
    at + length
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Block comments nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => {
                depth += 1;
                at += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// A literal between `quote`s with backslash escapes.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `br#"…"#` and so on; nothing for an identifier, raw or not.
fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = if rest[0] == 'r' { 1 } else { 2 };
    if prefix == 2 && rest.get(1) != Some(&'r') {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    let opening = prefix + hashes;
    if rest.get(opening) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    Some(find(rest, opening + 1, &closing).map_or(rest.len(), |end| end + closing.len()))
}

fn find(chars: &[char], from: usize, wanted: &[char]) -> Option<usize> {
    let windows = chars.get(from..)?.windows(wanted.len());
    windows.enumerate().find(|(_, window)| *window == wanted).map(|(at, _)| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        check("crates/a/src/lib.rs", text).iter().map(|f| f.rule).collect()
    }

    #[test]
    fn unfinished_code_is_found() {
        assert_eq!(rules("fn a() { todo!() }"), ["unfinished"]);
        assert_eq!(rules("fn a() { std::todo ! (\"later\") }"), ["unfinished"]);
        assert_eq!(rules("unimplemented!(); dbg!(x);"), ["unfinished", "unfinished"]);
        assert_eq!(check("a.rs", "\n\ntodo!()")[0].line, Some(3));
    }

    #[test]
    fn a_sentence_about_it_is_not() {
        for fine in [
            "// todo!()",
            "/* todo!() /* */ dbg!() */",
            "let a = \"todo!()\";",
            "let a = r#\"\" todo!()\"#;",
            "let todo = 1; if todo != 2 {}",
            "my_todo!()",
        ] {
            assert_eq!(rules(fine), [] as [&str; 0], "{fine}");
        }
    }

    #[test]
    fn ignored_tests_and_examples_are_found() {
        for bad in [
            "#[ignore]",
            "#[ ignore = \"slow\" ]",
            "#[test] #[ignore]",
            "#[cfg_attr(windows, ignore)]",
            "/// ```ignore",
            "//! ```ignore",
        ] {
            assert_eq!(rules(bad), ["ignored"], "{bad}");
        }
        for fine in [
            "#[cfg_attr(miri, ignore = \"hours\")]",
            "let ignore = a[ignore];",
            "#[must_use]",
            "/// ```text",
            "#[allow(ignored)]",
        ] {
            assert_eq!(rules(fine), [] as [&str; 0], "{fine}");
        }
    }

    #[test]
    fn unsafe_code_is_allowed_in_kernels_only() {
        for text in ["#[allow(unsafe_code)]", "#![expect(unsafe_code, reason = \"a kernel\")]"] {
            assert_eq!(rules(text), ["unsafe"], "{text}");
            assert_eq!(check("crates/xorida-core/src/kernel/x86_64.rs", text), []);
        }
        assert_eq!(rules("#![forbid(unsafe_code)]"), [] as [&str; 0]);
    }

    #[test]
    fn text_is_blanked_and_code_is_kept() {
        let cases = [
            ("a // b", "a     "),
            ("a /* b */ c", "a         c"),
            ("a /* /* b */ */ c", "a               c"),
            ("f(\"x\\\"y\") + g", "f(      ) + g"),
            ("f(b\"x\", c\"y\")", "f(b   , c   )"),
            ("r\"x\\\" y", "      y"),
            ("br##\"x\"# \"## y", "             y"),
            ("r#type y", "r#type y"),
            ("for r in b {}", "for r in b {}"),
            ("'a' + '\\'' + 'b", "    +      + 'b"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("\"open", "     "),
            ("/* open", "       "),
            ("r#\"open", "       "),
            ("'\\", "  "),
        ];
        for (source, blanked) in cases {
            assert_eq!(without_text(source), blanked, "{source}");
        }
        assert_eq!(without_text("\"a\nb\" c\nd").lines().count(), 3);
    }
}
