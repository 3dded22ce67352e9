//! Writing a value: it is there at once and whole, or not at all, also where another process writes the same one, and
//! whatever happens on the way.

#[cfg(not(unix))]
mod portable;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use portable::write;
#[cfg(unix)]
pub(crate) use unix::write;

/// How to write a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// Never touch a value that is there.
    pub(crate) create_only: bool,
    /// Sync the value.
    pub(crate) sync: bool,
    /// Sync the folder's entries.
    pub(crate) sync_folder: bool,
    #[cfg_attr(not(unix), allow(dead_code, reason = "a library finds the way there"))]
    pub(crate) ways: Ways,
}

/// What may be tried. Each file system lacks something: what it refuses is done in the next best way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), allow(dead_code, reason = "a library finds the way there"))]
pub(crate) struct Ways {
    /// Write a file without a name first.
    pub(crate) unnamed: bool,
    /// Rename without replacing.
    pub(crate) exclusive_rename: bool,
    /// Give a file a second name.
    pub(crate) hard_link: bool,
}

impl Ways {
    /// All.
    pub(crate) const ALL: Self = Self { unnamed: true, exclusive_rename: true, hard_link: true };
}
