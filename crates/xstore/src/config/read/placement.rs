//! The rules on which backend may hold which share.

use toml::de::DeValue;
use xorida_core::Threshold;
use xstore_core::Placement;
use xstore_core::placement::{Candidate, InvalidLabel};

use crate::config::Backend;
use crate::config::error::Problem;
use crate::config::read::schema;
use crate::config::walk::{Section, Walk};

/// Reads the rules, and refuses those that no layout of the backends obeys.
pub(super) fn placement(
    walk: &mut Walk<'_>,
    root: &Section<'_>,
    threshold: Option<Threshold>,
    backends: &[Backend],
) -> Option<Placement> {
    let field = root.field("placement")?;
    let section = field.section(walk)?.only(walk, schema::PLACEMENT);
    let mut rules = Placement::default();
    spread(walk, &section, &mut rules);
    lists(walk, &section, "only", |rules, label, values| rules.only(label, values), &mut rules);
    lists(walk, &section, "never", |rules, label, values| rules.never(label, values), &mut rules);
    pins(walk, &section, threshold, &mut rules);

    let threshold = threshold?;
    let candidates: Vec<_> = backends
        .iter()
        .map(|backend| Candidate { id: &backend.id, labels: &backend.labels, rank: 0 })
        .collect();
    // Where backends are missing, that is the mistake.
    if walk.is_clean()
        && candidates.len() >= usize::from(threshold.n())
        && let Err(error) = rules.choose(threshold.k(), threshold.n(), &candidates)
    {
        walk.note(field.at, &field.path, Problem::Layout(error.to_string()));
    }
    Some(rules)
}

fn add(
    rules: &mut Placement,
    add: impl FnOnce(Placement) -> Result<Placement, InvalidLabel>,
) -> Result<(), InvalidLabel> {
    *rules = add(rules.clone())?;
    Ok(())
}

fn spread(walk: &mut Walk<'_>, section: &Section<'_>, rules: &mut Placement) {
    let Some(field) = section.field("spread") else { return };
    for (entry, label) in field.texts(walk) {
        let added = add(rules, |rules| rules.spread(label));
        walk.checked(&entry, added);
    }
}

/// The tables `only` and `never`: a list of values for each label.
fn lists(
    walk: &mut Walk<'_>,
    section: &Section<'_>,
    name: &str,
    rule: fn(Placement, String, Vec<String>) -> Result<Placement, InvalidLabel>,
    rules: &mut Placement,
) {
    let labels = section.section(walk, name);
    for (label, at, field) in labels.fields() {
        let values = field.texts(walk);
        // One by one first, so that each mistake has its place.
        let mut is_good = true;
        for (entry, value) in &values {
            is_good &= walk.checked(entry, Placement::default().only("label", [*value])).is_some();
        }
        if matches!(field.value, DeValue::Array(values) if values.is_empty()) {
            let reason = match name {
                "only" => "it lets no backend in: name a value, or leave the rule out",
                _ => "it keeps nothing out: name a value, or leave the rule out",
            };
            walk.refuse(&field, reason);
        } else if is_good {
            let values = values.iter().map(|(_, value)| (*value).to_owned()).collect();
            if let Err(reason) = add(rules, |rules| rule(rules, label.to_owned(), values)) {
                walk.note(at, &field.path, Problem::Value(reason.to_string()));
            }
        }
    }
}

fn pins(walk: &mut Walk<'_>, section: &Section<'_>, threshold: Option<Threshold>, rules: &mut Placement) {
    let Some(field) = section.field("pin") else { return };
    let last = threshold.map_or(Threshold::MAX_SHARES, Threshold::n) - 1;
    for pin in field.sections(walk) {
        let pin = pin.only(walk, schema::PIN);
        let index = pin.require(walk, "index", "index = 0").and_then(|field| field.integer(walk, 0..=last));
        let label = pin.require(walk, "label", "label = \"site\"").and_then(|field| {
            let label = field.text(walk)?;
            walk.checked(&field, Placement::default().spread(label)).map(|_| label)
        });
        let value = pin.require(walk, "value", "value = \"home\"").and_then(|field| {
            let value = field.text(walk)?;
            walk.checked(&field, Placement::default().only("label", [value])).map(|_| value)
        });
        if let (Some(index), Some(label), Some(value)) = (index, label, value)
            && let Err(reason) = add(rules, |rules| rules.pin(index, label, value))
        {
            walk.note(pin.at, pin.path_of("label"), Problem::Value(reason.to_string()));
        }
    }
}
