//! The backends: names, URLs, labels and settings.

use std::collections::BTreeMap;

use toml::de::DeValue;
use xstore_core::Labels;
use xstore_core::backend::{BackendId, BackendUrl, Key, Secret, Setting, Settings};
use xstore_core::manifest::{Lane, ShareKey};

use crate::config::alias::{self, Place};
use crate::config::error::{Position, Problem, expected};
use crate::config::read::{Surroundings, schema};
use crate::config::walk::{Field, Section, Walk};
use crate::config::{Backend, Places, SettingPlace, secret};

/// Reads all backends that are in order, and notes names and places that are given twice.
pub(super) fn backends(walk: &mut Walk<'_>, root: &Section<'_>, around: &Surroundings<'_>) -> Vec<Backend> {
    let Some(field) = root.require(walk, "backend", "[[backend]]") else { return Vec::new() };
    let mut backends: Vec<Backend> = Vec::new();
    let mut ids: BTreeMap<BackendId, Position> = BTreeMap::new();
    let mut places: BTreeMap<Place, (String, Position)> = BTreeMap::new();
    for (at, section) in field.sections(walk).into_iter().enumerate() {
        let section = section.only(walk, schema::BACKEND);
        let id = section.require(walk, "id", "id = \"disk\"").and_then(|field| id(walk, &field, &mut ids));
        let url =
            section.require(walk, "url", "url = \"file:/mnt/disk\"").and_then(|field| url(walk, &field));
        if let Some(url) = &url {
            let name = id.as_ref().map_or_else(|| format!("backend[{at}]"), BackendId::to_string);
            refuse_alias(walk, &section, (name, url), around, &mut places);
        }
        let namespace = section.field("namespace").and_then(|field| namespace(walk, &field));
        let labels = labels(walk, &section);
        let is_removable = section.field("removable").and_then(|field| field.flag(walk));
        let (settings, setting_places) = settings(walk, &section, around);
        if let (Some(id), Some(url)) = (id, url) {
            let places = Places {
                at,
                entry: walk.position(section.at),
                url: section.field("url").map_or(Position::FILE, |field| walk.position(field.at)),
                settings: setting_places,
            };
            backends.push(Backend {
                id,
                url,
                namespace: namespace.map(str::to_owned),
                labels,
                is_removable: is_removable.unwrap_or(false),
                settings,
                places,
            });
        }
    }
    backends
}

fn id(walk: &mut Walk<'_>, field: &Field<'_>, ids: &mut BTreeMap<BackendId, Position>) -> Option<BackendId> {
    let text = field.text(walk)?;
    let id = walk.checked(field, BackendId::new(text))?;
    match ids.get(&id) {
        Some(first) => {
            walk.note(field.at, &field.path, Problem::Repeated(first.line));
            None
        }
        None => {
            ids.insert(id.clone(), walk.position(field.at));
            Some(id)
        }
    }
}

fn url(walk: &mut Walk<'_>, field: &Field<'_>) -> Option<BackendUrl> {
    let text = field.text(walk)?;
    let url = walk.checked(field, BackendUrl::new(text))?;
    walk.checked(field, alias::refuse_secrets(&url)).map(|()| url)
}

fn refuse_alias(
    walk: &mut Walk<'_>,
    section: &Section<'_>,
    (name, url): (String, &BackendUrl),
    around: &Surroundings<'_>,
    places: &mut BTreeMap<Place, (String, Position)>,
) {
    let (Some(field), Some(place)) = (section.field("url"), alias::place(url, &around.base)) else { return };
    match places.get(&place) {
        Some((other, position)) => {
            let problem = Problem::SamePlace { id: other.clone(), line: position.line };
            walk.note(field.at, &field.path, problem);
        }
        None => {
            places.insert(place, (name, walk.position(field.at)));
        }
    }
}

fn namespace<'a>(walk: &mut Walk<'_>, field: &Field<'a>) -> Option<&'a str> {
    let text = field.text(walk)?;
    // A name as a put would make it below the namespace.
    let key = format!("{text}/{}/{}", Lane::Manifest, "a".repeat(32));
    let is_good = ShareKey::new(&key).is_ok() && Key::new(&key).is_ok();
    let reason = "a namespace is 1 to 64 of the characters a-z 0-9 -, beginning with a letter or digit";
    walk.checked(field, if is_good { Ok(text) } else { Err(reason) })
}

fn labels(walk: &mut Walk<'_>, section: &Section<'_>) -> Labels {
    let table = section.section(walk, "labels");
    let mut labels = Vec::new();
    for (name, at, field) in table.fields() {
        if let Err(reason) = Labels::new([(name, "value")]) {
            walk.note(at, &field.path, Problem::Value(reason.to_string()));
        } else if let Some(value) = field.text(walk)
            && walk.checked(&field, Labels::new([("name", value)])).is_some()
        {
            labels.push((name, value));
        }
    }
    // Each was checked, and a table has no name twice.
    Labels::new(labels).unwrap_or_default()
}

fn settings(
    walk: &mut Walk<'_>,
    section: &Section<'_>,
    around: &Surroundings<'_>,
) -> (Settings, BTreeMap<String, SettingPlace>) {
    let table = section.section(walk, "settings");
    let mut settings = Settings::new();
    let mut places = BTreeMap::new();
    for (name, at, field) in table.fields() {
        let place = SettingPlace { name: walk.position(at), value: walk.position(field.at) };
        places.insert(name.to_owned(), place);
        let setting = match field.value {
            DeValue::String(text) => Some(Setting::Text(text.to_string())),
            DeValue::Boolean(flag) => Some(Setting::Flag(*flag)),
            DeValue::Integer(_) => field.any_integer(walk).map(Setting::Integer),
            DeValue::Table(_) => secret(walk, &field, around).map(Setting::Secret),
            _ => field.mistyped(walk, expected::SETTING),
        };
        if let Some(setting) = setting {
            settings = settings.with(name, setting);
        }
    }
    (settings, places)
}

/// `{ env = "NAME" }` or `{ file = "PATH" }`.
fn secret(walk: &mut Walk<'_>, field: &Field<'_>, around: &Surroundings<'_>) -> Option<Secret> {
    let table = field.section(walk)?;
    let (known, unknown): (Vec<_>, Vec<_>) =
        table.fields().partition(|(name, ..)| schema::SECRET.contains(name));
    let table = table.only(walk, schema::SECRET);
    if known.len() != 1 && unknown.is_empty() {
        return field.mistyped(walk, expected::SECRET);
    }
    let (source, secret) = match (table.field("env"), table.field("file")) {
        (Some(source), _) => {
            let name = source.text(walk)?;
            let secret = secret::from_environment(name, around.environment);
            (source, secret)
        }
        (None, source) => {
            let source = source?;
            let path = source.text(walk)?;
            let secret = secret::from_file(&around.base.join(path));
            (source, secret)
        }
    };
    secret.map_err(|problem| walk.note(source.at, &source.path, problem)).ok()
}
