//! From a URL and settings to a checked configuration.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use xstore_backend::{BackendUrl, OpenError, Settings};

#[cfg(test)]
mod tests;

/// Where the values are, and how they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) root: PathBuf,
    pub(crate) durable: bool,
}

impl Config {
    /// Checks what a configuration says.
    pub(crate) fn new(url: &BackendUrl, mut settings: Settings, base: &Path) -> Result<Self, OpenError> {
        let root = path(url).map_err(OpenError::Url)?;
        let durable = settings.flag("durable")?.unwrap_or(true);
        settings.finish()?;
        Ok(Self { root: base.join(root), durable })
    }
}

/// `file:PATH`, taken as it stands, or `file:///PATH` by RFC 8089.
fn path(url: &BackendUrl) -> Result<PathBuf, String> {
    match url.authority() {
        None if url.path().is_empty() => {
            Err("it names no folder: write file:FOLDER or file:///ABSOLUTE/FOLDER".into())
        }
        None => Ok(url.path().into()),
        Some(host) if host.is_empty() || host.eq_ignore_ascii_case("localhost") => absolute(url.path()),
        Some(host) => Err(format!(
            "a folder is on this machine, not on {host}: write file:{host}... for a relative path, and \
             file:///{host}... for an absolute one"
        )),
    }
}

fn absolute(encoded: &str) -> Result<PathBuf, String> {
    if !encoded.starts_with('/') {
        return Err("behind file:// there is an absolute path".into());
    }
    if encoded.contains(['?', '#']) {
        return Err("? and # in a file:/// URL are written %3F and %23".into());
    }
    if !encoded.split('%').skip(1).all(is_escape) {
        return Err("in a file:/// URL, % is followed by two hexadecimal digits, neither 00 nor 2F".into());
    }
    to_path(percent_decode_str(encoded).collect())
}

/// Whether it begins with the number of a byte that can be in a name: no zero, and no slash that isn't one.
fn is_escape(after_percent: &str) -> bool {
    let digits =
        after_percent.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    digits.is_some_and(|digits| !matches!(digits, "00" | "2f" | "2F"))
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> Result<PathBuf, String> {
    use std::os::unix::ffi::OsStringExt;
    Ok(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> Result<PathBuf, String> {
    let text = String::from_utf8(bytes).map_err(|_| "the path isn't UTF-8")?;
    // file:///C:/folder
    let drive = text
        .strip_prefix('/')
        .filter(|rest| matches!(rest.as_bytes(), [b'A'..=b'Z' | b'a'..=b'z', b':', ..]));
    Ok(drive.unwrap_or(&text).into())
}
