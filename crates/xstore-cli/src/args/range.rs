//! Ranges of bytes, as HTTP writes them.

use std::str::FromStr;

/// Which bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteRange {
    /// From the first to the last one, both included; what lies behind the end is left out.
    Between(u64, u64),
    /// From this one to the end.
    From(u64),
    /// So many at the end, or all where there are fewer.
    Last(u64),
}

impl FromStr for ByteRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write it as A-B, A- or -N, such as 0-99, 100- or -100";
        let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse::<u64>().map_err(|_| "that is too large"),
            false => Err(FORM),
        };
        match text.split_once('-') {
            None | Some(("", "")) => Err(FORM),
            Some(("", count)) => match number(count)? {
                0 => Err("the last 0 bytes are nothing"),
                count => Ok(Self::Last(count)),
            },
            Some((first, "")) => number(first).map(Self::From),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                if first <= last {
                    Ok(Self::Between(first, last))
                } else {
                    Err("its end lies before its beginning")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, range) in [
            ("0-0", ByteRange::Between(0, 0)),
            ("5-18446744073709551615", ByteRange::Between(5, u64::MAX)),
            ("7-", ByteRange::From(7)),
            ("-3", ByteRange::Last(3)),
        ] {
            assert_eq!(text.parse(), Ok(range));
        }
        for bad in ["", "-", "3", "2-1", "-0", "a-b", "1-2-3", "--1", "+1-2", " 1-2", "18446744073709551616-"]
        {
            assert!(bad.parse::<ByteRange>().is_err(), "{bad}");
        }
    }
}
