//! The document that holds the tables of the last run.

use std::fs;
use std::path::Path;

use crate::kind::Trouble;

/// Between these lines stands what a run has written.
const BEGIN: &str = "<!-- begin of what `cargo xtask faults --write` writes -->";
const END: &str = "<!-- end of what it writes -->";

/// Puts a text in the place of the last one.
///
/// # Errors
/// If the document can't be read or written, or lacks the lines that surround the text.
pub fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    let document = fs::read_to_string(path)?;
    Ok(fs::write(path, replaced(&document, text)?)?)
}

fn replaced(document: &str, text: &str) -> Result<String, Trouble> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}\n{}\n\n{END}{after}", text.trim_end()))
    });
    parts.ok_or_else(|| format!("the document lacks the line {BEGIN} or {END}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_between_is_replaced_and_nothing_else() {
        let document = format!("# Title\n{BEGIN}\nold\n{END}\nlast\n");
        let new = replaced(&document, "new\n").unwrap();
        assert_eq!(new, format!("# Title\n{BEGIN}\nnew\n\n{END}\nlast\n"));
        assert_eq!(replaced(&new, "new").unwrap(), new);
        assert!(replaced("# Title", "new").is_err());
        assert!(replaced(&format!("{END}{BEGIN}"), "new").is_err());
    }
}
