//! The store of a configuration that is there: whoever needs settings and credentials writes it himself.

use super::{Report, Row, fresh_namespace, make_key};
use crate::args::Init;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::on_runtime;
use xstore::config::Config;
use xstore_keys::Entropy;

/// Makes the key where there is none, and what is missing on the backends, and marks them. It can be repeated: what is
/// there stays.
pub(super) fn run(args: &Init, out: Output) -> Result<Outcome, Failure> {
    let path = &*args.configured.config;
    if path.symlink_metadata().is_err() {
        return Err(Failure::usage(format!("there is no {}, and no backend is named", path.display())).help(
            "name the backends: xstore init --threshold 2-of-3 URL URL URL; or write the configuration first",
        ));
    }
    let config = Config::load(path).map_err(|errors| Failure::of_config_file(path, &errors))?;
    require_namespaces(&config)?;
    let interrupt = Interrupt::watch();
    let key_made = make_key(config.key_file())?;
    let ran = on_runtime(&interrupt, async || {
        config.create(&xstore::registry()).await.map_err(|error| Failure::of_opening(&error))
    });
    ran.result.map_err(|failure| match failure.hint() {
        Some(_) => failure,
        None => failure.help("correct what is wrong and repeat the command; what is there already stays"),
    })?;
    let report = Report {
        config: path.to_owned(),
        threshold: config.threshold().to_string(),
        key_file: config.key_file().to_owned(),
        key_made,
        backends: config
            .backends()
            .iter()
            .map(|backend| Row {
                backend_id: backend.id().to_string(),
                url: backend.url().to_string(),
                namespace: backend.namespace().unwrap_or_default().to_owned(),
                made: None,
            })
            .collect(),
    };
    out.result(&report, || report.text())?;
    Ok(Outcome::Done)
}

/// Without a namespace of its own a backend can't be told from an empty place, nor from that of another store.
fn require_namespaces(config: &Config) -> Result<(), Failure> {
    let mut entropy = Entropy::os();
    let mut lines = Vec::new();
    for backend in config.backends().iter().filter(|backend| backend.namespace().is_none()) {
        lines.push(format!("{}: namespace = \"{}\"", backend.id(), fresh_namespace(&mut entropy)?));
    }
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure::new("CONFIG_INVALID", "backends have no namespace of their own")
        .details(lines)
        .help("add these lines, drawn at random for you, to their [[backend]] and repeat the command"))
}
