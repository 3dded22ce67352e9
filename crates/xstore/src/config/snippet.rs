//! The line that a mistake is in, without anything that may be a secret.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use xstore_core::backend::BackendUrl;

use crate::config::alias::refuse_secrets;
use crate::config::error::{ConfigError, Position};
use crate::config::read::schema;

/// What stands in the place of what isn't shown.
const HIDDEN: &str = "\"…\"";
/// Characters that a snippet has at most; of a longer line it shows a part.
const WIDTH: usize = 80;
/// Characters of it before the caret, where the line has more.
const BEFORE: usize = 40;

/// A line of a configuration, and where in it something is.
///
/// Values that may be or hold a secret aren't shown: those of settings, of unknown fields, URLs that are refused, and
/// comments. Nor is anything else of a line that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snippet {
    /// The line's number, from 1.
    pub line: usize,
    /// The line as it is shown: without line breaks and tabs.
    pub text: String,
    /// Where the caret belongs: how many characters of the text are before it.
    pub caret: usize,
}

impl Snippet {
    /// The line of a mistake in this text of a configuration; none where no line is meant.
    #[must_use]
    pub fn new(text: &str, error: &ConfigError) -> Option<Self> {
        Self::at(text, error.position)
    }

    /// As [`new`](Self::new), for any place.
    #[must_use]
    pub fn at(text: &str, position: Position) -> Option<Self> {
        let start = match position.line {
            0 => return None,
            1 => 0,
            line => text.match_indices('\n').nth(line - 2)?.0 + 1,
        };
        let line = text[start..].split('\n').next()?.trim_end_matches('\r');
        let column = line.char_indices().nth(position.column.saturating_sub(1));
        let at = start + column.map_or(line.len(), |(at, _)| at);
        let (table, mistakes) = DeTable::parse_recoverable(text);
        let (shown, caret) = match mistakes.is_empty() {
            true => Spans::of(text, table.get_ref()).show(line, start, at),
            false => guess(line, at - start),
        };
        Some(cut(position.line, &shown, caret))
    }
}

/// No more than fits, around the caret.
fn cut(line: usize, shown: &str, caret: usize) -> Snippet {
    let plain: Vec<char> = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let first = if plain.len() <= WIDTH { 0 } else { caret.saturating_sub(BEFORE).min(plain.len() - WIDTH) };
    let mut text: String = plain.iter().skip(first).take(WIDTH).collect();
    let mut caret = caret - first;
    if first > 0 {
        text.insert_str(0, "… ");
        caret += 2;
    }
    if first + WIDTH < plain.len() {
        text.push_str(" …");
    }
    Snippet { line, text: text.trim_end().to_owned(), caret }
}

/// Of a document that is no TOML: the names at the beginning of the line, if they are names of fields.
fn guess(line: &str, at: usize) -> (String, usize) {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_. []".contains(c))).unwrap_or(line.len());
    let end = if line[end..].starts_with('=') { end + 1 } else { end };
    let words = line[..end].split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)));
    let is_known = |word: &str| schema::ALL.iter().any(|fields| fields.contains(&word));
    let end = if words.filter(|word| !word.is_empty()).all(is_known) { end } else { 0 };
    let before = line.get(..at.min(end)).unwrap_or_default().chars().count();
    if end == line.len() {
        return (line.to_owned(), before);
    }
    let space = if end > 0 { " " } else { "" };
    let caret = if at < end { before } else { before + space.len() };
    (format!("{}{space}…", line[..end].trim_end()), caret)
}

/// Bytes of a document.
struct Spans {
    /// What is hidden.
    hidden: Vec<Range<usize>>,
    /// Texts and names, in which a number sign begins no comment.
    texts: Vec<Range<usize>>,
}

impl Spans {
    fn of(text: &str, table: &DeTable<'_>) -> Self {
        let mut spans = Self { hidden: Vec::new(), texts: Vec::new() };
        spans.table(text, table, &mut Vec::new());
        spans
    }

    fn table(&mut self, text: &str, table: &DeTable<'_>, path: &mut Vec<String>) {
        for (key, value) in table {
            self.texts.push(key.span());
            path.push(key.get_ref().to_string());
            self.value(text, value.span(), value.get_ref(), path);
            path.pop();
        }
    }

    fn value(&mut self, text: &str, span: Range<usize>, value: &DeValue<'_>, path: &mut Vec<String>) {
        match value {
            DeValue::Table(table) => self.table(text, table, path),
            DeValue::Array(values) => {
                for value in values.iter() {
                    self.value(text, value.span(), value.get_ref(), path);
                }
            }
            DeValue::String(value) => {
                self.texts.push(span.clone());
                if !is_shown(path, value) {
                    self.hidden.push(span);
                }
            }
            // Some numbers are secrets, too.
            _ if !is_harmless(path) => self.hidden.push(span),
            _ => {}
        }
    }

    /// The line, which begins at `start`, and how many characters of what is shown are before the byte `at`.
    fn show(&self, line: &str, start: usize, at: usize) -> (String, usize) {
        let within =
            |spans: &[Range<usize>], at: usize| spans.iter().find(|span| span.contains(&at)).cloned();
        let mut shown = String::new();
        let mut caret = None;
        let mut last = None;
        for (place, c) in line.char_indices().map(|(place, c)| (start + place, c)) {
            if place >= at && caret.is_none() {
                caret = Some(shown.chars().count());
            }
            if let Some(span) = within(&self.hidden, place) {
                if last.as_ref() != Some(&span) {
                    shown.push_str(HIDDEN);
                }
                last = Some(span);
            } else if c == '#' && within(&self.texts, place).is_none() {
                break;
            } else {
                shown.push(c);
            }
        }
        let caret = caret.unwrap_or_else(|| shown.chars().count());
        (shown, caret)
    }
}

/// Whether a text of this field can be shown.
fn is_shown(path: &[String], value: &str) -> bool {
    let is_url = path.len() == 2 && path[0] == "backend" && path[1] == "url";
    if is_url {
        return BackendUrl::new(value).is_ok_and(|url| refuse_secrets(&url).is_ok());
    }
    is_harmless(path)
}

/// Whether nobody would put a secret into this field, even by mistake.
fn is_harmless(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["backend", "labels", _] => true,
        ["backend", field] => ["id", "namespace", "removable"].contains(&field),
        ["placement", ..] => true,
        [table, field] => schema::tuning(table).is_some_and(|fields| fields.contains(&field)),
        [field] => schema::ROOT.contains(&field) && field != "key-file" && field != "backend",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The snippet at `^` in the last line of the text, which is taken out: the text and the place of the caret.
    fn shown(text: &str) -> (String, usize) {
        let at = text.find('^').unwrap();
        let text = text.replacen('^', "", 1);
        let line = text[..at].matches('\n').count() + 1;
        let column = text[..at].rsplit('\n').next().unwrap().chars().count() + 1;
        let snippet = Snippet::at(&text, Position { line, column }).unwrap();
        assert_eq!(snippet.line, line);
        (snippet.text, snippet.caret)
    }

    #[test]
    fn what_is_no_secret_is_shown_with_its_caret() {
        for (text, line, caret) in [
            ("version = 1\nttl = ^\"30 days\"", "ttl = \"30 days\"", 6),
            ("ttl = '1s'\n\n[retry]\n\tattempts =\t^101 # many\r\nfactor = 1", " attempts = 101", 12),
            ("^[[backend]]\nid = 'a'", "[[backend]]", 0),
            ("[[backend]]\nlabels = { a = ^'é#', b = 2 }", "labels = { a = 'é#', b = 2 }", 15),
            ("[[backend]]\nurl = ^'file:/mnt/a?b'", "url = 'file:/mnt/a?b'", 6),
            ("placement.spread = [^'Site', 3]", "placement.spread = ['Site', 3]", 20),
            ("\"a#b\" = ^1", "\"a#b\" = \"…\"", 8),
        ] {
            assert_eq!(shown(text), (line.to_owned(), caret), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not() {
        for (text, line, caret) in [
            ("[[backend]]\nurl = ^'redis://me:hunter2@host'", "url = \"…\"", 6),
            ("[[backend]]\nurl = ^'s3://b?sig=hunter2' # hunter2", "url = \"…\"", 6),
            ("[[backend]]\n[backend.settings]\nkey = ^\"hunter2\"", "key = \"…\"", 6),
            (
                "[[backend]]\nsettings = { a = 'hunter2', key = ^7742 }",
                "settings = { a = \"…\", key = \"…\" }",
                28,
            ),
            ("[[backend]]\nsettings.key = { env = ^'hunter2' }", "settings.key = { env = \"…\" }", 23),
            ("key-file = ^'hunter2'", "key-file = \"…\"", 11),
            ("^hunter = 'hunter2'", "hunter = \"…\"", 0),
            ("x = \"\"\"\n  hunter2 ^\n\"\"\"", "\"…\"", 3),
            ("x = [\n  'hunter2', ^'b' ]", "  \"…\", \"…\" ]", 7),
        ] {
            assert_eq!(shown(text), (line.to_owned(), caret), "{text}");
        }
    }

    #[test]
    fn of_what_is_no_toml_only_names_of_fields_are_shown() {
        for (text, line, caret) in [
            ("threshold = ^hunter2", "threshold = …", 12),
            ("key-file = 'hunter2^", "key-file = …", 11),
            ("[placement^\nspread = 1", "[placement", 10),
            ("[^[backend]\nid = 'a", "[[backend]", 1),
            ("hunter2 ^= 'x", "…", 0),
            ("x = \"\"\"\nhunter2^", "…", 0),
            ("x = [\n[hunter2^", "…", 0),
            ("retry.attempts = ^= 3", "retry.attempts = …", 17),
            ("^= 3", "= …", 0),
        ] {
            assert_eq!(shown(text), (line.to_owned(), caret), "{text}");
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let long = format!("ttl = '{}^{}'", "a".repeat(100), "b".repeat(100));
        let (text, caret) = shown(&long);
        assert_eq!(text.chars().count(), WIDTH + 4);
        assert_eq!((text.chars().next(), text.chars().nth(caret)), (Some('…'), Some('b')));
        assert_eq!(text.chars().nth(caret - 1), Some('a'));
        assert_eq!(Snippet::at("a = 1", Position::FILE), None);
        assert_eq!(Snippet::at("a = 1", Position { line: 3, column: 1 }), None);
        assert_eq!(Snippet::at("ttl = 1", Position { line: 1, column: 99 }).unwrap().caret, 7);
    }
}
