//! Which files belong to a put or a change.

use crate::failure::Failure;
use crate::files::parent;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The ending of a journal's name.
pub(crate) const PENDING: &str = ".pending";
const NEW: &str = ".new";
/// Digits of an object's id.
const ID: usize = 32;

/// The names of a put's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    manifest: PathBuf,
    /// The object's id, where the journal was put aside.
    kept: Option<String>,
}

impl Names {
    /// Those of a put to this manifest.
    pub(crate) fn of_manifest(manifest: &Path) -> Self {
        Self { manifest: manifest.to_owned(), kept: None }
    }

    /// Those of the put that this journal is of; None where it isn't named like one.
    pub(crate) fn of_pending(pending: &Path) -> Option<Self> {
        let name = pending.file_name()?.as_encoded_bytes();
        let stem = name.strip_suffix(PENDING.as_bytes()).filter(|stem| !stem.is_empty())?;
        let cut = |bytes: usize| -> Option<PathBuf> {
            // What is cut off is ASCII, so this loses nothing where the name is text, and elsewhere the whole name
            // has to be taken apart by the system's own means.
            let name = shorten(pending.file_name()?, bytes)?;
            Some(pending.with_file_name(name))
        };
        let kept = stem
            .len()
            .checked_sub(ID + 1)
            .filter(|at| *at > 0 && stem[*at] == b'.' && stem[at + 1..].iter().all(is_digit))
            .and_then(|at| std::str::from_utf8(&stem[at + 1..]).ok())
            .map(str::to_owned);
        let manifest = cut(PENDING.len() + if kept.is_some() { ID + 1 } else { 0 })?;
        Some(Self { manifest, kept })
    }

    /// Where the manifest comes to stand.
    pub(crate) fn manifest(&self) -> &Path {
        &self.manifest
    }

    /// The journal.
    pub(crate) fn pending(&self) -> PathBuf {
        match &self.kept {
            None => append(&self.manifest, PENDING),
            Some(id) => self.aside(id),
        }
    }

    /// Where the manifest is written; None for a journal that was put aside, whose put never came so far.
    pub(crate) fn new_manifest(&self) -> Option<PathBuf> {
        self.kept.is_none().then(|| append(&self.manifest, NEW))
    }

    /// Where the manifest is written that is to take the place of the one in use.
    pub(crate) fn replacement(&self) -> PathBuf {
        append(&self.manifest, NEW)
    }

    /// Where the manifest goes that a reshare took the place of.
    pub(crate) fn old_manifest(&self, generation: u64) -> PathBuf {
        append(&self.manifest, &format!(".generation-{generation}.json"))
    }

    /// Whether the journal was put aside.
    pub(crate) const fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Where the journal goes that has to be kept.
    pub(crate) fn aside(&self, object: &str) -> PathBuf {
        append(&self.manifest, &format!(".{object}{PENDING}"))
    }

    /// The journals of this manifest that were put aside.
    pub(crate) fn kept_journals(&self) -> Result<Vec<PathBuf>, Failure> {
        let folder = parent(&self.manifest);
        let fail = |error| Failure::io("SOURCE_FAILED", "list", folder, error);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let path = self.manifest.with_file_name(entry.map_err(fail)?.file_name());
            if Self::of_pending(&path).is_some_and(|names| names.is_kept() && names.manifest == self.manifest)
            {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Where the manifest of a put goes that somebody else's file took the place of.
    pub(crate) fn manifest_aside(&self, object: &str) -> PathBuf {
        append(&self.manifest, &format!(".{object}.json"))
    }

    /// Whether a manifest's name would be mistaken for one of the other files.
    pub(crate) fn is_reserved(manifest: &Path) -> bool {
        let name = manifest.file_name().unwrap_or_default().as_encoded_bytes();
        [PENDING, NEW].iter().any(|ending| name.ends_with(ending.as_bytes()))
    }
}

const fn is_digit(b: &u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

fn append(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// The name without its last bytes, which are ASCII.
#[cfg(unix)]
fn shorten(name: &std::ffi::OsStr, by: usize) -> Option<OsString> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let bytes = name.as_bytes();
    Some(OsString::from_vec(bytes[..bytes.len().checked_sub(by)?].to_vec()))
}

#[cfg(windows)]
fn shorten(name: &std::ffi::OsStr, by: usize) -> Option<OsString> {
    use std::os::windows::ffi::{OsStrExt, OsStringExt};
    let units: Vec<u16> = name.encode_wide().collect();
    Some(OsString::from_wide(&units[..units.len().checked_sub(by)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn names_lead_forth_and_back() {
        let names = Names::of_manifest(Path::new("a/OUT.json"));
        assert_eq!(names.pending(), Path::new("a/OUT.json.pending"));
        assert_eq!(names.new_manifest(), Some("a/OUT.json.new".into()));
        assert_eq!(Names::of_pending(&names.pending()), Some(names.clone()));
        let aside = names.aside(OBJECT);
        let kept = Names::of_pending(&aside).unwrap();
        assert_eq!((kept.manifest(), kept.pending(), kept.new_manifest()), (names.manifest(), aside, None));
    }

    #[test]
    fn what_only_looks_like_an_id_is_part_of_the_name() {
        let digits = &OBJECT[1..];
        for name in [format!("{OBJECT}.pending"), format!(".{OBJECT}.pending"), format!("a.{digits}.pending")]
        {
            let names = Names::of_pending(Path::new(&name)).unwrap();
            assert_eq!(names.manifest(), Path::new(name.strip_suffix(PENDING).unwrap()));
            assert_eq!(names.pending(), Path::new(&name));
        }
        for none in ["", "pending", ".pending", "a/.pending", "a.json", "a.pending.x"] {
            assert_eq!(Names::of_pending(Path::new(none)), None, "{none}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"\xff.json"));
        let names = Names::of_manifest(path);
        assert_eq!(Names::of_pending(&names.pending()).unwrap().manifest(), path);
    }

    #[test]
    fn names_that_would_be_mistaken() {
        for (name, is_reserved) in
            [("a.json", false), ("a.json.new", true), ("x/a.pending", true), ("new", false)]
        {
            assert_eq!(Names::is_reserved(Path::new(name)), is_reserved);
        }
    }
}
