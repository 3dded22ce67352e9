//! Text in columns.

/// Where the text of a column stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Lines whose cells are as wide as the widest of their column, two spaces apart; without spaces at their ends.
pub(crate) fn columns(sides: &[Side], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..sides.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(sides).zip(&widths).map(|((cell, side), width)| match side {
            Side::Left => format!("{cell:<width$}"),
            Side::Right => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Words in lines of at most `width` characters, of which the first one begins with `first`, the others with as many
/// spaces. A word that is longer than a line has one of its own.
pub(crate) fn wrapped(first: &str, words: &[String], width: usize) -> Vec<String> {
    let indent = first.chars().count();
    let mut lines = vec![first.to_owned()];
    let mut length = indent;
    for (at, word) in words.iter().enumerate() {
        let more = word.chars().count();
        let is_begun = at > 0 && length > indent;
        if is_begun && length + 1 + more > width {
            lines.push(" ".repeat(indent));
            length = indent;
        }
        let Some(line) = lines.last_mut() else { continue };
        if length > indent {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += more;
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["a", "b", "c"]), row(["é", "100", ""]), row(["abc", "1", "d"])];
        assert_eq!(
            columns(&[Side::Left, Side::Right, Side::Left], &rows),
            ["a      b  c", "é    100", "abc    1  d"]
        );
    }

    #[test]
    fn words_are_wrapped() {
        let words: Vec<String> = ["aa", "bb", "cc", "dddddddd", "e"].map(str::to_owned).to_vec();
        assert_eq!(wrapped("x: ", &words, 9), ["x: aa bb", "   cc", "   dddddddd", "   e"]);
        assert_eq!(wrapped("x: ", &[], 9), ["x:"]);
    }
}
