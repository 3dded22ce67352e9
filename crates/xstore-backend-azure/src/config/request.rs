//! From a URL and settings to a checked configuration.

use super::{Config, EMULATOR_ACCOUNT, refuse};
use crate::{AccountKey, Credential, Sas, Token};
use std::time::Duration;
use xstore_backend::{BackendUrl, OpenError, Prefix, SettingError, Settings};

const FORM: &str = "write azblob://ACCOUNT/CONTAINER or azblob://ACCOUNT/CONTAINER/PREFIX";

/// The kinds of `credential`, in the order in which the documentation has them.
const KINDS: &str = "environment, developer-tools, managed-identity, workload-identity or client-secret";

/// What the URL and the settings say.
pub(super) fn read(url: &BackendUrl, mut settings: Settings) -> Result<Config, OpenError> {
    let place = place(url)?;
    let mut config = if settings.flag("emulator")?.unwrap_or(false) {
        emulator(&place, &mut settings)?
    } else {
        Config::new(place.account, place.container, credential(&mut settings)?)?
    };
    config = config.with_prefix(place.prefix)?;
    if let Some(endpoint) = settings.text("endpoint")? {
        config = config.with_endpoint(&endpoint)?;
    }
    if let Some(is_allowed) = settings.flag("allow-http")? {
        config = config.with_allow_http(is_allowed);
    }
    let longest = i64::try_from(Config::MAX_CONNECT_TIMEOUT.as_millis()).unwrap_or(i64::MAX);
    if let Some(millis) = settings.integer("connect-timeout", 1, longest)? {
        config = config.with_connect_timeout(Duration::from_millis(millis.unsigned_abs()));
    }
    settings.finish()?;
    config.check()?;
    Ok(config)
}

struct Place<'a> {
    account: &'a str,
    container: &'a str,
    prefix: Prefix,
}

fn place(url: &BackendUrl) -> Result<Place<'_>, OpenError> {
    let (Some(account), path) = (url.authority(), url.path()) else { return refuse(FORM) };
    if url.rest().contains(['?', '#']) {
        return refuse("it has no ? or #; secrets and options are settings");
    }
    if account.contains(['.', ':']) {
        return refuse("behind // stands the account's name alone; another host is the setting endpoint");
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let (container, prefix) = path.split_once('/').unwrap_or((path, ""));
    if account.is_empty() || container.is_empty() {
        return refuse(FORM);
    }
    let Ok(prefix) = Prefix::new(prefix) else {
        return refuse(
            "behind the container stand segments of the characters a-z 0-9 . _ - joined by slashes, each beginning \
             with a letter or digit",
        );
    };
    Ok(Place { account, container, prefix })
}

fn emulator(place: &Place<'_>, settings: &mut Settings) -> Result<Config, OpenError> {
    for name in ["account-key", "sas"] {
        if settings.secret(name)?.is_some() {
            return Err(SettingError::value(
                name,
                "emulator = true brings its own key; leave one of them out",
            )
            .into());
        }
    }
    if settings.text("credential")?.is_some() {
        let reason = "emulator = true brings its own key; leave one of them out";
        return Err(SettingError::value("credential", reason).into());
    }
    if place.account != EMULATOR_ACCOUNT {
        let reason = "its account is devstoreaccount1: write azblob://devstoreaccount1/CONTAINER";
        return Err(SettingError::value("emulator", reason).into());
    }
    Config::emulator(place.container)
}

fn credential(settings: &mut Settings) -> Result<Credential, SettingError> {
    let (key, sas) = (settings.secret("account-key")?, settings.secret("sas")?);
    let kind = settings.text("credential")?;
    let one = "there is one way in: account-key, sas or credential; leave the others out";
    match (key, sas, kind) {
        (Some(key), None, None) => Ok(Credential::AccountKey(AccountKey::new(&key)?)),
        (None, Some(sas), None) => Ok(Credential::Sas(Sas::new(&sas)?)),
        (None, None, kind) => {
            token(kind.as_deref().unwrap_or("environment"), settings).map(Credential::Token)
        }
        (Some(_), ..) => Err(SettingError::value("account-key", one)),
        (None, Some(_), _) => Err(SettingError::value("sas", one)),
    }
}

/// Takes only the settings that the kind knows: the others are found to be too many in the end.
fn token(kind: &str, settings: &mut Settings) -> Result<Token, SettingError> {
    match kind {
        "environment" => Ok(Token::Environment),
        "developer-tools" => Ok(Token::DeveloperTools),
        "managed-identity" => Ok(Token::ManagedIdentity { client_id: id(settings, "client-id")? }),
        "workload-identity" => Ok(Token::WorkloadIdentity {
            client_id: id(settings, "client-id")?,
            tenant_id: id(settings, "tenant-id")?,
        }),
        "client-secret" => {
            let needed = |settings: &mut Settings, name| {
                id(settings, name)?.ok_or_else(|| SettingError::missing(name))
            };
            Ok(Token::ClientSecret {
                tenant_id: needed(settings, "tenant-id")?,
                client_id: needed(settings, "client-id")?,
                secret: settings
                    .secret("client-secret")?
                    .ok_or_else(|| SettingError::missing("client-secret"))?,
            })
        }
        _ => Err(SettingError::value("credential", format!("it is {KINDS}"))),
    }
}

/// An id of Microsoft Entra: a number in hexadecimal groups, or for a directory its domain.
fn id(settings: &mut Settings, name: &str) -> Result<Option<String>, SettingError> {
    let Some(id) = settings.text(name)? else { return Ok(None) };
    let is_sane = (1..=255).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && id.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if is_sane {
        Ok(Some(id))
    } else {
        Err(SettingError::value(name, "it is an id as Azure's portal shows it"))
    }
}
