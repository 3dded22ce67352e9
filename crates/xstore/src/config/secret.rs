//! Secrets: read from an environment variable or a private file, never from the configuration itself.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use xstore_core::backend::Secret;
use zeroize::Zeroizing;

use crate::config::error::{Problem, SecretProblem};

/// Bytes that a secret may have at most.
pub(super) const MAX_LEN: u64 = 64 << 10;

/// Looks an environment variable up.
pub(super) type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// The environment of this process.
pub(super) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The value of an environment variable, as it stands.
pub(super) fn from_environment(name: &str, environment: &Environment<'_>) -> Result<Secret, Problem> {
    // What `var_os` panics on or can't find.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Problem::Value("the name of an environment variable is not empty and has no =".into()));
    }
    let value = environment(name).ok_or(Problem::Secret(SecretProblem::Unset))?;
    let text = value.into_string().map_err(|_| Problem::NotText)?;
    if text.len() as u64 > MAX_LEN {
        drop(Zeroizing::new(text));
        return Err(Problem::TooLong(MAX_LEN));
    }
    not_empty(text)
}

/// The text of a file without the line break at its end.
pub(super) fn from_file(path: &Path) -> Result<Secret, Problem> {
    let unreadable = |error: io::Error| Problem::Secret(SecretProblem::Unreadable(error.kind()));
    // Opening a pipe would wait for its writer. What counts is checked again on what was opened.
    require_private_file(&fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    require_private_file(&file.metadata().map_err(unreadable)?)?;
    // With all the room from the start: a buffer that grows leaves its old contents behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_LEN).unwrap_or_default() + 1));
    file.take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(Problem::TooLong(MAX_LEN));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::NotText)?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    not_empty(text.to_owned())
}

fn not_empty(text: String) -> Result<Secret, Problem> {
    if text.is_empty() { Err(Problem::Secret(SecretProblem::Empty)) } else { Ok(Secret::new(text)) }
}

fn require_private_file(metadata: &Metadata) -> Result<(), Problem> {
    if !metadata.is_file() {
        return Err(Problem::Secret(SecretProblem::NotRegular));
    }
    match shared_mode(metadata) {
        None => Ok(()),
        Some(mode) => Err(Problem::Secret(SecretProblem::NotPrivate(mode))),
    }
}

/// The permission bits, where they let others than the owner in.
#[cfg(unix)]
fn shared_mode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(metadata.mode() & 0o7777).filter(|mode| mode & 0o077 != 0)
}

/// Elsewhere the folder's access rights have to protect the file; nothing is checked.
#[cfg(not(unix))]
fn shared_mode(_: &Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(secret: Result<Secret, Problem>) -> Result<String, Problem> {
        secret.map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn variables() {
        let environment = |name: &str| match name {
            "SET" => Some(OsString::from("hunter2\n")),
            "EMPTY" => Some(OsString::new()),
            "LONG" => Some("x".repeat(65_537).into()),
            #[cfg(unix)]
            "BYTES" => Some(std::os::unix::ffi::OsStringExt::from_vec(vec![0xff])),
            _ => None,
        };
        let read = |name: &str| text(from_environment(name, &environment));
        assert_eq!(read("SET"), Ok("hunter2\n".into()));
        assert_eq!(read("UNSET"), Err(Problem::Secret(SecretProblem::Unset)));
        assert_eq!(read("EMPTY"), Err(Problem::Secret(SecretProblem::Empty)));
        assert_eq!(read("LONG"), Err(Problem::TooLong(MAX_LEN)));
        #[cfg(unix)]
        assert_eq!(read("BYTES"), Err(Problem::NotText));
        for name in ["", "A=B", "A\0"] {
            assert!(matches!(read(name), Err(Problem::Value(_))), "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |content: &[u8], mode| {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            text(from_file(&path))
        };
        for (content, expected) in [
            (&b"hunter2"[..], "hunter2"),
            (b"hunter2\n", "hunter2"),
            (b"hunter2\r\n", "hunter2"),
            (b"hunter2\n\n", "hunter2\n"),
            (b" two\nlines ", " two\nlines "),
        ] {
            assert_eq!(read(content, 0o600), Ok(expected.into()));
        }
        assert_eq!(read(b"x", 0o400), Ok("x".into()));
        for mode in [0o640, 0o604, 0o660, 0o601, 0o620] {
            assert_eq!(read(b"x", mode), Err(Problem::Secret(SecretProblem::NotPrivate(mode))));
        }
        for empty in [&b""[..], b"\n", b"\r\n"] {
            assert_eq!(read(empty, 0o600), Err(Problem::Secret(SecretProblem::Empty)));
        }
        assert_eq!(read(b"\xff", 0o600), Err(Problem::NotText));
        assert_eq!(read(&[b'x'; 65_536], 0o600).map(|text| text.len()), Ok(65_536));
        assert_eq!(read(&[b'x'; 65_537], 0o600), Err(Problem::TooLong(MAX_LEN)));
        assert_eq!(text(from_file(folder.path())), Err(Problem::Secret(SecretProblem::NotRegular)));
        assert_eq!(
            text(from_file(&folder.path().join("none"))),
            Err(Problem::Secret(SecretProblem::Unreadable(io::ErrorKind::NotFound)))
        );
    }
}
