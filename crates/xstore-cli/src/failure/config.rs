//! What a configuration's mistakes say to a user.

use super::Failure;
use crate::units::printable;
use std::io::ErrorKind;
use std::path::Path;
use xstore::config::{ConfigErrors, OpenStoreError, Position, Problem, Unopened};

impl Failure {
    /// A configuration that can't be used, with a line per mistake.
    pub(crate) fn of_config_file(path: &Path, errors: &ConfigErrors) -> Self {
        let of_file = errors.errors().first().filter(|error| error.position == Position::FILE);
        if let Some(error) = of_file
            && error.problem == Problem::Unreadable(ErrorKind::NotFound)
        {
            return Self::new(
                "CONFIG_INVALID",
                format!("there is no store here: {} is missing", path.display()),
            )
            .help(
                "set one up, for example: xstore init --threshold 2-of-3 file:red file:blue file:green; \
                     or name its configuration with --config FILE",
            );
        }
        let failure = Self::new(errors.code().as_str(), format!("{} can't be used", path.display()));
        let failure = failure.details(lines(errors));
        // While a store is being set up, there is no file to look at.
        match errors.file() {
            Some(_) => failure.help("each with its line, and what else is wrong: xstore config check"),
            None => failure,
        }
    }

    /// No store could be made of a configuration.
    pub(crate) fn of_opening(error: &OpenStoreError) -> Self {
        match error {
            OpenStoreError::Config(errors) => {
                let path = errors.file().unwrap_or(Path::new("the configuration"));
                Self::of_config_file(path, errors)
            }
            OpenStoreError::Keys(error) => {
                let failure = Self::new("KEY_UNAVAILABLE", printable(&super::chain(&**error)));
                if crate::cmd::is_missing(error) {
                    failure.help(
                        "bring back the key file that the store was set up with; reading objects takes the keys \
                         that they were written with",
                    )
                } else {
                    failure
                }
            }
            OpenStoreError::Backends(unopened) => {
                Self::new(error.code().as_str(), "not every backend can be opened")
                    .details(unopened.iter().map(line).collect())
                    .help("see that every one is mounted or running, and that its parent folder exists")
            }
            OpenStoreError::Store(error) => Self::of_store(error),
            error => Self::new(error.code().as_str(), printable(&error.to_string())),
        }
    }
}

fn lines(errors: &ConfigErrors) -> Vec<String> {
    errors.lines().map(|line| printable(&line)).collect()
}

fn line(unopened: &Unopened) -> String {
    let id = unopened.backend.as_str();
    format!(
        "{id}: {}: {}",
        xstore::Code::of_backend(unopened.error.kind()),
        super::cause(id, &unopened.error)
    )
}
