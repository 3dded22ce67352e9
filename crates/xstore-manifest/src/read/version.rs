//! The version that a refused manifest declares, for a better message.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// The member `version`, whatever else the text holds, where it is an integer and comes before any syntax error.
pub(super) fn declared(text: &str) -> Option<u64> {
    serde_json::Deserializer::from_str(text).deserialize_map(Version).ok().flatten()
}

struct Version;

impl<'de> Visitor<'de> for Version {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut tokens: A) -> Result<Option<u64>, A::Error> {
        let mut version = None;
        while let Some(name) = tokens.next_key::<String>()? {
            if name == "version" {
                version = Some(tokens.next_value::<u64>()?);
            } else {
                tokens.next_value::<IgnoredAny>()?;
            }
        }
        Ok(version)
    }
}
