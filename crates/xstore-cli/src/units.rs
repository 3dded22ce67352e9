//! Sizes and times, as people type and read them.

/// Bytes: a number with an optional unit, binary (KiB, MiB, GiB) or bare.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 7] =
        [("KiB", 10), ("MiB", 20), ("GiB", 30), ("K", 10), ("M", 20), ("G", 30), ("B", 0)];
    let (number, shift) = UNITS
        .iter()
        .find_map(|(unit, shift)| text.strip_suffix(unit).map(|number| (number, *shift)))
        .unwrap_or((text, 0));
    let value: u64 =
        number.trim().parse().map_err(|_| "use a number with KiB, MiB or GiB, such as 8MiB".to_owned())?;
    value.checked_mul(1 << shift).ok_or_else(|| "that is too large".to_owned())
}

/// Seconds: a number with an optional s, m, h or d.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(*unit).map(|number| (number, *factor)))
        .unwrap_or((text, 1));
    let value: u64 =
        number.trim().parse().map_err(|_| "use a number with s, m, h or d, such as 30d".to_owned())?;
    match value.checked_mul(factor) {
        Some(0) => Err("nothing could ever be read; use at least 1s".to_owned()),
        Some(seconds) if seconds < 1 << 53 => Ok(seconds),
        _ => Err("that is too long".to_owned()),
    }
}

/// A size for people: three digits or so.
pub(crate) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A rate for people, in decimal megabytes per second.
pub(crate) fn human_rate(bytes: u64, seconds: f64) -> String {
    format!("{:.0} MB/s", bytes as f64 / 1e6 / seconds.max(1e-9))
}

/// `1 part`, `2 parts`.
pub(crate) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A name that somebody else chose, for a terminal: what would steer it, or turn the direction of the text, is
/// written as an escape.
pub(crate) fn printable(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        let steers = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || steers {
            text.extend(c.escape_unicode());
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(bytes("8MiB"), Ok(8 << 20));
        assert_eq!(bytes("1"), Ok(1));
        assert_eq!(bytes("64 KiB"), Ok(64 << 10));
        assert!(bytes("8MB").is_err());
        assert!(bytes("-1").is_err());
        assert!(bytes("99999999999GiB").is_err());
        assert_eq!(human_bytes(1023), "1023 B");
        assert_eq!(human_bytes(256 << 20), "256.0 MiB");
        assert_eq!(human_bytes(u64::MAX), "16384.0 PiB");
    }

    #[test]
    fn names() {
        assert_eq!(printable("Füße.txt"), "Füße.txt");
        assert_eq!(printable("a\u{202e}fdp.exe\u{1b}"), "a\\u{202e}fdp.exe\\u{1b}");
    }

    #[test]
    fn times() {
        assert_eq!(seconds("30d"), Ok(30 * 86_400));
        assert_eq!(seconds("90"), Ok(90));
        assert!(seconds("1y").is_err());
        assert!(seconds("0d").is_err());
        assert!(seconds("9007199254740992").is_err());
    }
}
