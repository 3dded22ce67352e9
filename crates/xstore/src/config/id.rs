//! Names for backends that have none yet.

use percent_encoding::percent_decode_str;
use xstore_core::backend::{BackendId, BackendUrl};

/// What doesn't stand at the ends of a suggested name.
const SEPARATORS: [char; 3] = ['-', '.', '_'];
/// The name of last resort.
const PLAIN: &str = "backend";

/// Suggests a name for a backend that isn't among those taken: the last part of its URL's path, else its host, else
/// its scheme; in lower case, with a hyphen for what can't be in a name, and with a number where that is taken.
///
/// ```
/// use xstore::backend::BackendUrl;
/// use xstore::config::suggest_id;
/// let mut ids = Vec::new();
/// for url in ["file:/mnt/Disk A", "file:/media/disk-a/", "sqlite:shares.db", "mem:"] {
///     ids.push(suggest_id(&BackendUrl::new(url)?, &ids));
/// }
/// let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
/// assert_eq!(ids, ["disk-a", "disk-a-2", "shares", "mem"]);
/// # Ok::<(), xstore::backend::InvalidUrl>(())
/// ```
#[must_use]
pub fn suggest_id(url: &BackendUrl, taken: &[BackendId]) -> BackendId {
    let base = base(url);
    let mut number = 1_usize;
    loop {
        let end = if number == 1 { String::new() } else { format!("-{number}") };
        let start = cut(&base, BackendId::MAX_LEN - end.len());
        // It is a good name, and of one more than there are taken one is free.
        if let Ok(id) = BackendId::new(&format!("{start}{end}"))
            && !taken.contains(&id)
        {
            return id;
        }
        number += 1;
    }
}

/// The best good name that the URL has.
fn base(url: &BackendUrl) -> String {
    let path = match url.authority() {
        Some(_) => percent_decode_str(url.path()).decode_utf8_lossy(),
        None => url.path().into(),
    };
    let last = path.rsplit(['/', '\\']).find(|part| !part.is_empty() && *part != ".").unwrap_or_default();
    let last = if url.scheme() == "sqlite" { without_extension(last) } else { last };
    // A drive of Windows is as good a name as a folder.
    let candidates = [last, url.authority().unwrap_or_default(), url.scheme()];
    let mut names = candidates.into_iter().map(cleaned);
    names.find(|name| !name.is_empty()).unwrap_or_else(|| PLAIN.to_owned())
}

/// Every database has one, and it says nothing.
fn without_extension(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Good characters; one hyphen in place of others; none at the ends.
fn cleaned(text: &str) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_') {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    cut(name.trim_start_matches(SEPARATORS), BackendId::MAX_LEN).to_owned()
}

/// So many characters, all of which are ASCII, and no separator at the end.
fn cut(name: &str, len: usize) -> &str {
    name.get(..len).unwrap_or(name).trim_end_matches(SEPARATORS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggest(url: &str, taken: &[&str]) -> String {
        let taken: Vec<_> = taken.iter().map(|id| BackendId::new(id).unwrap()).collect();
        suggest_id(&BackendUrl::new(url).unwrap(), &taken).to_string()
    }

    #[test]
    fn the_last_part_of_the_path_is_the_name() {
        for (url, id) in [
            ("file:/mnt/disk", "disk"),
            ("file:/mnt/disk/", "disk"),
            ("file:/mnt/disk/./", "disk"),
            ("file:disk_1.old", "disk_1.old"),
            ("file:///mnt/My%20Disk", "my-disk"),
            ("file:/mnt/My%20Disk", "my-20disk"),
            ("file:C:\\Users\\Ann\\Shares", "shares"),
            ("file:/mnt/Überraschung!", "berraschung"),
            ("file:/mnt/--a..b--", "a..b"),
            ("file:/", "file"),
            ("file:..", "file"),
            ("file:/mnt/日本", "file"),
            ("sqlite:/var/lib/Shares.DB", "shares"),
            ("sqlite:shares", "shares"),
            ("sqlite:.db", "sqlite"),
            ("s3://bucket/pre/fix", "fix"),
            ("s3://Bucket.example:9000", "bucket.example-9000"),
            ("mem:", "mem"),
        ] {
            assert_eq!(suggest(url, &[]), id, "{url}");
        }
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        assert_eq!(suggest("file:/a/disk", &["disk"]), "disk-2");
        assert_eq!(suggest("file:/a/disk", &["disk", "disk-2", "other"]), "disk-3");
        let long = "z".repeat(200);
        let first = suggest(&format!("file:/{long}"), &[]);
        assert_eq!(first, "z".repeat(64));
        let second = suggest(&format!("file:/{long}"), &[&first]);
        assert_eq!(second, format!("{}-2", "z".repeat(62)));
    }
}
