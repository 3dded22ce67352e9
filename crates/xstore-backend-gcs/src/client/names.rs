//! From keys to names of objects and back.

use xstore_backend::{Key, Prefix};

/// The names below one prefix of a bucket.
#[derive(Debug)]
pub(super) struct Names {
    /// What all names begin with: the prefix and a slash, or nothing.
    begin: String,
}

impl Names {
    /// Below this prefix; all of the bucket where it is empty.
    pub(super) fn below(prefix: &str) -> Self {
        Self { begin: if prefix.is_empty() { String::new() } else { format!("{prefix}/") } }
    }

    /// The name of a key's object.
    pub(super) fn of(&self, key: &Key) -> String {
        format!("{}{key}", self.begin)
    }

    /// What the names of all keys below `prefix` begin with.
    pub(super) fn begin_of(&self, prefix: &Prefix) -> String {
        if prefix.as_str().is_empty() { self.begin.clone() } else { format!("{}{prefix}/", self.begin) }
    }

    /// The key of an object, where it has one below `prefix`.
    pub(super) fn key_of(&self, name: &str, prefix: &Prefix) -> Option<Key> {
        let key = Key::new(name.strip_prefix(&self.begin)?).ok()?;
        key.is_below(prefix).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    #[test]
    fn names_and_keys() {
        let (all, below) = (Names::below(""), Names::below("Team/x=1"));
        let (none, a) = (Prefix::all(), Prefix::new("a").unwrap());
        assert_eq!((all.of(&key("a/b")), below.of(&key("a/b"))), ("a/b".into(), "Team/x=1/a/b".into()));
        assert_eq!((all.begin_of(&none), all.begin_of(&a)), (String::new(), "a/".into()));
        assert_eq!((below.begin_of(&none), below.begin_of(&a)), ("Team/x=1/".into(), "Team/x=1/a/".into()));
        assert_eq!(below.key_of("Team/x=1/a/b", &a), Some(key("a/b")));
        for foreign in
            ["a/b", "Team/x=1/", "Team/x=1", "Team/x=1/A", "Team/x=1/a//b", "Team/x=1/a", "Team/x=1/ab"]
        {
            assert_eq!(below.key_of(foreign, &a), None, "{foreign}");
        }
    }
}
