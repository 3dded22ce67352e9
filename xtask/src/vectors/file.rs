//! The format of a vector file: a JSON array of entries, all lengths bounded and consistent.
//!
//! An entry is `{k, n, p, piece_len, secret, randomness, shares}`; the last three are hex of lower-case digits,
//! `shares` a list of n. Lengths follow section 3 of `docs/format.md`.

use serde::Deserialize;

/// More entries than this are refused.
const MOST_ENTRIES: usize = 4_096;

/// The longest piece. In bytes.
const LONGEST_PIECE: usize = 64 * 1024;

/// Bounds of `docs/format.md`, section 12; here they only keep the arithmetic on lengths small.
const LARGEST_N: usize = 64;
const LARGEST_P: usize = 67;

/// One entry, with lengths that fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vector {
    /// Its place in the file, counted from 0.
    pub(crate) entry: usize,
    /// Threshold.
    pub(crate) k: u8,
    /// Number of shares.
    pub(crate) n: u8,
    /// The scheme's prime; not yet known to be one.
    pub(crate) p: u8,
    /// (p-1) blocks.
    pub(crate) secret: Vec<u8>,
    /// (k-1)p-1 blocks.
    pub(crate) randomness: Vec<u8>,
    /// n shares of (p-1) pieces each.
    pub(crate) shares: Vec<Vec<u8>>,
}

/// Why a file is not of the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatError {
    /// Not JSON, or not of these members.
    #[error("not a vector file: {0}")]
    Json(String),
    /// Nothing would be checked.
    #[error("no entries")]
    Empty,
    /// Too many.
    #[error("{0} entries, more than {MOST_ENTRIES}")]
    TooMany(usize),
    /// One entry is out of form.
    #[error("entry {entry}, {field}: {problem}")]
    Entry {
        /// Its place in the file, counted from 0.
        entry: usize,
        /// Which member.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    k: usize,
    n: usize,
    p: usize,
    piece_len: usize,
    secret: String,
    randomness: String,
    shares: Vec<String>,
}

/// Reads the text of a vector file.
///
/// # Errors
/// [`FormatError`], at the first thing that is out of form.
pub(crate) fn parse(text: &str) -> Result<Vec<Vector>, FormatError> {
    let raw: Vec<Raw> = serde_json::from_str(text).map_err(|e| FormatError::Json(e.to_string()))?;
    match raw.len() {
        0 => Err(FormatError::Empty),
        n if n > MOST_ENTRIES => Err(FormatError::TooMany(n)),
        _ => raw.into_iter().enumerate().map(|(entry, raw)| vector(entry, &raw)).collect(),
    }
}

fn vector(entry: usize, raw: &Raw) -> Result<Vector, FormatError> {
    let bad = |field, problem| FormatError::Entry { entry, field, problem };
    let number = |field, value: usize, least, most| {
        let small = u8::try_from(value).ok().filter(|_| (least..=most).contains(&value));
        small.ok_or_else(|| bad(field, format!("{value} is not in {least}..={most}")))
    };
    let n = number("n", raw.n, 2, LARGEST_N)?;
    let k = number("k", raw.k, 2, raw.n)?;
    let p = number("p", raw.p, 3, LARGEST_P)?;
    if !(1..=LONGEST_PIECE).contains(&raw.piece_len) {
        return Err(bad("piece_len", format!("{} is not in 1..={LONGEST_PIECE}", raw.piece_len)));
    }
    if raw.shares.len() != raw.n {
        return Err(bad("shares", format!("{} of them, but n is {n}", raw.shares.len())));
    }
    let bytes =
        |field, hex: &str, blocks: usize| decode(hex, blocks * raw.piece_len).map_err(|p| bad(field, p));
    Ok(Vector {
        entry,
        k,
        n,
        p,
        secret: bytes("secret", &raw.secret, raw.p - 1)?,
        randomness: bytes("randomness", &raw.randomness, (raw.k - 1) * raw.p - 1)?,
        shares: raw.shares.iter().map(|s| bytes("shares", s, raw.p - 1)).collect::<Result<_, _>>()?,
    })
}

/// Decodes lower-case hex of a known length. The message has no digit of it: a vector is public, but this
/// project has no message with key or share bytes, not even here.
fn decode(hex: &str, bytes: usize) -> Result<Vec<u8>, String> {
    if hex.len() != bytes * 2 {
        return Err(format!("{} hex digits instead of {}", hex.len(), bytes * 2));
    }
    let digit = |at: usize, c: u8| match c {
        b'0'..=b'9' => Ok(c - b'0'),
        b'a'..=b'f' => Ok(c - b'a' + 10),
        _ => Err(format!("no lower-case hex digit at {at}")),
    };
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    let decoded = pairs
        .iter()
        .enumerate()
        .map(|(at, &[high, low])| Ok(digit(2 * at, high)? << 4 | digit(2 * at + 1, low)?));
    decoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"[{"k": 2, "n": 2, "p": 3, "piece_len": 1, "secret": "0a0b", "randomness": "c0d0",
                           "shares": ["0001", "ff10"]}]"#;

    fn problem(from: &str, to: &str) -> (&'static str, String) {
        match parse(&GOOD.replace(from, to)) {
            Err(FormatError::Entry { entry: 0, field, problem }) => (field, problem),
            other => panic!("{from} -> {to}: {other:?}"),
        }
    }

    #[test]
    fn an_entry_is_read() {
        let vectors = parse(GOOD).unwrap();
        assert_eq!(vectors.len(), 1);
        assert_eq!((vectors[0].k, vectors[0].n, vectors[0].p), (2, 2, 3));
        assert_eq!(vectors[0].secret, [0x0a, 0x0b]);
        assert_eq!(vectors[0].randomness, [0xc0, 0xd0]);
        assert_eq!(vectors[0].shares, [[0x00, 0x01], [0xff, 0x10]]);
    }

    #[test]
    fn whatever_is_out_of_form_is_named() {
        assert_eq!(problem("\"k\": 2", "\"k\": 1").0, "k");
        assert_eq!(problem("\"k\": 2", "\"k\": 3").0, "k");
        assert_eq!(problem("\"n\": 2", "\"n\": 65").0, "n");
        assert_eq!(problem("\"p\": 3", "\"p\": 68"), ("p", "68 is not in 3..=67".into()));
        assert_eq!(problem("\"piece_len\": 1", "\"piece_len\": 0").0, "piece_len");
        assert_eq!(problem("\"piece_len\": 1", "\"piece_len\": 65537").0, "piece_len");
        assert_eq!(problem("0a0b", "0a0b0"), ("secret", "5 hex digits instead of 4".into()));
        assert_eq!(problem("0a0b", "0a0B"), ("secret", "no lower-case hex digit at 3".into()));
        assert_eq!(problem("c0d0", "c0").0, "randomness");
        assert_eq!(problem(", \"ff10\"", ""), ("shares", "1 of them, but n is 2".into()));
        assert_eq!(problem("ff10", "\u{e9}10").0, "shares");
    }

    #[test]
    fn what_is_no_vector_file_is_refused() {
        assert_eq!(parse("[]"), Err(FormatError::Empty));
        let many = format!("[{}]", vec![GOOD.trim_matches(['[', ']']); MOST_ENTRIES + 1].join(","));
        assert_eq!(parse(&many), Err(FormatError::TooMany(MOST_ENTRIES + 1)));
        for bad in ["", "{}", "[1]", &GOOD.replace("\"k\"", "\"K\""), &GOOD.replace("\"n\": 2", "\"n\": -2")]
        {
            assert!(matches!(parse(bad), Err(FormatError::Json(_))), "{bad}");
        }
    }
}
