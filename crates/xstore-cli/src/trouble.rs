//! What is wrong with shares on backends, gathered: an object may have thousands of parts, and what is wrong with a
//! backend is mostly the same in all of them.

use crate::failure::cause;
use serde::Serialize;
use std::collections::BTreeMap;
use xstore::event::Status;
use xstore::{Attempt, Event};

/// Parts that are remembered of one trouble; the rest is counted.
const TOLD: usize = 8;

/// What failed in one way with one share on one backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trouble {
    pub(crate) backend_id: String,
    pub(crate) share: Option<u8>,
    pub(crate) code: &'static str,
    /// The first parts that it was with.
    pub(crate) parts: Vec<u32>,
    /// How many more there are.
    pub(crate) more_parts: usize,
    /// What happened in the first of them, where that is known.
    pub(crate) problem: Option<String>,
}

/// Troubles that are being gathered.
#[derive(Debug, Default)]
pub(crate) struct Troubles(BTreeMap<(String, Option<u8>, &'static str), Trouble>);

impl Troubles {
    /// Those of failed attempts.
    pub(crate) fn of<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> Vec<Trouble> {
        let mut troubles = Self::default();
        for attempt in attempts {
            let id = attempt.backend.as_str();
            let problem = || Some(cause(id, attempt.cause()));
            troubles.add(id, attempt.share, attempt.code.as_str(), attempt.part, problem);
        }
        troubles.into_list()
    }

    /// Notes an event, if it is about a failure.
    pub(crate) fn note(&mut self, event: &Event) {
        if let (Status::Failed, Some(backend), Some(code)) = (event.status, &event.backend, event.code) {
            self.add(backend.as_str(), event.share_index, code, event.part, || None);
        }
    }

    fn add(
        &mut self,
        backend: &str,
        share: Option<u8>,
        code: &'static str,
        part: Option<u32>,
        problem: impl FnOnce() -> Option<String>,
    ) {
        let key = (backend.to_owned(), share, code);
        let trouble = self.0.entry(key).or_insert_with(|| Trouble {
            backend_id: backend.to_owned(),
            share,
            code,
            parts: Vec::new(),
            more_parts: 0,
            problem: problem(),
        });
        match part {
            Some(part) if trouble.parts.contains(&part) => {}
            Some(part) if trouble.parts.len() < TOLD => trouble.parts.push(part),
            Some(_) => trouble.more_parts += 1,
            None => {}
        }
    }

    /// By backend, then by share.
    pub(crate) fn into_list(self) -> Vec<Trouble> {
        let sorted = self.0.into_values().map(|mut trouble| {
            trouble.parts.sort_unstable();
            trouble
        });
        sorted.collect()
    }
}

impl Trouble {
    /// The trouble in one line.
    pub(crate) fn line(&self) -> String {
        let mut line = self.backend_id.clone();
        let place: Vec<String> =
            self.share.map(|share| format!("share {share}")).into_iter().chain(self.parts_text()).collect();
        if !place.is_empty() {
            line.push_str(&format!(" ({})", place.join(", ")));
        }
        line.push_str(": ");
        line.push_str(self.code);
        if let Some(problem) = &self.problem {
            line.push_str(": ");
            line.push_str(problem);
        }
        line
    }

    /// In how many parts.
    pub(crate) fn count(&self) -> usize {
        self.parts.len() + self.more_parts
    }

    /// `part 3`, `parts 0, 2 and 7 more`.
    pub(crate) fn parts_text(&self) -> Option<String> {
        let (last, first) = self.parts.split_last()?;
        let mut text =
            String::from(if first.is_empty() && self.more_parts == 0 { "part " } else { "parts " });
        for part in first {
            text.push_str(&format!("{part}, "));
        }
        text.push_str(&last.to_string());
        if self.more_parts > 0 {
            text.push_str(&format!(" and {} more", self.more_parts));
        }
        Some(text)
    }
}

/// One line for each.
pub(crate) fn lines(troubles: &[Trouble]) -> Vec<String> {
    troubles.iter().map(Trouble::line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_few_and_tell_which_parts() {
        let mut troubles = Troubles::default();
        for part in [2, 0, 2] {
            troubles.add("red", Some(1), "SHARE_NOT_FOUND", Some(part), || None);
        }
        for part in 0..11 {
            troubles.add("blue", Some(0), "BACKEND_TIMEOUT", Some(part), || Some(format!("{part}")));
        }
        troubles.add("blue", None, "BACKEND_UNAVAILABLE", None, || Some("gone".into()));
        troubles.add("red", Some(2), "SHARE_NOT_FOUND", Some(5), || None);
        assert_eq!(
            lines(&troubles.into_list()),
            [
                "blue: BACKEND_UNAVAILABLE: gone",
                "blue (share 0, parts 0, 1, 2, 3, 4, 5, 6, 7 and 3 more): BACKEND_TIMEOUT: 0",
                "red (share 1, parts 0, 2): SHARE_NOT_FOUND",
                "red (share 2, part 5): SHARE_NOT_FOUND",
            ]
        );
    }
}
