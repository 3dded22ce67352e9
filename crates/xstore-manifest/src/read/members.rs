//! The frame of every object: known members, each exactly once.

use serde::de::MapAccess;

use super::context::{Context, Step};
use super::values::Text;
use crate::Problem;

/// Characters of an unknown member's name that an error shows.
const SHOWN: usize = 40;

/// Reads an object with exactly these members, at most 32, in any order. `read` gets the name of the member whose
/// value is next.
pub(super) fn members<'de, A: MapAccess<'de>>(
    context: &Context,
    mut tokens: A,
    names: &'static [&'static str],
    mut read: impl FnMut(&'static str, &mut A) -> Result<(), A::Error>,
) -> Result<(), A::Error> {
    let mut seen = 0_u32;
    while let Some(number) = tokens.next_key_seed(Text(context, |name: &str| find(names, name)))? {
        let name = names[number];
        context.within(Step::Member(name), || {
            if seen & (1 << number) != 0 {
                return Err(context.fail(Problem::RepeatedMember));
            }
            seen |= 1 << number;
            read(name, &mut tokens)
        })?;
    }
    match (0..names.len()).find(|number| seen & (1 << number) == 0) {
        Some(number) => {
            context.within(Step::Member(names[number]), || Err(context.fail(Problem::MissingMember)))
        }
        None => Ok(()),
    }
}

fn find(names: &[&str], name: &str) -> Result<usize, Problem> {
    names
        .iter()
        .position(|known| *known == name)
        .ok_or_else(|| Problem::UnknownMember { name: excerpt(name) })
}

/// The beginning of a text from outside, fit for a terminal and a log.
fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_default).collect();
    // Escapes make it longer; the cut may fall into one, which harms nobody.
    if shown.len() > SHOWN || text.chars().nth(SHOWN).is_some() {
        shown.truncate(SHOWN);
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_printable_ascii() {
        assert_eq!(excerpt("nonce"), "nonce");
        assert_eq!(excerpt("a\n\u{202e}\u{1f}\"\\"), "a\\n\\u{202e}\\u{1f}\\\"\\\\");
        assert_eq!(excerpt(&"x".repeat(40)), "x".repeat(40));
        assert_eq!(excerpt(&"x".repeat(41)), format!("{}...", "x".repeat(40)));
        assert_eq!(excerpt(&"\u{10ffff}".repeat(1000)), format!("{}...", "\\u{10ffff}".repeat(4)));
    }
}
