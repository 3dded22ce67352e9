//! `xstore init`: a configuration, a key and marked backends, all or nothing.

mod existing;
mod made;

use crate::args::Init;
use crate::clock;
use crate::failure::Failure;
use crate::files::{parent, require_parent, sync_folder};
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::on_runtime;
use crate::units::printable;
use made::Made;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use xorida_core::Threshold;
use xstore::Labels;
use xstore::backend::{BackendId, BackendUrl, InvalidUrl};
use xstore::config::{Config, ConfigErrors, Draft, DraftBackend, Problem, suggest_id};
use xstore_keys::{Entropy, IntegrityKey, KeyRing, file};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    config: PathBuf,
    threshold: String,
    key_file: PathBuf,
    /// The key file was made.
    key_made: bool,
    backends: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    backend_id: String,
    url: String,
    namespace: String,
    /// Its place was made; None where that isn't known.
    made: Option<bool>,
}

/// A backend of the new store.
struct Planned {
    id: BackendId,
    url: BackendUrl,
    namespace: String,
}

pub(super) fn run(args: &Init, out: Output) -> Result<Outcome, Failure> {
    let config = &*args.configured.config;
    let Some(threshold) = args.threshold else { return existing::run(args, out) };
    let n = usize::from(threshold.n());
    if args.urls.len() < n {
        return Err(Failure::usage(format!(
            "--threshold {threshold} needs {n} backends, but {} are named",
            args.urls.len()
        ))
        .help("name one URL per share; further ones are spares"));
    }
    let plan = plan(args)?;
    refuse_existing(config)?;
    require_parent(config)?;
    let text = draft(args, threshold, &plan)?.to_text();
    let base = parent(config);
    let base = if base == Path::new(".") { Path::new("") } else { base };
    let checked = Config::from_text(&text, base).map_err(|errors| refused(&errors, &plan))?;

    // From here on something is made.
    let interrupt = Interrupt::watch();
    let mut made = Made::look(&plan, base);
    let result = make(args, &checked, &text, &mut made, &interrupt);
    if let Err(failure) = result {
        return Err(match made.remove(&interrupt) {
            Ok(()) => failure,
            Err(left) => {
                failure.left().detail(format!("not all that had been made could be removed: {left}"))
            }
        });
    }
    let report = Report {
        config: config.to_owned(),
        threshold: threshold.to_string(),
        key_file: args.keys.key_file.clone(),
        key_made: made.made_key(),
        backends: plan
            .iter()
            .zip(made.places())
            .map(|(planned, made)| Row {
                backend_id: planned.id.to_string(),
                url: planned.url.to_string(),
                namespace: planned.namespace.clone(),
                made,
            })
            .collect(),
    };
    out.result(&report, || report.text())?;
    Ok(Outcome::Done)
}

/// The backends with names and namespaces.
fn plan(args: &Init) -> Result<Vec<Planned>, Failure> {
    let mut entropy = Entropy::os();
    let mut plan: Vec<Planned> = Vec::new();
    let mut ids = Vec::new();
    for text in &args.urls {
        let url = url(text)?;
        let id = suggest_id(&url, &ids);
        ids.push(id.clone());
        let namespace = fresh_namespace(&mut entropy)?;
        plan.push(Planned { id, url, namespace });
    }
    for label in &args.labels {
        if !ids.iter().any(|id| id.as_str() == label.id) {
            let known: Vec<&str> = ids.iter().map(BackendId::as_str).collect();
            return Err(Failure::usage(format!("--label: no backend is named {}", printable(&label.id)))
                .help(format!("they are named by the last part of their URL: {}", known.join(", "))));
        }
    }
    Ok(plan)
}

fn fresh_namespace(entropy: &mut Entropy) -> Result<String, Failure> {
    let random: [u8; 16] = entropy.array().map_err(random)?;
    Ok(format!("xstore-{}", data_encoding::BASE32_NOPAD.encode(&random).to_ascii_lowercase()))
}

fn url(text: &str) -> Result<BackendUrl, Failure> {
    let shown = printable(text);
    let url = BackendUrl::new(text).map_err(|error| match error {
        InvalidUrl::Scheme if !text.contains("://") && !text.contains(['@', '?']) => {
            Failure::usage(format!("{shown} is not a URL")).help(format!("for a folder, write file:{shown}"))
        }
        InvalidUrl::Credentials => {
            // It is not shown: it holds a password.
            Failure::usage("a URL holds a user name or a password").help(
                "secrets don't belong into URLs: put them into the backend's settings, by variable or file",
            )
        }
        // Neither is it where it may hold one.
        _ if text.contains(['@', '?']) => Failure::usage("a URL is refused").caused_by(error),
        _ => Failure::usage(format!("{shown} is not a URL")).caused_by(error),
    })?;
    if url.scheme() == "mem" {
        return Err(Failure::usage("mem: keeps nothing beyond the end of a process")
            .help("name a folder (file:PATH), a database (sqlite:PATH) or another place"));
    }
    Ok(url)
}

fn draft(args: &Init, threshold: Threshold, plan: &[Planned]) -> Result<Draft, Failure> {
    let mut draft = Draft::new(threshold).key_file(key_file_entry(args)?);
    for planned in plan {
        let labels = args.labels.iter().filter(|label| label.id == planned.id.as_str());
        let labels =
            Labels::new(labels.map(|label| (label.name.clone(), label.value.clone()))).map_err(|error| {
                Failure::usage(format!("--label: a label of {}", planned.id)).caused_by(error)
            })?;
        draft = draft.backend(
            DraftBackend::new(planned.id.clone(), planned.url.clone())
                .namespace(&planned.namespace)
                .labels(labels),
        );
    }
    Ok(draft)
}

/// The key file as the configuration names it: relative to the configuration's folder, if that is where it is.
fn key_file_entry(args: &Init) -> Result<String, Failure> {
    let path = &*args.keys.key_file;
    let fail = |error| Failure::io("SOURCE_FAILED", "find", path, error);
    let path = if parent(&args.configured.config) == Path::new(".") {
        path.to_owned()
    } else {
        let folder = std::path::absolute(parent(&args.configured.config)).map_err(fail)?;
        let path = std::path::absolute(path).map_err(fail)?;
        path.strip_prefix(&folder).map_or_else(|_| path.clone(), Path::to_owned)
    };
    path.into_os_string().into_string().map_err(|_| {
        Failure::usage("--key-file: a configuration can only name files whose path is UTF-8 text")
    })
}

fn refuse_existing(config: &Path) -> Result<(), Failure> {
    if config.symlink_metadata().is_ok() {
        return Err(Failure::new("CONFIG_EXISTS", format!("{} exists already", config.display()))
            .help("this store is set up; for another one, name its configuration with --config FILE"));
    }
    Ok(())
}

/// Two URLs of one place are a layout that is refused; everything else is a mistake in what was typed.
fn refused(errors: &ConfigErrors, plan: &[Planned]) -> Failure {
    let same = errors.errors().iter().find_map(|error| match &error.problem {
        Problem::SamePlace { id, .. } => Some((error, id)),
        _ => None,
    });
    if let Some((error, id)) = same {
        let at = error.field.strip_prefix("backend[").and_then(|rest| rest.split(']').next()?.parse().ok());
        let name = |at: usize| plan.get(at).map_or_else(String::new, |planned| planned.url.to_string());
        let other = plan.iter().position(|planned| planned.id.as_str() == id);
        return Failure::new(
            "LAYOUT_REFUSED",
            format!(
                "{} and {} are the same place: two shares there could be lost or read together",
                printable(&other.map(name).unwrap_or_default()),
                printable(&at.map(name).unwrap_or_default())
            ),
        )
        .help("name a different place, best on another disk or machine, for each share");
    }
    let lines = errors.errors().iter().map(|error| printable(&error.to_string())).collect();
    Failure::usage("these backends make no store").details(lines)
}

/// Key file, backends, marks, and the configuration last: while it isn't there, there is no store.
fn make(
    args: &Init,
    checked: &Config,
    text: &str,
    made: &mut Made,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let key_file = &*args.keys.key_file;
    if make_key(key_file)? {
        made.note_key(key_file);
    }
    made.begin();
    on_runtime(interrupt, async || {
        checked.create(&xstore::registry()).await.map_err(|error| Failure::of_opening(&error))
    })
    .result?;
    write(&args.configured.config, text)
        .map_err(|error| Failure::io("SINK_FAILED", "write", &args.configured.config, error))
}

/// Makes a key file unless there is one.
fn make_key(path: &Path) -> Result<bool, Failure> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    file::create(path, &fresh_ring()?).map_err(|error| {
        Failure::new("SINK_FAILED", format!("can't make the key file {}", path.display())).caused_by(error)
    })?;
    Ok(true)
}

fn fresh_ring() -> Result<KeyRing, Failure> {
    let today =
        clock::today().ok_or_else(|| Failure::new("CONFIG_INVALID", "the system's clock is out of range"))?;
    let mut ring = KeyRing::default();
    let key = IntegrityKey::generate(&mut Entropy::os()).map_err(random)?;
    ring.add(key, today)
        .map_err(|error| Failure::new("KEY_UNAVAILABLE", "can't make a key").caused_by(error))?;
    Ok(ring)
}

fn random(error: xstore_keys::EntropyError) -> Failure {
    Failure::new("SOURCE_FAILED", "the system's random source failed").caused_by(error)
}

/// Whole or not at all, and never over another file.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".xstore-").tempfile_in(parent(path))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(parent(path))
}

impl Report {
    fn text(&self) -> String {
        let what = |made| if made { "made" } else { "was there already" };
        let mut lines = vec![format!("a {} store is set up: {}", self.threshold, self.config.display())];
        let width = self.backends.iter().map(|row| row.backend_id.len()).max().unwrap_or(0);
        for row in &self.backends {
            let made = row.made.map_or_else(String::new, |made| format!("  ({})", what(made)));
            lines.push(format!("  {:<width$}  {}{made}", row.backend_id, printable(&row.url)));
        }
        lines.push(format!("key file: {} ({})", self.key_file.display(), what(self.key_made)));
        lines.push(
            "Keep copies of the configuration and of the key file in a safe place, apart from the backends."
                .to_owned(),
        );
        let option = match self.config.to_str() {
            Some("xstore.toml") => String::new(),
            _ => format!(" --config {}", self.config.display()),
        };
        lines.push(format!("next: xstore put FILE --manifest FILE.json{option}"));
        lines.join("\n")
    }
}
