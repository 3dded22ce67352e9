//! One place under two names: found here where paths and URLs show it; the marks of a store find the rest.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use xstore_core::backend::BackendUrl;

/// Schemes whose URLs are paths on this machine.
const PATHS: [&str; 2] = ["file", "sqlite"];
/// What each opening of makes a new place.
const FRESH: &str = "mem";

/// What two URLs of one place have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A scheme and a path without links.
    Path(String, PathBuf),
    /// A URL with its host in lower case and without slashes at its end.
    Url(String),
}

/// The place that a URL names; none where each use of it is another one. Asks the file system.
pub(super) fn place(url: &BackendUrl, base: &Path) -> Option<Place> {
    if url.scheme() == FRESH {
        return None;
    }
    match path(url) {
        Some(path) => Some(Place::Path(url.scheme().to_owned(), resolved(&base.join(path)))),
        None => Some(Place::Url(plain(url))),
    }
}

/// The path of a URL whose scheme has paths.
pub(super) fn path(url: &BackendUrl) -> Option<PathBuf> {
    if !PATHS.contains(&url.scheme()) {
        return None;
    }
    match url.authority() {
        None => Some(url.path().into()),
        // The adapter refuses hosts other than this one.
        Some(_) => Some(decoded(url.path())),
    }
}

/// Refuses URLs in which a secret would stand: what is behind a question mark (`?sig=...`), and user names and
/// passwords, also of a URL in the URL. Paths of this machine may have any of these characters.
pub(super) fn refuse_secrets(url: &BackendUrl) -> Result<(), &'static str> {
    if PATHS.contains(&url.scheme()) {
        return Ok(());
    }
    let rest = url.rest();
    if rest.contains(['?', '#']) {
        return Err(
            "a backend's URL ends before ? and #: what stands there, such as a signature, belongs into the \
                    backend's settings, secrets by environment variable or file",
        );
    }
    // The first part of what has no host, and the host of each URL within.
    let first = rest.split('/').next().unwrap_or_default();
    let hosts = rest.split("//").skip(1).map(|host| host.split('/').next().unwrap_or_default());
    if std::iter::once(first).chain(hosts).any(|host| host.contains('@')) {
        return Err(
            "a backend's URL has no user name or password: give secrets by environment variable or file",
        );
    }
    Ok(())
}

#[cfg(unix)]
fn decoded(path: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(percent_decode_str(path).collect()).into()
}

#[cfg(not(unix))]
fn decoded(path: &str) -> PathBuf {
    let text = percent_decode_str(path).decode_utf8_lossy().into_owned();
    // `/C:/folder` is `C:/folder`.
    let is_drive = matches!(text.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    PathBuf::from(if is_drive { &text[1..] } else { &text })
}

/// The path without links as far as it exists, and plainly spelt behind that.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let mut known = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    loop {
        if let Ok(mut real) = known.canonicalize() {
            // What isn't there is no link: `..` behind it means what it says.
            for part in missing.into_iter().rev() {
                match part {
                    Part::Up => drop(real.pop()),
                    Part::Down(name) => real.push(name),
                }
            }
            return real;
        }
        let last = match known.components().next_back() {
            Some(Component::Normal(name)) => Part::Down(name.to_owned()),
            Some(Component::ParentDir) => Part::Up,
            _ => return known,
        };
        missing.push(last);
        known.pop();
    }
}

enum Part {
    Up,
    Down(std::ffi::OsString),
}

/// The URL with its scheme and host in lower case, and without slashes at its end.
fn plain(url: &BackendUrl) -> String {
    let host = url.authority().map(|host| format!("//{}", host.to_lowercase())).unwrap_or_default();
    format!("{}:{host}{}", url.scheme(), url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn of(url: &str, base: &Path) -> Option<Place> {
        place(&BackendUrl::new(url).unwrap(), base)
    }

    #[test]
    fn paths_are_one_place_however_they_are_spelt() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        fs::create_dir(base.join("a b")).unwrap();
        let here = of("file:a b", base);
        for same in ["file:a b/", "file:./a b", "file:a b/.", "file:a b/../a b", "file:nowhere/../a b"] {
            assert_eq!(of(same, base), here, "{same}");
        }
        if cfg!(unix) {
            let absolute = base.to_str().unwrap();
            for same in ["file:{}/a b", "file://{}/a%20b", "file://localhost{}/a%20b//"] {
                assert_eq!(of(&same.replace("{}", absolute), base), here, "{same}");
            }
        }
        for other in ["file:a", "file:a b/c", "sqlite:a b", "file:a%20b"] {
            assert_ne!(of(other, base), here, "{other}");
        }
        assert_eq!(of("sqlite:new/x.db", base), of("sqlite:./new/y/../x.db", base));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_also_to_what_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        fs::create_dir(base.join("real")).unwrap();
        std::os::unix::fs::symlink("real", base.join("link")).unwrap();
        assert_eq!(of("file:link", base), of("file:real", base));
        assert_eq!(of("file:link/new/er", base), of("file:real/new/er", base));
        assert_ne!(of("file:link/new", base), of("file:new", base));
    }

    #[test]
    fn no_url_has_room_for_a_secret() {
        let refused = |url: &str| refuse_secrets(&BackendUrl::new(url).unwrap()).is_err();
        for bad in [
            "azure://account/container?sig=canary",
            "s3://bucket/pre#canary",
            "redis:me:canary@host/0",
            "opendal:webdav://me:canary@host/path",
            "opendal:webdav://host//me@other",
            "x:?canary",
        ] {
            assert!(refused(bad), "{bad}");
        }
        for good in
            ["s3://bucket/a@b", "file:a?b#c", "sqlite:me@home.db", "file:///a@b", "mem:", "redis://host:1/0"]
        {
            assert!(!refused(good), "{good}");
        }
    }

    #[test]
    fn other_urls_are_compared_as_text() {
        let base = Path::new("");
        assert_eq!(of("s3://Bucket.Example/pre/", base), of("s3://bucket.example/pre", base));
        assert_ne!(of("s3://bucket/Pre", base), of("s3://bucket/pre", base));
        assert_ne!(of("s3://bucket", base), of("gs://bucket", base));
        assert_eq!(of("mem:", base), None);
    }
}
