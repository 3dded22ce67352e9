//! Section 10: canonical JSON and the manifest's tag.

use super::crypto::hmac;
use super::keys::Derived;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value};

/// The canonical form of a value without fractions whose member names are ASCII.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            // Not the map's own order: a feature of its crate, switched on by anybody, changes that.
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            out.push('{');
            for (i, name) in names.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote(name, out);
                out.push(':');
                write(&members[name], out);
            }
            out.push('}');
        }
        Value::Array(entries) => {
            out.push('[');
            for (i, entry) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(entry, out);
            }
            out.push(']');
        }
        Value::String(text) => quote(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Puts `integrity` into a manifest and returns its canonical text, valid or not.
#[must_use]
pub fn sign(mut manifest: Value, keys: &Derived) -> String {
    if let Value::Object(members) = &mut manifest {
        let mut integrity = Map::new();
        integrity.insert("keyId".to_owned(), HEXLOWER.encode(&keys.id).into());
        members.insert("integrity".to_owned(), integrity.clone().into());
        let tag = hmac(&keys.manifest, &[canonical(&Value::Object(members.clone())).as_bytes()]);
        integrity.insert("hmac".to_owned(), HEXLOWER.encode(&tag).into());
        members.insert("integrity".to_owned(), integrity.into());
    }
    canonical(&manifest)
}

/// The text of a time: `YYYY-MM-DDTHH:MM:SS.mmmZ`, for years 1970 to 9999.
///
/// The calendar is that of H. Hinnant's *chrono-compatible low-level date algorithms* (`civil_from_days`).
#[must_use]
pub fn timestamp(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, milliseconds) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}Z")
}
