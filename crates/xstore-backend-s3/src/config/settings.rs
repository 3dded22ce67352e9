//! From the settings of a request to a checked configuration.

use super::Identity;
use crate::{Checksum, Config, Keys};
use std::time::Duration;
use xstore_backend::{OpenError, OpenRequest, Secret, SettingError, Settings};

impl Config {
    /// What a request names.
    pub(crate) fn from_request(request: &OpenRequest) -> Result<Self, OpenError> {
        Ok(Self::new(&request.url)?.with_settings(request.settings.clone())?)
    }

    fn with_settings(mut self, mut settings: Settings) -> Result<Self, SettingError> {
        if let Some(region) = settings.text("region")? {
            self = self.with_region(region)?;
        }
        let allow_http = settings.flag("allow-http")?;
        match (settings.text("endpoint")?, allow_http) {
            (Some(url), allow_http) => self = self.at_endpoint(url, allow_http.unwrap_or(false))?,
            (None, Some(_)) => return Err(SettingError::value("allow-http", "it needs an endpoint")),
            (None, None) => {}
        }
        if let Some(is_on) = settings.flag("path-style")? {
            self = self.with_path_style(is_on);
        }
        self.identity = identity(&mut settings)?;
        let longest = i64::try_from(Self::MAX_CONNECT_TIMEOUT.as_millis()).unwrap_or(i64::MAX);
        if let Some(millis) = settings.integer("connect-timeout", 1, longest)? {
            self = self.with_connect_timeout(Duration::from_millis(millis.unsigned_abs()));
        }
        self.checksum = match settings.text("checksum")?.as_deref() {
            None => self.checksum,
            Some("crc32") => Checksum::Crc32,
            Some("md5") => Checksum::Md5,
            Some("none") => Checksum::None,
            Some(_) => return Err(SettingError::value("checksum", "it is crc32, md5 or none")),
        };
        if let Some(is_on) = settings.flag("conditional-writes")? {
            self = self.with_conditional_writes(is_on);
        }
        if let Some(is_durable) = settings.flag("durable")? {
            self = self.with_durable(is_durable);
        }
        if let Some(class) = settings.text("storage-class")? {
            self = self.with_storage_class(class)?;
        }
        match (settings.text("server-side-encryption")?, settings.text("kms-key-id")?) {
            (Some(algorithm), key) => self = self.with_encryption(algorithm, key)?,
            (None, Some(_)) => {
                let reason = "it needs server-side-encryption = \"aws:kms\"";
                return Err(SettingError::value("kms-key-id", reason));
            }
            (None, None) => {}
        }
        settings.finish()?;
        Ok(self)
    }
}

fn identity(settings: &mut Settings) -> Result<Identity, SettingError> {
    let access_key_id = settings.secret("access-key-id")?;
    let secret_access_key = settings.secret("secret-access-key")?;
    let session_token = settings.secret("session-token")?;
    let profile = settings.text("profile")?;
    match (access_key_id, secret_access_key, session_token, profile) {
        (None, None, None, profile) => {
            if profile.as_ref().is_some_and(|name| name.is_empty() || name.len() > 256) {
                return Err(SettingError::value("profile", "it has 1 to 256 bytes"));
            }
            Ok(Identity::Chain(profile))
        }
        (_, _, _, Some(_)) => {
            Err(SettingError::value("profile", "keys are given as well: leave one of them out"))
        }
        (Some(id), Some(secret), token, None) => {
            for (name, value) in [
                ("access-key-id", Some(&id)),
                ("secret-access-key", Some(&secret)),
                ("session-token", token.as_ref()),
            ] {
                // What was read from a file may end with a line break, and no header could carry it.
                let is_good = |value: &Secret| {
                    !value.expose().is_empty() && value.expose().bytes().all(|byte| byte.is_ascii_graphic())
                };
                if !value.is_none_or(is_good) {
                    let reason =
                        "it is empty, or has a space, a line break or another character that no key has";
                    return Err(SettingError::value(name, reason));
                }
            }
            Ok(Identity::Keys(Keys::new(id, secret).with_session_token(token)))
        }
        (None, ..) => Err(SettingError::missing("access-key-id")),
        (_, None, ..) => Err(SettingError::missing("secret-access-key")),
    }
}
