//! Under which name a value is stored.

use crate::bug::Bug;
use xstore_backend::Key;

/// The name; without a bug, the key itself.
pub(crate) fn stored(key: &Key, bug: Option<Bug>) -> String {
    let text = key.as_str();
    let cut = |text: &str, len: usize| text[..len.min(text.len())].to_owned();
    let by_segment =
        |change: &dyn Fn(&str) -> String| key.segments().map(change).collect::<Vec<_>>().join("/");
    match bug {
        Some(Bug::KeysAreLengths) => format!("{}", text.len()),
        Some(Bug::KeysAreCut) => cut(text, 255),
        Some(Bug::SegmentsAreCut) => by_segment(&|segment| cut(segment, 100)),
        Some(Bug::UnderscoreIsDash) => text.replace('_', "-"),
        Some(Bug::ExtensionIsDropped) => text.split('.').next().unwrap_or_default().to_owned(),
        Some(Bug::DigitsAreNumbers) => by_segment(&|segment| {
            segment.parse::<u64>().map_or_else(|_| segment.to_owned(), |number| number.to_string())
        }),
        Some(Bug::LastIsIgnored) => cut(text, text.len() - 1),
        Some(Bug::SlashIsDash) => text.replace('/', "-"),
        Some(Bug::Unescapes) => text.replace("-2f", "/"),
        _ => text.to_owned(),
    }
}
